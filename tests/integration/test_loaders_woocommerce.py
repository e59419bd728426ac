"""WooCommerce: load, change the shop, load again, compare every record with the server's own."""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import requests

from ingestion.guard import normalise
from ingestion.pipelines import LoadError, load
from ingestion.sources.shop.woocommerce_api import Signed
from tests.conftest import Warehouse
from tests.integration.sandbox_company import Company, by, keyer, rows, served

NAME = "raw_woocommerce"
ROOT = "/wp-json/wc/v3"


@pytest.fixture(scope="module")
def company(fresh_database: Warehouse) -> Iterator[Company]:
    with served(people=2_000) as company:
        load(NAME)
        yield company


def shop(company: Company, method: str, path: str, **request: Any) -> Any:
    key, _, secret = company.info.tokens["woocommerce"].partition(":")
    answer = requests.request(
        method,
        company.info.urls["woocommerce"] + ROOT + path,
        auth=Signed(key, secret),
        timeout=30,
        **request,
    )
    assert answer.ok, answer.text
    return answer.json()


def everything(company: Company, kind: str, **more: str) -> dict[str, dict[str, Any]]:
    """Return what the server lists, by id."""
    found: dict[str, dict[str, Any]] = {}
    for page in range(1, 1_000):
        asked = {"per_page": 100, "page": page, "order": "asc", **more}
        listed = shop(company, "GET", f"/{kind}", params=asked)
        found |= {str(each["id"]): each for each in listed}
        if len(listed) < 100:
            return found
    raise AssertionError


def assert_same(company: Company) -> None:
    keys = keyer()
    customers = everything(company, "customers", role="all")
    loaded = by("woocommerce_customer_id", rows(f"{NAME}.customers", "not is_deleted"))
    assert loaded.keys() == customers.keys()
    for number, told in customers.items():
        address = normalise.email(told["email"])
        assert loaded[number]["email_key"] == keys.key("email", address)
        assert loaded[number]["role"] == told["role"]
    orders = everything(company, "orders")
    loaded = by("woocommerce_order_id", rows(f"{NAME}.orders", "not is_deleted"))
    assert loaded.keys() == orders.keys()
    lines = {}
    for number, told in orders.items():
        row, account = loaded[number], told["customer_id"]
        assert row["order_key"] == keys.key("order_id", f"woo-{number}")
        assert row["woocommerce_customer_id"] == (str(account) if account else None)
        assert row["customer_key"] == keys.key(
            "woocommerce_customer_id", str(account) if account else None
        )
        assert row["total_amount"] == Decimal(told["total"])
        assert row["subtotal_amount"] == sum(Decimal(li["total"]) for li in told["line_items"])
        assert (row["status"], row["currency"]) == (told["status"], told["currency"])
        assert row["ordered_at"] == datetime.fromisoformat(told["date_created_gmt"])
        assert row["updated_at"] == datetime.fromisoformat(told["date_modified_gmt"])
        lines |= {str(li["id"]): (li["sku"], li["quantity"]) for li in told["line_items"]}
    alive = set(orders)
    assert lines == {
        row["order_line_id"]: (row["sku"], row["quantity"])
        for row in rows(f"{NAME}.order_lines")
        if row["woocommerce_order_id"] in alive
    }
    refunds = everything(company, "refunds")
    loaded = by("refund_id", rows(f"{NAME}.refunds", "not is_deleted"))
    assert {(n, r["amount"]) for n, r in loaded.items()} == {
        (n, Decimal(r["amount"])) for n, r in refunds.items()
    }


def test_a_first_load_is_identical_with_the_shop_all_roles_included(company: Company) -> None:
    assert_same(company)
    assert {row["role"] for row in rows(f"{NAME}.customers")} == {"customer", "subscriber"}
    assert rows(f"{NAME}.refunds")
    guests = rows(f"{NAME}.orders", "woocommerce_customer_id is null")
    assert len({row["subject_key"] for row in guests}) > 1, "customer 0 is not one person"


def test_a_change_in_the_same_second_as_the_last_one_read_is_not_lost(company: Company) -> None:
    first, second = sorted(everything(company, "orders"))[:2]
    changed = shop(company, "PUT", f"/orders/{first}", json={"status": "processing"})
    load(NAME)
    moment = changed["date_modified_gmt"]
    shop(company, "PUT", f"/orders/{second}", json={"status": "on-hold"})
    again = shop(company, "GET", "/orders", params={"modified_after": f"{moment}Z"})
    assert str(first) not in {str(each["id"]) for each in again}, "the vendor's filter is strict"
    load(NAME)
    assert_same(company)


def test_dates_are_gmt_together_with_a_zone_would_lose_orders(company: Company) -> None:
    newest = max(each["date_modified_gmt"] for each in everything(company, "orders").values())
    before = f"{newest[:11]}00:00:00Z"
    right = everything(company, "orders", modified_after=before)
    shifted = everything(company, "orders", modified_after=before, dates_are_gmt="true")
    assert right.keys() >= shifted.keys()


def test_a_deleted_refund_is_noticed_although_its_order_did_not_change(company: Company) -> None:
    refund = next(iter(everything(company, "refunds").values()))
    order = everything(company, "orders")[str(refund["parent_id"])]
    shop(company, "DELETE", f"/refunds/{refund['id']}", params={"force": "true"})
    assert everything(company, "orders")[str(order["id"])] == order
    load(NAME)
    assert_same(company)
    (row,) = rows(f"{NAME}.refunds", f"refund_id = '{refund['id']}'")
    assert row["is_deleted"]


def test_refunds_new_orders_and_deletions_arrive(company: Company) -> None:
    orders = sorted(everything(company, "orders"))
    customers = sorted(everything(company, "customers", role="all"))
    shop(company, "POST", f"/orders/{orders[4]}/refunds", json={"amount": "5.00"})
    shop(company, "DELETE", f"/orders/{orders[5]}", params={"force": "true"})
    shop(company, "DELETE", f"/customers/{customers[0]}", params={"force": "true"})
    load(NAME)
    assert_same(company)
    os.environ["SOURCES__AS_OF"] = company.control("POST", "/advance?days=10")["as_of"]
    load(NAME)
    assert_same(company)


def test_loading_twice_changes_nothing(company: Company) -> None:
    before = [rows(f"{NAME}.{t}") for t in ("customers", "refunds")]
    load(NAME)
    after = [rows(f"{NAME}.{t}") for t in ("customers", "refunds")]
    assert [len(each) for each in before] == [len(each) for each in after]
    assert_same(company)


def test_a_shop_that_lost_its_customers_wipes_nothing(company: Company) -> None:
    company.fault("woocommerce.list", "expired", times=-1)
    with pytest.raises(LoadError, match="credentials were refused"):
        load(NAME)
    company.control("DELETE", "/faults")
    load(NAME)
    assert_same(company)


def test_every_request_over_plain_http_is_signed_anew(company: Company) -> None:
    key, _, secret = company.info.tokens["woocommerce"].partition(":")
    address = company.info.urls["woocommerce"] + ROOT + "/orders"
    query = {
        "modified_after": "2026-09-01T00:00:00Z",
        "oauth_consumer_key": key,
        "oauth_nonce": "once",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(time.time())),
    }
    plain = "&".join(f"{n}={quote(v, safe='')}" for n, v in sorted(query.items()))
    base = f"GET&{quote(address, safe='')}&{quote(plain, safe='')}"
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    query["oauth_signature"] = base64.b64encode(digest).decode()
    assert requests.get(address, params=query, timeout=10).ok
    assert requests.get(address, params=query, timeout=10).status_code == 401
