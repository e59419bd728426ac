"""Lines to files, each in the format of who writes it. A file is a pure function of its lines.

Google Ads: UTF-16 with tabs, two lines of preamble, thousands separators, a total at the end. Meta:
comma-separated, amounts with the currency in the heading. Other networks: one plain sheet. Tills:
semicolons, decimal comma, the store's own clock, a first line that says what the file covers and a
last one that says how many rows it must have. Call centre: times with offset. Help desk: UTC.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from ingestion.sandbox.company.clock import iso
from ingestion.sandbox.company.drops import ads
from ingestion.sandbox.company.drops.kept import Line
from ingestion.sandbox.company.drops.service import as_ticket
from ingestion.sandbox.company.drops.stores import STORES, Store

_CALL_ZONE = ZoneInfo("Europe/Berlin")
_YES_OR_NO = {True: "yes", False: "no", None: None}


def day_of(seconds: int) -> date:
    """Return the UTC day of an instant."""
    return datetime.fromtimestamp(seconds, UTC).date()


def google_ads(lines: Iterable[Line], first: date, last: date, now: int) -> bytes:
    """Return a campaign report as Google Ads writes it for spreadsheets."""
    rows: list[list[object]] = [["Campaign performance"], [f"{first:%B %d, %Y} - {last:%B %d, %Y}"]]
    rows.append(
        ["Day", "Campaign ID", "Campaign", "Currency code", "Impr.", "Clicks", "Cost",
         "Conversions", "Conv. value"]
    )  # fmt: skip
    total = [0, 0, 0]
    for line in lines:
        found = ads.result(line, now)
        total = [total[0] + found.impressions, total[1] + found.clicks, total[2] + found.cost]
        rows.append(
            [day_of(line.at).isoformat(), found.campaign_id, found.campaign, "EUR",
             f"{found.impressions:,}", f"{found.clicks:,}", f"{found.cost / 100:,.2f}",
             f"{found.conversions:,.2f}" if found.conversions else "--",
             f"{found.value / 100:,.2f}"]
        )  # fmt: skip
    rows.append(
        [
            "Total: Account",
            "",
            "",
            "EUR",
            f"{total[0]:,}",
            f"{total[1]:,}",
            _money(total[2]),
        ]
    )
    return _sheet(rows, delimiter="\t").encode("utf-16")


def meta_ads(lines: Iterable[Line], first: date, last: date, now: int) -> bytes:
    """Return a report as Meta's Ads Manager exports it, broken down by day and platform."""
    rows: list[list[object]] = [
        ["Reporting starts", "Reporting ends", "Campaign name", "Campaign ID", "Platform",
         "Impressions", "Link clicks", "Amount spent (EUR)", "Purchases",
         "Purchases conversion value"]
    ]  # fmt: skip
    for line in lines:
        found, day = ads.result(line, now), day_of(line.at).isoformat()
        rows.append(
            [day, day, found.campaign, found.campaign_id, found.source, found.impressions,
             found.clicks, f"{found.cost / 100:.2f}", found.conversions or "",
             f"{found.value / 100:.2f}"]
        )  # fmt: skip
    return _sheet(rows).encode("utf-8-sig")


def other_ads(lines: Iterable[Line], first: date, last: date, now: int) -> bytes:
    """Return the sheet an agency keeps for the networks without a report of their own."""
    rows: list[list[object]] = [
        ["date", "campaign_id", "campaign", "source", "medium", "impressions", "clicks", "cost",
         "currency", "conversions", "conversion_value"]
    ]  # fmt: skip
    for line in lines:
        found = ads.result(line, now)
        rows.append(
            [day_of(line.at).isoformat(), found.campaign_id, found.campaign, found.source,
             found.medium, found.impressions, found.clicks, f"{found.cost / 100:.2f}", "EUR",
             found.conversions, f"{found.value / 100:.2f}"]
        )  # fmt: skip
    return _sheet(rows).encode()


