"""HubSpot records as property bags, as they stand at an instant.

Every function yields rows for the store: (id, created ms, modified ms, archived, archived ms, JSON
of all properties). Merged-away and GDPR-deleted records are not yielded: they are gone.
"""

from collections.abc import Iterator

import numpy as np
import orjson

from ingestion.sandbox.company import crm
from ingestion.sandbox.company.clock import NEVER, iso_ms
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.render.naming import (
    Naming,
    company_id,
    contact_id,
)
from ingestion.sandbox.company.words import COUNTRIES, JOB_TITLES, JUNK_PHONES
from ingestion.sandbox.company.world import World

Row = tuple[int, int, int, int, int | None, bytes]
_SOURCES = ("ORGANIC_SEARCH", "PAID_SEARCH", "DIRECT_TRAFFIC", "PAID_SOCIAL", "REFERRALS")
_COLOURS = ("green", "blue", "orange", "grey")
_BASES = (
    "Freely given consent from contact",
    "Legitimate interest \N{EN DASH} prospect/lead",
    "Performance of a contract",
    "Not applicable",
)
_DATES = (
    ("lead", "lead_at"),
    ("marketingqualifiedlead", "mql_at"),
    ("salesqualifiedlead", "sql_at"),
    ("opportunity", "opportunity_at"),
    ("customer", "customer_at"),
)


def latest(columns: list[Ints], now: int) -> Ints:
    """Return per row the latest instant that is not after ``now`` (0 when none is)."""
    stacked = np.stack(columns)
    return np.asarray(np.where(stacked <= now, stacked, 0).max(axis=0), dtype=np.int64)


def merged_into(world: World, now: int) -> dict[int, list[tuple[int, int]]]:
    """Return per surviving contact row the (merged row, when) pairs up to ``now``, chains too."""
    contacts = world.contacts
    done = np.flatnonzero((contacts["merge_at"] <= now) & (contacts["created_at"] <= now))
    merges: dict[int, list[tuple[int, int]]] = {}
    for row in done[np.argsort(contacts["merge_at"][done], kind="stable")].tolist():
        survivor = int(contacts["merge_into"][row])
        taken_over = merges.pop(row, [])
        merges.setdefault(survivor, []).extend([*taken_over, (row, int(contacts["merge_at"][row]))])
    return merges


def contact_changes(world: World, now: int) -> Ints:
    """Return when each contact last changed, merges into it included."""
    contacts = world.contacts
    names = (
        "created_at",
        "touched_at",
        "lead_at",
        "mql_at",
        "sql_at",
        "opportunity_at",
        "customer_at",
        "unqualified_at",
        "next_email_at",
        "archive_at",
    )
    changed = latest([contacts[name] for name in names], now)
    done = np.flatnonzero((contacts["merge_at"] <= now) & (contacts["merge_into"] >= 0))
    np.maximum.at(changed, contacts["merge_into"][done], contacts["merge_at"][done])
    return np.maximum(changed, contacts["created_at"])


