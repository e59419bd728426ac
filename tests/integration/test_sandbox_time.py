"""The sandbox company in time: reproducible, moved on by any split of a span, always consistent."""

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from ingestion.sandbox import CompanyError, advance, create, plant
from ingestion.sandbox.company import store
from ingestion.sandbox.company.clock import day_start
from ingestion.sandbox.company.flow import write_day
from ingestion.sandbox.company.folder import database, facts
from ingestion.sandbox.company.life import begin, live

SEED, PEOPLE = 7, 800
_ORDERED = {
    "hubspot_objects": "type, id",
    "hubspot_merged": "type, merged_id",
    "hubspot_history": "type, id, property, at",
    "matomo_visits": "id",
    "matomo_growth": "id",
    "hubspot_associations": "from_type, from_id, to_type, to_id, type_id",
    "hubspot_subscriptions": "email, subscription_id",
    "shopify_objects": "kind, id",
}


def _documents(folder: Path, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(database(folder))) as connection:
        return [orjson.loads(row[0]) for row in connection.execute(sql)]


def _visits(folder: Path) -> list[dict[str, Any]]:
    return _documents(folder, "select doc from matomo_visits order by id")


def _fingerprints(folder: Path) -> dict[str, str]:
    """Return a checksum per table that the servers answer from, and per truth table."""
    sums = {}
    with closing(sqlite3.connect(database(folder))) as connection:
        for table, order in _ORDERED.items():
            rows = connection.execute(f"select * from {table} order by {order}")
            sums[table] = hashlib.sha256(repr(rows.fetchall()).encode()).hexdigest()
    for path in sorted((folder / "truth").glob("*.parquet")):
        sums[path.stem] = hashlib.sha256(repr(pq.read_table(path).to_pydict()).encode()).hexdigest()
    visits = ds.dataset(folder / "truth" / "visits").to_table().sort_by("visit_id")
    return sums | {"visits": hashlib.sha256(repr(visits.to_pylist()).encode()).hexdigest()}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company") / "made"
    create(folder, PEOPLE, SEED)
    return folder


@pytest.fixture(scope="module")
def advanced(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same company thirty days later, in uneven steps."""
    folder = tmp_path_factory.mktemp("company") / "advanced"
    shutil.copytree(company, folder)
    for days in (1, 1, 0, 8, 20):
        advance(folder, days)
    return folder


def test_the_same_seed_gives_the_same_company(company: Path, tmp_path: Path) -> None:
    create(tmp_path / "again", PEOPLE, SEED)
    assert _fingerprints(tmp_path / "again") == _fingerprints(company)


def test_another_seed_gives_another_company(company: Path, tmp_path: Path) -> None:
    create(tmp_path / "other", PEOPLE, SEED + 1)
    mine, other = _fingerprints(company), _fingerprints(tmp_path / "other")
    assert all(mine[name] != other[name] for name in ("hubspot_objects", "matomo_visits", "orders"))


def test_a_month_in_steps_equals_a_month_at_once(
    company: Path, advanced: Path, tmp_path: Path
) -> None:
    shutil.copytree(company, tmp_path / "at_once")
    advance(tmp_path / "at_once", 30)
    assert _fingerprints(tmp_path / "at_once") == _fingerprints(advanced)


def test_advancing_moves_the_present_by_whole_days(company: Path, advanced: Path) -> None:
    assert (facts(advanced).as_of() - facts(company).as_of()).days == 30


def test_time_does_not_move_backwards(company: Path) -> None:
    with pytest.raises(ValueError, match="forward"):
        advance(company, -1)


def test_a_missing_company_says_so(tmp_path: Path) -> None:
    with pytest.raises(CompanyError, match="create one first"):
        advance(tmp_path / "nowhere", 1)


def test_advancing_changes_old_records_too(company: Path, advanced: Path) -> None:
    sql = "select doc from shopify_objects where kind = 'orders'"
    before = {order["id"]: order for order in _documents(company, sql)}
    after = {order["id"]: order for order in _documents(advanced, sql)}
    assert after.keys() > before.keys()
    assert any(len(after[key]["refunds"]) > len(before[key]["refunds"]) for key in before)
    assert any(after[key]["updatedAt"] != before[key]["updatedAt"] for key in before)
    contacts = "select id from hubspot_objects where type = 'contacts' and archived = 0"
    with (
        closing(sqlite3.connect(database(company))) as old,
        closing(sqlite3.connect(database(advanced))) as new,
    ):
        gone = set(old.execute(contacts)) - set(new.execute(contacts))
    assert gone, "a month should merge, archive or erase somebody"


def test_a_visit_over_midnight_grows_after_it_was_read(tmp_path: Path) -> None:
    world = begin(SEED, 6_000)
    grown = 0
    with closing(store.connect(tmp_path / "visits.sqlite", fresh=True)) as connection:
        for day in range(60):
            waiting = connection.execute(
                "select v.doc, g.doc from matomo_growth g join matomo_visits v using (id)"
            ).fetchall()
            visits, duration = live(world, SEED, day)
            write_day(connection, world, SEED, day, visits, duration)
            for before, after in (map(orjson.loads, pair) for pair in waiting):
                row = connection.execute(
                    "select doc from matomo_visits where id = ?", (before["idVisit"],)
                ).fetchone()
                assert orjson.loads(row[0]) == after
                assert (
                    before["lastActionTimestamp"] < day_start(day) <= after["lastActionTimestamp"]
                )
                known = len(before["actionDetails"])
                assert 0 < known < len(after["actionDetails"])
                assert [a["pageId"] for a in before["actionDetails"]] == [
                    a["pageId"] for a in after["actionDetails"][:known]
                ]
                grown += 1
    assert grown


def test_planted_strings_reach_every_place(company: Path, tmp_path: Path) -> None:
    shutil.copytree(company, tmp_path / "planted")
    canaries = {
        "contact.message": "canary-1",
        "order.note": "canary-2",
        "visit.nested": "canary-3",
        "visit.url_path": "canary-4",
        "contact.property_key": "canary-5",
    }
    planted = plant(tmp_path / "planted", canaries)
    assert planted.keys() == canaries.keys()
    with closing(sqlite3.connect(database(tmp_path / "planted"))) as connection:
        text = "\n".join(row[0] for table in ("hubspot_objects", "shopify_objects", "matomo_visits")
                         for row in connection.execute(f"select doc from {table}"))  # fmt: skip
    assert all(text.count(canary) == 1 for canary in canaries.values())
    advance(tmp_path / "planted", 2)
    with closing(sqlite3.connect(database(tmp_path / "planted"))) as connection:
        held = connection.execute(
            "select count(*) from hubspot_objects where doc like '%canary-1%'"
        ).fetchone()
    assert held[0] == 1
