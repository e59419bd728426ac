"""HubSpot's associations: which record belongs to which.

They change without touching either record and are never listed as deleted, so they are read whole
and compared. Of engagements, tickets and leads there may be millions: where more than
``WHOLE_BELOW`` are known, those of changed records are read in every run and all in each sweep.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dlt

from ingestion.guard.values import to_timestamp
from ingestion.sources.crm import hubspot_shapes as shapes
from ingestion.sources.crm.hubspot_activities import ENGAGEMENTS
from ingestion.sources.crm.hubspot_api import HubSpot
from ingestion.sources.crm.hubspot_changes import Changes, flat
from ingestion.sources.resources import Batch

_LINKS = (("contacts", "companies"), ("deals", "contacts"), ("deals", "companies"))
_MANY = tuple((kind, "contacts") for kind in (*ENGAGEMENTS, "tickets", "leads"))
# A whole read takes one request per thousand records: two hundred at this size.
WHOLE_BELOW = 200_000

Link = tuple[Any, ...]


class Links:
    """Reads the links of one run."""

    def __init__(self, changes: Changes, sweep_hours: float, left_out: Sequence[str]) -> None:
        self._changes = changes
        self._session = changes.session
        self._sweep = sweep_hours * 3600
        self._left_out = frozenset(left_out)

    def read(self) -> Iterator[Batch]:
        """Pass on the links that are new or gone."""
        state = dlt.current.resource_state()
        with self._session.reading("associations") as guard:
            api, key = self._changes.api(), shapes.ASSOCIATIONS.key
            before = set(self._session.known("associations", key, "not is_deleted"))
            is_due = self._sweep_is_due(state)
            yield {}
            for kind, other in (*_LINKS, *_MANY):
                if kind in self._left_out:
                    continue
                known = {row for row in before if (row[0], row[2]) == (kind, other)}
                whole = (kind, other) in _LINKS or is_due or len(known) < WHOLE_BELOW
                starts = api.ids(kind) if whole else self._changed(api, kind, state)
                if not whole:
                    known = {row for row in known if row[1] in starts}
                found: set[Link] = {
                    (kind, start, other, end, label)
                    for start, end, label in api.associations(kind, other, sorted(starts))
                }
                self._session.refuse_shrinking(f"links {kind}-{other}", len(found), len(known))
                rows = (
                    dict(zip(key, row, strict=True)) | {"is_deleted": row not in found}
                    for row in sorted(found ^ known)
                )
                yield {"associations": guard.admit(shapes.ASSOCIATIONS, rows)}
            state["cursor"] = self._session.as_of.isoformat()
            if is_due:
                state["swept_at"] = self._session.as_of.isoformat()

    def _changed(self, api: HubSpot, kind: str, state: dict[str, Any]) -> set[str]:
        since = self._changes.since(state)
        return {str(r["id"]) for r in flat(api.changed(kind, since))} if since else api.ids(kind)

    def _sweep_is_due(self, state: dict[str, Any]) -> bool:
        swept = to_timestamp(state.get("swept_at"))
        return not swept or (self._session.as_of - swept).total_seconds() >= self._sweep
