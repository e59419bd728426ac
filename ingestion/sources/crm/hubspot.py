"""HubSpot -> Postgres schema ``raw_hubspot``.

Grain and key: one row per contact, company, deal (HubSpot id); stage change of a deal; link
between two records; merge; subscription type; address and subscription type.
Cursor: `lastmodifieddate` (contacts), `hs_lastmodifieddate` (others) through search, read again
for ``lookback_minutes`` because search lags behind writes.
Deletions: archived records come in a pass of their own; what vanished without trace (GDPR
deletion) is found by comparing HubSpot's total with what is known, then id by id. Merged-away
contacts are closed when their survivor names them. Links are compared whole in every run, since
they change without touching either record.
Consents: statuses are read for changed contacts in every run and for all contacts once per
``consent_sweep_hours``.
Known limits: a contact's further addresses (`hs_additional_emails`) are kept in the vault only.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.sources import DltResource

from ingestion.guard.shapes import Shape
from ingestion.guard.values import to_timestamp
from ingestion.sources.crm import hubspot_shapes as shapes
from ingestion.sources.crm.hubspot_api import HubSpot, Record, in_batches
from ingestion.sources.crm.hubspot_facts import Statuses, archived, merges_of, stages_of
from ingestion.sources.crm.reconciliation import Reconciled
from ingestion.sources.resources import CONTRACT, Batch, picked, reader
from ingestion.sources.session import Session
from ingestion.sources.transport import Transport

# Records that pass the guard at once: large enough to be cheap, small enough to stay in memory.
_CHUNK = 2_000
_LINKS = (("contacts", "companies"), ("deals", "contacts"), ("deals", "companies"))
_ID = {
    "contacts": "hubspot_contact_id",
    "companies": "hubspot_company_id",
    "deals": "hubspot_deal_id",
}


@dlt.source(  # type: ignore[untyped-decorator]
    name=shapes.SOURCE, section="hubspot", max_table_nesting=0, schema_contract=CONTRACT
)
def hubspot(
    base_url: str = dlt.config.value,
    access_token: str = dlt.secrets.value,
    page_size: int = 100,
    lookback_minutes: int = 60,
    consent_sweep_hours: int = 12,
    accept_shrinking: str | None = None,
    as_of: str | None = None,
) -> list[DltResource]:
    """Return HubSpot's resources; settings under ``[sources.hubspot]``."""

    def connect() -> Transport:
        return Transport("hubspot", base_url, {"Authorization": f"Bearer {access_token}"})

    session = Session(shapes.SOURCE, connect, as_of, accept_shrinking)
    load = _Load(
        session,
        page_size,
        timedelta(minutes=lookback_minutes),
        timedelta(hours=consent_sweep_hours),
    )
    contacts = reader("contact_pages", load.contacts)
    companies = reader("company_pages", load.companies)
    deals = reader("deal_pages", load.deals)
    links = reader("association_pages", load.links)
    return [
        contacts,
        picked(shapes.CONTACTS, contacts),
        picked(shapes.CONTACT_MERGES, contacts),
        picked(shapes.SUBSCRIPTION_DEFINITIONS, contacts),
        picked(shapes.SUBSCRIPTION_STATUSES, contacts),
        companies,
        picked(shapes.COMPANIES, companies),
        deals,
        picked(shapes.DEALS, deals),
        picked(shapes.DEAL_STAGE_HISTORY, deals),
        links,
        picked(shapes.ASSOCIATIONS, links),
    ]


