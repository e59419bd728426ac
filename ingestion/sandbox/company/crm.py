"""CRM records: contacts on their way from subscriber to customer, duplicates, merges, deletes."""

import numpy as np

from ingestion.sandbox.company.accounts import (
    FORM_PLAIN,
    FORM_UPPER,
    HOUR,
    address_at,
    follow_up,
)
from ingestion.sandbox.company.clock import DAY, NEVER
from ingestion.sandbox.company.draws import Bools, Ints, pick
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

NEWSLETTER, DEMO, SHOP, STORE, IMPORT = range(5)
_DOUBLE = np.array([country.code not in ("US", "CA", "AU", "GB") for country in COUNTRIES])


def add_contacts(
    world: World,
    rng: np.random.Generator,
    person: Ints,
    at: Ints,
    origin: int,
    duplicate_of: Ints | None = None,
) -> Ints:
    """Create one contact per entry; a duplicate keeps its original and may be merged into it."""
    people, count = world.people, len(person)
    if not count:
        return np.zeros(0, dtype=np.int64)
    works = people["work_email"][person] >= 0
    uses_work = works & ((origin == DEMO) | (rng.random(count) < 0.6))
    email = np.where(uses_work, people["work_email"][person], address_at(world, person, at))
    next_email, next_at = follow_up(world, rng, person, at)
    forms = [0.93, 0.05, 0.012, 0.008, 0.0]
    if duplicate_of is not None:
        forms = [0.30, 0.12, 0.18, 0.05, 0.35]
        other = np.where(uses_work, address_at(world, person, at), people["work_email"][person])
        email = np.where(works & (rng.random(count) < 0.7), other, email)
    email_form = pick(rng, forms, count)
    email_form = np.where(email_form == FORM_UPPER, FORM_PLAIN, email_form)
    email = np.where(_taken(world, email, email_form), -1, email)
    stages = _stages(rng, at, works, origin)
    stages["customer_at"] = np.where(people["first_order_at"][person] <= at, at, NEVER)
    subscribes = (people["optin"][person] > (0.0 if origin == NEWSLETTER else 0.62)) & (
        origin != IMPORT
    )
    doubled = _DOUBLE[people["country"][person]]
    confirm = np.where(rng.random(count) < 0.8, at + rng.integers(60, 40 * HOUR, count), NEVER)
    confirm_at = np.where(subscribes, np.where(doubled, confirm, at), NEVER)
    leaves = rng.random(count) < 0.2
    leave_at = confirm_at + HOUR + (rng.exponential(50, count) * DAY).astype(np.int64)
    merges = np.zeros(count, dtype=np.bool_)
    if duplicate_of is not None:
        merges = rng.random(count) < 0.5
    merge_at = at + rng.integers(2 * DAY, 70 * DAY, count)
    archive_at = np.where(
        rng.random(count) < 0.012, at + rng.integers(10 * DAY, 150 * DAY, count), NEVER
    )
    if duplicate_of is not None:
        duplicate_of = _chained(world, rng, person, duplicate_of, merge_at)
        gone = np.minimum(archive_at, world.contacts["archive_at"][duplicate_of])
        merges &= (merge_at < gone) & (world.contacts["created_at"][duplicate_of] < merge_at)
    contacts = world.contacts.append(
        count,
        person=person,
        email=email,
        email_form=email_form,
        next_email=np.where(uses_work, -1, next_email),
        next_email_at=np.where(uses_work, NEVER, next_at),
        phone=np.where(rng.random(count) < 0.6, people["phone"][person], -1),
        phone_form=pick(rng, [0.5, 0.3, 0.18, 0.02], count),
        name_form=pick(rng, [0.92, 0.04, 0.04], count),
        origin=origin,
        created_at=at,
        touched_at=np.where(rng.random(count) < 0.25, at + rng.integers(DAY, 150 * DAY, count), 0),
        merge_into=-1 if duplicate_of is None else np.where(merges, duplicate_of, -1),
        merge_at=np.where(merges, merge_at, NEVER),
        archive_at=archive_at,
        erase_at=people["erased_at"][person],
        subscribe_at=np.where(subscribes, at, NEVER),
        confirm_at=confirm_at,
        unsubscribe_at=np.where(subscribes & leaves & (confirm_at < NEVER), leave_at, NEVER),
        has_post_basis=rng.random(count) < 0.3,
        **stages,
    )
    if duplicate_of is None:
        people["contact"][person] = contacts
    employer = people["account"][person]
    known = employer >= 0
    np.minimum.at(world.accounts["crm_at"], employer[known], at[known])
    return contacts


