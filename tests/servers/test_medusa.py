"""A real Medusa: seeded and changed through its own API, loaded, compared record by record."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import requests

from ingestion.guard import normalise
from ingestion.pipelines import LoadError, load
from tests.conftest import Warehouse
from tests.integration.sandbox_company import by, keyer, rows
from tests.servers import install, running

pytestmark = pytest.mark.servers
NAME = "raw_medusa"
FIELDS = "id,display_id,currency_code,total,payment_status,customer_id,email,*items"


@dataclass
class Shop:
    """The admin's view of the shop."""

    base: str
    session: requests.Session
    key: str

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.session.request(
            method, self.base + path, json=body, params=query, timeout=120
        )
        assert answer.ok, answer.text
        return answer.json()

    def all(self, kind: str, **query: Any) -> dict[str, dict[str, Any]]:
        found = self.ask("GET", f"/admin/{kind}", limit=1_000, **query)[kind]
        return {each["id"]: each for each in found}


@pytest.fixture(scope="module")
def shop(fresh_database: Warehouse) -> Iterator[Shop]:
    place, port = install.folder("medusa"), running.free_port()
    assert (place / "node_modules").exists(), "run make test-servers"
    medusa = place / "node_modules" / ".bin" / "medusa"
    with running.database(fresh_database.url("admin"), "medusa_shop") as database:
        env = {
            "DATABASE_URL": database.url,
            "JWT_SECRET": "jwt-for-tests",  # pragma: allowlist secret
            "COOKIE_SECRET": "cookie-for-tests",  # pragma: allowlist secret
            "MEDUSA_DISABLE_TELEMETRY": "1",
            "NODE_ENV": "production",
            "PORT": str(port),
        }
        running.run([medusa, "db:migrate"], place, env)
        login = {
            "email": "admin@shop.example",
            "password": "only-for-tests",  # pragma: allowlist secret
        }
        running.run([medusa, "user", "-e", login["email"], "-p", login["password"]], place, env)
        base = f"http://127.0.0.1:{port}"
        with running.serving([medusa, "start"], place, env, f"{base}/health"):
            session = requests.Session()
            token = session.post(f"{base}/auth/user/emailpass", json=login, timeout=60).json()
            session.headers["Authorization"] = f"Bearer {token['token']}"
            shop = Shop(base, session, "")
            made = shop.ask("POST", "/admin/api-keys", {"title": "tandem", "type": "secret"})
            shop.key = made["api_key"]["token"]
            os.environ["SOURCES__MEDUSA__BASE_URL"] = base
            os.environ["SOURCES__MEDUSA__ACCESS_TOKEN"] = shop.key
            _seed(shop)
            load(NAME)
            yield shop
            del os.environ["SOURCES__MEDUSA__BASE_URL"]
            del os.environ["SOURCES__MEDUSA__ACCESS_TOKEN"]


def _seed(shop: Shop) -> None:
    region = {"name": "Europe", "currency_code": "eur", "countries": ["de", "fr"]}
    shop.ask("POST", "/admin/regions", region)
    shop.ask("POST", "/admin/regions", {"name": "North", "currency_code": "sek"})
    shop.ask("POST", "/admin/sales-channels", {"name": "Web"})
    for number in range(6):
        person = {"email": f"buyer{number}@shop.example", "first_name": "Kim", "last_name": "Lee"}
        shop.ask("POST", "/admin/customers", person | {"phone": f"+4930901820{number}"})
    prices = [{"amount": 10.5, "currency_code": "eur"}]
    variant = {"title": "S", "sku": "TENT-S", "options": {"Size": "S"}, "manage_inventory": False}
    options = [{"title": "Size", "values": ["S"]}]
    tent = {"title": "Tent", "status": "published", "options": options}
    shop.ask("POST", "/admin/products", tent | {"variants": [variant | {"prices": prices}]})
    for number, customer in enumerate(sorted(shop.all("customers"))):
        _order(shop, customer, "sek" if number % 2 else "eur")


def _order(shop: Shop, customer: str, currency: str) -> str:
    person = shop.all("customers")[customer]
    region = next(r for r in shop.all("regions").values() if r["currency_code"] == currency)
    found = shop.ask("GET", "/admin/sales-channels")["sales_channels"]
    product = next(iter(shop.all("products", fields="id,*variants").values()))
    line = {"variant_id": product["variants"][0]["id"], "quantity": 2, "unit_price": 10.5}
    draft = {
        "email": person["email"],
        "customer_id": customer,
        "region_id": region["id"],
        "sales_channel_id": found[0]["id"],
        "items": [line | {"title": "Tent"}],
    }
    made = shop.ask("POST", "/admin/draft-orders", draft)["draft_order"]["id"]
    shop.ask("POST", f"/admin/draft-orders/{made}/convert-to-order", {})
    return str(made)


