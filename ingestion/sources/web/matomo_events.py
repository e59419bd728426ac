"""A page of Matomo visits -> Arrow tables of visits, actions and anonymous daily counts.

Column by column: one pass gathers values into lists, Arrow and numpy do the rest, and what costs
(hashing, reading URLs, scrubbing) is done once per distinct value. A page that does not convert is
taken apart visit by visit, so that one bad visit costs its neighbours nothing.

Times: Matomo's action `timestamp` is the site's wall clock read as UTC; the visit's own first
action time is right, so the difference of the two is the offset to take off.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.guard import derive, misfits, permit, scrub
from ingestion.guard.columns import (
    UncleanError,
    check_row,
    converted,
    expanded,
    from_epoch,
    keyed,
    mapped,
    repeat,
)
from ingestion.guard.gate import Guard, redacted
from ingestion.guard.keys import normalised
from ingestion.guard.reasons import BadValueError, Reason
from ingestion.guard.store import Rejected
from ingestion.sources.web import matomo_shapes as shapes

Visit = dict[str, Any]
_BOT = re.compile(r"bot\b|crawl|spider|headless|phantom|selenium|puppeteer|lighthouse", re.I)
_QUARTER = 900
# No clock on earth is further from UTC; what is, is a wrong time and no offset.
_FARTHEST = 15 * 3_600


@dataclass
class Page:
    """What became of one page: tables, and the visits whose presence is accounted for."""

    visits: pa.Table
    actions: pa.Table
    refused: list[tuple[permit.DailyKey, int]] = field(default_factory=list)
    action_counts: dict[str, int] = field(default_factory=dict)


class EventReader:
    """Reads pages of one site in one run."""

    def __init__(self, guard: Guard, consent_dimension: int = 1) -> None:
        self._guard = guard
        self._consent = f"dimension{consent_dimension}"

    def read(self, day: date, visits: Sequence[Any]) -> Page:
        """Return the tables of one page of the day's visits."""
        try:
            return self._columns(day, self._known_shape(visits))
        except UncleanError:
            return self._columns(day, self._without_bad(visits))

    def _known_shape(self, visits: Sequence[Any]) -> list[Visit]:
        for visit in visits:
            details = visit.get("actionDetails") if isinstance(visit, dict) else None
            if not isinstance(details, list) or not all(isinstance(a, dict) for a in details):
                raise UncleanError
            if misfits.is_ambiguous(tuple(visit)):
                raise UncleanError
        return list(visits)

    def _without_bad(self, visits: Sequence[Any]) -> list[Visit]:
        """Quarantine what is bad; a bad action takes its visit with it, order being meaning."""
        clean, rejected = [], []
        for visit in visits:
            try:
                _check(visit, self._consent)
                clean.append(visit)
            except BadValueError as error:
                rejected.append(self._rejected(visit, error))
        self._guard.turn_away("visits", rejected)
        return clean

    def _rejected(self, visit: Any, error: BadValueError) -> Rejected:
        hashed = None
        if isinstance(visit, dict) and isinstance(visit.get("idVisit"), int | str):
            text = str(visit["idVisit"]).encode("utf-8", "replace").decode()
            hashed = self._guard.keyer.keys("source_key", [text])[0]
        return Rejected("visits", error.reason, hashed, redacted(visit, error))

    def _columns(self, day: date, visits: list[Visit]) -> Page:
        signals = self._signals(visits)
        permitted = pc.equal(signals["analytics_storage"], "granted").to_pylist()
        refused = [v for v, may in zip(visits, permitted, strict=True) if not may]
        kept = [v for v, may in zip(visits, permitted, strict=True) if may]
        if len(kept) < len(visits):
            signals = {n: a.filter(pa.array(permitted, pa.bool_())) for n, a in signals.items()}
        self._guard.counts("visits").unpermitted += len(refused)
        self._guard.counts("actions").unpermitted += sum(len(v["actionDetails"]) for v in refused)
        table, counts, offsets = self._visits(day, kept, signals)
        actions = self._actions(kept, table, counts, offsets)
        table, actions = self._unsuppressed(kept, table, actions, counts)
        self._guard.counts("visits").loaded += table.num_rows
        self._guard.counts("actions").loaded += actions.num_rows
        present = dict(
            zip(table["visit_id"].to_pylist(), table["action_count"].to_pylist(), strict=True)
        )
        return Page(table, actions, [_daily(day, v) for v in refused], present)

    def _signals(self, visits: list[Visit]) -> dict[str, pa.Array]:
        strings = converted([v.get(self._consent) for v in visits], "text")
        filled = pc.fill_null(strings, "")
        return expanded(filled, permit.signals_of, (*permit.SIGNALS, "gpc"))

    def _visits(
        self, day: date, visits: list[Visit], signals: dict[str, pa.Array]
    ) -> tuple[pa.Table, np.ndarray, np.ndarray]:
        got = {
            name: converted([v.get(name) for v in visits], kind)
            for name, kind in shapes.VISIT_KINDS.items()
        }
        for name in shapes.VISIT_REQUIRED:
            if got[name].null_count:
                raise UncleanError
        details = [v["actionDetails"] for v in visits]
        counts = np.fromiter((len(d) for d in details), np.int64, len(details))
        first = got["firstActionTimestamp"]
        told = converted([d[0].get("timestamp") if d else None for d in details], "bigint")
        offsets = _offsets(told, first)
        landing = [next((a["url"] for a in d if a.get("url")), None) for d in details]
        url = expanded(converted(landing, "text"), _url_parts, _URL_PARTS)
        referrer = mapped(got["referrerUrl"], lambda value: scrub.url(value).host)
        bots = pc.fill_null(
            pc.binary_join_element_wise(
                *(pc.fill_null(got[n], "") for n in ("browserName", "deviceType")), " "
            ),
            "",
        )
        made = {
            "visit_id": got["idVisit"],
            "subject_key": self._keys(got["visitorId"], "anonymous_id"),
            "user_key": self._keys(got["userId"], "user_id"),
            "site_date": pa.array([day] * len(visits), pa.date32()),
            "started_at": from_epoch(first),
            "ended_at": from_epoch(got["lastActionTimestamp"]),
            "duration_seconds": got["visitDuration"],
            "action_count": pa.array(counts),
            "referrer_type": mapped(got["referrerType"], _vocabulary),
            "referrer_name": mapped(got["referrerName"], scrub.free_text),
            "referrer_host": referrer,
            "campaign_name": _told(got["campaignName"], url["campaign"]),
            "campaign_source": _told(got["campaignSource"], url["source"]),
            "campaign_medium": _told(got["campaignMedium"], url["medium"]),
            "campaign_content": _told(got["campaignContent"], url["content"]),
            "campaign_term": _told(got["campaignKeyword"], url["term"]),
            "click_id_type": url["click_id"],
            "landing_page_path": url["path"],
            "device_type": mapped(got["deviceType"], _vocabulary),
            "browser_name": mapped(got["browserName"], scrub.free_text),
            "os_name": mapped(got["operatingSystemName"], scrub.free_text),
            "country_code": mapped(got["countryCode"], derive.country_code),
            "language_code": mapped(got["languageCode"], derive.language_code),
            "is_bot": mapped(bots, lambda text: bool(_BOT.search(text)), pa.bool_()),
            "analytics_consent": signals["analytics_storage"],
            "ads_consent": signals["ad_storage"],
            **{name: signals[name] for name in permit.SIGNALS[1:]},
            "has_gpc": pc.equal(signals["gpc"], "1"),
            "observed_at": from_epoch(
                pc.coalesce(got["serverTimestamp"], got["lastActionTimestamp"])
            ),
            "extra": pa.array([self._extra(v) for v in visits], pa.string()),
        }
        return _table(made, shapes.VISITS), counts, offsets

    def _actions(
        self, visits: list[Visit], table: pa.Table, counts: np.ndarray, offsets: np.ndarray
    ) -> pa.Table:
        details = list(chain.from_iterable(v["actionDetails"] for v in visits))
        got = {
            name: converted([a.get(name) for a in details], kind)
            for name, kind in shapes.ACTION_KINDS.items()
        }
        for name in shapes.ACTION_REQUIRED:
            if got[name].null_count:
                raise UncleanError
        ends = np.cumsum(counts)
        positions = np.arange(1, len(details) + 1) - np.repeat(ends - counts, counts)
        at = pc.subtract(got["timestamp"], pa.array(np.repeat(offsets, counts)))
        orders = mapped(got["orderId"], lambda v: normalised("order_id", v))
        made = {
            "visit_id": repeat(table["visit_id"].combine_chunks(), counts),
            "action_position": pa.array(positions),
            "subject_key": repeat(table["subject_key"].combine_chunks(), counts),
            "user_key": repeat(table["user_key"].combine_chunks(), counts),
            "occurred_at": from_epoch(at),
            "action_type": mapped(got["type"], scrub.free_text),
            "page_path": mapped(got["url"], lambda value: scrub.url(value).path),
            "page_title": mapped(got["pageTitle"], scrub.free_text),
            "event_category": mapped(got["eventCategory"], scrub.free_text),
            "event_action": mapped(got["eventAction"], scrub.free_text),
            "event_name": mapped(got["eventName"], scrub.free_text),
            "search_keyword": mapped(got["siteSearchKeyword"], scrub.free_text),
            "order_id": mapped(orders, scrub.free_text),
            "order_key": self._keys(orders, "order_id"),
            "revenue_amount": got["revenue"],
        }
        return _table(made, shapes.ACTIONS)

    def _keys(self, values: pa.Array, identifier_type: str) -> pa.Array:
        plain = mapped(values, lambda v: normalised(identifier_type, v))
        return keyed(
            plain, lambda distinct: list(self._guard.keyer.keys(identifier_type, distinct))
        )

    def _unsuppressed(
        self, visits: list[Visit], table: pa.Table, actions: pa.Table, counts: np.ndarray
    ) -> tuple[pa.Table, pa.Table]:
        """Drop visits of erased subjects, recognised by device, login or order."""
        keyer = self._guard.keyer
        if not keyer.has_tombstones:
            return table, actions
        keep = np.array([not self._is_erased(visit) for visit in visits], dtype=np.bool_)
        self._guard.counts("visits").suppressed += int((~keep).sum())
        return (table.filter(pa.array(keep)), actions.filter(pa.array(np.repeat(keep, counts))))

    def _is_erased(self, visit: Visit) -> bool:
        candidates = [("anonymous_id", visit.get("visitorId")), ("user_id", visit.get("userId"))]
        candidates += [("order_id", a.get("orderId")) for a in visit["actionDetails"]]
        return any(
            self._guard.keyer.is_erased(kind, normalised(kind, str(value)))
            for kind, value in candidates
            if value
        )

    def _extra(self, visit: Visit) -> str | None:
        """Keep custom dimensions; report every other member that is new."""
        unknown = _unknown(tuple(visit))
        if not unknown:
            return None
        found = {n: visit[n] for n in unknown if n != self._consent and visit[n] not in (None, "")}
        for name in found:
            self._guard.note_drift("visits", name)
        kept = {n: v for n, v in found.items() if not misfits.is_personal_name(n)}
        try:
            return misfits.extra_of(kept)
        except BadValueError:
            raise UncleanError from None


