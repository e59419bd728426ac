"""WooCommerce documents of the outlet, as its server keeps them: orders, customers, refunds.

Written once when they happen; from then on they are the server's, whoever changes them.
"""

import sqlite3
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from ingestion.sandbox.company.drops import kept, outlet
from ingestion.sandbox.company.drops.kept import Line

SITE_ZONE = ZoneInfo("Europe/Berlin")
_SCHEMA = """
create table if not exists woo (
    kind text not null, id integer not null, parent integer not null, modified integer not null,
    is_deleted integer not null default 0, doc text not null, primary key (kind, id)) without rowid;
"""


def stamps(name: str, seconds: int) -> dict[str, str]:
    """Return a time as WooCommerce writes it: the site's clock, and the same in GMT, both bare."""
    moment = datetime.fromtimestamp(seconds, UTC)
    local = moment.astimezone(SITE_ZONE).replace(tzinfo=None)
    return {name: local.isoformat(), f"{name}_gmt": moment.replace(tzinfo=None).isoformat()}


def put(
    connection: sqlite3.Connection, kind: str, parent: int, modified: int, doc: dict[str, Any]
) -> None:
    """Write a document, replacing the one of the same id."""
    connection.execute(
        "insert or replace into woo values (?, ?, ?, ?, 0, ?)",
        (kind, doc["id"], parent, modified, orjson.dumps(doc).decode()),
    )


def write(connection: sqlite3.Connection, now: int) -> None:
    """Let the outlet's orders and refunds up to an instant appear."""
    connection.execute(_SCHEMA)
    there = {(kind, number) for kind, number in connection.execute("select kind, id from woo")}
    for line in kept.lines(connection, outlet.FEED, now):
        number = line.doc["number"]
        customer = line.doc["customer"]
        if customer and ("customers", customer) not in there:
            there.add(("customers", customer))
            put(connection, "customers", 0, line.at, _customer(line))
        if ("orders", number) not in there:
            put(connection, "orders", customer, line.at, order(line))
        refund_at = line.doc["refund_at"]
        if refund_at < now and ("refunds", number + 1) not in there:
            put(connection, "refunds", number, refund_at, _refund(line))
            connection.execute(
                "update woo set modified = max(modified, ?) where kind = 'orders' and id = ?",
                (refund_at, number),
            )


def order(line: Line) -> dict[str, Any]:
    """Return an order as the REST API shows it, without its times of change."""
    doc = line.doc
    items = [
        {
            "id": doc["number"] * 10 + position,
            "name": item["sku"],
            "product_id": 40 + item["variant"],
            "variation_id": 0,
            "quantity": item["quantity"],
            "subtotal": _money(item["price"] * item["quantity"]),
            "total": _money(item["price"] * item["quantity"]),
            "total_tax": "0.00",
            "sku": item["sku"],
            "price": item["price"] / 100,
        }
        for position, item in enumerate(doc["goods"], 1)
    ]
    goods = sum(item["price"] * item["quantity"] for item in doc["goods"])
    first, _, last = (doc["name"] or "").partition(" ")
    billing = {"first_name": first, "last_name": last, "email": doc["email"] or ""}
    billing |= {"phone": doc["phone"] or "", "country": doc["country"], "address_1": "Outlet Row 1"}
    return {
        "id": doc["number"],
        "number": str(doc["number"]),
        "status": "completed",
        "currency": "EUR",
        "customer_id": doc["customer"],
        "customer_note": "",
        "discount_total": "0.00",
        "shipping_total": _money(doc["shipping"]),
        "shipping_tax": "0.00",
        "total_tax": "0.00",
        "total": _money(goods + doc["shipping"]),
        "billing": billing,
        "line_items": items,
        **stamps("date_created", line.at),
    }


def _customer(line: Line) -> dict[str, Any]:
    doc = line.doc
    first, _, last = (doc["name"] or "").partition(" ")
    return {
        "id": doc["customer"],
        "email": doc["email"],
        "first_name": first,
        "last_name": last,
        "role": doc["role"],
        "billing": {"country": doc["country"], "phone": doc["phone"] or ""},
        "is_paying_customer": True,
        **stamps("date_created", line.at),
    }


def _refund(line: Line) -> dict[str, Any]:
    item = line.doc["goods"][0]
    return {
        "id": line.doc["number"] + 1,
        "parent_id": line.doc["number"],
        "amount": _money(item["price"] * item["quantity"]),
        "reason": "",
        **stamps("date_created", line.doc["refund_at"]),
    }


def _money(cents: int) -> str:
    return f"{cents / 100:.2f}"
