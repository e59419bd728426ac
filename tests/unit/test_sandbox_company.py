"""The sandbox company: full of what real data is full of, and consistent all the same."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import phonenumbers
import pyarrow.parquet as pq
import pytest
from email_validator import validate_email

from ingestion.sandbox import plant, prepared
from ingestion.sandbox.company.folder import database
from tests.unit.sandbox_vendors import PEOPLE, SEED


@pytest.fixture(scope="module")
def company() -> Path:
    return prepared(PEOPLE, SEED)


def _documents(folder: Path, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(database(folder))) as connection:
        return [orjson.loads(row[0]) for row in connection.execute(sql)]


def _visits(folder: Path) -> list[dict[str, Any]]:
    return _documents(folder, "select doc from matomo_visits order by id")


def test_contacts_are_unique_by_address(company: Path) -> None:
    sql = "select doc from hubspot_objects where type = 'contacts'"
    addresses = Counter(c["email"] for c in _documents(company, sql) if c["email"])
    assert addresses.most_common(1)[0][1] == 1


def test_customers_are_unique_by_address(company: Path) -> None:
    sql = "select doc from shopify_objects where kind = 'customers'"
    addresses = Counter(c["email"].lower() for c in _documents(company, sql))
    assert addresses.most_common(1)[0][1] == 1


def test_good_addresses_and_numbers_are_accepted_by_the_usual_validators(company: Path) -> None:
    customers = _documents(company, "select doc from shopify_objects where kind = 'customers'")
    for customer in customers:
        validate_email(customer["email"], check_deliverability=False)
        if customer["phone"]:
            assert phonenumbers.is_valid_number(phonenumbers.parse(customer["phone"]))
    assert any(customer["phone"] for customer in customers)


def test_all_addresses_are_in_domains_reserved_for_examples(company: Path) -> None:
    table = pq.read_table(company / "truth" / "identifiers.parquet").to_pylist()
    domains = {
        row["canonical_value"].rpartition("@")[2]
        for row in table
        if row["identifier_type"] == "email"
    }
    reserved = (".example", "example.com", "example.org", "example.net")
    assert all(domain.endswith(reserved) for domain in domains)


def test_refused_browsers_cannot_be_told_again(company: Path) -> None:
    refused = [v for v in _visits(company) if "analytics_storage=denied" in v["dimension1"]]
    assert refused
    assert all(visit["userId"] is None for visit in refused)
    keys = Counter(visit["visitorId"] for visit in refused)
    assert keys.most_common(1)[0][1] == 1


def test_a_gpc_signal_denies_advertising_whatever_the_banner_said(company: Path) -> None:
    signalled = [v["dimension1"] for v in _visits(company) if v["dimension1"].endswith("gpc=1")]
    assert signalled
    assert all("ad_storage=denied;ad_user_data=denied" in text for text in signalled)


def test_action_times_are_off_by_the_offset_of_the_site(company: Path) -> None:
    offsets = {
        v["actionDetails"][0]["timestamp"] - v["firstActionTimestamp"] for v in _visits(company)
    }
    assert offsets == {7_200}  # summer time in Berlin, all through this company's history


def test_orders_on_the_web_are_seen_by_both_systems(company: Path) -> None:
    orders = {
        order["legacyResourceId"]: order
        for order in _documents(company, "select doc from shopify_objects where kind = 'orders'")
    }
    seen = [
        action
        for visit in _visits(company)
        for action in visit["actionDetails"]
        if action["type"] == "ecommerceOrder"
    ]
    assert len(seen) > 50
    for action in seen:
        total = float(orders[action["orderId"]]["totalPriceSet"]["shopMoney"]["amount"])
        assert action["revenue"] == pytest.approx(total)


def test_money_of_an_order_adds_up(company: Path) -> None:
    def cents(bag: dict[str, Any]) -> int:
        return round(float(bag["shopMoney"]["amount"]) * 100)

    for order in _documents(company, "select doc from shopify_objects where kind = 'orders'"):
        lines = sum(cents(line["discountedTotalSet"]) for line in order["lineItems"])
        assert lines == cents(order["subtotalPriceSet"])
        assert cents(order["totalPriceSet"]) == lines + cents(order["totalShippingPriceSet"])
        refunded = sum(cents(refund["totalRefundedSet"]) for refund in order["refunds"])
        assert refunded == cents(order["totalRefundedSet"]) <= cents(order["totalPriceSet"])


def test_planting_in_an_unknown_place_is_refused(company: Path) -> None:
    with pytest.raises(KeyError, match=r"contact\.shoe_size"):
        plant(company, {"contact.shoe_size": "x"})
