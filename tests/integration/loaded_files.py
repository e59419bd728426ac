"""Compares what was loaded from drop files with the lines the third parties hold."""

from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingestion.guard import normalise
from ingestion.guard.values import to_timestamp
from ingestion.sandbox.company import store
from ingestion.sandbox.company.drops import ads, kept, permissions, render, service, stores
from ingestion.sandbox.company.drops.folder import render_again
from ingestion.sandbox.company.drops.kept import Line
from ingestion.sandbox.company.folder import database
from tests.integration.sandbox_company import Company, by, keyer, rows


class Drops:
    """The third parties of one company: what they hold, and how a test changes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lines(self, feed: str) -> list[Line]:
        """Return the lines of a feed up to the company's present."""
        with closing(store.connect(database(self.folder))) as connection:
            return kept.lines(connection, feed, self.now())

    def now(self) -> int:
        """Return the company's present in seconds."""
        with closing(store.connect(database(self.folder))) as connection:
            return int(store.get_meta(connection, "as_of"))

    def change(self, *lines: Line) -> None:
        """Put lines, and write the files they stand in."""
        with closing(store.connect(database(self.folder))) as connection:
            kept.put(connection, lines)
        render_again(self.folder)

    def forget(self, line: Line) -> None:
        """Take a line away, and write the file it stood in."""
        with closing(store.connect(database(self.folder))) as connection:
            kept.delete(connection, line.feed, [line.id])
        render_again(self.folder)


def assert_same(company: Company) -> None:
    """Compare spend, receipts with their lines, calls, tickets and lists of consents."""
    drops = Drops(company.info.company_dir)
    _spend(drops)
    _receipts(drops.lines(stores.FEED))
    _calls(drops.lines(service.CALLS))
    _tickets(drops)
    _consents(drops.lines(permissions.FEED))


def _spend(drops: Drops) -> None:
    expected = {}
    for line in drops.lines(ads.FEED):
        told = ads.result(line, drops.now())
        expected[told.campaign_id, render.day_of(line.at)] = (
            told.campaign, told.source, told.medium, told.impressions, told.clicks,
            Decimal(told.cost) / 100, "EUR",
        )  # fmt: skip
    assert expected == {
        (r["campaign_id"], r["spend_date"]): (
            r["campaign_name"], r["source"], r["medium"], r["impressions"], r["clicks"],
            r["spend_amount"], r["currency"],
        )
        for r in rows("raw_files.ad_spend")
    }  # fmt: skip


def _receipts(lines: list[Line]) -> None:
    loaded = by("receipt_id", rows("raw_files.pos_sales"))
    assert loaded.keys() == {line.id for line in lines}
    keys = keyer()
    goods: dict[tuple[str, int], tuple[Any, ...]] = {}
    for line in lines:
        doc, row = line.doc, loaded[line.id]
        total = sum(g["price"] * g["quantity"] - g["discount"] for g in doc["goods"])
        address = normalise.email(doc["email"]) if doc["email"] else None
        number = normalise.phone(doc["phone"]) if doc["phone"] else None
        expected = {
            "store_code": line.unit,
            "kind": doc["type"],
            "original_receipt_id": doc["original"],
            "order_key": keys.key("order_id", line.id),
            "user_key": keys.key("user_id", doc["card"]),
            "email_key": keys.key("email", address),
            "phone_key": keys.key("phone", number),
            "sold_at": moment(line.at),
            "total_amount": Decimal(total) / 100,
            "currency": render.store_of(line.unit).currency,
            "country_code": render.store_of(line.unit).country,
            "has_agreed_to_email": doc["offers"],
        }
        assert {name: row[name] for name in expected} == expected
        for position, item in enumerate(doc["goods"], 1):
            goods[line.id, position] = (
                item["sku"], item["quantity"], Decimal(item["price"]) / 100,
                Decimal(item["discount"]) / 100,
            )  # fmt: skip
    assert goods == {
        (r["receipt_id"], r["line_number"]): (
            r["sku"], r["quantity"], r["unit_price_amount"], r["discount_amount"]
        )
        for r in rows("raw_files.pos_sale_lines")
    }  # fmt: skip


def _calls(lines: list[Line]) -> None:
    loaded = by("call_id", rows("raw_files.calls"))
    assert loaded.keys() == {line.id for line in lines}
    keys = keyer()
    for line in lines:
        doc, row = line.doc, loaded[line.id]
        number = normalise.phone(doc["number"], doc["country"])
        assert row["user_key"] == keys.key("user_id", doc["customer_no"])
        assert row["phone_key"] == keys.key("phone", number)
        assert row["started_at"] == moment(line.at)
        assert row["ended_at"] == moment(line.at) + timedelta(seconds=doc["seconds"])
        assert (row["outcome"], row["reason"]) == (doc["outcome"], doc["reason"])


def _tickets(drops: Drops) -> None:
    lines = drops.lines(service.TICKETS)
    loaded = by("ticket_id", rows("raw_files.tickets"))
    assert loaded.keys() == {line.id for line in lines}
    keys = keyer()
    for line in lines:
        told, row = service.as_ticket(line, drops.now()), loaded[line.id]
        address = normalise.email(str(told["requester_email"])) if told["requester_email"] else None
        expected = {
            "email_key": keys.key("email", address),
            "order_key": keys.key("order_id", line.doc["order"]),
            "status": told["status"],
            "satisfaction_score": told["satisfaction"],
            "solved_at": to_timestamp(told["solved_at"]),
            "updated_at": to_timestamp(told["updated_at"]),
        }
        assert {name: row[name] for name in expected} == expected


def _consents(lines: list[Line]) -> None:
    loaded = by("consent_id", rows("raw_files.consents"))
    assert loaded.keys() == {line.id for line in lines}
    keys = keyer()
    for line in lines:
        doc, row = line.doc, loaded[line.id]
        address = normalise.email(doc["email"]) if doc["email"] else None
        number = normalise.phone(doc["phone"], doc["country"]) if doc["phone"] else None
        email_key, phone_key = keys.key("email", address), keys.key("phone", number)
        expected = {
            "office": line.unit,
            "subject_key": email_key or phone_key,
            "email_key": email_key,
            "phone_key": phone_key,
            "purpose": doc["purpose"],
            "channel": doc["channel"],
            "action": doc["action"],
            "capture_method": doc["method"],
            "occurred_at": moment(line.at),
        }
        assert {name: row[name] for name in expected} == expected


def moment(seconds: int) -> datetime:
    """Return seconds as naive UTC."""
    return datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001
