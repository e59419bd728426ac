"""A day in the company's life, and its beginning: the order in which things happen.

Each day reads the state left by the day before and draws from its own generators, so any split of a
span into days gives the same company.
"""

import numpy as np

from ingestion.sandbox.company import accounts, banner, crm, outcomes, selling, stock, stores
from ingestion.sandbox.company.clock import DAY, HISTORY_DAYS, START, day_start
from ingestion.sandbox.company.draws import Ints, generator
from ingestion.sandbox.company.ordering import WEB, place_orders
from ingestion.sandbox.company.outcomes import Outcome
from ingestion.sandbox.company.population import arrive
from ingestion.sandbox.company.visiting import Visits, season, visits_of
from ingestion.sandbox.company.world import World

KNOWN_BEFORE = 0.3


def begin(seed: int, people: int) -> World:
    """Return the company on the eve of its web history, with everyone who comes until its end."""
    world = World()
    rng = generator(seed, -1, "beginning")
    before = round(people * KNOWN_BEFORE)
    pace = np.cumsum([season(day) * (1 + 0.004 * day) for day in range(HISTORY_DAYS)])
    later = np.searchsorted(pace / pace[-1], rng.random(people - before), side="right")
    arrivals = np.concatenate([-rng.integers(1, 540, before), later])
    arrive(world, seed, -1, np.sort(arrivals))
    _past(world, rng)
    past = stores.remember_past(world, seed)
    crm.note_purchases(world, world.orders["person"][past], world.orders["ordered_at"][past])
    selling.open_deals(world, generator(seed, -1, "deals"), 0, START)
    stock.open_shelves(world, seed)
    world.counters.append(4, value=0)
    return world


def _past(world: World, rng: np.random.Generator) -> None:
    """Open accounts and CRM records for some of the people from before."""
    early = np.flatnonzero(world.people["arrival"] < -3)
    span = -world.people["arrival"][early] * DAY
    at = START - (rng.random(len(early)) * (span - DAY)).astype(np.int64) - DAY
    buyers = rng.random(len(early)) < 0.42
    accounts.open_accounts(world, rng, early[buyers], at[buyers])
    for origin, share in ((crm.NEWSLETTER, 0.2), (crm.STORE, 0.08)):
        chosen = (rng.random(len(early)) < share) & (world.people["contact"][early] < 0)
        crm.add_contacts(world, rng, early[chosen], at[chosen], origin)
    crm.sync_from_shop(world, rng, early[buyers], at[buyers])


def live(world: World, seed: int, day: int) -> tuple[Visits, Ints]:
    """Let one day happen; returns its visits and their durations, ready to be written down."""
    if day >= HISTORY_DAYS:
        pace = len(world.people) / HISTORY_DAYS * 0.5 * season(day)
        newcomers = int(generator(seed, day, "newcomers").poisson(pace))
        arrive(world, seed, day, np.full(newcomers, day))
    visits, duration = visits_of(world, seed, day)
    outcomes.decide(world, seed, day, visits)
    rng = generator(seed, day, "conversions")
    _sign_up(world, rng, visits, duration)
    web = _buy(world, rng, visits, duration)
    in_store = stores.sell_in_stores(world, seed, day)
    for orders in (web, in_store):
        known = orders[world.orders["person"][orders] >= 0]
        crm.note_purchases(world, world.orders["person"][known], world.orders["ordered_at"][known])
    crm.import_lists(world, generator(seed, day, "imports"), day_start(day), day)
    selling.open_deals(world, generator(seed, day, "deals"), day_start(day), day_start(day + 1))
    stock.move_stock(world, seed, day, np.concatenate([web, in_store]))
    banner.answer(world, visits)
    return visits, duration


def _sign_up(world: World, rng: np.random.Generator, visits: Visits, duration: Ints) -> None:
    """Turn newsletter, demo and account outcomes into CRM and shop records."""
    end = visits.start + duration
    for outcome, origin in ((Outcome.NEWSLETTER, crm.NEWSLETTER), (Outcome.DEMO, crm.DEMO)):
        rows = np.flatnonzero(visits.outcome == outcome)
        rows = rows[world.people["contact"][visits.person[rows]] < 0]
        crm.add_contacts(world, rng, visits.person[rows], end[rows], origin)
    opens = visits.outcome == Outcome.ACCOUNT
    buys = (visits.outcome == Outcome.ORDER) & (rng.random(len(visits)) < 0.8)
    rows = np.flatnonzero(opens | buys)
    rows = rows[world.people["customer"][visits.person[rows]] < 0]
    rows = rows[accounts.first_of_each(visits.person[rows])]
    at = np.maximum(visits.start[rows] + 30, end[rows] - 90)
    customers = accounts.open_accounts(world, rng, visits.person[rows], at)
    visits.customer[rows] = customers
    crm.sync_from_shop(world, rng, visits.person[rows], at)


def _buy(world: World, rng: np.random.Generator, visits: Visits, duration: Ints) -> Ints:
    """Turn order outcomes into shop orders, with the account when there is one by then."""
    rows = np.flatnonzero(visits.outcome == Outcome.ORDER)
    person, at = visits.person[rows], visits.start[rows] + duration[rows]
    customer = world.people["customer"][person]
    known = customer >= 0
    known[known] = world.customers["created_at"][customer[known]] <= at[known]
    customer = np.where(known, customer, -1)
    visits.customer[rows] = customer
    guest = accounts.address_at(world, person, at)
    email = np.where(known, world.customers["email"][customer], guest)
    form = np.where(
        known,
        world.customers["email_form"][customer],
        np.where(rng.random(len(rows)) < 0.03, accounts.FORM_UPPER, 0),
    )
    moved = known & (world.customers["next_email_at"][customer] <= at)
    email = np.where(moved, world.customers["next_email"][customer], email)
    orders = place_orders(
        world,
        rng,
        person=person,
        customer=customer,
        email=email,
        email_form=form,
        phone=np.where(rng.random(len(rows)) < 0.35, world.people["phone"][person], -1),
        at=at,
        origin=np.full(len(rows), WEB),
        country=world.people["country"][person],
        source=visits.source[rows],
        landing=np.zeros(len(rows), dtype=np.int64),
        location=np.zeros(len(rows), dtype=np.int64),
    )
    visits.order[rows] = orders
    return orders
