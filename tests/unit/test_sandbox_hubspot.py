"""The sandbox's HubSpot: its limits, its traps, its error bodies, and its writes."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.sandbox_vendors import Vendors, fresh_vendors

CONTACTS = "/crm/v3/objects/contacts"


@pytest.fixture
def vendors(tmp_path: Path) -> Vendors:
    return fresh_vendors(tmp_path / "company")


def _all(vendors: Vendors, path: str = CONTACTS, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = vendors.hubspot("GET", path, limit=100, **after, **query).json()
        found += page["results"]
        if "paging" not in page:
            return found
        after = {"after": page["paging"]["next"]["after"]}


def _search(vendors: Vendors, *filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"filterGroups": [{"filters": list(filters)}], **more}
    answer: dict[str, Any] = vendors.hubspot("POST", f"{CONTACTS}/search", body).json()
    return answer


def test_without_a_good_token_nothing_is_told(vendors: Vendors) -> None:
    answer = vendors.hubspot("GET", CONTACTS, token="wrong")
    assert answer.status == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"
    assert answer.json()["correlationId"]


def test_an_expired_token_is_told_from_a_wrong_one(vendors: Vendors) -> None:
    vendors.fault("hubspot.list", "expired")
    answer = vendors.hubspot("GET", CONTACTS)
    assert (answer.status, answer.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert vendors.hubspot("GET", CONTACTS).status == 200


def test_pages_hold_a_hundred_and_end_without_paging(vendors: Vendors) -> None:
    assert vendors.hubspot("GET", CONTACTS, limit=101).status == 400
    ids = [contact["id"] for contact in _all(vendors)]
    assert len(ids) == len(set(ids)) > 100


def test_only_wanted_properties_are_shown(vendors: Vendors) -> None:
    shown = vendors.hubspot("GET", CONTACTS, limit=1, properties="email,no_such").json()
    assert shown["results"][0]["properties"].keys() == {
        "email",
        "createdate",
        "lastmodifieddate",
        "hs_object_id",
    }


def test_search_refuses_what_lies_beyond_ten_thousand_results(vendors: Vendors) -> None:
    body = {"filterGroups": [], "limit": 200, "after": "9900"}
    assert vendors.hubspot("POST", f"{CONTACTS}/search", body).status == 400
    assert vendors.hubspot("POST", f"{CONTACTS}/search", {"limit": 201}).status == 400


def test_search_by_the_other_modification_date_finds_nothing_silently(vendors: Vendors) -> None:
    since = {"operator": "GTE", "value": "0"}
    right = _search(vendors, {"propertyName": "lastmodifieddate", **since})
    wrong = _search(vendors, {"propertyName": "hs_lastmodifieddate", **since})
    assert right["total"] > 0
    assert wrong["total"] == 0


def test_search_windows_by_time_and_id_reach_every_live_record(vendors: Vendors) -> None:
    found: list[str] = []
    last = "0"
    while True:
        page = _search(
            vendors,
            {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "0"},
            {"propertyName": "hs_object_id", "operator": "GT", "value": last},
            sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            limit=50,
        )["results"]
        if not page:
            break
        found += [contact["id"] for contact in page]
        last = found[-1]
    assert found == [contact["id"] for contact in _all(vendors)]


def test_a_search_property_that_does_not_exist_is_refused(vendors: Vendors) -> None:
    wrong = {"propertyName": "shoe_size", "operator": "EQ", "value": "44"}
    answer = vendors.hubspot("POST", f"{CONTACTS}/search", {"filterGroups": [{"filters": [wrong]}]})
    assert answer.status == 400


def test_archived_records_show_in_their_own_pass_only(vendors: Vendors) -> None:
    victim = _all(vendors)[0]["id"]
    assert vendors.hubspot("DELETE", f"{CONTACTS}/{victim}").status == 204
    assert victim not in [contact["id"] for contact in _all(vendors)]
    bin_ = {contact["id"]: contact for contact in _all(vendors, archived="true")}
    assert bin_[victim]["archivedAt"]
    found = _search(vendors, {"propertyName": "hs_object_id", "operator": "EQ", "value": victim})
    assert found["total"] == 0


def test_a_merge_chain_names_all_it_swallowed(vendors: Vendors) -> None:
    first, second, third = (contact["id"] for contact in _all(vendors)[:3])
    for kept, lost in ((second, third), (first, second)):
        body = {"primaryObjectId": kept, "objectIdToMerge": lost}
        assert vendors.hubspot("POST", f"{CONTACTS}/merge", body).status == 200
    merged = vendors.hubspot(
        "GET", f"{CONTACTS}/{third}", properties="hs_merged_object_ids,hs_calculated_merged_vids"
    ).json()
    assert merged["id"] == first
    assert set(merged["properties"]["hs_merged_object_ids"].split(";")) >= {second, third}
    assert merged["properties"]["hs_calculated_merged_vids"].split(":")[0] == second
    assert {second, third}.isdisjoint(contact["id"] for contact in _all(vendors))


def test_a_gdpr_deletion_leaves_no_trace(vendors: Vendors) -> None:
    victim = next(c for c in _all(vendors, properties="email") if c["properties"]["email"])
    email = victim["properties"]["email"]
    assert (
        vendors.hubspot("POST", f"{CONTACTS}/gdpr-delete", {"objectId": victim["id"]}).status == 204
    )
    assert vendors.hubspot("GET", f"{CONTACTS}/{victim['id']}").status == 404
    assert victim["id"] not in [c["id"] for c in _all(vendors, archived="true")]
    statuses = _statuses(vendors, email)
    assert {each["status"] for each in statuses} == {"NOT_SPECIFIED"}


def _statuses(vendors: Vendors, email: str) -> list[dict[str, Any]]:
    answer = vendors.hubspot(
        "POST",
        "/communication-preferences/v4/statuses/batch/read",
        {"inputs": [email]},
        channel="EMAIL",
    ).json()
    found: list[dict[str, Any]] = answer["results"][0]["statuses"]
    return found


def test_a_withdrawal_shows_in_the_statuses_of_the_address(vendors: Vendors) -> None:
    email = next(
        c["properties"]["email"]
        for c in _all(vendors, properties="email")
        if c["properties"]["email"]
    )
    body = {"channel": "EMAIL", "statusState": "UNSUBSCRIBED", "subscriptionId": 301}
    path = f"/communication-preferences/v4/statuses/{email}"
    assert vendors.hubspot("POST", path, body).status == 200
    state = {each["subscriptionId"]: each for each in _statuses(vendors, email)}
    assert state[301]["status"] == "UNSUBSCRIBED"
    assert state[301]["timestamp"]
    assert len(state) == 3


def test_statuses_need_a_channel(vendors: Vendors) -> None:
    path = "/communication-preferences/v4/statuses/batch/read"
    assert vendors.hubspot("POST", path, {"inputs": ["a@example.com"]}).status == 400


def test_updates_move_the_modification_date_and_are_found_again(vendors: Vendors) -> None:
    contact = _all(vendors)[0]
    path = f"{CONTACTS}/{contact['id']}"
    assert vendors.hubspot("PATCH", path, {"properties": {"jobtitle": "Pilot"}}).status == 200
    after = vendors.hubspot("GET", path, properties="jobtitle").json()
    assert after["properties"]["jobtitle"] == "Pilot"
    assert after["updatedAt"] > contact["updatedAt"]
    since = {
        "propertyName": "lastmodifieddate",
        "operator": "GTE",
        "value": after["properties"]["lastmodifieddate"],
    }
    assert [each["id"] for each in _search(vendors, since)["results"]] == [contact["id"]]
    wrong = vendors.hubspot("PATCH", path, {"properties": {"shoe_size": "44"}})
    assert "PROPERTY_DOESNT_EXIST" in wrong.json()["message"]


def test_search_may_lag_behind_a_write(vendors: Vendors) -> None:
    contact = _all(vendors)[0]["id"]
    vendors.fault("hubspot.search", "search_lag")
    vendors.hubspot("PATCH", f"{CONTACTS}/{contact}", {"properties": {"city": "Bern"}})
    by_id = {"propertyName": "hs_object_id", "operator": "EQ", "value": contact}
    assert _search(vendors, by_id)["total"] == 0
    assert contact in [each["id"] for each in _all(vendors)]
    vendors.call("POST", "/_sandbox/hubspot/release-search")
    assert _search(vendors, by_id)["total"] == 1


def test_a_second_contact_with_the_same_address_is_a_conflict(vendors: Vendors) -> None:
    new = {"properties": {"email": "New.Person@example.com", "firstname": "New"}}
    made = vendors.hubspot("POST", CONTACTS, new)
    assert made.status == 201
    again = vendors.hubspot("POST", CONTACTS, {"properties": {"email": "new.person@EXAMPLE.com"}})
    assert again.status == 409
    assert made.json()["id"] in again.json()["message"]


def test_deals_show_the_history_of_their_stages(vendors: Vendors) -> None:
    deals = vendors.hubspot(
        "GET",
        "/crm/v3/objects/deals",
        limit=50,
        properties="dealstage",
        propertiesWithHistory="dealstage",
    ).json()["results"]
    assert deals
    for deal in deals:
        history = deal["propertiesWithHistory"]["dealstage"]
        assert history[0]["value"] == deal["properties"]["dealstage"]
        assert history[-1]["value"] == "appointmentscheduled"
        stamps = [entry["timestamp"] for entry in history]
        assert stamps == sorted(stamps, reverse=True)


def test_links_page_inside_one_record_and_change_without_touching_it(vendors: Vendors) -> None:
    company = vendors.hubspot("GET", "/crm/v3/objects/companies", limit=1).json()["results"][0]
    path = "/crm/v4/associations/companies/contacts/batch/read"
    vendors.call("POST", "/_sandbox/settings", body=b'{"association_page": 2}')
    for contact in _all(vendors)[:5]:
        assert (
            vendors.hubspot(
                "PUT",
                f"/crm/v4/objects/companies/{company['id']}/associations/"
                f"default/contacts/{contact['id']}",
            ).status
            == 200
        )
    seen: set[int] = set()
    waiting: dict[str, Any] | None = {"id": company["id"]}
    while waiting:
        result = vendors.hubspot("POST", path, {"inputs": [waiting]}).json()["results"][0]
        assert len(result["to"]) <= 2
        seen |= {link["toObjectId"] for link in result["to"]}
        following = result.get("paging", {}).get("next")
        waiting = {"id": company["id"], "after": following["after"]} if following else None
    assert {int(contact["id"]) for contact in _all(vendors)[:5]} <= seen
    again = vendors.hubspot("GET", f"/crm/v3/objects/companies/{company['id']}").json()
    assert again["updatedAt"] == company["updatedAt"]


def test_a_batch_with_missing_records_is_a_207(vendors: Vendors) -> None:
    known = _all(vendors)[0]["id"]
    answer = vendors.hubspot(
        "POST",
        f"{CONTACTS}/batch/read",
        {"inputs": [{"id": known}, {"id": "12"}], "properties": ["email"]},
    )
    assert answer.status == 207
    assert [each["id"] for each in answer.json()["results"]] == [known]
    assert answer.json()["errors"][0]["context"]["ids"] == ["12"]


def test_an_address_line_that_is_too_long_is_refused(vendors: Vendors) -> None:
    many = ",".join(f"property_{number:04d}" for number in range(900))
    assert vendors.hubspot("GET", CONTACTS, properties=many).status == 414


def test_extra_properties_are_listed_and_readable(vendors: Vendors) -> None:
    names = [f"extra_{number}" for number in range(900)]
    vendors.call(
        "POST",
        "/_sandbox/settings",
        body=f'{{"properties.contacts": "{",".join(names)}"}}'.encode(),
    )
    listed = {
        each["name"]
        for each in vendors.hubspot("GET", "/crm/v3/properties/contacts").json()["results"]
    }
    assert set(names) < listed
    contact = _all(vendors)[0]["id"]
    read = vendors.hubspot(
        "POST",
        f"{CONTACTS}/batch/read",
        {"inputs": [{"id": contact}], "properties": sorted(listed)},
    ).json()
    assert read["results"][0]["properties"].keys() == listed


def test_rate_limits_name_their_policy(vendors: Vendors) -> None:
    vendors.fault("hubspot.*", "429", settings={"policy": "DAILY", "retry_after": 7})
    answer = vendors.hubspot("GET", CONTACTS)
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["policyName"] == "DAILY"


def test_dated_paths_answer_too(vendors: Vendors) -> None:
    assert vendors.hubspot("GET", "/crm/objects/2026-03/contacts").status == 200
