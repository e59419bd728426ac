"""What single visits and columns need on the way to a table: checks, times, addresses, counts."""

import re
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.guard import derive, misfits, permit, scrub
from ingestion.guard.columns import check_row, mapped
from ingestion.guard.reasons import BadValueError, Reason
from ingestion.guard.shapes import Shape
from ingestion.guard.values import to_epoch_seconds
from ingestion.sources.web import matomo_shapes as shapes

Visit = dict[str, Any]
BOT = re.compile(r"bot\b|crawl|spider|headless|phantom|selenium|puppeteer|lighthouse", re.I)
_QUARTER = 900
# No clock on earth is further from UTC; what is, is a wrong time and no offset.
_FARTHEST = 15 * 3_600

URL_PARTS = ("path", "source", "medium", "campaign", "content", "term", "click_id")
_seen: dict[tuple[str, ...], tuple[str, ...]] = {}


def unknown_members(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return which members of a visit nobody declared; remembered per set of names."""
    if names not in _seen:
        if len(_seen) > 1_000:
            _seen.clear()
        _seen[names] = tuple(
            n for n in names if n not in shapes.VISIT_KNOWN and n not in shapes.VISIT_KINDS
        )
    return _seen[names]


def url_parts(value: str) -> dict[str, str | None]:
    """Return what a landing page tells: path, campaign, kind of click id."""
    found = scrub.url(value)
    return {"path": found.path, "click_id": found.click_id, **found.campaign}


def first_told(by_matomo: pa.Array, by_url: pa.Array) -> pa.Array:
    """Return what Matomo says of a campaign, else what the landing page says."""
    return pc.coalesce(mapped(by_matomo, scrub.free_text), by_url)


def vocabulary(value: str) -> str | None:
    """Return a word of Matomo's vocabulary in lower case."""
    return scrub.free_text(value.lower())


def clock_offsets(told: pa.Array, true: pa.Array) -> np.ndarray:
    """Return per visit how far its action times are off, in whole quarters of an hour."""
    apart = np.nan_to_num(pc.fill_null(pc.subtract(told, true), 0).to_numpy(zero_copy_only=False))
    offsets: np.ndarray = (np.round(apart / _QUARTER) * _QUARTER).astype(np.int64)
    return np.where(np.abs(offsets) <= _FARTHEST, offsets, 0)


def as_table(made: dict[str, pa.Array], shape: Shape) -> pa.Table:
    """Return computed columns as the table a shape describes."""
    length = len(next(iter(made.values())))
    made["is_gone"] = pa.nulls(length, pa.bool_())
    return pa.table([made[name] for name in shape.kinds], schema=shape.arrow)


def daily_key(day: date, visit: Visit) -> tuple[permit.DailyKey, int]:
    """Return the anonymous dimensions of a refused visit."""
    landing = next((a.get("url") for a in visit["actionDetails"] if a.get("url")), None)
    path = scrub.url(landing).path if isinstance(landing, str) else None
    country = derive.country_code(visit.get("countryCode")) or "unknown"
    source = permit.source_class(visit.get("referrerType"))
    return (day.isoformat(), permit.page_group(path), country, source), len(visit["actionDetails"])


def check_visit(visit: Any, consent: str) -> None:
    """Raise what keeps a visit from converting."""
    check_row(visit, {**shapes.VISIT_KINDS, consent: "text"}, shapes.VISIT_REQUIRED)
    if found := misfits.ambiguous(tuple(visit)):
        raise BadValueError(Reason.AMBIGUOUS_KEY, found)
    for name in ("firstActionTimestamp", "lastActionTimestamp", "serverTimestamp"):
        _check_instant(visit.get(name), name)
    details = visit.get("actionDetails")
    if not isinstance(details, list):
        raise BadValueError(Reason.TYPE_CHANGED, "actionDetails")
    for action in details:
        check_row(action, shapes.ACTION_KINDS, shapes.ACTION_REQUIRED)
        _check_instant(action.get("timestamp"), "timestamp")
    misfits.extra_of({n: visit[n] for n in unknown_members(tuple(visit))})


def _check_instant(value: Any, name: str) -> None:
    try:
        to_epoch_seconds(value)
    except BadValueError as error:
        raise BadValueError(error.reason, name) from None
