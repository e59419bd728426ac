"""Event files into the warehouse: restated days, replayed files, refusals, nothing twice."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from ingestion.pipelines import load
from ingestion.settings import role_url
from tests.conftest import Warehouse
from tests.integration.sandbox_company import rows
from tests.unit.test_sources_event_files import exported, lines, message, parquet


@pytest.fixture
def drops(fresh_database: Warehouse, tmp_path: Path) -> Iterator[Path]:
    """A folder that all event sources read; what other tests loaded is gone."""
    settings = {f"SOURCES__{v}__BASE_URL": str(tmp_path) for v in ("GA4", "SEGMENT", "SNOWPLOW")}
    os.environ.update(settings)
    with psycopg.connect(role_url("loader")) as connection:
        for vendor in ("ga4", "segment", "snowplow"):
            tables = connection.execute(
                "select tablename from pg_tables where schemaname = %s", (f"raw_{vendor}",)
            ).fetchall()
            for (table,) in tables:
                connection.execute(f"drop table raw_{vendor}.{table}".encode())
    yield tmp_path
    for name in settings:
        del os.environ[name]


def current(source: str) -> list[dict[str, Any]]:
    """Return the events of the batches that count, as staging reads them."""
    batches = {row["batch_id"] for row in rows(f"{source}.event_files")}
    return [row for row in rows(f"{source}.events") if row["batch_id"] in batches]


def ids(source: str) -> list[str]:
    return sorted(row["event_id"] for row in current(source))


def export(folder: Path, table: str, *events: dict[str, Any]) -> None:
    path = folder / table / "000.parquet"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(parquet(*events))


def test_a_restated_day_replaces_itself_and_counts_once(drops: Path) -> None:
    early = exported(event_timestamp=1_788_256_800_000_001)
    late = exported(event_timestamp=1_788_256_900_000_002, event_bundle_sequence_id=9)
    export(drops, "events_intraday_20260901", early)
    load("raw_ga4")
    intraday = ids("raw_ga4")
    export(drops, "events_20260901", early, late)
    load("raw_ga4")
    daily = ids("raw_ga4")
    assert len(intraday) == 1
    assert len(daily) == 2
    assert intraday[0] in daily
    export(drops, "events_20260901", late)
    load("raw_ga4")
    assert ids("raw_ga4") == [event for event in daily if event not in intraday]


def test_a_month_backfilled_twice_is_the_same_month(drops: Path) -> None:
    for day in range(1, 31):
        moment = 1_788_220_800_000_000 + day * 86_400_000_000
        export(drops, f"events_202609{day:02d}", exported(event_timestamp=moment))
    load("raw_ga4")
    once = ids("raw_ga4")
    load("raw_ga4", full_read=True)
    load("raw_ga4", full_read=True)
    assert ids("raw_ga4") == once
    assert len(once) == 30
    assert len(rows("raw_ga4.events")) <= 60, "batches nobody reads are not swept"


def test_refused_rows_are_counts_of_their_day_and_are_restated_with_it(drops: Path) -> None:
    refused = exported(user_pseudo_id=None, event_name="session_start")
    export(drops, "events_20260901", exported(), refused, refused)
    load("raw_ga4")
    (count,) = rows("raw_ga4.unconsented_daily")
    assert (count["visit_count"], count["action_count"]) == (2, 2)
    export(drops, "events_20260901", exported(), refused)
    load("raw_ga4")
    (count,) = rows("raw_ga4.unconsented_daily")
    assert count["action_count"] == 1
    export(drops, "events_20260901", exported())
    load("raw_ga4")
    assert rows("raw_ga4.unconsented_daily") == []


def test_unchanged_files_are_not_read_again_and_late_ones_are(drops: Path) -> None:
    (drops / "b.json").write_bytes(lines(message(1), message(2)))
    load("raw_segment")
    (drops / "a-late.json").write_bytes(lines(message(3)))
    assert load("raw_segment").counts["events"].loaded == 1
    assert ids("raw_segment") == ["m-1", "m-2", "m-3"]


def test_a_file_that_grows_replaces_what_it_was(drops: Path) -> None:
    (drops / "b.json").write_bytes(lines(message(1)))
    load("raw_segment")
    (drops / "b.json").write_bytes(lines(message(1), message(2)))
    load("raw_segment")
    assert ids("raw_segment") == ["m-1", "m-2"]


def test_no_readable_value_reaches_raw_or_quarantine(drops: Path) -> None:
    canary = "canary.person@mail.example"
    told = message(1, type="identify", traits={"email": canary})
    told["properties"] |= {"note": f"write to {canary}", "who": canary}
    broken = message(2, timestamp="never", context={"page": {"title": canary}})
    (drops / "b.json").write_bytes(lines(told, broken, canary.encode()))
    load("raw_segment")
    seen = repr(current("raw_segment"))
    with psycopg.connect(role_url("admin")) as connection:
        seen += repr(connection.execute("select * from quarantine.rows").fetchall())
        kept = connection.execute(
            "select value from vault.contact_values where source = 'raw_segment'"
        ).fetchall()
    assert "canary" not in seen
    assert kept == [(canary,)]
    assert orjson.loads(current("raw_segment")[0]["extra"])["note"] == "write to [redacted]"
