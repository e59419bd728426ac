"""HubSpot associations, merges, deal stage history and subscription statuses that became true."""

from collections.abc import Iterator

import numpy as np

from ingestion.sandbox.company.clock import NEVER
from ingestion.sandbox.company.draws import Bools, Ints
from ingestion.sandbox.company.places import MARKETING, NEWS, ONE_TO_ONE
from ingestion.sandbox.company.render.deals import deal_history
from ingestion.sandbox.company.render.naming import Naming, company_id, contact_id, deal_id
from ingestion.sandbox.company.selling import ROLES
from ingestion.sandbox.company.world import World

# Association type ids as HubSpot defines them; labels of one's own begin at 101 here.
CONTACT_COMPANY, COMPANY_CONTACT = (1, "Primary"), (2, "Primary")
DEAL_CONTACT, CONTACT_DEAL, DEAL_COMPANY, COMPANY_DEAL = 3, 4, 5, 6
FIRST_ROLE = 101
Association = tuple[str, int, str, int, int, str | None, str]
Status = tuple[str, int, str, str | None, str, int]


def _within(column: Ints, since: int, now: int) -> Bools:
    return (column > since) & (column <= now)


def survivors(world: World, now: int) -> Ints:
    """Return for every contact row the row it has been merged into by ``now`` (or itself)."""
    contacts = world.contacts
    final = np.arange(len(contacts))
    done = contacts["merge_at"] <= now
    final[done] = contacts["merge_into"][done]
    for _ in range(4):
        final = final[final]
    return final


def associations(world: World, since: int, now: int) -> tuple[list[Association], list[Association]]:
    """Return the associations that appeared and those that ended in ``(since, now]``."""
    contacts, people = world.contacts, world.people
    final = survivors(world, now)
    came: list[Association] = []
    employer = people["account"][contacts["person"]]
    stays = contacts["erase_at"] > now
    fresh = np.flatnonzero((employer >= 0) & stays & _within(contacts["created_at"], since, now))
    for row in fresh.tolist():
        contact, company = contact_id(int(final[row])), company_id(int(employer[row]))
        came += [
            ("contacts", contact, "companies", company, *CONTACT_COMPANY, "HUBSPOT_DEFINED"),
            ("companies", company, "contacts", contact, *COMPANY_CONTACT, "HUBSPOT_DEFINED"),
        ]
    opened = np.flatnonzero(_within(world.deals["created_at"], since, now))
    for row in opened.tolist():
        deal, company = deal_id(row), company_id(int(world.deals["account"][row]))
        came += [
            ("deals", deal, "companies", company, DEAL_COMPANY, "Primary", "HUBSPOT_DEFINED"),
            ("companies", company, "deals", deal, COMPANY_DEAL, "Primary", "HUBSPOT_DEFINED"),
        ]
    buyers = world.buyers
    seated = (buyers["until_at"] > now) & stays[buyers["contact"]]
    joined = np.flatnonzero(_within(buyers["from_at"], since, now) & seated)
    left = np.flatnonzero(_within(buyers["until_at"], since, now))
    for row in joined.tolist():
        came += _seat(world, row, final)
    went = [each for row in left.tolist() for each in _seat(world, row, final)]
    return came, went


def _seat(world: World, row: int, final: Ints) -> list[Association]:
    deal = deal_id(int(world.buyers["deal"][row]))
    contact = contact_id(int(final[world.buyers["contact"][row]]))
    role = int(world.buyers["role"][row]) % len(ROLES)
    return [
        ("deals", deal, "contacts", contact, DEAL_CONTACT, None, "HUBSPOT_DEFINED"),
        ("contacts", contact, "deals", deal, CONTACT_DEAL, None, "HUBSPOT_DEFINED"),
        ("deals", deal, "contacts", contact, FIRST_ROLE + role, ROLES[role], "USER_DEFINED"),
        ("contacts", contact, "deals", deal, FIRST_ROLE + role, ROLES[role], "USER_DEFINED"),
    ]


def merges(world: World, since: int, now: int) -> list[tuple[int, int, int]]:
    """Return (merged id, surviving id, when ms) of the merges in ``(since, now]``."""
    contacts = world.contacts
    done = np.flatnonzero(
        _within(contacts["merge_at"], since, now) & (contacts["created_at"] <= now)
    )
    done = done[np.argsort(contacts["merge_at"][done], kind="stable")]
    return [
        (
            contact_id(row),
            contact_id(int(contacts["merge_into"][row])),
            int(contacts["merge_at"][row]) * 1000,
        )
        for row in done.tolist()
    ]


def stage_history(world: World, rows: Ints, now: int) -> Iterator[tuple[str, int, str, int, str]]:
    """Yield (type, id, property, when ms, value) of deals' stages."""
    for row in rows.tolist():
        for stage, at in deal_history(world, row, now):
            yield "deals", deal_id(row), "dealstage", at * 1000, stage


def address_history(
    world: World, naming: Naming, rows: Ints, now: int
) -> Iterator[tuple[str, int, str, int, str]]:
    """Yield the addresses of contacts that were changed, the one before and the one after."""
    contacts = world.contacts
    for row in rows.tolist():
        changed = int(contacts["next_email_at"][row])
        before = naming.email(int(contacts["email"][row]), int(contacts["email_form"][row]))
        after = naming.email(int(contacts["next_email"][row])) if changed <= now else None
        if before and after:
            created = int(contacts["created_at"][row])
            number = contact_id(row)
            yield "contacts", number, "email", created * 1000, before.lower()
            yield "contacts", number, "email", changed * 1000, after.lower()


def statuses(world: World, naming: Naming, rows: Ints, now: int) -> Iterator[Status]:
    """Yield the subscription statuses that hang on the addresses of contacts.

    An address waiting for its confirmation has none yet; a new address starts with none.
    """
    contacts, people = world.contacts, world.people
    for row in rows.tolist():
        typed = naming.email(int(contacts["email"][row]), int(contacts["email_form"][row]))
        if typed is None:
            continue
        email = typed.lower()
        confirmed = int(contacts["confirm_at"][row])
        left = int(contacts["unsubscribe_at"][row])
        kinds = (MARKETING, NEWS) if row % 5 < 2 else (MARKETING,)
        for kind in kinds:
            if left <= now:
                yield (
                    email,
                    kind,
                    "UNSUBSCRIBED",
                    None,
                    "Unsubscribed by the recipient",
                    left * 1000,
                )
            elif confirmed <= now:
                yield (
                    email,
                    kind,
                    "SUBSCRIBED",
                    "CONSENT_WITH_NOTICE",
                    "Form submission",
                    confirmed * 1000,
                )
        if people["account"][contacts["person"][row]] >= 0 and contacts["lead_at"][row] < NEVER:
            created = int(contacts["created_at"][row])
            yield (
                email,
                ONE_TO_ONE,
                "SUBSCRIBED",
                "LEGITIMATE_INTEREST_PQL",
                "API",
                created * 1000,
            )
