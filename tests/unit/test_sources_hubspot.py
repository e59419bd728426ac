"""HubSpot's traps, one by one, on a scripted API."""

from datetime import datetime
from typing import Any

import pytest

from ingestion.sources.crm.hubspot_api import HubSpot
from ingestion.sources.crm.hubspot_facts import addresses_of, merges_of, stages_of
from ingestion.sources.errors import WrongAnswerError

SINCE = datetime(2026, 9, 1)  # noqa: DTZ001


class Account:
    """Answers like HubSpot for a set of contacts; keeps what was asked."""

    def __init__(self, contacts: list[dict[str, Any]], properties: int = 3) -> None:
        self.contacts = contacts
        self.names = [f"property_{n}" for n in range(properties)]
        self.asked: list[tuple[str, str, Any]] = []
        self.repeats = False

    def json(self, method: str, path: str, having: str | None = None, **request: Any) -> Any:
        self.asked.append((method, path, request))
        if path.startswith("/crm/v3/properties/"):
            return {"results": [{"name": name} for name in self.names]}
        if path.endswith("/search"):
            return self._search(request["json"])
        if path.endswith("/batch/read"):
            wanted = {each["id"] for each in request["json"]["inputs"]}
            return {"results": [c for c in self.contacts if c["id"] in wanted]}
        after = int(request["params"].get("after", 0))
        limit = int(request["params"]["limit"])
        answer: dict[str, Any] = {"results": self.contacts[after : after + limit]}
        if after + limit < len(self.contacts):
            following = after if self.repeats else after + limit
            answer["paging"] = {"next": {"after": str(following)}}
        return answer

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        assert not body.get("after"), "keyset needs no paging, so no query passes 10,000 results"
        if not body["filterGroups"]:
            return {"total": len(self.contacts), "results": []}
        by_name = {f["propertyName"]: f for f in body["filterGroups"][0]["filters"]}
        assert "lastmodifieddate" in by_name
        last = int(by_name["hs_object_id"]["value"])
        found = sorted(
            (c for c in self.contacts if int(c["id"]) > last), key=lambda c: int(c["id"])
        )
        return {"total": len(found), "results": found[: body["limit"]]}


def contacts(count: int) -> list[dict[str, Any]]:
    return [{"id": str(n), "properties": {}} for n in range(1, count + 1)]


def hubspot(account: Account) -> HubSpot:
    return HubSpot(account)  # type: ignore[arg-type]


def test_search_ends_although_twelve_thousand_share_one_timestamp() -> None:
    account = Account(contacts(12_000))
    read = [c["id"] for page in hubspot(account).changed("contacts", SINCE) for c in page]
    assert len(read) == len(set(read)) == 12_000


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("contacts", "lastmodifieddate"),
        ("companies", "hs_lastmodifieddate"),
        ("deals", "hs_lastmodifieddate"),
    ],
)
def test_each_object_is_searched_by_its_own_modification_time(kind: str, name: str) -> None:
    account = Account([])
    account._search = lambda body: account.asked.append(("", "", body)) or {"results": []}  # type: ignore[method-assign,func-returns-value,assignment]
    list(hubspot(account).changed(kind, SINCE))
    filters = account.asked[-1][2]["filterGroups"][0]["filters"]
    assert filters[0]["propertyName"] == name


def test_nine_hundred_properties_are_all_asked_for_in_a_body() -> None:
    account = Account(contacts(150), properties=900)
    read = [c for page in hubspot(account).everything("contacts") for c in page]
    assert len(read) == 150
    bodies = [r["json"] for _, path, r in account.asked if path.endswith("/batch/read")]
    assert all(len(body["properties"]) == 900 for body in bodies)
    assert not any("properties" in r.get("params", {}) for _, _, r in account.asked)


def test_the_list_ends_where_paging_is_absent() -> None:
    account = Account(contacts(250))
    assert len(hubspot(account).ids("contacts")) == 250


def test_a_cursor_that_repeats_fails_loudly() -> None:
    account = Account(contacts(250))
    account.repeats = True
    with pytest.raises(WrongAnswerError, match="repeats"):
        list(hubspot(account).everything("contacts"))


def test_merges_are_read_from_both_properties() -> None:
    record = {
        "id": "9",
        "properties": {
            "hs_merged_object_ids": "7;8",
            "lastmodifieddate": "2026-05-01T00:00:00Z",
            "hs_calculated_merged_vids": "8:1767225600000;6:1767312000000;9:1",
        },
    }
    found = {m["merged"]: m["at"] for m in merges_of(record)}
    assert found == {"7": "2026-05-01T00:00:00Z", "8": 1767225600000, "6": 1767312000000}


def test_a_deal_tells_all_the_stages_it_went_through() -> None:
    record = {
        "id": "5",
        "propertiesWithHistory": {
            "dealstage": [
                {"value": "won", "timestamp": "2026-02-01"},
                {"value": "new", "timestamp": "2026-01-01"},
            ]
        },
    }
    assert [s["value"] for s in stages_of(record)] == ["won", "new"]


def test_a_contact_is_asked_about_under_every_address_it_was_known_by() -> None:
    history = [{"value": "new@example.org"}, {"value": "Old@Example.org"}, {"value": "mistyped"}]
    record = {
        "id": "5",
        "properties": {"email": "new@example.org"},
        "propertiesWithHistory": {"email": history},
    }
    assert addresses_of(record) == ["new@example.org", "old@example.org"]
    assert addresses_of({"id": "6", "properties": {"email": None}}) == []


def test_links_page_inside_one_record() -> None:
    pages = iter(
        [
            {
                "results": [
                    {
                        "from": {"id": "1"},
                        "to": [
                            {
                                "toObjectId": 10,
                                "associationTypes": [
                                    {"typeId": 3, "label": None},
                                    {"typeId": 12, "label": "Decision maker"},
                                ],
                            }
                        ],
                        "paging": {"next": {"after": "1"}},
                    }
                ]
            },
            {
                "results": [
                    {"from": {"id": "1"}, "to": [{"toObjectId": 11, "associationTypes": []}]}
                ]
            },
        ]
    )

    class Links:
        def json(self, *_: Any, **__: Any) -> Any:
            return next(pages)

    found = list(HubSpot(Links()).associations("deals", "contacts", ["1"]))  # type: ignore[arg-type]
    assert found == [("1", "10", "type 3"), ("1", "10", "Decision maker"), ("1", "11", "type 0")]
