"""The guard for events by the million: Arrow in, Arrow out, work done once per distinct value.

A reader hands over the columns of `event_shapes.TEXTS` and `INSTANTS`; every other column of a
vendor is its reader's business. A batch with a bad value is searched row by row and goes on without
the bad rows. Events without analytics permission end here, as counts.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.guard import derive, misfits, permit, scrub
from ingestion.guard.columns import UncleanError, check_row, expanded, mapped
from ingestion.guard.gate import Guard, redacted
from ingestion.guard.keys import normalised
from ingestion.guard.reasons import BadValueError
from ingestion.guard.store import Rejected, VaultValue
from ingestion.guard.values import CONVERTERS
from ingestion.sources.web.event_checks import checked
from ingestion.sources.web.event_keys import EventKeys
from ingestion.sources.web.event_shapes import INSTANTS, REQUIRED, TEXTS, events
from ingestion.sources.web.matomo_parts import BOT, URL_PARTS, url_parts, vocabulary

_KINDS = {**dict.fromkeys(TEXTS, "text"), "event_id": "id", "revenue": "decimal"}
_KINDS |= dict.fromkeys(INSTANTS, "timestamp")
_VISIT_STARTS = frozenset({"session_start", "application opened"})


@dataclass
class Admitted:
    """What became of a batch: rows to load, counts of what may not be, values for the vault."""

    events: pa.Table
    refused: pa.Table
    unpermitted: int
    suppressed: int
    values: list[VaultValue]


class EventGuard:
    """The guard of one source's events in one run.

    Batches may be admitted on several threads at once; what became of them is `settle`d in the
    order of the file, so that the vault keeps what was told last.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._shape = events(guard.source)
        self._keys = EventKeys(guard.keyer)
        self._turning = Lock()

    def admit(self, batch: pa.Table, batch_id: str) -> Admitted:
        """Return the events of a batch that may be loaded, and the counts of the others."""
        try:
            got = checked(batch)
        except UncleanError:
            batch = self._without_bad(batch)
            got = checked(batch)
        signals = expanded(pc.fill_null(got["consent"], ""), permit.signals_of, _SIGNALS)
        may = pc.equal(signals["analytics_storage"], "granted")
        refused = pa.table({}) if pc.all(may).as_py() else _counted(got, pc.invert(may))
        if refused.num_columns:
            got = {name: array.filter(may) for name, array in got.items()}
            signals = {name: array.filter(may) for name, array in signals.items()}
        permitted = len(got["event_id"])
        got, signals = self._unsuppressed(got, signals)
        return Admitted(
            self._table(got, signals, batch_id),
            refused,
            batch.num_rows - permitted,
            permitted - len(got["event_id"]),
            self._addresses(got),
        )

    def settle(self, admitted: Admitted) -> None:
        """Count a batch, and write its addresses to the vault."""
        counts = self._guard.counts("events")
        counts.loaded += admitted.events.num_rows
        counts.unpermitted += admitted.unpermitted
        counts.suppressed += admitted.suppressed
        if admitted.values:
            self._guard.store.keep_values(self._guard.source, admitted.values, self._guard.run_id)

    def kept(self, found: Iterable[tuple[str, pa.Array]], count: int) -> pa.Array:
        """Return undeclared members as scrubbed JSON texts, and report them as drift."""
        rows: list[dict[str, Any]] = [{} for _ in range(count)] if (columns := [*found]) else []
        for name, values in columns:
            with self._turning:
                self._guard.note_drift("events", name, len(values) - values.null_count)
            if misfits.is_personal_name(name):
                continue
            for row, value in zip(rows, values.to_pylist(), strict=True):
                if value is not None:
                    row[name] = value
        if not rows:
            return pa.nulls(count, pa.string())
        return pa.array([misfits.extra_of(row) for row in rows], pa.string())

    def turn_away(self, row: Any, error: BadValueError) -> None:
        """Quarantine one event that did not even become a row."""
        with self._turning:
            self._guard.turn_away(
                "events", [Rejected("events", error.reason, None, redacted(row, error))]
            )

    def _without_bad(self, batch: pa.Table) -> pa.Table:
        keep, rejected = [], []
        for row in batch.to_pylist():
            try:
                check_row(_as_told(row), _KINDS, REQUIRED)
                keep.append(True)
            except BadValueError as error:
                keep.append(False)
                hashed = self._guard.keyer.keys("source_key", [repr(row.get("event_id"))])[0]
                rejected.append(Rejected("events", error.reason, hashed, redacted(row, error)))
        with self._turning:
            self._guard.turn_away("events", rejected)
        return batch.filter(pa.array(keep, pa.bool_()))

    def _table(
        self, got: dict[str, pa.Array], signals: dict[str, pa.Array], batch_id: str
    ) -> pa.Table:
        url = expanded(got["url"], url_parts, URL_PARTS)
        orders = mapped(got["order_id"], lambda v: normalised("order_id", v))
        told = {n: mapped(got[f"campaign_{n}"], scrub.free_text) for n in _CAMPAIGN}
        named = {
            f"campaign_{name}": pc.coalesce(told[name], url[part])
            for name, part in _CAMPAIGN.items()
        }
        bots = mapped(got["browser"], lambda text: bool(BOT.search(text)), pa.bool_())
        made = {
            "event_id": got["event_id"],
            "subject_key": self._keys.of(got["anonymous_id"], "anonymous_id"),
            "user_key": self._keys.of(got["user_id"], "user_id"),
            "email_key": self._keys.of(got["email"], "email"),
            "event_name": mapped(got["event_name"], scrub.free_text),
            "page_path": url["path"],
            "page_title": mapped(got["title"], scrub.free_text),
            "referrer_host": mapped(got["referrer_url"], lambda value: scrub.url(value).host),
            **named,
            "click_id_type": url["click_id"],
            "device_type": mapped(got["device"], vocabulary),
            "browser_name": mapped(got["browser"], scrub.free_text),
            "os_name": mapped(got["os"], scrub.free_text),
            "country_code": mapped(got["country"], derive.country_code),
            "language_code": mapped(got["language"], derive.language_code),
            "order_id": mapped(orders, scrub.free_text),
            "order_key": self._keys.of(orders, "order_id"),
            "revenue_amount": mapped(got["revenue"], CONVERTERS["decimal"], pa.decimal128(18, 2)),
            "currency": mapped(got["currency"], vocabulary_upper),
            "is_bot": pc.fill_null(bots, False),
            "analytics_consent": signals["analytics_storage"],
            **{name: signals[name] for name in permit.SIGNALS[1:]},
            "has_gpc": pc.equal(signals["gpc"], "1"),
            "occurred_at": got["occurred_at"],
            "received_at": pc.coalesce(got["received_at"], got["occurred_at"]),
            "extra": got["extra"],
            "batch_id": pa.repeat(pa.scalar(batch_id, pa.string()), len(got["event_id"])),
        }
        return pa.table([made[name] for name in self._shape.kinds], schema=self._shape.arrow)

    def _addresses(self, got: Mapping[str, pa.Array]) -> list[VaultValue]:
        """Return the addresses that events told of somebody."""
        emails = got["email"]
        if emails.null_count == len(emails):
            return []
        found = pc.is_valid(emails)
        rows = pa.table({n: got[n].filter(found) for n in ("user_id", "anonymous_id", "email")})
        values = []
        for row in {tuple(each.values()): each for each in rows.to_pylist()}.values():
            kind = "user_id" if row["user_id"] else "anonymous_id"
            plain = normalised(kind, row[kind] or "")
            if plain and (key := self._guard.keyer.key(kind, plain)):
                values.append(VaultValue(key, f"profiles/{key}", "email", row["email"]))
        return values

    def _unsuppressed(
        self, got: dict[str, pa.Array], signals: dict[str, pa.Array]
    ) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
        """Drop events of erased people, known by device, login, address or order."""
        keyer = self._guard.keyer
        if not keyer.has_tombstones:
            return got, signals
        erased: Any = pa.array(np.zeros(len(got["event_id"]), np.bool_))
        for column in ("anonymous_id", "user_id", "email", "order_id"):
            kind = column
            hit = mapped(got[column], _erased_by(keyer.is_erased, kind), pa.bool_())
            erased = pc.or_(erased, pc.fill_null(hit, False))
        keep = pc.invert(erased)
        return (
            {name: array.filter(keep) for name, array in got.items()},
            {name: array.filter(keep) for name, array in signals.items()},
        )