def contact_rows(world: World, naming: Naming, rows: Ints, now: int) -> Iterator[Row]:
    """Yield contacts."""
    changes = contact_changes(world, now)[rows].tolist()
    merges = merged_into(world, now)
    columns = {name: world.contacts[name][rows].tolist() for name in world.contacts.columns}
    people = {
        name: world.people[name].tolist()
        for name in ("country", "city", "birth_year", "account", "first_visit_at", "web_consent")
    }
    for at, row in enumerate(rows.tolist()):
        contact = {name: column[at] for name, column in columns.items()}
        person = contact["person"]
        country = COUNTRIES[people["country"][person]]
        city, region, postcode = country.cities[people["city"][person]]
        account = people["account"][person]
        moved = contact["next_email_at"] <= now
        email = (
            naming.email(contact["next_email"])
            if moved
            else naming.email(contact["email"], contact["email_form"])
        )
        created, modified = contact["created_at"], changes[at]
        first_seen = people["first_visit_at"][person]
        phone = (
            JUNK_PHONES[row % 3]
            if contact["phone_form"] == 3
            else naming.phone(contact["phone"], contact["phone_form"])
        )
        offline = contact["origin"] in (crm.STORE, crm.IMPORT)
        number = contact_id(row)
        properties: dict[str, str | None] = {
            "hs_object_id": str(number),
            "createdate": iso_ms(created, row % 1000),
            "lastmodifieddate": iso_ms(modified, row * 7 % 1000),
            "email": email and email.lower(),
            "firstname": naming.first_name(person),
            "lastname": naming.last_name(person) if contact["name_form"] != 1 else None,
            "phone": phone,
            "mobilephone": naming.phone(contact["phone"]) if row % 5 == 0 else None,
            "address": f"{person % 180 + 1} Example Street" if row % 2 else None,
            "city": city,
            "state": region,
            "zip": postcode,
            "country": country.name if row % 9 else country.code,
            "jobtitle": JOB_TITLES[person % len(JOB_TITLES)] if account >= 0 else None,
            "date_of_birth": (
                f"{people['birth_year'][person]}-{person % 12 + 1:02d}-{person % 28 + 1:02d}"
                if row % 4 == 0
                else None
            ),
            "hs_language": country.locale[:2] if row % 3 else country.locale.lower(),
            "lifecyclestage": _lifecycle(contact, now),
            "hs_lead_status": _status(contact, now),
            "hs_analytics_source": "OFFLINE" if offline else _SOURCES[person % len(_SOURCES)],
            "hs_analytics_first_timestamp": iso_ms(
                first_seen if first_seen < created and people["web_consent"][person] else created
            ),
            "associatedcompanyid": str(company_id(account)) if account >= 0 else None,
            "hs_merged_object_ids": None,
            "hs_calculated_merged_vids": None,
            "hs_legal_basis": _legal_basis(contact, account),
            "message": _message(naming, contact, row),
            "favourite_colour": _COLOURS[row % 4] if row % 6 == 0 else None,
        }
        if contact["name_form"] == 2:
            properties["firstname"] = naming.first_name(person).lower()
        for stage, column in _DATES:
            reached = contact[column] <= now
            properties[f"hs_lifecyclestage_{stage}_date"] = (
                iso_ms(contact[column]) if reached else None
            )
        if row in merges:
            done = [(contact_id(other), when) for other, when in merges[row]]
            properties["hs_merged_object_ids"] = ";".join(str(other) for other, _ in done)
            properties["hs_calculated_merged_vids"] = ";".join(
                f"{other}:{when * 1000}" for other, when in done
            )
        archived = contact["archive_at"] <= now
        yield (
            number,
            created * 1000 + row % 1000,
            modified * 1000 + row * 7 % 1000,
            int(archived),
            contact["archive_at"] * 1000 if archived else None,
            orjson.dumps(properties),
        )


def _lifecycle(contact: dict[str, int], now: int) -> str:
    for stage, column in reversed(_DATES):
        if contact[column] <= now:
            return stage
    return "subscriber"


def _status(contact: dict[str, int], now: int) -> str | None:
    if contact["unqualified_at"] <= now:
        return "UNQUALIFIED"
    if contact["opportunity_at"] <= now:
        return "OPEN_DEAL"
    if contact["sql_at"] <= now:
        return "IN_PROGRESS"
    return "NEW" if contact["lead_at"] <= now else None


def _legal_basis(contact: dict[str, int], account: int) -> str | None:
    if contact["subscribe_at"] < NEVER:
        return _BASES[0]
    return _BASES[1] if account >= 0 else (_BASES[2] if contact["customer_at"] < NEVER else None)


def _message(naming: Naming, contact: dict[str, int], row: int) -> str | None:
    """Return what somebody typed into a form; now and then it contains how to reach them."""
    if contact["origin"] != crm.DEMO:
        return None
    reach = naming.phone(contact["phone"], 1) or naming.email(contact["email"])
    if row % 3 == 0 and reach:
        return f"Please send an offer for {row % 40 + 5} seats. You reach me at {reach}."
    return f"We need outfits for {row % 40 + 5} people before the season starts."
