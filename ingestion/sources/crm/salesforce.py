"""Salesforce (REST API) -> Postgres schema ``raw_salesforce``.

Grain and key: one row per contact, lead, account, opportunity, stage an opportunity entered,
contact's part in an opportunity, campaign, campaign member, task or event, individual, consent per
contact point type (Salesforce ids); and per record that was merged away.
Cursor: `SystemModstamp`, read again for ``lookback_minutes``: a transaction commits after the time
it writes down.
Deletions: ``queryAll`` shows what lies in the bin as deleted, and what was merged away with its
`MasterRecordId`. What left the bin before it was seen is found by comparing Salesforce's count
with the distinct ids known to be alive, then id by id.
Converted leads name their contact, account and opportunity; both records stay.
Objects an org does not have (`Individual`, `ContactPointTypeConsent`) are left out unasked; others
only when ``leave_out`` names their table.
Known limits: a formula field changes without touching `SystemModstamp`; ``full_refresh`` reads
everything again. Without multiple currencies amounts carry none. History of other fields than the
stage, cases and products are not read.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.sources import DltResource

from ingestion.guard.shapes import Shape
from ingestion.sources.crm import salesforce_shapes as shapes
from ingestion.sources.crm.salesforce_api import API_VERSION, Record, Salesforce
from ingestion.sources.crm.salesforce_person_shapes import RECORD_MERGES, SOURCE
from ingestion.sources.errors import VendorRefusedError
from ingestion.sources.resources import CONTRACT, Batch, picked, reader
from ingestion.sources.session import Session
from ingestion.sources.transport import Transport


@dlt.source(  # type: ignore[untyped-decorator]
    name=SOURCE, section="salesforce", max_table_nesting=0, schema_contract=CONTRACT
)
def salesforce(
    base_url: str = dlt.config.value,
    access_token: str = dlt.secrets.value,
    api_version: str = API_VERSION,
    lookback_minutes: int = 15,
    full_refresh: bool = False,
    leave_out: list[str] | None = None,
    accept_shrinking: str | None = None,
    as_of: str | None = None,
) -> list[DltResource]:
    """Return Salesforce's resources; settings under ``[sources.salesforce]``."""
    session = Session(SOURCE, lambda: Transport("salesforce", base_url), as_of, accept_shrinking)
    lookback = None if full_refresh else timedelta(minutes=lookback_minutes)
    load = _Load(session, access_token, api_version, lookback, frozenset(leave_out or ()))
    pages = reader("object_pages", load.read)
    return [pages, *(picked(shape, pages) for shape in shapes.SHAPES)]


class _Load:
    """What one run reads."""

    def __init__(
        self,
        session: Session,
        token: str,
        version: str,
        lookback: timedelta | None,
        left_out: frozenset[str],
    ) -> None:
        self._session = session
        self._token = token
        self._version = version
        self._lookback = lookback
        self._left_out = left_out

    def read(self) -> Iterator[Batch]:
        """Read every object."""
        state = dlt.current.resource_state()
        with self._session.reading(*(shape.resource for shape in shapes.SHAPES)):
            api = Salesforce(self._session.transport, self._token, self._version)
            yield {}
            there = api.objects()
            for name, shape, is_everywhere in shapes.OBJECTS:
                if shape.resource in self._left_out:
                    continue
                if name in there:
                    yield from self._object(api, name, shape, state.setdefault(name, {}))
                elif is_everywhere:
                    raise VendorRefusedError("salesforce", 403, f"no_access_to_{name}")

    def _object(
        self, api: Salesforce, name: str, shape: Shape, state: dict[str, Any]
    ) -> Iterator[Batch]:
        """Yield changed records of one object, then what vanished."""
        guard, fields = self._session.guard, api.fields(name, shape)
        since = self._session.since(state, self._lookback) if self._lookback else None
        reached: datetime | None = None
        alive = self._alive(shape, name)
        for page in api.changed(name, fields, since):
            batch = self._admitted(name, shape, page)
            table = batch[shape.resource]
            newest = pc.max(table["updated_at"]).as_py() if table.num_rows else None
            reached = max((at for at in (reached, newest) if at), default=None)
            for number, gone in zip(
                table[shape.key[0]].to_pylist(), table["is_deleted"].to_pylist(), strict=True
            ):
                (alive.discard if gone else alive.add)(number)
            yield batch
        total = api.total(name)
        counts = guard.counts(shape.resource)
        counts.server_total = (counts.server_total or 0) + total
        if total != len(alive) + int(state.get("refused", 0)):
            listed = api.ids(name)
            self._session.refuse_shrinking(shape.resource, len(listed & alive), len(alive))
            unread = sorted(listed - alive)
            if unread:
                batch = self._admitted(name, shape, api.read(name, fields, unread))
                alive |= set(batch[shape.resource][shape.key[0]].to_pylist())
                yield batch
            yield {shape.resource: self._vanished(shape, sorted(alive - listed))}
            state["refused"] = len(listed - alive)
        self._session.advance(state, reached)

    def _admitted(self, name: str, shape: Shape, page: list[Record]) -> dict[str, pa.Table]:
        guard = self._session.guard
        batch = {shape.resource: guard.admit(shape, [record | {"_kind": name} for record in page])}
        if name in shapes.MERGED:
            merges = [_merge(name, record) for record in page if record.get("MasterRecordId")]
            batch["record_merges"] = guard.admit(RECORD_MERGES, merges)
        return batch

    def _alive(self, shape: Shape, name: str) -> set[str]:
        where = "not is_deleted"
        if "object_type" in shape.kinds:
            where += f" and object_type = '{name}'"
        return {row[0] for row in self._session.known(shape.resource, [shape.key[0]], where)}

    def _vanished(self, shape: Shape, ids: list[str]) -> pa.Table:
        changes: dict[str, Any] = {"is_deleted": True}
        if "deleted_at" in shape.kinds:
            changes["deleted_at"] = self._session.as_of
        return self._session.known_rows(shape, ids, **changes)


def _merge(name: str, record: Record) -> Record:
    """Return what a merged-away record says of its merge."""
    kind = name.lower()
    return {
        "object_type": kind,
        "merged_id": record["Id"],
        "surviving_id": record["MasterRecordId"],
        "merged_at": record.get("SystemModstamp"),
        f"merged_{kind}_id": record["Id"],
        f"surviving_{kind}_id": record["MasterRecordId"],
    }