_SIGNALS = (*permit.SIGNALS, "gpc")
_CAMPAIGN = {
    "name": "campaign",
    "source": "source",
    "medium": "medium",
    "content": "content",
    "term": "term",
}


def vocabulary_upper(value: str) -> str | None:
    """Return a code in upper case."""
    return scrub.free_text(value.upper())


def _erased_by(is_erased: Callable[[str, str | None], bool], kind: str) -> Callable[[str], bool]:
    return lambda value: is_erased(kind, normalised(kind, value))


def _as_told(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: row[name] and row[name].isoformat() for name in INSTANTS}


def _counted(got: Mapping[str, pa.Array], rows: pa.Array) -> pa.Table:
    """Return how many events of each kind were refused: no id, no address, no time of day."""
    url = mapped(got["url"].filter(rows), lambda v: permit.page_group(scrub.url(v).path))
    campaign = pc.or_(pc.is_valid(got["campaign_source"]), pc.is_valid(got["campaign_medium"]))
    referred = pc.is_valid(got["referrer_url"])
    kind = pc.if_else(campaign, "campaign", pc.if_else(referred, "website", "direct"))
    country = mapped(got["country"].filter(rows), derive.country_code)
    started = mapped(
        got["event_name"].filter(rows), lambda v: int(v.lower() in _VISIT_STARTS), pa.int64()
    )
    return pa.table(
        {
            "activity_date": got["occurred_at"].filter(rows).cast(pa.date32()),
            "page_group": pc.fill_null(url, "/"),
            "country_code": pc.fill_null(country, "unknown"),
            "source_class": kind.filter(rows),
            "visit_count": started,
        }
    )
