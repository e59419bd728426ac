"""HubSpot's marketing campaigns, and which contacts each one touched."""

import uuid
from collections.abc import Iterator

import numpy as np
import orjson

from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.clock import START, iso_ms
from ingestion.sandbox.company.render.hubspot import Row
from ingestion.sandbox.company.render.naming import contact_id
from ingestion.sandbox.company.render.relations import Association, survivors
from ingestion.sandbox.company.world import World

NAMES = tuple(dict.fromkeys(source.campaign for source in SOURCES if source.campaign))
# Contact types of the campaign report, as HubSpot names them.
FIRST, LAST, INFLUENCED = "contactFirstTouch", "contactLastTouch", "influencedContacts"
TOUCHES = (FIRST, LAST, INFLUENCED)


def campaign_guid(number: int) -> str:
    """Return the id a campaign has in HubSpot's API."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"campaign {number}"))


def campaign_rows() -> Iterator[Row]:
    """Yield all campaigns."""
    for number, name in enumerate(NAMES, 1):
        properties = {
            "hs_name": name,
            "hs_start_date": iso_ms(START)[:10],
            "hs_campaign_status": "active",
            "hs_utm": name,
            "hs_currency_code": "EUR",
            "hs_budget_items_sum_amount": f"{number * 1000}.00",
            "hs_notes": "Ask Jane Doe, jane.doe@agency.example",
        }
        modified = START * 1000 + number
        yield number, START * 1000, modified, 0, None, orjson.dumps(properties)


def touched(world: World, since: int, now: int) -> Iterator[Association]:
    """Yield who was first, last or ever touched by a campaign in ``(since, now]``."""
    contacts, final = world.contacts, survivors(world, now)
    stays = contacts["erase_at"] > now
    for column, touch in (("created_at", FIRST), ("lead_at", LAST)):
        came = (contacts[column] > since) & (contacts[column] <= now)
        for row in np.flatnonzero(came & stays & (contacts["created_at"] <= now)).tolist():
            if row % 3 == 0:
                continue
            number = (row + TOUCHES.index(touch)) % len(NAMES) + 1
            contact = contact_id(int(final[row]))
            for label in (touch, INFLUENCED):
                kind = TOUCHES.index(label)
                yield "campaigns", number, "contacts", contact, kind, label, "REPORT"