_URL_PARTS = ("path", "source", "medium", "campaign", "content", "term", "click_id")
_seen: dict[tuple[str, ...], tuple[str, ...]] = {}


def _unknown(names: tuple[str, ...]) -> tuple[str, ...]:
    if names not in _seen:
        if len(_seen) > 1_000:
            _seen.clear()
        _seen[names] = tuple(
            n for n in names if n not in shapes.VISIT_KNOWN and n not in shapes.VISIT_KINDS
        )
    return _seen[names]


def _url_parts(value: str) -> dict[str, str | None]:
    found = scrub.url(value)
    return {"path": found.path, "click_id": found.click_id, **found.campaign}


def _told(by_matomo: pa.Array, by_url: pa.Array) -> pa.Array:
    return pc.coalesce(mapped(by_matomo, scrub.free_text), by_url)


def _vocabulary(value: str) -> str | None:
    return scrub.free_text(value.lower())


def _offsets(told: pa.Array, true: pa.Array) -> np.ndarray:
    """Return per visit how far its action times are off, in whole quarters of an hour."""
    apart = np.nan_to_num(pc.fill_null(pc.subtract(told, true), 0).to_numpy(zero_copy_only=False))
    offsets: np.ndarray = (np.round(apart / _QUARTER) * _QUARTER).astype(np.int64)
    return np.where(np.abs(offsets) <= _FARTHEST, offsets, 0)


