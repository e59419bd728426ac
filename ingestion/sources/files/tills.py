"""In-store sales: journals of tills -> tables ``pos_sales`` and ``pos_sale_lines``.

Grain and keys: receipt; receipt and line. A return is a receipt of its own, with negative
quantities and the receipt it takes back. One file holds some days of one store (its folder):
``#store=…;timezone=…;currency=…;from=…;to=…``, a heading, one row per receipt line, and
``#rows=<n>``, without which the file is still being written. Times are the store's own clock,
amounts have a decimal comma. The loyalty card carries the customer's login id. ``offers_by_email``
is what was answered when the address was left: yes, no, or nothing when nobody asked.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from ingestion.guard import derive
from ingestion.guard.gate import Guard
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment
from ingestion.sources.files.feeds import SOURCE, Feed, last_of_each, marked, own_fields, partition
from ingestion.sources.files.folder import DropFile, UnfinishedFileError, UnreadableFileError
from ingestion.sources.files.sheets import Sheet, comma_number, decoded, local_time, table

_HEADINGS = ("receipt", "line", "type", "sold_at", "sku", "quantity", "unit_price", "receipt_total")
_AMOUNTS = ("unit_price", "discount", "tax", "receipt_total")
_CLOCK = "%d-%m-%Y %H:%M:%S"
_KNOWN = frozenset(
    {"till", "cashier", "article", "line", "sku", "quantity", "unit_price", "discount", "tax"}
    | {"receipt_total", "card", "email", "phone", "original_receipt", "type", "sold_at"}
    | {"_country", "_currency"}
)

POS_SALES = Shape(
    source=SOURCE,
    resource="pos_sales",
    key=("receipt_id",),
    merge_key="partition",
    deletable=True,
    subject="subject_key",
    misfit_paths=("",),
    known=_KNOWN,
    fields=(
        *own_fields("sold_date"),
        Field("receipt_id", "receipt", "id", required=True),
        Field("store_code", "_unit", "id", required=True),
        Field("kind", "type", required=True),
        Field("original_receipt_id", "original_receipt", "id"),
        Field("card", "card", "text", Treatment.INPUT),
        Field("email", "email", "text", Treatment.VAULT),
        Field("phone", "phone", "text", Treatment.VAULT),
        Field("country", "_country", "text", Treatment.INPUT),
        Field("currency", "_currency", required=True, scrubbed=False),
        Field("tax_amount", "tax", "decimal"),
        Field("total_amount", "receipt_total", "decimal", required=True),
        Field("sold_at", "sold_at", "timestamp", required=True),
        Field("has_agreed_to_email", "offers_by_email", "bool"),
    ),
    identifiers=(
        Identifier("order_key", "order_id", ("receipt_id",), required=True),
        Identifier("user_key", "user_id", ("card",)),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone",), country="country"),
    ),
    derived=(
        Derived(
            "subject_key",
            "id",
            lambda v: v["user_key"] or v["email_key"] or v["phone_key"] or v["order_key"],
        ),
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        Derived("observed_at", "timestamp", lambda v: v["as_of"]),
        partition("sold_date"),
    ),
)

POS_SALE_LINES = Shape(
    source=SOURCE,
    resource="pos_sale_lines",
    key=("receipt_id", "line_number"),
    merge_key="partition",
    deletable=True,
    fields=(
        *own_fields("sold_date"),
        Field("receipt_id", "receipt", "id", required=True),
        Field("line_number", "line", "bigint", required=True),
        Field("sku", "sku"),
        Field("quantity", "quantity", "bigint", required=True),
        Field("unit_price_amount", "unit_price", "decimal", required=True),
        Field("discount_amount", "discount", "decimal"),
    ),
    derived=(partition("sold_date"),),
)
# Where a store's phone numbers are read, when its journal names no country: by its time zone.
_COUNTRIES = {"Europe/Amsterdam": "NL", "Europe/London": "GB", "Europe/Berlin": "DE"}


def read(content: bytes, file: DropFile) -> Sheet:
    """Return the lines of a journal, times in UTC and amounts with a point.

    Raises:
        UnfinishedFileError: when the last line does not say how many rows there are.
        UnreadableFileError: when the first line does not say store, zone and span.
    """
    text = decoded(content).rstrip("\r\n")
    first, _, rest = text.partition("\n")
    body, _, last = rest.rpartition("\n")
    told = dict(part.strip().partition("=")[::2] for part in first.lstrip("#").split(";"))
    if missing := {"store", "timezone", "currency", "from", "to"} - told.keys():
        raise UnreadableFileError(missing)
    _, rows = table(body if last.startswith("#rows=") else rest, _HEADINGS)
    if last != f"#rows={len(rows)}":
        raise UnfinishedFileError
    try:
        zone = ZoneInfo(told["timezone"])
        days = (date.fromisoformat(told["from"]), date.fromisoformat(told["to"]))
    except (ZoneInfoNotFoundError, ValueError):
        raise UnreadableFileError({"timezone", "from", "to"}) from None
    country = told.get("country") or _COUNTRIES.get(told["timezone"])
    return Sheet([marked(_line(row, zone, told["currency"], country), file) for row in rows], days)


def admit(guard: Guard, sheet: Sheet) -> Mapping[str, pa.Table]:
    """Return receipts and their lines; lines without an admitted receipt go with it."""
    receipts: dict[Any, Any] = {}
    for row in sheet.rows:
        name = row.get("receipt") if isinstance(row, dict) else id(row)
        receipts.setdefault(name, row)
    sales = guard.admit(POS_SALES, receipts.values())
    known = set(sales["receipt_id"].to_pylist())
    rows = [row for row in sheet.rows if isinstance(row, dict) and row.get("receipt") in known]
    lines = guard.admit(POS_SALE_LINES, rows)
    return {
        "pos_sales": last_of_each(sales, POS_SALES.key),
        "pos_sale_lines": last_of_each(lines, POS_SALE_LINES.key),
    }


FEED = Feed("pos", "pos/*/*.csv", (POS_SALES, POS_SALE_LINES), read, admit)


def _line(row: Any, zone: ZoneInfo, currency: str, country: str | None) -> Any:
    if not isinstance(row, dict):
        return row
    amounts = {name: comma_number(row.get(name)) for name in _AMOUNTS}
    clock = str(row["sold_at"])
    day = local_time(clock[:10], "%d-%m-%Y", ZoneInfo("UTC"))
    own = {"sold_at": local_time(clock, _CLOCK, zone), "sold_date": str(day)[:10]}
    return row | amounts | own | {"_currency": currency, "_country": country}
