"""What changed in one HubSpot object type since the last load: the way all types are read.

Changed records through search, archived ones in a pass of their own, merged-away ones closed when
their survivor names them, vanished ones by reconciliation.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.guard.shapes import Shape
from ingestion.sources.crm.hubspot_api import HubSpot, Record, in_batches
from ingestion.sources.crm.hubspot_facts import archived, merges_of
from ingestion.sources.crm.reconciliation import Reconciled
from ingestion.sources.session import Session

# Records that pass the guard at once: large enough to be cheap, small enough to stay in memory.
CHUNK = 2_000


class Changes:
    """Reads changed records; one for all object types of a run."""

    def __init__(self, session: Session, page_size: int, lookback: timedelta) -> None:
        self.session = session
        self._page_size = page_size
        self._lookback = lookback

    def api(self) -> HubSpot:
        """Return the account's API under the run's connection."""
        return HubSpot(self.session.transport, self._page_size)

    def since(self, state: dict[str, Any]) -> datetime | None:
        """Return from when on records are read again."""
        return self.session.since(state, self._lookback)

    def of(
        self, api: HubSpot, shape: Shape, state: dict[str, Any], kind: str | None = None
    ) -> Iterator[tuple[list[Record], dict[str, pa.Table]]]:
        """Yield changed, archived and vanished records of one type with their admitted rows.

        ``kind`` is the object type when several share a table; records carry it as ``_kind``.
        """
        table_name, guard = shape.resource, self.session.guard
        where = f"object_type = '{kind}'" if kind else ""
        kind = kind or shape.resource
        since = self.since(state)
        ledger = Reconciled(self.session, shape, kind, where)
        reached: datetime | None = None
        pages = api.changed(kind, since) if since else api.everything(kind)
        for records in in_batches(_named(pages, kind), CHUNK):
            table = guard.admit(shape, records)
            reached = _latest(table, reached)
            ledger.saw(records, table)
            yield records, {table_name: table}
            merged = [merge["merged"] for record in records for merge in merges_of(record)]
            if merged:
                ledger.forget(merged)
                yield [], {table_name: self._closed(shape, merged)}
        for records in in_batches(_named(api.everything(kind, archived=True), kind), CHUNK):
            table = ledger.only_new_archived(guard.admit(shape, records))
            yield records, {table_name: table}
        yield from ledger.close(api, state)
        self.session.advance(state, reached)

    def _closed(self, shape: Shape, ids: list[str]) -> pa.Table:
        """Return known live rows among ``ids`` as archived: their survivor speaks for them."""
        if not ids:
            return shape.arrow.empty_table()
        rows = self.session.known_rows(shape, ids)
        live = rows.filter(pc.invert(pc.fill_null(rows["is_archived"], False)))
        return archived(live, self.session.as_of)


def flat(pages: Iterator[list[Record]]) -> Iterator[Record]:
    """Yield the records of pages."""
    for page in pages:
        yield from page


def _named(pages: Iterator[list[Record]], kind: str) -> Iterator[Record]:
    for record in flat(pages):
        yield record | {"_kind": kind}


def _latest(table: pa.Table, before: datetime | None) -> datetime | None:
    newest = pc.max(table["updated_at"]).as_py() if table.num_rows else None
    return max((at for at in (before, newest) if at is not None), default=None)
