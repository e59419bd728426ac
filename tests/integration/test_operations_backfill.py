"""Days of events read again: twice, overlapping, interrupted, restated by the vendor since."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ingestion.failpoints import FailPointReached
from ingestion.pipelines import LoadError, load
from ingestion.settings import SettingsError
from tests.conftest import Warehouse
from tests.integration import loaded_matomo
from tests.integration.sandbox_company import Company, rows, served

SOURCE = "raw_matomo"


@pytest.fixture(scope="module")
def company(fresh_database: Warehouse) -> Iterator[Company]:
    with served(people=200) as company:
        company.load(SOURCE)
        yield company


def days(company: Company, first: int, last: int) -> str:
    """Return days counted back from the company's present."""
    today = company.info.as_of.date()
    return f"{today - timedelta(days=first)}/{today - timedelta(days=last)}"


def told() -> dict[str, set[str]]:
    return {
        table: {
            repr(sorted((k, v) for k, v in row.items() if k != "_dlt_load_id"))
            for row in rows(f"{SOURCE}.{table}")
        }
        for table in ("visits", "actions", "unconsented_daily")
    }


def test_a_month_read_again_twice_and_overlapping_changes_nothing(company: Company) -> None:
    before = told()
    for window in (days(company, 60, 30), days(company, 60, 30), days(company, 45, 20)):
        assert load(SOURCE, only_days=window).counts["visits"].loaded > 0
        assert told() == before


def test_what_the_vendor_restated_long_ago_arrives_and_other_days_stay(company: Company) -> None:
    old = company.info.as_of - timedelta(days=40)
    visits = [
        visit
        for visit in company.records("matomo", "visits")
        if abs(visit["lastActionTimestamp"] - old.timestamp()) < 10 * 86_400
        and "analytics_storage=granted" in (visit["dimension1"] or "")
    ]
    gone, withdrawn = visits[:2]
    company.control("DELETE", f"/matomo/visits/{gone['idVisit']}")
    company.control(
        "POST", "/matomo/visits", withdrawn | {"dimension1": "analytics_storage=denied"}
    )
    company.load(SOURCE)
    known = {row["visit_id"] for row in rows(f"{SOURCE}.visits")}
    assert {str(gone["idVisit"]), str(withdrawn["idVisit"])} <= known
    load(SOURCE, only_days=days(company, 55, 25))
    loaded_matomo.assert_same(company)


def test_an_interrupted_piece_is_invisible_and_reading_it_again_completes_it(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told()
    monkeypatch.setenv("TANDEM_FAIL_AT", "load.extract#2=raise")
    monkeypatch.setattr("ingestion.failpoints._passed", type(_counter())())
    with pytest.raises(LoadError, match=FailPointReached.__name__):
        load(SOURCE, only_days=days(company, 60, 30))
    monkeypatch.delenv("TANDEM_FAIL_AT")
    assert told() == before
    load(SOURCE, only_days=days(company, 60, 30))
    assert told() == before


def _counter() -> object:
    from ingestion import failpoints

    return failpoints._passed


def test_a_backfill_does_not_move_the_place_ordinary_loads_go_on_from(company: Company) -> None:
    load(SOURCE, only_days=days(company, 100, 99))
    later = company.control("POST", "/advance?days=2")["as_of"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCES__AS_OF", later)
        company.load(SOURCE)
    loaded_matomo.assert_same(company)


def test_days_that_are_none_are_refused_with_an_example(company: Company) -> None:
    with pytest.raises((LoadError, SettingsError), match="only_days must be two dates"):
        load(SOURCE, only_days="last week")
