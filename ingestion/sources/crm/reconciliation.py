"""Finds CRM records that vanished without a tombstone, and those that search has not shown yet.

HubSpot's total of live records is compared with the distinct ids known to be alive. Only when they
differ are all ids listed: ids unknown here are read, ids unknown there become archived rows.
Records that were turned away keep the totals apart for good; their number is remembered.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ingestion.guard.shapes import Shape
from ingestion.sources.crm.hubspot_api import HubSpot, Record
from ingestion.sources.crm.hubspot_facts import archived
from ingestion.sources.session import Session


class Reconciled:
    """What is known to be alive of one object type, through one run."""

    def __init__(self, session: Session, shape: Shape, kind: str, where: str = "") -> None:
        self._session = session
        self._shape = shape
        self._kind = kind
        self._id = shape.key[0]
        rows = session.known(shape.resource, [self._id, "is_archived"], where)
        self._alive = {row[0] for row in rows if not row[1]}
        self._archived = {row[0] for row in rows if row[1]}
        self._refused: set[str] = set()

    def saw(self, records: list[Record], admitted: pa.Table) -> None:
        """Note which records were read and admitted."""
        loaded = set(admitted[self._id].to_pylist())
        self._alive |= loaded
        self._archived -= loaded
        self._refused |= {str(r.get("id")) for r in records if isinstance(r, dict)} - loaded

    def only_new_archived(self, rows: pa.Table) -> pa.Table:
        """Return the archived rows that are not yet known as such, and note them."""
        ids = rows[self._id].to_pylist()
        fresh = pa.array([i not in self._archived for i in ids], pa.bool_())
        self._alive -= set(ids)
        self._archived |= set(ids)
        kept = rows.filter(fresh)
        self._session.guard.pass_over(self._shape.resource, rows.num_rows - kept.num_rows)
        return kept

    def forget(self, ids: list[str]) -> None:
        """Note records that others took over."""
        self._alive -= set(ids)
        self._archived |= set(ids)

    def close(
        self, api: HubSpot, state: dict[str, Any]
    ) -> Iterator[tuple[list[Record], dict[str, pa.Table]]]:
        """Yield what the comparison brings to light."""
        kind, table_name, guard = self._kind, self._shape.resource, self._session.guard
        total = api.total(kind)
        counts = guard.counts(table_name)
        counts.server_total = (counts.server_total or 0) + total
        if total == len(self._alive) + int(state.get("refused", 0)):
            return
        listed = api.ids(kind)
        self._session.refuse_shrinking(kind, len(listed), len(self._alive))
        unread = sorted(listed - self._alive - self._refused)
        if unread:
            records = [record | {"_kind": kind} for record in api.read(kind, unread)]
            table = guard.admit(self._shape, records)
            self.saw(records, table)
            yield records, {table_name: table}
        gone = sorted(self._alive - listed)
        if gone:
            rows = self._session.known_rows(self._shape, gone)
            yield [], {table_name: archived(rows, self._session.as_of)}
        state["refused"] = len(listed - self._alive)
