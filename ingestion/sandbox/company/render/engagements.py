"""What sales and service did with HubSpot contacts: calls, meetings, mails, notes, tickets, leads.

All of it follows from the times a contact's row already has, so nothing more is simulated or kept.
The texts name people and numbers, as real ones do: a loader that reads them has to answer for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import orjson

from ingestion.sandbox.company.accounts import HOUR
from ingestion.sandbox.company.clock import DAY, NEVER, iso_ms
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.render.hubspot import Row
from ingestion.sandbox.company.render.naming import Naming, contact_id
from ingestion.sandbox.company.render.relations import Association, survivors
from ingestion.sandbox.company.world import World

_FIRST, _SLOTS = 60_000_000_000, 8
Properties = dict[str, str | None]


@dataclass(frozen=True)
class Activity:
    """One kind of thing that happens to some contacts.

    ``every`` picks contacts by row; it begins ``delay`` seconds after the time in ``column`` and
    changes once more ``then`` seconds later. ``type_id`` is HubSpot's association type to contacts.
    """

    kind: str
    column: str
    every: int
    delay: int
    then: int
    type_id: int
    describe: Callable[[int, str, str | None, int, bool], Properties]


def _call(row: int, name: str, phone: str | None, at: int, done: bool) -> Properties:
    return {
        "hs_call_title": f"Call with {name}",
        "hs_call_body": f"{name} wants an offer, ring back on {phone}",
        "hs_call_direction": "OUTBOUND" if row % 3 else "INBOUND",
        "hs_call_status": "COMPLETED" if row % 5 else "NO_ANSWER",
        "hs_call_duration": str((row % 900 + 20) * 1000) if row % 5 else "0",
        "hs_call_to_number": phone,
    }


def _outgoing(row: int, name: str, phone: str | None, at: int, done: bool) -> Properties:
    return {
        "hs_email_subject": f"Your outfits, {name}",
        "hs_email_text": f"Dear {name}, here is what we talked about.",
        "hs_email_direction": "EMAIL",
        "hs_email_status": "SENT",
    }


def _answer(row: int, name: str, phone: str | None, at: int, done: bool) -> Properties:
    return _outgoing(row, name, phone, at, done) | {"hs_email_direction": "INCOMING_EMAIL"}


def _meeting(row: int, name: str, phone: str | None, at: int, done: bool) -> Properties:
    start = at + DAY
    return {
        "hs_timestamp": iso_ms(start),
        "hs_meeting_title": f"Demo for {name}",
        "hs_meeting_start_time": iso_ms(start),
        "hs_meeting_end_time": iso_ms(start + HOUR),
        "hs_meeting_outcome": ("COMPLETED" if row % 6 else "NO_SHOW") if done else "SCHEDULED",
    }


def _note(row: int, name: str, phone: str | None, at: int, done: bool) -> Properties:
    return {"hs_note_body": f"{name} read the catalogue twice"}


def _ticket(row: int, name: str, phone: str | None, at: int, done: bool) -> Properties:
    return {
        "subject": f"{name}: wrong size",
        "content": f"Please call me on {phone}",
        "hs_pipeline": "0",
        "hs_pipeline_stage": "4" if done else "1",
        "hs_ticket_priority": ("LOW", "MEDIUM", "HIGH")[row % 3],
        "hs_ticket_category": "PRODUCT_ISSUE",
        "source_type": "EMAIL",
        "createdate": iso_ms(at),
        "closed_date": iso_ms(at + 2 * DAY) if done else None,
    }


def _lead(row: int, name: str, phone: str | None, at: int, done: bool) -> Properties:
    return {
        "hs_lead_name": name,
        "hs_lead_type": "NEW_BUSINESS",
        "hs_lead_label": ("COLD", "WARM", "HOT")[row % 3],
        "hs_pipeline": "lead-pipeline-id",
        "hs_pipeline_stage": "connected-stage-id" if done else "new-stage-id",
    }


ACTIVITIES = (
    Activity("notes", "mql_at", 2, HOUR, NEVER, 202, _note),
    Activity("emails", "mql_at", 1, DAY, NEVER, 198, _outgoing),
    Activity("emails", "mql_at", 3, 2 * DAY, NEVER, 198, _answer),
    Activity("calls", "sql_at", 1, 2 * HOUR, NEVER, 194, _call),
    Activity("meetings", "opportunity_at", 1, HOUR, DAY + HOUR, 200, _meeting),
    Activity("tickets", "customer_at", 11, 3 * DAY, 2 * DAY, 16, _ticket),
    Activity("leads", "lead_at", 1, 60, 3 * DAY, 578, _lead),
)


def activity_id(row: int, slot: int) -> int:
    """Return the HubSpot id of a contact's activity."""
    return _FIRST + row * _SLOTS + slot


def happened(
    world: World, naming: Naming, since: int, now: int
) -> Iterator[tuple[str, Row, Association | None]]:
    """Yield (kind, record, link to the contact when new) of what began or changed in the window."""
    contacts, final = world.contacts, survivors(world, now)
    stays = (contacts["erase_at"] > now) & (contacts["created_at"] <= now)
    numbers = np.arange(len(contacts))
    for slot, activity in enumerate(ACTIVITIES):
        known = contacts[activity.column]
        begun = np.where(known < NEVER, known + activity.delay, NEVER)
        again = np.where(begun < NEVER, begun + activity.then, NEVER)
        fits = stays & (numbers % activity.every == 0)
        news = ((begun > since) & (begun <= now)) | ((again > since) & (again <= now))
        for row in np.flatnonzero(fits & news).tolist():
            at, changed = int(begun[row]), min(int(again[row]), NEVER)
            yield (
                activity.kind,
                _record(world, naming, activity, row, slot, (at, changed, now)),
                _link(activity, row, slot, final) if at > since else None,
            )


def erased(rows: Ints) -> Iterator[tuple[str, int]]:
    """Yield (kind, id) of all that goes when contacts are deleted for good."""
    for row in rows.tolist():
        for slot, activity in enumerate(ACTIVITIES):
            yield activity.kind, activity_id(row, slot)


def _link(activity: Activity, row: int, slot: int, final: Ints) -> Association:
    number, contact = activity_id(row, slot), contact_id(int(final[row]))
    return activity.kind, number, "contacts", contact, activity.type_id, None, "HUBSPOT_DEFINED"


def _record(
    world: World,
    naming: Naming,
    activity: Activity,
    row: int,
    slot: int,
    times: tuple[int, int, int],
) -> Row:
    at, changed, now = times
    person = int(world.contacts["person"][row])
    name = f"{naming.first_name(person)} {naming.last_name(person)}"
    phone = naming.phone(int(world.contacts["phone"][row]))
    modified = changed if changed <= now else at
    properties: Properties = {
        "hs_object_id": str(activity_id(row, slot)),
        "hs_timestamp": iso_ms(at),
        "hs_createdate": iso_ms(at),
        "hs_lastmodifieddate": iso_ms(modified, row % 1000),
        "hubspot_owner_id": str(70 + row % 6),
        **activity.describe(row, name, phone, at, changed <= now),
    }
    return (
        activity_id(row, slot),
        at * 1000,
        modified * 1000 + row % 1000,
        0,
        None,
        orjson.dumps(properties),
    )
