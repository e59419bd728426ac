"""What every vendor can refuse is one line with the next step, in the CLI and in a Dagster run."""

import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from ingestion.guard.gate import Guard, TooManyBadRowsError
from ingestion.guard.keys import Keyer, KeyRing
from ingestion.guard.shapes import Field, Shape
from ingestion.pipelines import LoadError, explained, load
from ingestion.registry import ALL_SOURCES
from ingestion.settings import role_url
from ingestion.sources import transport
from orchestration.cli import app as cli
from orchestration.defs.company import SandboxCompany
from orchestration.defs.ingestion import build_loader
from tests.conftest import Warehouse
from tests.integration.sandbox_company import Company, rows, served
from tests.unit.guard_memory import AS_OF, MemoryStore

VENDORS = ("hubspot", "matomo", "shopify", "woocommerce", "salesforce")
FOLDERS = ("files", "ga4", "segment", "snowplow")
# A token of the right form that nobody gave out.
FOREIGN = {"woocommerce": "ck_gone:cs_gone", "salesforce": "3MVGgone:gone"}


@pytest.fixture(scope="module")
def company(fresh_database: Warehouse) -> Iterator[Company]:
    with served(people=300) as company:
        yield company


@pytest.fixture(autouse=True)
def short_patience(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    quick = dataclasses.replace(transport.Patience(), attempts=2, first_pause=0.01)
    monkeypatch.setattr(transport, "Patience", lambda: quick)
    yield
    company.control("DELETE", "/faults")


def refused(vendor: str, **settings: object) -> str:
    """Load, be refused, and return the one line an operator reads."""
    with pytest.raises(LoadError) as caught:
        load(f"raw_{vendor}", **settings)
    said = cli.explained(caught.value)
    assert said == str(caught.value), "the CLI says what the load says"
    assert "\n" not in said
    assert "Next: " in said
    assert said.startswith(f"raw_{vendor}: {vendor}: ")
    return said


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_token_that_is_no_longer_good(company: Company, vendor: str) -> None:
    said = refused(vendor, access_token=FOREIGN.get(vendor, "expired"))
    assert f"[sources.{vendor}] access_token" in said


def loaded_by_dagster(name: str) -> dg.ExecuteInProcessResult:
    """Load a source as its asset does."""
    return dg.materialize(
        [build_loader(ALL_SOURCES[name])],
        resources={"company": SandboxCompany()},
        raise_on_error=False,
    )


@pytest.mark.parametrize("vendor", [*VENDORS, *FOLDERS])
def test_a_dagster_run_says_the_same_line(
    company: Company, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = "BASE_URL" if vendor in FOLDERS else "ACCESS_TOKEN"
    monkeypatch.setenv(f"SOURCES__{vendor.upper()}__{setting}", FOREIGN.get(vendor, "expired"))
    result = loaded_by_dagster(f"raw_{vendor}")
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    assert refused(vendor) in failure.step_failure_data.error.to_string()


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_host_that_does_not_answer(company: Company, vendor: str) -> None:
    said = refused(vendor, base_url="http://127.0.0.1:9")
    assert f"sources.{vendor}.base_url" in said


@pytest.mark.parametrize("vendor", FOLDERS)
def test_a_folder_that_is_not_there(company: Company, vendor: str, tmp_path: Path) -> None:
    said = refused(vendor, base_url=str(tmp_path / "gone"))
    assert f"set [sources.{vendor}] base_url to a folder or bucket" in said


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_address_that_leads_elsewhere(company: Company, vendor: str) -> None:
    said = refused(vendor, base_url=company.info.urls[vendor] + "/old")
    assert "base_url and API version" in said


@pytest.mark.parametrize(("vendor", "version"), [("shopify", "1999-01"), ("salesforce", "1.0")])
def test_a_version_the_vendor_does_not_have(company: Company, vendor: str, version: str) -> None:
    assert "API version" in refused(vendor, api_version=version)


@pytest.mark.parametrize(
    ("vendor", "endpoint", "fault"),
    [
        ("hubspot", "hubspot.*", "missing_scope"),
        ("shopify", "shopify.bulk", "bulk_denied"),
        ("woocommerce", "woocommerce.*", "missing_scope"),
        ("salesforce", "salesforce.objects", "missing_scope"),
    ],
)
def test_a_scope_that_was_not_granted(
    company: Company, vendor: str, endpoint: str, fault: str
) -> None:
    company.fault(endpoint, fault, times=-1)
    assert "grant" in refused(vendor)


@pytest.mark.parametrize(
    ("vendor", "kind", "settings"),
    [("hubspot", "429", {"policy": "DAILY"}), ("salesforce", "daily_limit", {})],
)
def test_a_limit_per_day_is_not_waited_for(
    company: Company, vendor: str, kind: str, settings: dict[str, str]
) -> None:
    company.fault(f"{vendor}.*", kind, times=-1, settings=settings)
    assert "daily limit" in refused(vendor)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_setting_that_is_missing(
    company: Company, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"SOURCES__{vendor.upper()}__ACCESS_TOKEN")
    with pytest.raises(LoadError, match=rf"Next: set \[sources\.{vendor}\]"):
        load(f"raw_{vendor}")


def test_a_field_that_is_new_is_kept_and_told_to_operators(company: Company) -> None:
    company.fault("hubspot.*", "drift", times=-1)
    result = loaded_by_dagster("raw_hubspot")
    assert result.success
    (told,) = [
        event.metadata["undeclared_fields"].records
        for event in result.asset_materializations_for_node("load_hubspot")
        if event.asset_key.path[-1] == "_dlt_loads"
    ]
    assert ("contacts", "new_by_sales") in [
        (each.data["table"], each.data["field"]) for each in told
    ]
    assert all("new_by_sales" in row["extra"] for row in rows("raw_hubspot.contacts"))
    with psycopg.connect(role_url("loader")) as connection:
        told = connection.execute(
            "select resource from ops.schema_drift where field = 'new_by_sales'"
        ).fetchall()
    assert ("contacts",) in told


def test_rows_that_no_longer_fit_name_the_table_and_where_to_look() -> None:
    guard = Guard("raw_acme", Keyer(KeyRing("1", {"1": b"k"})), MemoryStore(), AS_OF)
    key = Field("id", "id", "bigint", required=True)
    guard.admit(Shape("raw_acme", "things", ("id",), (key,)), [{"id": "seven"}] * 60)
    with pytest.raises(TooManyBadRowsError) as caught:
        guard.finish("things")
    said = str(explained("raw_hubspot", caught.value))
    assert "raw_acme.things" in said
    assert "quarantine.rows" in said


def test_an_app_that_sees_sixty_days_only_is_warned_of(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    company.fault("shopify.*", "no_all_orders", times=-1)
    with caplog.at_level(logging.WARNING):
        load("raw_shopify")
    assert "read_all_orders" in caplog.text


@pytest.mark.parametrize("name", sorted(ALL_SOURCES))
def test_what_nobody_foresaw_is_one_line_too(name: str) -> None:
    said = str(explained(name, ValueError("Key (email)=(jane@corp.example)")))
    assert "jane" not in said
    assert "Next: " in said