def _chained(
    world: World, rng: np.random.Generator, person: Ints, original: Ints, merge_at: Ints
) -> Ints:
    """Let some duplicates merge into an earlier duplicate that will itself be merged later."""
    contacts = world.contacts
    earlier = np.full(len(world.people), -1)
    doubles = np.flatnonzero(contacts["merge_into"] >= 0)
    earlier[contacts["person"][doubles]] = doubles
    link = earlier[person]
    able = (link >= 0) & (contacts["merge_at"][link] > merge_at) & (rng.random(len(person)) < 0.5)
    return np.where(able, link, original)


def _taken(world: World, email: Ints, form: Ints) -> Bools:
    """Tell which typed addresses another contact has (or will get): the CRM keeps them unique."""
    contacts = world.contacts
    held = np.concatenate(
        [
            contacts["email"].astype(np.int64) * 8 + contacts["email_form"],
            contacts["next_email"].astype(np.int64) * 8,
        ]
    )
    wanted = email * 8 + form
    _, first = np.unique(wanted, return_index=True)
    repeated = np.ones(len(wanted), dtype=np.bool_)
    repeated[first] = False
    return np.isin(wanted, held) | repeated


def _stages(rng: np.random.Generator, at: Ints, works: Bools, origin: int) -> dict[str, Ints]:
    """Draw when a contact becomes lead, qualified for marketing, then for sales, or is refused."""
    count = len(at)
    is_lead = works | (origin == DEMO) | (rng.random(count) < 0.25)
    lead_at = np.where(is_lead, at + (origin != DEMO) * rng.integers(0, 5 * DAY, count), NEVER)
    mql = is_lead & (rng.random(count) < np.where(works, 0.62, 0.2))
    mql_at = np.where(mql, lead_at + rng.integers(HOUR, 9 * DAY, count), NEVER)
    sql = mql & works & (rng.random(count) < 0.55)
    sql_at = np.where(sql, mql_at + rng.integers(2 * HOUR, 8 * DAY, count), NEVER)
    offer = sql & (rng.random(count) < 0.7)
    offer_at = np.where(offer, sql_at + rng.integers(DAY, 12 * DAY, count), NEVER)
    refused = is_lead & ~sql & (rng.random(count) < 0.4)
    refused_at = np.where(mql, mql_at, lead_at) + rng.integers(DAY, 20 * DAY, count)
    return {
        "lead_at": lead_at,
        "mql_at": mql_at,
        "sql_at": sql_at,
        "opportunity_at": offer_at,
        "unqualified_at": np.where(refused, refused_at, NEVER),
    }


def note_purchases(world: World, person: Ints, at: Ints) -> None:
    """Mark the contacts of people who bought as customers, at their first order."""
    contact = world.people["contact"][person]
    known = contact >= 0
    since = np.maximum(at[known], world.contacts["created_at"][contact[known]])
    np.minimum.at(world.contacts["customer_at"], contact[known], since)


def sync_from_shop(world: World, rng: np.random.Generator, person: Ints, at: Ints) -> Ints:
    """Copy most new shop customers into the CRM within a day; some become duplicates there."""
    has = world.people["contact"][person] >= 0
    delay = rng.integers(300, 20 * HOUR, len(person))
    chance = rng.random(len(person))
    fresh = ~has & (chance < 0.6)
    again = has & (chance < 0.09)
    add_contacts(world, rng, person[fresh], (at + delay)[fresh], SHOP)
    doubles = person[again]
    add_contacts(world, rng, doubles, (at + delay)[again], SHOP, world.people["contact"][doubles])
    return person[fresh]


def import_lists(world: World, rng: np.random.Generator, day_second: int, day: int) -> None:
    """On some Mondays sales imports a typed list: contacts with typos and known people again."""
    if (day + 3) % 7 or not len(world.people):
        return
    size = int(rng.binomial(len(world.people), 0.0012))
    person = rng.integers(0, len(world.people), size)
    person = np.unique(person[world.people["arrival"][person] <= day])
    person = person[world.people["erased_at"][person] > day_second]
    at = np.full(len(person), day_second + 9 * HOUR) + np.arange(len(person)) % HOUR
    has = world.people["contact"][person] >= 0
    add_contacts(world, rng, person[~has], at[~has], IMPORT)
    known = person[has]
    add_contacts(world, rng, known, at[has], IMPORT, world.people["contact"][known])
    again = rng.random(len(known)) < 0.4
    twice = known[again]
    add_contacts(world, rng, twice, at[has][again] + HOUR, IMPORT, world.people["contact"][twice])
