"""Ad spend and campaigns: reports of ad platforms -> table ``ad_spend``.

Grain and key: platform account (folder), campaign and day. Formats, told apart by their headings:
Google Ads' downloaded report (UTF-16, tabs, preamble with the span, thousands separators, ``--``
for none, total lines), Meta Ads Manager's export (currency in a heading, broken down by day), and
the plain sheet ``date, campaign_id, campaign, source, medium, impressions, clicks, cost,
currency``. Platforms restate what they reported for weeks: a report replaces the days it covers.
Segmented reports (by device, by ad group) are added up. Claimed conversions are kept beside the
spend; nothing else believes them.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from ingestion.guard.gate import Guard
from ingestion.guard.shapes import Field, Shape
from ingestion.sources.files.feeds import SOURCE, Feed, last_of_each, marked, own_fields, partition
from ingestion.sources.files.folder import DropFile, UnreadableFileError
from ingestion.sources.files.sheets import Sheet, decoded, plain_number, table

_GOOGLE = {
    "Day": "spend_date",
    "Campaign ID": "campaign_id",
    "Campaign": "campaign",
    "Currency code": "currency",
    "Impr.": "impressions",
    "Clicks": "clicks",
    "Cost": "cost",
    "Conversions": "conversions",
    "Conv. value": "conversion_value",
}
_META = {
    "Reporting starts": "spend_date",
    "Campaign ID": "campaign_id",
    "Campaign name": "campaign",
    "Platform": "source",
    "Impressions": "impressions",
    "Link clicks": "clicks",
    "Purchases": "conversions",
    "Purchases conversion value": "conversion_value",
}
_PLAIN = {"date": "spend_date"}
_META_SPENT = re.compile(r"Amount spent \(([A-Z]{3})\)")
_SUMMED = ("impressions", "clicks", "cost", "conversions", "conversion_value")
_SPAN_DATE = "%B %d, %Y"

AD_SPEND = Shape(
    source=SOURCE,
    resource="ad_spend",
    key=("platform", "campaign_id", "spend_date"),
    merge_key="partition",
    deletable=True,
    misfit_paths=("",),
    known=frozenset({"Reporting ends"}),
    fields=(
        *own_fields(None),
        Field("platform", "_unit", "id", required=True),
        Field("campaign_id", "campaign_id", "id", required=True),
        Field("spend_date", "spend_date", "date", required=True),
        Field("campaign_name", "campaign", required=True),
        Field("source", "source"),
        Field("medium", "medium"),
        Field("impressions", "impressions", "bigint"),
        Field("clicks", "clicks", "bigint"),
        Field("spend_amount", "cost", "decimal", required=True),
        Field("currency", "currency", required=True, scrubbed=False),
        Field("claimed_conversions", "conversions", "decimal"),
        Field("claimed_value_amount", "conversion_value", "decimal"),
    ),
    derived=(partition("spend_date"),),
)


def read(content: bytes, file: DropFile) -> Sheet:
    """Return the rows of a report of any of the formats, under one set of names."""
    text = decoded(content)
    for reader in (_google, _meta, _plain):
        try:
            rows, days = reader(text)
        except UnreadableFileError as error:
            missing = error
            continue
        return Sheet([marked(row, file) for row in _added_up(rows)], days)
    raise missing


def admit(guard: Guard, sheet: Sheet) -> Mapping[str, pa.Table]:
    """Return the table of a report."""
    return {"ad_spend": last_of_each(guard.admit(AD_SPEND, sheet.rows), AD_SPEND.key)}


FEED = Feed("ads", "ads/*/*.csv", (AD_SPEND,), read, admit)
Read = tuple[list[Any], tuple[date, date] | None]


def _google(text: str) -> Read:
    above, rows = table(text, ("Day", "Campaign ID", "Campaign", "Currency code", "Cost"))
    spans = [_span(line[0]) for line in above if line]
    return [
        _renamed(row, _GOOGLE) | {"source": "google", "medium": "cpc"}
        if isinstance(row, dict)
        else row
        for row in rows
        if not (isinstance(row, dict) and row["Day"].startswith("Total"))
        and not (isinstance(row, list) and row[0].startswith("Total"))
    ], next((span for span in spans if span), None)


def _meta(text: str) -> Read:
    spent = _META_SPENT.search(text[:4_000])
    if spent is None:
        raise UnreadableFileError(["Amount spent (…)"])
    _, rows = table(text, ("Reporting starts", "Campaign name", "Campaign ID", spent[0]))
    names = _META | {spent[0]: "cost"}
    more = {"currency": spent[1], "medium": "paid_social"}
    return [_renamed(row, names) | more if isinstance(row, dict) else row for row in rows], None


def _plain(text: str) -> Read:
    _, rows = table(text, ("date", "campaign_id", "campaign", "cost", "currency"))
    return [_renamed(row, _PLAIN) if isinstance(row, dict) else row for row in rows], None


def _renamed(row: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    renamed = {names.get(name, name): value for name, value in row.items()}
    return renamed | {name: plain_number(renamed.get(name)) for name in _SUMMED}


def _span(line: str) -> tuple[date, date] | None:
    try:
        first, last = (datetime.strptime(p, _SPAN_DATE).date() for p in line.split(" - "))  # noqa: DTZ007
    except ValueError:
        return None
    return first, last


def _added_up(rows: list[Any]) -> list[Any]:
    """Return one row per campaign and day; what does not add up is left for the guard."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    odd = []
    for row in rows:
        if not isinstance(row, dict) or to_number(row.get("cost")) is None:
            odd.append(row)
            continue
        key = (row.get("campaign_id"), row.get("spend_date"))
        before = found.get(key)
        if before is None:
            found[key] = row
            continue
        for name in _SUMMED:
            parts = [n for n in (to_number(before[name]), to_number(row[name])) if n is not None]
            before[name] = str(sum(parts, Decimal())) if parts else None
    return [*found.values(), *odd]


def to_number(value: Any) -> Decimal | None:
    """Return a finite number, or nothing."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
