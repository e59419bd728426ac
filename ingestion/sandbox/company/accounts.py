"""Shop accounts: who opens one, with which address and number, agreeing to what."""

import numpy as np

from ingestion.sandbox.company.clock import DAY, NEVER
from ingestion.sandbox.company.draws import Ints, pick
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

HOUR = 3_600
FORM_PLAIN, FORM_UPPER, FORM_PLUS, FORM_DOTS, FORM_TYPO = range(5)
NOT_SUBSCRIBED, SINGLE_OPT_IN, DOUBLE_OPT_IN, INVALID = range(4)
_DOUBLE = np.array([country.code not in ("US", "CA", "AU", "GB") for country in COUNTRIES])


def address_at(world: World, person: Ints, at: Ints) -> Ints:
    """Return the private address each person used at an instant."""
    people = world.people
    former = (people["old_email"][person] >= 0) & (at < people["old_email_until"][person])
    return np.where(former, people["old_email"][person], people["email"][person])


def follow_up(world: World, rng: np.random.Generator, person: Ints, at: Ints) -> tuple[Ints, Ints]:
    """Return (new address, when) for records made with an address its owner gives up later.

    Four in ten such records are never corrected.
    """
    people = world.people
    until = people["old_email_until"][person]
    moves = (people["old_email"][person] >= 0) & (at < until) & (rng.random(len(person)) < 0.6)
    when = until + rng.integers(HOUR, 20 * DAY, len(person))
    return (np.where(moves, people["email"][person], -1), np.where(moves, when, NEVER))


def open_accounts(world: World, rng: np.random.Generator, person: Ints, at: Ints) -> Ints:
    """Create one shop customer per (distinct) person; returns the new rows."""
    people, count = world.people, len(person)
    works = (people["work_email"][person] >= 0) & (rng.random(count) < 0.5)
    private = _free_address(world, person, address_at(world, person, at))
    next_email, next_at = follow_up(world, rng, person, at)
    asks = people["optin"][person] > 0.5
    state = np.where(
        asks,
        np.where(_DOUBLE[people["country"][person]], DOUBLE_OPT_IN, SINGLE_OPT_IN),
        NOT_SUBSCRIBED,
    )
    state = np.where(rng.random(count) < 0.004, INVALID, state)
    confirms = (state == DOUBLE_OPT_IN) & (rng.random(count) < 0.74)
    confirm_at = np.where(confirms, at + rng.integers(60, 30 * HOUR, count), NEVER)
    confirm_at = np.where(state == SINGLE_OPT_IN, at, confirm_at)
    leaves = (state > 0) & (state < INVALID) & (rng.random(count) < 0.16)
    leave_at = confirm_at + (rng.exponential(45, count) * DAY).astype(np.int64) + HOUR
    phone = np.where(rng.random(count) < 0.5, people["phone"][person], -1)
    texts = (phone >= 0) & asks & (rng.random(count) < 0.35)
    text_leaves = texts & (rng.random(count) < 0.12)
    customers = world.customers.append(
        count,
        person=person,
        email=np.where(works, people["work_email"][person], private),
        email_form=pick(rng, [0.935, 0.04, 0.015, 0.01, 0.0], count),
        next_email=np.where(works, -1, next_email),
        next_email_at=np.where(works, NEVER, next_at),
        phone=phone,
        created_at=at,
        email_state=state,
        email_at=np.where(asks, at, NEVER),
        email_confirm_at=confirm_at,
        email_unsubscribe_at=np.where(leaves & (confirm_at < NEVER), leave_at, NEVER),
        sms_at=np.where(texts, at, NEVER),
        sms_unsubscribe_at=np.where(text_leaves, at + rng.integers(DAY, 90 * DAY, count), NEVER),
        touched_at=np.where(rng.random(count) < 0.1, at + rng.integers(DAY, 120 * DAY, count), 0),
        erase_at=people["erased_at"][person],
    )
    people["customer"][person] = customers
    return customers


def _free_address(world: World, person: Ints, email: Ints) -> Ints:
    """Swap addresses that another account still has (recycled ones) for new ones."""
    taken = np.flatnonzero(np.isin(email, world.customers["email"]) & (email >= 0))
    email = email.copy()
    email[taken] = world.emails.append(
        len(taken),
        person=person[taken],
        style=0,
        domain=0,
        account=-1,
        next_person=-1,
        next_from=NEVER,
    )
    return email


def first_of_each(person: Ints) -> Ints:
    """Return positions of the first entry of every person, in order of appearance."""
    _, first = np.unique(person, return_index=True)
    return np.sort(first)
