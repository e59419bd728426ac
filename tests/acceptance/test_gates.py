"""What holds a release back and what does not, through the real job; readers go on meanwhile."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.conftest import PEOPLE, Hub
from tests.acceptance.test_convergence import fingerprints


@contextmanager
def spoilt(hub: Hub, table: str, column: str, value: object) -> Iterator[None]:
    """Put a value where it must not be, in the oldest row, and what was there back afterwards."""
    admin = hub.tandem("url", "--role", "admin").stdout.strip()
    with psycopg.connect(admin, autocommit=True) as connection:
        row = connection.execute(
            f"select ctid::text, {column} from {table} order by 2 limit 1".encode()
        ).fetchone()
        assert row is not None
        nullable = f"alter table {table} alter column {column} {{}} not null"
        if value is None:
            connection.execute(nullable.format("drop").encode())
        change = f"update {table} set {column} = %s where ctid = %s::tid returning ctid::text"
        moved = connection.execute(change.encode(), [value, row[0]]).fetchone()
        assert moved is not None
        try:
            yield
        finally:
            connection.execute(change.encode(), [row[1], moved[0]])
            if value is None:
                connection.execute(nullable.format("set").encode())


@pytest.fixture
def released(hub: Hub) -> Iterator[None]:
    """Whatever happens in the test, the release and all marts are what they were."""
    release = "select max(release_id), max(released_at) from marts_meta.releases"
    before = hub.query(release), fingerprints(hub)
    yield
    assert (hub.query(release), fingerprints(hub)) == before


def refused(hub: Hub, source: str) -> str:
    """Run with one source loaded and return what its user reads of the refusal."""
    done = hub.tandem("run", "--people", str(PEOPLE), "--sources", source)
    assert done.returncode == 1
    assert "the last release stays as it is" in done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.usefixtures("released")
def test_raw_data_that_must_not_be_there_stop_the_run_before_anything_is_built(hub: Hub) -> None:
    with spoilt(hub, "raw_matomo.visits", "analytics_consent", "denied"):
        told = refused(hub, "matomo")
    assert "analytics_consent_is_known" in told
    assert "dbt_observe" not in told
    report = (hub.home / "reports" / "quality" / "index.html").read_text()
    assert "1 results hold the release back" in report
    assert "analytics_consent_is_known" in report


@pytest.mark.usefixtures("released")
def test_a_dbt_test_that_fails_in_the_middle_keeps_the_release_and_is_named(hub: Hub) -> None:
    with spoilt(hub, "raw_hubspot.deal_stage_history", "entered_at", None):
        told = refused(hub, "files")
    assert "not_null_stg_hubspot__deal_stage_history_entered_at" in told
    assert "dbt_derive" not in told


def test_a_warning_is_told_and_stops_nothing(hub: Hub) -> None:
    with spoilt(hub, "raw_matomo.visits", "duration_seconds", -5):
        summary = hub.refresh("--sources", "matomo")
    assert [load["source"] for load in summary["sources"]] == ["raw_matomo"]
    assert "raw_matomo/visits: duration_seconds_is_not_negative" in summary["warnings"]
    page = Path(summary["quality_report"]).read_text()
    assert "duration_seconds_is_not_negative" in page
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?(https?:)?//""", page), "not offline"


def test_the_run_after_the_cause_is_mended_releases_again(hub: Hub) -> None:
    summary = hub.refresh()
    assert summary["checks_passed"] == summary["checks"]
    assert summary["warnings"] == []
