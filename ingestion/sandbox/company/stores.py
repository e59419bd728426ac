"""Sales without a website: shops in the street, and orders from before web analytics began."""

import numpy as np

from ingestion.sandbox.company.accounts import FORM_PLAIN, FORM_TYPO, HOUR, address_at
from ingestion.sandbox.company.clock import DAY, START, day_start
from ingestion.sandbox.company.draws import Ints, generator
from ingestion.sandbox.company.ordering import POS, WEB, place_orders
from ingestion.sandbox.company.visiting import season
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

SHARED_EMAIL = -2
_HAS_STORE = np.array([country.code in ("DE", "FR") for country in COUNTRIES])


def sell_in_stores(world: World, seed: int, day: int) -> Ints:
    """Sell over the counter: to known customers, to people who leave an address, to passers-by."""
    rng = generator(seed, day, "stores")
    people = world.people
    near = np.flatnonzero(
        _HAS_STORE[people["country"]]
        & (people["arrival"] <= day)
        & (people["erased_at"] > day_start(day))
    )
    count = int(rng.poisson(len(near) * 0.0018 * season(day))) if len(near) else 0
    person = near[rng.integers(0, max(1, len(near)), count)]
    at = day_start(day) + rng.integers(8 * HOUR, 18 * HOUR, count)
    at.sort()
    customer = people["customer"][person]
    known = (customer >= 0) & (rng.random(count) < 0.75)
    known[known] = world.customers["created_at"][customer[known]] < at[known]
    leaves_mail = ~known & (rng.random(count) < 0.35)
    anonymous = ~known & ~leaves_mail
    shared = leaves_mail & (rng.random(count) < 0.06)
    email = np.where(leaves_mail, address_at(world, person, at), -1)
    email = np.where(known, world.customers["email"][customer], email)
    typo = leaves_mail & (rng.random(count) < 0.06)
    has_phone = leaves_mail & (rng.random(count) < 0.3)
    return place_orders(
        world,
        rng,
        person=np.where(anonymous, -1, person),
        customer=np.where(known, customer, -1),
        email=np.where(shared, SHARED_EMAIL, email),
        email_form=np.where(typo, FORM_TYPO, FORM_PLAIN),
        phone=np.where(has_phone, people["phone"][person], -1),
        at=at,
        origin=np.full(count, POS),
        country=people["country"][person],
        source=np.full(count, -1),
        landing=np.full(count, -1),
        location=np.where(people["country"][person] == 0, 1, 2),
    )


def remember_past(world: World, seed: int) -> Ints:
    """Give customers from before the web history one to three older orders; returns the rows."""
    rng = generator(seed, -1, "past orders")
    customers = np.flatnonzero(world.customers["created_at"] < START)
    rows = np.repeat(customers, rng.integers(0, 4, len(customers)))
    created = world.customers["created_at"][rows]
    at = created + (rng.random(len(rows)) * np.maximum(START - created - DAY, HOUR)).astype(
        np.int64
    )
    by_time = np.argsort(at, kind="stable")
    rows, at = rows[by_time], at[by_time]
    person = world.customers["person"][rows]
    return place_orders(
        world,
        rng,
        person=person,
        customer=rows,
        email=world.customers["email"][rows],
        email_form=np.full(len(rows), FORM_PLAIN),
        phone=np.full(len(rows), -1),
        at=at,
        origin=np.full(len(rows), WEB),
        country=world.people["country"][person],
        source=np.zeros(len(rows), dtype=np.int64),
        landing=np.zeros(len(rows), dtype=np.int64),
        location=np.zeros(len(rows), dtype=np.int64),
    )
