"""What Medusa and BottleCRM refuse is one line with the next step, as for every other vendor.

Both run for real in tests/servers; here a server of a few lines answers as they do when they refuse
(statuses and bodies as seen there), so that these lines are held in every run of the suite.
"""

import dataclasses
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import pytest

from ingestion.pipelines import LoadError, load
from ingestion.registry import ALL_SOURCES
from ingestion.sources import transport
from orchestration.cli import app as cli
from orchestration.defs.company import SandboxCompany
from orchestration.defs.ingestion import build_loader
from tests.conftest import Warehouse

VENDORS = ("medusa", "bottlecrm")
# What each says to a token it does not know.
UNKNOWN = {"medusa": (401, {"message": "Unauthorized"}), "bottlecrm": (403, {"error": True})}


class Vendor(ThreadingHTTPServer):
    """Answers every request alike: a status and JSON, or text as it stands."""

    daemon_threads = True
    status: int = 200
    answer: Any = None

    def body(self, path: str) -> bytes:
        said = self.answer(path) if callable(self.answer) else self.answer
        return said.encode() if isinstance(said, str) else json.dumps(said).encode()


class Answers(BaseHTTPRequestHandler):
    server: Vendor

    def do_GET(self) -> None:
        body = self.server.body(urlsplit(self.path).path)
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module", autouse=True)
def warehouse(fresh_database: Warehouse) -> None:
    """Use a warehouse of one's own."""


@pytest.fixture
def vendor_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    quick = dataclasses.replace(transport.Patience(), attempts=2, first_pause=0.01)
    monkeypatch.setattr(transport, "Patience", lambda: quick)
    server = Vendor(("127.0.0.1", 0), Answers)
    for vendor in VENDORS:
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv(f"SOURCES__{vendor.upper()}__BASE_URL", address)
        monkeypatch.setenv(f"SOURCES__{vendor.upper()}__ACCESS_TOKEN", "token")
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def refused(vendor: str, **settings: object) -> str:
    """Load, be refused, and return the one line an operator reads."""
    with pytest.raises(LoadError) as caught:
        load(f"raw_{vendor}", **settings)
    said = cli.explained(caught.value)
    assert said == str(caught.value), "the CLI says what the load says"
    assert "\n" not in said
    return said


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_token_that_is_no_longer_good(vendor_server: Vendor, vendor: str) -> None:
    vendor_server.status, vendor_server.answer = UNKNOWN[vendor]
    said = refused(vendor)
    assert "Next: create a" in said
    assert f"[sources.{vendor}] access_token" in said


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_dagster_run_says_the_same_line(vendor_server: Vendor, vendor: str) -> None:
    vendor_server.status, vendor_server.answer = UNKNOWN[vendor]
    result = dg.materialize(
        [build_loader(ALL_SOURCES[f"raw_{vendor}"])],
        resources={"company": SandboxCompany()},
        raise_on_error=False,
    )
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    assert refused(vendor) in failure.step_failure_data.error.to_string()


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_permission_that_was_not_given(vendor_server: Vendor, vendor: str) -> None:
    vendor_server.status, vendor_server.answer = 403, {"message": "Forbidden"}
    said = refused(vendor)
    assert "403" in said
    assert "scope" in said


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_host_that_does_not_answer(vendor_server: Vendor, vendor: str) -> None:
    assert f"sources.{vendor}.base_url" in refused(vendor, base_url="http://127.0.0.1:9")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("status", "answer"), [(404, {"message": "Not Found"}), (200, "<html>Welcome</html>")]
)
def test_an_address_that_leads_elsewhere(
    vendor_server: Vendor, vendor: str, status: int, answer: object
) -> None:
    vendor_server.status, vendor_server.answer = status, answer
    assert "base_url" in refused(vendor)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_server_that_is_down_and_half_an_answer(vendor_server: Vendor, vendor: str) -> None:
    vendor_server.status, vendor_server.answer = 503, {}
    assert "it answered 503, 2 times. Next: try again later" in refused(vendor)
    vendor_server.status, vendor_server.answer = 200, '{"count": 1, "cust'
    assert "half a document" in refused(vendor)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("setting", ["base_url", "access_token"])
def test_a_setting_that_is_missing(
    vendor_server: Vendor, vendor: str, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"SOURCES__{vendor.upper()}__{setting.upper()}")
    assert f"Next: set [sources.{vendor}]" in refused(vendor)


def test_an_answer_without_its_list_is_no_empty_source(vendor_server: Vendor) -> None:
    vendor_server.answer = {"detail": "maintenance"}
    assert "the answer to contacts holds no list of them" in refused("bottlecrm")


def test_rows_that_no_longer_fit_name_the_table_and_where_to_look(vendor_server: Vendor) -> None:
    people = [
        {"id": f"cus_{n}", "email": {"value": f"p{n}@mail.example"}, "first_name": ["P"]}
        for n in range(12)
    ]

    def answer(path: str) -> dict[str, Any]:
        kind = path.strip("/").rpartition("/")[2]
        is_people = kind in ("customers", "contacts")
        rows = people if is_people else []
        halves = {
            "open_leads": {"open_leads": rows} if kind == "leads" else {},
            "active_accounts": {"open_accounts": rows} if kind == "accounts" else {},
        }
        return {**halves, kind: rows, "results": rows, "count": len(rows)}

    vendor_server.answer = answer
    for vendor, table in (("medusa", "customers"), ("bottlecrm", "contacts")):
        said = refused(vendor)
        assert f"12 of 12 rows of raw_{vendor}.{table} were turned away" in said
        assert "quarantine.rows" in said
        assert "mail.example" not in said
