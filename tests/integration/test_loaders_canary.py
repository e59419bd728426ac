"""A canary address, planted in every string of every source in every disguise: vault only."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from ingestion.settings import role_url
from ingestion.working import working_folders
from tests.conftest import Warehouse
from tests.integration.sandbox_company import Company, served
from tests.unit.test_guard_scrub import DISGUISES

CANARY = "canary.bird77@secret-cage.example.org"
NUMBER = "+493023125001"
FIELDS = (
    *("message", "jobtitle", "state", "hs_lead_status", "hint", "spouse_name", "any_code"),
    *("firstname", "address", "favourite_colour"),
)
# The schemas that roles without a right to personal data can read, and the guard's own.
OPEN = "^raw_|^quarantine$|^ops$"


@pytest.fixture(scope="module")
def company(fresh_database: Warehouse) -> Iterator[Company]:
    with served(200) as company:
        _plant_in_hubspot(company)
        _plant_in_matomo(company)
        _plant_in_shopify(company)
        company.load()
        yield company


def _plant_in_hubspot(company: Company) -> None:
    company.control("POST", "/settings", {"properties.contacts": "hint,spouse_name,any_code"})
    contacts = sorted(company.documents("hubspot", "contacts"))
    for contact, disguise in zip(contacts, DISGUISES.values(), strict=False):
        hidden = disguise(CANARY)
        company.hubspot(
            "PATCH",
            f"/crm/v3/objects/contacts/{contact}",
            {"properties": dict.fromkeys(FIELDS, hidden)},
        )
    company.hubspot("PATCH", f"/crm/v3/objects/contacts/{contacts[0]}",
                    {"properties": {"email": CANARY, "phone": NUMBER}})  # fmt: skip
    deals = sorted(company.documents("hubspot", "deals"))
    for deal, disguise in zip(deals, DISGUISES.values(), strict=False):
        company.hubspot("PATCH", f"/crm/v3/objects/deals/{deal}",
                        {"properties": {"dealname": f"for {disguise(CANARY)}"}})  # fmt: skip


def _plant_in_matomo(company: Company) -> None:
    granted = [v for v in company.records("matomo", "visits")
               if "analytics_storage=granted" in v["dimension1"]]  # fmt: skip
    for visit, disguise in zip(reversed(granted), DISGUISES.values(), strict=False):
        hidden = disguise(CANARY)
        action = {"type": "event", "timestamp": visit["actionDetails"][0]["timestamp"],
                  "url": f"https://shop.example/u/{hidden}?q={hidden}&utm_campaign={hidden}#{hidden}",
                  "pageTitle": hidden, "eventCategory": hidden, "eventAction": hidden,
                  "eventName": hidden, "siteSearchKeyword": hidden}  # fmt: skip
        company.control("POST", "/matomo/visits", visit | {
            "actionDetails": [action], "referrerName": hidden, "campaignName": hidden,
            "campaignSource": hidden, "dimension2": hidden, "browserName": hidden,
            "referrerUrl": f"https://mail.example/?to={hidden}", "contactEmail": hidden,
        })  # fmt: skip


def _plant_in_shopify(company: Company) -> None:
    customers = sorted(company.documents("shopify", "customers").values(), key=lambda c: c["id"])
    update = ("mutation($input: CustomerInput!) { customerUpdate(input: $input)"
              " { customer { id } userErrors { field message } } }")  # fmt: skip
    for customer, disguise in zip(customers, DISGUISES.values(), strict=False):
        hidden = disguise(CANARY)
        company.shopify(update, input={"id": customer["id"], "note": hidden, "tags": [hidden],
                                       "lastName": hidden})  # fmt: skip


def _texts(schemas: str) -> Iterator[tuple[str, str]]:
    """Yield every row of every table in some schemas as text."""
    with psycopg.connect(role_url("admin")) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema ~ %s",
            (schemas,),
        ).fetchall()
        for schema, table in tables:
            name = sql.Identifier(schema, table)
            query = sql.SQL("select each::text from {} as each").format(name)
            for (text,) in connection.execute(query):
                yield f"{schema}.{table}", text


def _found(text: str) -> list[str]:
    lowered = text.lower()
    return [name for name, disguise in DISGUISES.items() if disguise(CANARY).lower() in lowered]


def test_the_canary_is_in_the_vault(company: Company) -> None:
    vault = " ".join(text for _, text in _texts("^vault$"))
    assert CANARY in vault
    assert NUMBER in vault


def test_the_canary_is_in_no_open_schema_in_any_disguise(company: Company) -> None:
    for table, text in _texts(OPEN):
        assert not _found(text), table
        assert "bird77" not in text.lower(), table
        assert "secret-cage" not in text.lower(), table
        assert NUMBER not in text, table


def test_the_canary_would_be_noticed(company: Company) -> None:
    assert _found(f"a text with {DISGUISES['hex'](CANARY)} in it")
    assert sum(1 for _ in _texts(OPEN)) > 500


def test_no_working_folder_is_left_to_hold_it(company: Company) -> None:
    assert not list(working_folders().iterdir())
    assert not (Path(os.environ["TANDEM_HOME"]) / "dlt").exists()
