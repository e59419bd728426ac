"""What an operator sees and does in the browser, on a small hub, with no network but loopback.

``TANDEM_SCREENSHOTS`` names a folder to keep the screenshots in.
"""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_httpserver import HTTPServer

from tests.acceptance.browser import CHROMIUM, PATIENCE_SECONDS, Screen, looking, serving
from tests.acceptance.conftest import Hub
from tests.acceptance.test_gates import spoilt

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here")

REFRESH = "/locations/tandem/jobs/refresh/playground"
CHECK = "duration_seconds_is_not_negative"
DAYS = "[2026-09-20...2026-09-22]"


@pytest.fixture(scope="module")
def told(make_httpserver: HTTPServer) -> HTTPServer:
    """Where alerts go."""
    make_httpserver.expect_request("/alerts").respond_with_data("ok")
    return make_httpserver


@pytest.fixture(scope="module")
def screen(
    hub: Hub, told: HTTPServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Screen]:
    kept = os.environ.get("TANDEM_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("screenshots")
    sink = f"json://127.0.0.1:{told.port}/alerts"
    with serving(hub, TANDEM_ALERTS=sink) as base, looking(base, folder) as screen:
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


def test_a_failed_check_is_seen_with_its_count_and_its_alert_leads_to_it(
    screen: Screen, hub: Hub, told: HTTPServer
) -> None:
    with spoilt(hub, "raw_matomo.visits", "duration_seconds", -1):
        screen.open(f"/assets/raw_matomo/visits?view=checks&checkDetail={CHECK}")
        screen.page.get_by_role("button", name=re.compile("Execute$")).click()
        expect(screen.page.get_by_text("check_failed.md").first).to_be_visible()
    expect(screen.page.get_by_text("unexpected_count").first).to_be_visible()
    screen.keep("failed_check")
    alert = _alert_of(told, CHECK)
    assert "the release goes on" in alert["title"]
    assert "orchestration/runbooks/check_failed.md" in alert["message"]
    link = re.search(r"Look here: (\S+)", alert["message"])
    assert link is not None
    screen.page.goto(link[1])
    expect(screen.page.get_by_text("check_raw_matomo").first).to_be_visible()
    screen.keep("alert")


def _alert_of(told: HTTPServer, text: str) -> dict[str, str]:
    """Wait for the alert that names ``text``; the sensor looks every 30 seconds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for request, _ in told.log:
            body: dict[str, str] = json.loads(request.get_data())
            if text in body["message"]:
                return body
        time.sleep(0.5)
    raise AssertionError(f"no alert names {text}")


def test_days_are_backfilled_from_the_browser(screen: Screen) -> None:
    screen.open("/assets/raw_matomo/restated_days")
    screen.page.get_by_role("button", name="Materialize…").click()
    expect(screen.page.get_by_text(re.compile("Showing 90 of")).first).to_be_visible()
    field = screen.page.locator("input[type=text], input:not([type])").last
    field.fill(DAYS)
    field.press("Enter")
    expect(screen.page.get_by_text("3 partitions").first).to_be_visible()
    screen.keep("backfill_dialog")
    screen.page.get_by_role("button", name="Launch backfill").click()
    screen.open("/runs?view=backfills")
    expect(screen.page.get_by_text("3 partitions").first).to_be_visible()
    expect(screen.page.get_by_text("Success", exact=True).first).to_be_visible()
    screen.keep("backfill")


def test_the_refresh_is_launched_from_the_browser(screen: Screen, hub: Hub) -> None:
    confirmed = "select min(confirmed_at) from marts_meta.freshness"
    before = hub.query(confirmed)
    screen.open(REFRESH)
    screen.page.get_by_role("button", name="Launch run").click()
    ended = screen.page.get_by_text(re.compile("^(Success|Failure)$")).first
    expect(ended).to_be_visible()
    screen.keep("run")
    assert ended.inner_text() == "Success"
    assert hub.query(confirmed) > before


def test_automation_is_listed_and_only_what_calls_no_vendor_is_on(screen: Screen) -> None:
    screen.open("/automation")
    for name in ("alerts", "consent_changed", "daily_refresh", "files_arrived", "keep_core_warm"):
        expect(screen.page.get_by_text(name, exact=True).first).to_be_visible()
    screen.keep("automation")


def test_nothing_was_fetched_from_elsewhere(screen: Screen) -> None:
    assert screen.outside == []