class _Load:
    """What one run reads, table by table."""

    def __init__(
        self, session: Session, page_size: int, lookback: timedelta, sweep: timedelta
    ) -> None:
        self._session = session
        self._page_size = page_size
        self._lookback = lookback
        self._sweep = sweep

    def contacts(self) -> Iterator[Batch]:
        """Read contacts with their merges and subscriptions."""
        state = dlt.current.resource_state()
        tables = ("contacts", "contact_merges", "subscription_definitions", "subscription_statuses")
        with self._session.reading(*tables) as guard:
            api = self._api()
            definitions = api.subscription_definitions()
            yield {
                "subscription_definitions": guard.admit(
                    shapes.SUBSCRIPTION_DEFINITIONS, definitions
                )
            }
            statuses = Statuses(self._session)
            for records, batch in self._changes(api, shapes.CONTACTS, state):
                merges = [merge for record in records for merge in merges_of(record)]
                batch["contact_merges"] = guard.admit(shapes.CONTACT_MERGES, merges)
                batch["subscription_statuses"] = statuses.read(api, records)
                yield batch
            if self._sweep_is_due(state):
                for page in in_batches(_all(api.everything("contacts")), _CHUNK):
                    yield {"subscription_statuses": statuses.read(api, page)}
                state["swept_at"] = self._session.as_of.isoformat()

    def companies(self) -> Iterator[Batch]:
        """Read companies."""
        state = dlt.current.resource_state()
        with self._session.reading("companies"):
            for _, batch in self._changes(self._api(), shapes.COMPANIES, state):
                yield batch

    def deals(self) -> Iterator[Batch]:
        """Read deals and, for each changed one, the whole history of its stage."""
        state = dlt.current.resource_state()
        with self._session.reading("deals", "deal_stage_history") as guard:
            api = self._api()
            for records, batch in self._changes(api, shapes.DEALS, state):
                ids = [str(r["id"]) for r in records if not r.get("archived")]
                read = api.read("deals", ids, history=("dealstage",))
                history = [change for record in read for change in stages_of(record)]
                batch["deal_stage_history"] = guard.admit(shapes.DEAL_STAGE_HISTORY, history)
                yield batch

    def links(self) -> Iterator[Batch]:
        """Read all links and pass on those that are new or gone."""
        with self._session.reading("associations") as guard:
            api = self._api()
            key = shapes.ASSOCIATIONS.key
            rows = self._session.known("associations", key, "not is_deleted")
            before = set(rows)
            yield {}
            for kind, other in _LINKS:
                starts = sorted(api.ids(kind))
                found = {
                    (kind, start, other, end, label)
                    for start, end, label in api.associations(kind, other, starts)
                }
                known = {row for row in before if (row[0], row[2]) == (kind, other)}
                self._session.refuse_shrinking(f"links {kind}-{other}", len(found), len(known))
                changed = [(row, False) for row in sorted(found - known)]
                changed += [(row, True) for row in sorted(known - found)]
                yield {
                    "associations": guard.admit(
                        shapes.ASSOCIATIONS,
                        (
                            dict(zip(key, row, strict=True)) | {"is_deleted": gone}
                            for row, gone in changed
                        ),
                    )
                }

    def _changes(
        self, api: HubSpot, shape: Shape, state: dict[str, Any]
    ) -> Iterator[tuple[list[Record], dict[str, pa.Table]]]:
        """Yield changed, archived and vanished records of one type with their admitted rows."""
        kind, guard = shape.resource, self._session.guard
        since = self._session.since(state, self._lookback)
        ledger = Reconciled(self._session, shape)
        reached: datetime | None = None
        pages = api.changed(kind, since) if since else api.everything(kind)
        for records in in_batches(_all(pages), _CHUNK):
            table = guard.admit(shape, records)
            reached = _latest(table, reached)
            ledger.saw(records, table)
            yield records, {kind: table}
            merged = [merge["merged"] for record in records for merge in merges_of(record)]
            if merged:
                ledger.forget(merged)
                yield [], {kind: self._closed(shape, merged)}
        for records in in_batches(_all(api.everything(kind, archived=True)), _CHUNK):
            table = ledger.only_new_archived(guard.admit(shape, records))
            yield records, {kind: table}
        yield from ledger.close(api, state)
        self._session.advance(state, reached)

    def _closed(self, shape: Shape, ids: list[str]) -> pa.Table:
        """Return known live rows among ``ids`` as archived: their survivor speaks for them."""
        if not ids:
            return shape.arrow.empty_table()
        rows = self._session.known_rows(shape, ids)
        live = rows.filter(pc.invert(pc.fill_null(rows["is_archived"], False)))
        return archived(live, self._session.as_of)

    def _api(self) -> HubSpot:
        return HubSpot(self._session.transport, self._page_size)

    def _sweep_is_due(self, state: dict[str, Any]) -> bool:
        swept = to_timestamp(state.get("swept_at"))
        if swept is None:  # the first load has just read everybody
            state["swept_at"] = self._session.as_of.isoformat()
            return False
        return self._session.as_of - swept >= self._sweep


def _all(pages: Iterator[list[Record]]) -> Iterator[Record]:
    for page in pages:
        yield from page


def _latest(table: pa.Table, before: datetime | None) -> datetime | None:
    newest = pc.max(table["updated_at"]).as_py() if table.num_rows else None
    return max((at for at in (before, newest) if at is not None), default=None)
