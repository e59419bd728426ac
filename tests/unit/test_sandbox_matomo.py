"""The sandbox's Matomo: errors as 200, local days, growing visits, and paging that loses visits."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from tests.unit.sandbox_vendors import Vendors, fresh_vendors

VISITS = "Live.getLastVisitsDetails"
LAST = date(2026, 9, 29)


@pytest.fixture
def vendors(tmp_path: Path) -> Vendors:
    return fresh_vendors(tmp_path / "company")


def _day(vendors: Vendors, day: date, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = vendors.matomo(
        VISITS, period="day", date=day.isoformat(), filter_limit=-1, **more
    )
    return found


@pytest.mark.parametrize(
    "changed",
    [
        {"token_auth": "wrong"},
        {"token_auth": ""},
        {"idSite": 99},
        {"method": "Live.noSuchThing"},
        {"period": "fortnight"},
        {"date": "someday"},
    ],
)
def test_mistakes_are_answered_with_200_and_an_error(
    vendors: Vendors, changed: dict[str, Any]
) -> None:
    asked = {"period": "day", "date": "2026-09-29"} | changed
    answer = vendors.matomo(asked.pop("method", VISITS), **asked)
    assert answer["result"] == "error"
    assert answer["message"]


def test_a_token_in_the_address_is_not_taken(vendors: Vendors) -> None:
    asked = {
        "module": "API",
        "method": "API.getMatomoVersion",
        "format": "JSON",
        "token_auth": "matomo-token",
    }
    answer = vendors.call("GET", "/matomo/index.php", query=asked)
    assert answer.status == 200
    assert "POST parameter" in answer.json()["message"]


def test_ten_visits_come_unless_more_are_asked_for(vendors: Vendors) -> None:
    assert len(_day(vendors, LAST)) > 10
    assert len(vendors.matomo(VISITS, period="day", date=LAST.isoformat())) == 10


def test_days_are_the_sites_days_and_hold_every_visit_once(vendors: Vendors) -> None:
    zone = ZoneInfo("Europe/Berlin")
    seen: list[int] = []
    for back in range(5):
        day = LAST - timedelta(days=back)
        visits = _day(vendors, day, doNotFetchActions=1)
        assert vendors.matomo("VisitsSummary.getVisits", period="day", date=day.isoformat())[
            "value"
        ] == len(visits)
        for visit in visits:
            local = datetime.fromtimestamp(visit["lastActionTimestamp"], UTC).astimezone(zone)
            assert local.date() == day
        seen += [visit["idVisit"] for visit in visits]
    assert len(seen) == len(set(seen))


def test_paging_a_day_is_complete_but_paging_a_range_loses_visits(vendors: Vendors) -> None:
    def paged(**window: str) -> set[int]:
        found: set[int] = set()
        offset = 0
        while page := vendors.matomo(VISITS, filter_limit=20, filter_offset=offset, **window):
            found |= {visit["idVisit"] for visit in page}
            offset += 20
        return found

    day = {visit["idVisit"] for visit in _day(vendors, LAST)}
    assert paged(period="day", date=LAST.isoformat()) == day
    month = {
        visit["idVisit"]
        for visit in vendors.matomo(VISITS, period="month", date="2026-09-01", filter_limit=-1)
    }
    assert paged(period="month", date="2026-09-01") < month


def test_a_visit_can_grow_and_move_to_the_next_day(vendors: Vendors) -> None:
    visit = _day(vendors, LAST)[0]
    visit["lastActionTimestamp"] += 86_400
    visit["actionDetails"].append(visit["actionDetails"][0])
    vendors.call("POST", "/_sandbox/matomo/visits", body=orjson.dumps(visit))
    assert visit["idVisit"] not in {each["idVisit"] for each in _day(vendors, LAST)}
    moved = {each["idVisit"]: each for each in _day(vendors, LAST + timedelta(days=1))}
    assert len(moved[visit["idVisit"]]["actionDetails"]) == len(visit["actionDetails"])


def test_columns_can_be_narrowed(vendors: Vendors) -> None:
    shown = _day(vendors, LAST, showColumns="idVisit")
    assert all(visit.keys() == {"idVisit"} for visit in shown)


def test_visits_can_commit_late(vendors: Vendors) -> None:
    everything = {visit["idVisit"] for visit in _day(vendors, LAST)}
    vendors.fault("matomo.api", "late_commit")
    assert {visit["idVisit"] for visit in _day(vendors, LAST)} < everything
    assert {visit["idVisit"] for visit in _day(vendors, LAST)} == everything


def test_offsets_shift_when_a_visit_arrives_between_pages(vendors: Vendors) -> None:
    window = {"period": "day", "date": LAST.isoformat(), "filter_limit": 5}
    first = vendors.matomo(VISITS, **window)
    vendors.fault("matomo.api", "insert_between")
    second = vendors.matomo(VISITS, filter_offset=5, **window)
    assert second[0]["idVisit"] == first[-1]["idVisit"]
