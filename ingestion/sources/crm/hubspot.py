"""HubSpot -> Postgres schema ``raw_hubspot``.

Grain and key: one row per contact, company, deal (HubSpot id); stage change of a deal; link
between two records; merge; subscription type; address and subscription type.
Cursor: `lastmodifieddate` (contacts), `hs_lastmodifieddate` (others) through search, read again
for ``lookback_minutes`` because search lags behind writes.
Deletions: archived records come in a pass of their own; what vanished without trace (GDPR
deletion) is found by comparing HubSpot's total with what is known, then id by id. Merged-away
contacts are closed when their survivor names them. Links are compared whole in every run, since
they change without touching either record; those of engagements, tickets and leads are read
with their record and compared whole once per ``sweep_hours``.
Consents: statuses are read for changed contacts in every run and for all contacts once per
``sweep_hours``.
Activities: calls, meetings, e-mails, notes, tickets, leads, campaigns (`hubspot_activities`). A
table the account does not have, or whose scope it will not give, is named in ``leave_out``.
Known limits: a contact's further addresses (`hs_additional_emails`) are kept in the vault only.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dlt
from dlt.sources import DltResource

from ingestion.guard.values import to_timestamp
from ingestion.sources.crm import hubspot_activity_shapes as activity_shapes
from ingestion.sources.crm import hubspot_shapes as shapes
from ingestion.sources.crm.hubspot_activities import Activities
from ingestion.sources.crm.hubspot_api import in_batches
from ingestion.sources.crm.hubspot_changes import CHUNK, Changes, flat
from ingestion.sources.crm.hubspot_facts import Statuses, merges_of, stages_of
from ingestion.sources.crm.hubspot_links import Links
from ingestion.sources.resources import CONTRACT, Batch, picked, reader
from ingestion.sources.session import Session
from ingestion.sources.transport import Transport


@dlt.source(  # type: ignore[untyped-decorator]
    name=shapes.SOURCE, section="hubspot", max_table_nesting=0, schema_contract=CONTRACT
)
def hubspot(
    base_url: str = dlt.config.value,
    access_token: str = dlt.secrets.value,
    page_size: int = 100,
    lookback_minutes: int = 60,
    sweep_hours: int = 12,
    campaign_days: int = 90,
    leave_out: list[str] | None = None,
    accept_shrinking: str | None = None,
    as_of: str | None = None,
) -> list[DltResource]:
    """Return HubSpot's resources; settings under ``[sources.hubspot]``."""

    def connect() -> Transport:
        return Transport("hubspot", base_url, {"Authorization": f"Bearer {access_token}"})

    session = Session(shapes.SOURCE, connect, as_of, accept_shrinking)
    changes = Changes(session, page_size, timedelta(minutes=lookback_minutes))
    load = _Load(changes, timedelta(hours=sweep_hours))
    more = Activities(changes, leave_out or (), campaign_days)
    contacts = reader("contact_pages", load.contacts)
    companies = reader("company_pages", load.companies)
    deals = reader("deal_pages", load.deals)
    links = reader("association_pages", Links(changes, sweep_hours, leave_out or ()).read)
    engagements = reader("engagement_pages", more.engagements)
    tickets = reader("ticket_pages", more.tickets)
    leads = reader("lead_pages", more.leads)
    campaigns = reader("campaign_pages", more.campaigns)
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
        engagements,
        picked(activity_shapes.ENGAGEMENTS, engagements),
        tickets,
        picked(activity_shapes.TICKETS, tickets),
        leads,
        picked(activity_shapes.LEADS, leads),
        campaigns,
        picked(activity_shapes.CAMPAIGNS, campaigns),
        picked(activity_shapes.CAMPAIGN_MEMBERS, campaigns),
    ]


class _Load:
    """What one run reads, table by table."""

    def __init__(self, changes: Changes, sweep: timedelta) -> None:
        self._session = changes.session
        self._changes = changes
        self._sweep = sweep

    def contacts(self) -> Iterator[Batch]:
        """Read contacts with their merges and subscriptions."""
        state = dlt.current.resource_state()
        tables = ("contacts", "contact_merges", "subscription_definitions", "subscription_statuses")
        with self._session.reading(*tables) as guard:
            api = self._changes.api()
            definitions = api.subscription_definitions()
            yield {
                "subscription_definitions": guard.admit(
                    shapes.SUBSCRIPTION_DEFINITIONS, definitions
                )
            }
            statuses = Statuses(self._session)
            for records, batch in self._changes.of(api, shapes.CONTACTS, state):
                merges = [merge for record in records for merge in merges_of(record)]
                batch["contact_merges"] = guard.admit(shapes.CONTACT_MERGES, merges)
                batch["subscription_statuses"] = statuses.read(api, records)
                yield batch
            if self._sweep_is_due(state):
                for page in in_batches(flat(api.addresses()), CHUNK):
                    yield {"subscription_statuses": statuses.read(api, page)}
                state["swept_at"] = self._session.as_of.isoformat()

    def companies(self) -> Iterator[Batch]:
        """Read companies."""
        state = dlt.current.resource_state()
        with self._session.reading("companies"):
            for _, batch in self._changes.of(self._changes.api(), shapes.COMPANIES, state):
                yield batch

    def deals(self) -> Iterator[Batch]:
        """Read deals and, for each changed one, the whole history of its stage."""
        state = dlt.current.resource_state()
        with self._session.reading("deals", "deal_stage_history") as guard:
            api = self._changes.api()
            for records, batch in self._changes.of(api, shapes.DEALS, state):
                ids = [str(r["id"]) for r in records if not r.get("archived")]
                read = api.read("deals", ids, history=("dealstage",))
                history = [change for record in read for change in stages_of(record)]
                batch["deal_stage_history"] = guard.admit(shapes.DEAL_STAGE_HISTORY, history)
                yield batch

    def _sweep_is_due(self, state: dict[str, Any]) -> bool:
        swept = to_timestamp(state.get("swept_at"))
        if swept is None:  # the first load has just read everybody
            state["swept_at"] = self._session.as_of.isoformat()
            return False
        return self._session.as_of - swept >= self._sweep
