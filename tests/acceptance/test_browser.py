"""What an operator sees and does in the browser, on a small hub, with no network but loopback.

``TANDEM_SCREENSHOTS`` names a folder to keep the screenshots in.
"""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from tests.acceptance.browser import CHROMIUM, PATIENCE_SECONDS, Screen, looking, serving
from tests.acceptance.conftest import Hub

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here")

DIGEST = "/locations/tandem/jobs/daily_digest/playground"
DAYS = "[2026-09-20...2026-09-22]"


@pytest.fixture(scope="module")
def screen(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    kept = os.environ.get("TANDEM_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("screenshots")
    with serving(hub) as base, looking(base, folder) as screen:
        yield screen


def test_the_asset_graph_shows_the_way_of_the_data(screen: Screen) -> None:
    screen.open("/asset-groups")
    for group in ("raw_hubspot", "staging", "identity", "core", "marts"):
        expect(screen.page.get_by_text(group, exact=True).first).to_be_visible()
    screen.keep("graph")


def test_a_mart_shows_owner_columns_freshness_and_rows(screen: Screen) -> None:
    screen.open("/assets/marts/customer_360")
    for text in ("Row count", "lifecycle_stage", "pii: pseudonymous", "Passing", "customer"):
        expect(screen.page.get_by_text(text).first).to_be_visible()
    screen.keep("mart")


def test_a_source_shows_a_picture_of_its_volume(screen: Screen) -> None:
    screen.open("/assets/raw_hubspot/_dlt_loads")
    screen.page.get_by_text("[Show Markdown]").first.click()
    picture = screen.page.locator("img[src^='data:image/png']").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 300
    screen.keep("picture")


def test_a_failed_check_is_seen_with_its_count_and_without_values(screen: Screen, hub: Hub) -> None:
    admin = hub.tandem("url", "--role", "admin").stdout.strip()
    with psycopg.connect(admin, autocommit=True) as connection:
        row = connection.execute(
            "select visit_id, duration_seconds from raw_matomo.visits limit 1"
        ).fetchone()
        assert row is not None
        change = "update raw_matomo.visits set duration_seconds = %s where visit_id = %s"
        connection.execute(change, [-1, row[0]])
        try:
            screen.open("/assets/raw_matomo/visits?view=checks")
            screen.page.get_by_text("duration_seconds_is_not").first.click()
            screen.page.get_by_role("button", name="Execute", exact=True).click()
            _until(hub, "ASSET_CHECK_EVALUATION", "duration_seconds_is_not_negative")
        finally:
            connection.execute(change, [row[1], row[0]])
    screen.open(
        "/assets/raw_matomo/visits?view=checks&checkDetail=duration_seconds_is_not_negative"
    )
    expect(screen.page.get_by_text("unexpected_count").first).to_be_visible()
    expect(screen.page.get_by_text(re.compile("check_failed.md")).first).to_be_visible()
    screen.keep("failed_check")


def _until(hub: Hub, kind: str, text: str) -> None:
    """Wait until Dagster's log holds an event that began after the test did."""
    url = hub.tandem("url", "--role", "dagster").stdout.strip()
    deadline = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute(
                "select count(*) from event_logs where dagster_event_type = %s "
                "and event like %s and timestamp > timezone('UTC', now()) - interval '5 minutes' "
                "and event like '%%\"passed\": false%%'",
                [kind, f"%{text}%"],
            ).fetchone()
            if row and row[0]:
                return
            time.sleep(1)
    raise AssertionError(f"no {kind} of {text}")


def test_days_are_backfilled_from_the_browser(screen: Screen) -> None:
    screen.open("/assets/raw_matomo/restated_days")
    screen.page.get_by_role("button", name="Materialize…").click()
    field = screen.page.locator("input[type=text], input:not([type])").last
    field.fill(DAYS)
    field.press("Enter")
    expect(screen.page.get_by_text("3 partitions").first).to_be_visible()
    screen.keep("backfill_dialog")
    screen.page.get_by_role("button", name="Launch backfill").click()
    screen.open("/runs?view=backfills")
    expect(screen.page.get_by_text("3 partitions").first).to_be_visible()
    expect(screen.page.get_by_text("Completed").first).to_be_visible()
    screen.keep("backfill")


def test_a_job_is_launched_from_the_browser(screen: Screen) -> None:
    screen.open(DIGEST)
    screen.page.get_by_role("button", name="Launch run").click()
    expect(screen.page.get_by_text("Success").first).to_be_visible()
    screen.keep("run")


def test_automation_is_listed_and_only_what_calls_no_vendor_is_on(screen: Screen) -> None:
    screen.open("/automation")
    for name in ("alerts", "consent_changed", "daily_refresh", "files_arrived", "keep_core_warm"):
        expect(screen.page.get_by_text(name, exact=True).first).to_be_visible()
    screen.keep("automation")


def test_nothing_was_fetched_from_elsewhere(screen: Screen) -> None:
    assert screen.outside == []
