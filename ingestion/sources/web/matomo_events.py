"""A batch of Matomo visits -> Arrow tables of visits, actions and anonymous daily counts.

Column by column: one pass gathers values into lists, Arrow and numpy do the rest, and what costs
(hashing, reading URLs, scrubbing) is done once per distinct value. A batch that does not convert is
taken apart visit by visit, so that one bad visit costs its neighbours nothing.

Times: Matomo's action `timestamp` is the site's wall clock read as UTC; the visit's own first
action time is right, so the difference of the two is the offset to take off.
"""

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
    converted,
    expanded,
    from_epoch,
    keyed,
    mapped,
    repeat,
)
from ingestion.guard.gate import Guard, redacted
from ingestion.guard.keys import normalised
from ingestion.guard.reasons import BadValueError
from ingestion.guard.store import Rejected
from ingestion.sources.web import matomo_shapes as shapes
from ingestion.sources.web.matomo_parts import (
    BOT,
    URL_PARTS,
    Visit,
    as_table,
    check_visit,
    clock_offsets,
    daily_key,
    first_told,
    unknown_members,
    url_parts,
    vocabulary,
)


@dataclass
class Page:
    """What became of one batch: tables, and the visits whose presence is accounted for."""

    visits: pa.Table
    actions: pa.Table
    refused: list[tuple[permit.DailyKey, int]] = field(default_factory=list)
    action_counts: dict[str, int] = field(default_factory=dict)


class EventReader:
    """Reads the visits of one site in one run."""

    def __init__(self, guard: Guard, consent_dimension: int = 1) -> None:
        self._guard = guard
        self._consent = f"dimension{consent_dimension}"

    def read(self, visits: Sequence[tuple[date, Any]]) -> Page:
        """Return the tables of some visits, each with the day it was read under."""
        try:
            self._refuse_odd_shapes(visits)
            return self._columns(visits)
        except UncleanError:
            return self._columns(self._without_bad(visits))

    def _refuse_odd_shapes(self, visits: Sequence[tuple[date, Any]]) -> None:
        for _, visit in visits:
            details = visit.get("actionDetails") if isinstance(visit, dict) else None
            if not isinstance(details, list) or not all(isinstance(a, dict) for a in details):
                raise UncleanError
            if misfits.ambiguous(tuple(visit)):
                raise UncleanError

    def _without_bad(self, visits: Sequence[tuple[date, Any]]) -> list[tuple[date, Visit]]:
        """Quarantine what is bad; a bad action takes its visit with it, order being meaning."""
        clean, rejected = [], []
        for day, visit in visits:
            try:
                check_visit(visit, self._consent)
                clean.append((day, visit))
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

    def _columns(self, visits: Sequence[tuple[date, Visit]]) -> Page:
        signals = self._signals([visit for _, visit in visits])
        permitted = pc.equal(signals["analytics_storage"], "granted").to_pylist()
        refused = [pair for pair, may in zip(visits, permitted, strict=True) if not may]
        days = [day for (day, _), may in zip(visits, permitted, strict=True) if may]
        kept = [visit for (_, visit), may in zip(visits, permitted, strict=True) if may]
        if refused:
            signals = {n: a.filter(pa.array(permitted, pa.bool_())) for n, a in signals.items()}
        self._guard.counts("visits").unpermitted += len(refused)
        self._guard.counts("actions").unpermitted += sum(
            len(visit["actionDetails"]) for _, visit in refused
        )
        table, counts, offsets = self._visits(days, kept, signals)
        actions = self._actions(kept, table, counts, offsets)
        table, actions = self._unsuppressed(kept, table, actions, counts)
        self._guard.counts("visits").loaded += table.num_rows
        self._guard.counts("actions").loaded += actions.num_rows
        present = dict(
            zip(table["visit_id"].to_pylist(), table["action_count"].to_pylist(), strict=True)
        )
        return Page(table, actions, [daily_key(*pair) for pair in refused], present)

    def _signals(self, visits: list[Visit]) -> dict[str, pa.Array]:
        strings = converted([v.get(self._consent) for v in visits], "text")
        filled = pc.fill_null(strings, "")
        return expanded(filled, permit.signals_of, (*permit.SIGNALS, "gpc"))

    def _visits(
        self, days: list[date], visits: list[Visit], signals: dict[str, pa.Array]
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
        offsets = clock_offsets(told, first)
        landing = [next((a["url"] for a in d if a.get("url")), None) for d in details]
        url = expanded(converted(landing, "text"), url_parts, URL_PARTS)
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
            "site_date": pa.array(days, pa.date32()),
            "started_at": from_epoch(first),
            "ended_at": from_epoch(got["lastActionTimestamp"]),
            "duration_seconds": got["visitDuration"],
            "action_count": pa.array(counts),
            "referrer_type": mapped(got["referrerType"], vocabulary),
            "referrer_name": mapped(got["referrerName"], scrub.free_text),
            "referrer_host": referrer,
            "campaign_name": first_told(got["campaignName"], url["campaign"]),
            "campaign_source": first_told(got["campaignSource"], url["source"]),
            "campaign_medium": first_told(got["campaignMedium"], url["medium"]),
            "campaign_content": first_told(got["campaignContent"], url["content"]),
            "campaign_term": first_told(got["campaignKeyword"], url["term"]),
            "click_id_type": url["click_id"],
            "landing_page_path": url["path"],
            "device_type": mapped(got["deviceType"], vocabulary),
            "browser_name": mapped(got["browserName"], scrub.free_text),
            "os_name": mapped(got["operatingSystemName"], scrub.free_text),
            "country_code": mapped(got["countryCode"], derive.country_code),
            "language_code": mapped(got["languageCode"], derive.language_code),
            "is_bot": mapped(bots, lambda text: bool(BOT.search(text)), pa.bool_()),
            "analytics_consent": signals["analytics_storage"],
            "ads_consent": signals["ad_storage"],
            **{name: signals[name] for name in permit.SIGNALS[1:]},
            "has_gpc": pc.equal(signals["gpc"], "1"),
            "observed_at": from_epoch(
                pc.coalesce(got["serverTimestamp"], got["lastActionTimestamp"])
            ),
            "extra": pa.array([self._extra(v) for v in visits], pa.string()),
        }
        return as_table(made, shapes.VISITS), counts, offsets

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
        return as_table(made, shapes.ACTIONS)

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
        unknown = unknown_members(tuple(visit))
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