def _pay(shop: Shop, order: str) -> str:
    """Capture an order's money; return the payment."""
    wanted = {"order_id": order, "amount": 21}
    made = shop.ask("POST", "/admin/payment-collections", wanted)["payment_collection"]["id"]
    shop.ask("POST", f"/admin/payment-collections/{made}/mark-as-paid", {"order_id": order})
    asked = {"fields": "*payment_collections.payments"}
    told = shop.ask("GET", f"/admin/orders/{order}", **asked)["order"]
    return str(told["payment_collections"][0]["payments"][0]["id"])


def assert_same(shop: Shop) -> None:
    keys = keyer()
    customers = shop.all("customers")
    loaded = by("medusa_customer_id", rows(f"{NAME}.customers", "not is_deleted"))
    assert loaded.keys() == customers.keys()
    for number, told in customers.items():
        address = normalise.email(told["email"])
        assert loaded[number]["email_key"] == keys.key("email", address)
    orders = shop.all("orders", fields=FIELDS)
    loaded = by("medusa_order_id", rows(f"{NAME}.orders", "not is_deleted"))
    assert loaded.keys() == orders.keys()
    for number, told in orders.items():
        row = loaded[number]
        assert row["payment_status"] == told["payment_status"]
        assert row["currency"] == told["currency_code"].upper()
        assert row["total_amount"] == Decimal(str(told["total"]))
        assert row["customer_key"] == keys.key("medusa_customer_id", told["customer_id"])
        assert row["order_key"] == keys.key("order_id", f"medusa-{told['display_id']}")
    assert {
        (line["id"], line["variant_sku"], line["quantity"], Decimal(str(line["unit_price"])))
        for order in orders.values() for line in order["items"]
    } == {
        (r["order_line_id"], r["sku"], r["quantity"], r["unit_price_amount"])
        for r in rows(f"{NAME}.order_lines")
    }  # fmt: skip
    products = shop.all("products")
    assert {r["product_id"] for r in rows(f"{NAME}.products", "not is_deleted")} == set(products)


def test_a_first_load_is_identical_in_two_currencies(shop: Shop) -> None:
    assert_same(shop)
    assert {r["currency"] for r in rows(f"{NAME}.orders")} == {"EUR", "SEK"}
    listed = shop.ask("GET", "/admin/orders")["orders"]
    assert all("currency_code" not in order for order in listed), "not shown unless asked for"


def test_a_captured_payment_arrives_although_the_order_did_not_change(shop: Shop) -> None:
    order = sorted(shop.all("orders"))[0]
    before = shop.all("orders", fields="id,updated_at")[order]["updated_at"]
    _pay(shop, order)
    assert shop.all("orders", fields="id,updated_at")[order]["updated_at"] == before
    load(NAME, lookback_minutes=0)
    assert_same(shop)


def test_refunds_new_records_changes_and_deletions_arrive(shop: Shop) -> None:
    first, second = sorted(shop.all("orders"))[1:3]
    payment = _pay(shop, first)
    shop.ask("POST", f"/admin/payments/{payment}/refund", {"amount": 5})
    shop.ask("POST", f"/admin/orders/{second}/cancel")
    changed, *_, gone = sorted(shop.all("customers"))
    shop.ask("POST", f"/admin/customers/{changed}", {"email": "moved@shop.example"})
    shop.ask("DELETE", f"/admin/customers/{gone}")
    _order(shop, changed, "eur")
    load(NAME)
    assert_same(shop)
    (refund,) = rows(f"{NAME}.refunds")
    assert (refund["medusa_order_id"], refund["amount"]) == (first, Decimal("5.00"))
    (row,) = rows(f"{NAME}.customers", f"medusa_customer_id = '{gone}'")
    assert row["is_deleted"]


def test_loading_twice_changes_nothing(shop: Shop) -> None:
    tables = ("customers", "orders", "order_lines", "refunds", "products", "product_variants")
    before = [len(rows(f"{NAME}.{table}")) for table in tables]
    load(NAME)
    assert [len(rows(f"{NAME}.{table}")) for table in tables] == before
    assert_same(shop)


def test_a_revoked_key_is_said_so(shop: Shop) -> None:
    with pytest.raises(LoadError, match="credentials were refused"):
        load(NAME, access_token="sk_gone")