def _table(made: dict[str, pa.Array], shape: Any) -> pa.Table:
    length = len(next(iter(made.values())))
    made["is_gone"] = pa.nulls(length, pa.bool_())
    return pa.table([made[name] for name in shape.kinds], schema=shape.arrow)


def _daily(day: date, visit: Visit) -> tuple[permit.DailyKey, int]:
    """Return the anonymous dimensions of a refused visit."""
    landing = next((a.get("url") for a in visit["actionDetails"] if a.get("url")), None)
    path = scrub.url(landing).path if isinstance(landing, str) else None
    country = derive.country_code(visit.get("countryCode")) or "unknown"
    source = permit.source_class(visit.get("referrerType"))
    return (day.isoformat(), permit.page_group(path), country, source), len(visit["actionDetails"])


def _check(visit: Any, consent: str) -> None:
    """Raise what keeps a visit from converting."""
    check_row(visit, {**shapes.VISIT_KINDS, consent: "text"}, shapes.VISIT_REQUIRED)
    if misfits.is_ambiguous(tuple(visit)):
        raise BadValueError(Reason.AMBIGUOUS_KEY)
    for name in ("firstActionTimestamp", "lastActionTimestamp", "serverTimestamp"):
        _check_instant(visit.get(name), name)
    details = visit.get("actionDetails")
    if not isinstance(details, list):
        raise BadValueError(Reason.TYPE_CHANGED, "actionDetails")
    for action in details:
        check_row(action, shapes.ACTION_KINDS, shapes.ACTION_REQUIRED)
        _check_instant(action.get("timestamp"), "timestamp")
    misfits.extra_of({n: visit[n] for n in _unknown(tuple(visit))})


def _check_instant(value: Any, name: str) -> None:
    from ingestion.guard.values import to_epoch_seconds

    try:
        to_epoch_seconds(value)
    except BadValueError as error:
        raise BadValueError(error.reason, name) from None
