"""A critical expectation that fails, through the real job: nothing is published, readers go on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.acceptance.conftest import PEOPLE, Hub
from tests.acceptance.test_convergence import fingerprints


@contextmanager
def spoilt(hub: Hub, table: str, key: str, column: str, value: object) -> Iterator[None]:
    """Put a value where it must not be, and what was there back afterwards."""
    admin = hub.tandem("url", "--role", "admin").stdout.strip()
    with psycopg.connect(admin, autocommit=True) as connection:
        row = connection.execute(
            f"select {key}, {column} from {table} order by {key} limit 1".encode()
        ).fetchone()
        assert row is not None
        change = f"update {table} set {column} = %s where {key} = %s".encode()
        connection.execute(change, [value, row[0]])
        try:
            yield
        finally:
            connection.execute(change, [row[1], row[0]])


@pytest.fixture
def released(hub: Hub) -> tuple[object, ...]:
    return hub.query("select max(release_id), max(released_at) from marts_meta.releases")[0]


def test_raw_data_that_must_not_be_there_stop_the_run_before_anything_is_built(
    hub: Hub, released: tuple[object, ...]
) -> None:
    before = fingerprints(hub)
    with spoilt(hub, "raw_matomo.visits", "visit_id", "analytics_consent", "denied"):
        done = hub.tandem("run", "--people", str(PEOPLE))
    assert done.returncode == 1
    assert "analytics_consent_is_known" in done.stderr
    assert "the last release stays as it is" in done.stderr
    assert "Traceback" not in done.stderr
    assert fingerprints(hub) == before
    again = hub.query("select max(release_id), max(released_at) from marts_meta.releases")[0]
    assert again == released
    report = (hub.home / "reports" / "quality" / "index.html").read_text()
    assert "1 results hold the release back" in report
    assert "analytics_consent_is_known" in report


def test_a_warning_is_told_and_stops_nothing(hub: Hub) -> None:
    with spoilt(hub, "raw_matomo.visits", "visit_id", "duration_seconds", -5):
        done = hub.tandem("run", "--people", str(PEOPLE), "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout)
    assert "raw_matomo/visits: duration_seconds_is_not_negative" in summary["warnings"]


def test_the_run_after_the_cause_is_mended_releases_again(hub: Hub) -> None:
    summary = hub.refresh()
    assert summary["checks_passed"] == summary["checks"] - len(summary["warnings"])
    assert summary["warnings"] == []