def journal(lines: Sequence[Line], store: Store, first: date, last: date) -> bytes:
    """Return a store's journal of some days: one row per receipt line."""
    zone = ZoneInfo(store.zone)
    head = (
        f"#store={store.code};timezone={store.zone};currency={store.currency};"
        f"from={first};to={last}\n"
    )
    rows: list[list[object]] = [
        ["receipt", "line", "type", "sold_at", "till", "cashier", "card", "email", "phone", "sku",
         "article", "quantity", "unit_price", "discount", "tax", "receipt_total",
         "original_receipt", "offers_by_email"]
    ]  # fmt: skip
    for each in lines:
        doc = each.doc
        sold = datetime.fromtimestamp(each.at, zone).replace(tzinfo=None)
        total = sum(g["price"] * g["quantity"] - g["discount"] for g in doc["goods"])
        tax = round(total * store.tax / (1 + store.tax))
        for number, item in enumerate(doc["goods"], 1):
            rows.append(
                [doc["receipt"], number, doc["type"], f"{sold:%d-%m-%Y %H:%M:%S}", 1, "till desk",
                 doc["card"], doc["email"], doc["phone"], item["sku"], item["sku"].split("-")[0],
                 item["quantity"], _comma(item["price"]), _comma(item["discount"]), _comma(tax),
                 _comma(total), doc["original"], _YES_OR_NO[doc["offers"]]]
            )  # fmt: skip
    return (head + _sheet(rows, delimiter=";") + f"#rows={len(rows) - 1}\n").encode()


def calls(lines: Iterable[Line]) -> bytes:
    """Return a call log, in the call centre's local time with its offset."""
    rows: list[list[object]] = [
        ["call_id", "started_at", "ended_at", "direction", "queue", "agent", "caller_number",
         "caller_country", "customer_no", "outcome", "reason"]
    ]  # fmt: skip
    for each in lines:
        doc = each.doc
        start = datetime.fromtimestamp(each.at, _CALL_ZONE)
        end = start + timedelta(seconds=doc["seconds"])
        rows.append(
            [each.id, start.isoformat(), end.isoformat(), doc["direction"], doc["queue"],
             doc["agent"], doc["number"], doc["country"], doc["customer_no"], doc["outcome"],
             doc["reason"]]
        )  # fmt: skip
    return _sheet(rows).encode()


def tickets(lines: Sequence[Line], now: int) -> bytes:
    """Return a ticket export as of an instant."""
    found = [as_ticket(each, now) for each in lines]
    names = list(found[0]) if found else ["ticket_id", "created_at"]
    rows: list[list[object]] = [list(names), *([each[n] for n in names] for each in found)]
    return _sheet(rows).encode()


def permissions(lines: Iterable[Line]) -> bytes:
    """Return an office's list of what people allowed or refused on paper and by telephone."""
    rows: list[list[object]] = [
        ["consent_id", "email", "phone", "country", "purpose", "channel", "action", "occurred_at",
         "capture_method", "notice_version", "proof_sha256"]
    ]  # fmt: skip
    for each in lines:
        doc = each.doc
        form = sha256(each.id.encode()).hexdigest() if doc["action"] == "grant" else None
        rows.append(
            [each.id, doc["email"], doc["phone"], doc["country"], doc["purpose"], doc["channel"],
             doc["action"], iso(each.at), doc["method"], "v2", form]
        )  # fmt: skip
    return _sheet(rows).encode()


def store_of(code: str) -> Store:
    """Return a store by its code."""
    return next(store for store in STORES if store.code == code)


def exported(now: int) -> str:
    """Return an instant as it stands in file names."""
    return iso(now).replace(":", "").replace("-", "")


def _money(cents: int) -> str:
    return f"{cents / 100:,.2f}"


def _comma(cents: int) -> str:
    return f"{cents / 100:.2f}".replace(".", ",")


def _sheet(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()
