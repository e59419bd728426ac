"""HubSpot's engagements, tickets, leads and campaigns: what was done with whom.

Texts stay in HubSpot: bodies, subjects, titles and numbers dialled are never asked for.
Grain and key: one row per call, meeting, e-mail or note; ticket; lead; campaign; and per campaign,
contact and kind of touch. Cursor, look-back and deletions are those of all objects
(`hubspot_changes`); campaigns and who they touched have no usable change time and are compared
whole, those that ended more than ``campaign_days`` ago no longer.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import dlt

from ingestion.guard.shapes import Shape
from ingestion.guard.values import to_timestamp
from ingestion.sources.crm import hubspot_activity_shapes as shapes
from ingestion.sources.crm.hubspot_api import Record, in_batches
from ingestion.sources.crm.hubspot_changes import CHUNK, Changes
from ingestion.sources.resources import Batch

ENGAGEMENTS = ("calls", "meetings", "emails", "notes")
TOUCHES = ("contactFirstTouch", "contactLastTouch", "influencedContacts")


class Activities:
    """Reads one table each; ``left_out`` names those the account does not have."""

    def __init__(self, changes: Changes, left_out: Sequence[str], campaign_days: int) -> None:
        self._changes = changes
        self._session = changes.session
        self._left_out = frozenset(left_out)
        self._campaign_days = timedelta(days=campaign_days)

    def engagements(self) -> Iterator[Batch]:
        """Read calls, meetings, e-mails and notes."""
        state = dlt.current.resource_state()
        with self._session.reading("engagements"):
            yield {}
            for kind in self._wanted(ENGAGEMENTS):
                place = state.setdefault(kind, {})
                for _, batch in self._changes.of(
                    self._changes.api(), shapes.ENGAGEMENTS, place, kind
                ):
                    yield batch

    def tickets(self) -> Iterator[Batch]:
        """Read tickets."""
        yield from self._plain(shapes.TICKETS, dlt.current.resource_state())

    def leads(self) -> Iterator[Batch]:
        """Read leads, HubSpot's objects of that name."""
        yield from self._plain(shapes.LEADS, dlt.current.resource_state())

    def campaigns(self) -> Iterator[Batch]:
        """Read campaigns and whom they touched; those that left the list are archived."""
        with self._session.reading("campaigns", "campaign_members") as guard:
            yield {}
            if not self._wanted(("campaigns",)):
                return
            api, shape = self._changes.api(), shapes.CAMPAIGNS
            found = list(api.campaigns())
            table = guard.admit(shape, found)
            guard.counts("campaigns").server_total = len(found)
            yield {"campaigns": table}
            listed = {str(each.get("id")) for each in found}
            known = {r[0] for r in self._session.known("campaigns", shape.key, "not is_archived")}
            self._session.refuse_shrinking("campaigns", len(known & listed), len(known))
            yield {
                "campaigns": self._session.known_rows(
                    shape, sorted(known - listed), is_archived=True, archived_at=self._session.as_of
                )
            }
            ids = [each["id"] for each in found if self._still_runs(each)]
            for members in in_batches(self._members(ids), CHUNK):
                yield {"campaign_members": guard.admit(shapes.CAMPAIGN_MEMBERS, members)}

    def _members(self, campaigns: list[str]) -> Iterator[Record]:
        """Yield touches that are new and those that are gone."""
        api, key = self._changes.api(), shapes.CAMPAIGN_MEMBERS.key
        before = set(self._session.known("campaign_members", key, "not is_deleted"))
        for campaign in campaigns:
            for touch in TOUCHES:
                now = {(campaign, str(c), touch) for c in api.campaign_contacts(campaign, touch)}
                known = {row for row in before if (row[0], row[2]) == (campaign, touch)}
                self._session.refuse_shrinking("campaign members", len(now & known), len(known))
                for row in sorted(now ^ known):
                    yield dict(zip(key, row, strict=True)) | {"is_deleted": row not in now}

    def _plain(self, shape: Shape, state: dict[str, Any]) -> Iterator[Batch]:
        with self._session.reading(shape.resource):
            yield {}
            if self._wanted((shape.resource,)):
                for _, batch in self._changes.of(self._changes.api(), shape, state):
                    yield batch

    def _still_runs(self, campaign: Record) -> bool:
        ended = to_timestamp((campaign.get("properties") or {}).get("hs_end_date"))
        return ended is None or self._session.as_of - ended <= self._campaign_days

    def _wanted(self, kinds: Sequence[str]) -> list[str]:
        return [kind for kind in kinds if kind not in self._left_out]
