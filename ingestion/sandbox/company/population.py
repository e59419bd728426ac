"""Who lives in the company's markets: people, households, employers, addresses, phones, devices."""

import numpy as np

from ingestion.sandbox.company.clock import DAY, NEVER, START
from ingestion.sandbox.company.draws import Bools, Ints, generator, pick
from ingestion.sandbox.company.words import (
    COUNTRIES,
    DISPOSABLE_DOMAINS,
    FREE_DOMAINS,
    INDUSTRIES,
    names,
)
from ingestion.sandbox.company.world import World

BUSINESS_SHARE = 0.17
MEMBERS_PER_ACCOUNT = 9
MAIL_STYLES = 5
_GPC = np.array([0.12 if country.code in ("US", "CA") else 0.04 for country in COUNTRIES])
_BANNER = np.array(
    [
        [0.10, 0.05, 0.85] if country.code in ("US", "CA", "AU") else [0.31, 0.12, 0.57]
        for country in COUNTRIES
    ]
)


def arrive(world: World, seed: int, day: int, arrivals: Ints) -> Ints:
    """Add one person per entry of ``arrivals`` (the day each begins to be around).

    Returns the new row numbers. People of one household are neighbours in the table, share name,
    city, often one device and sometimes one phone.
    """
    rng = generator(seed, day, "population")
    count = len(arrivals)
    if not count:
        return np.zeros(0, dtype=np.int64)
    household_of, head = _households(world, rng, count)
    country = pick(rng, [each.weight for each in COUNTRIES], count)[head]
    cities = np.array([len(each.cities) for each in COUNTRIES])
    firsts = np.array([len(names(each.names)[0]) for each in COUNTRIES])
    lasts = np.array([len(names(each.names)[1]) for each in COUNTRIES])
    skewed = rng.random(count) ** 2.0
    from_second = START + arrivals * DAY
    account, seat = _employers(world, rng, country)
    moves = rng.random(count) < 0.035
    moved_at = np.maximum(from_second, START) + rng.integers(15 * DAY, 150 * DAY, count)
    changes = rng.random(count) < 0.06
    banner = (rng.random(count)[:, None] >= np.cumsum(_BANNER, axis=1)[country]).sum(axis=1)
    people = world.people.append(
        count,
        arrival=arrivals,
        country=country,
        city=(rng.random(count)[head] * cities[country]).astype(np.int64),
        first=(rng.random(count) * firsts[country]).astype(np.int64),
        last=(skewed[head] * lasts[country]).astype(np.int64),
        birth_year=np.clip(rng.normal(1984, 14, count), 1936, 2011).astype(np.int64),
        household=household_of,
        account=account,
        seat=seat,
        intensity=rng.lognormal(-0.35, 0.85, count),
        web_consent=banner,
        web_consent_next=rng.integers(0, 3, count),
        web_consent_at=np.where(
            changes, np.maximum(from_second, START) + rng.integers(5 * DAY, 140 * DAY, count), NEVER
        ),
        has_gpc=rng.random(count) < _GPC[country],
        optin=rng.random(count),
        email=-1,
        work_email=-1,
        phone=-1,
        device=-1,
        device2=-1,
        shared_device=-1,
        customer=-1,
        contact=-1,
        visits=0,
        orders=0,
        referred_by=-1,
        erased_at=np.where(
            rng.random(count) < 0.004,
            np.maximum(from_second, START) + rng.integers(20 * DAY, 170 * DAY, count),
            NEVER,
        ),
        first_visit_at=NEVER,
        first_order_at=NEVER,
        churn_at=from_second + (rng.exponential(420, count) * DAY).astype(np.int64) + 10 * DAY,
        old_email=-1,
        old_email_until=np.where(moves, moved_at, 0),
    )
    _addresses(world, rng, people, moves)
    _recycle(world, rng, people)
    _phones(world, rng, people, people[head])
    _devices(world, rng, people, people[head])
    return people


def _households(world: World, rng: np.random.Generator, count: int) -> tuple[Ints, Ints]:
    """Return household number and position of the household's head for every newcomer."""
    sizes = pick(rng, [0.62, 0.2, 0.1, 0.08], count) + 1
    members = np.repeat(np.arange(count), sizes)[:count]
    head = np.searchsorted(members, members, side="left")
    known = world.people["household"]
    base = int(known.max()) + 1 if len(known) else 0
    return base + members, head


def _employers(world: World, rng: np.random.Generator, country: Ints) -> tuple[Ints, Ints]:
    """Give a share of the newcomers an employer in their country; returns (account, seat)."""
    count = len(country)
    works = rng.random(count) < BUSINESS_SHARE
    account = np.full(count, -1, dtype=np.int64)
    seat = np.zeros(count, dtype=np.int64)
    for place in range(len(COUNTRIES)):
        staff = np.flatnonzero(works & (country == place))
        new = int(rng.binomial(len(staff), 1 / MEMBERS_PER_ACCOUNT))
        known = np.flatnonzero(world.accounts["country"] == place)
        if len(staff) and not len(known) and not new:
            new = 1
        added = world.accounts.append(
            new,
            name=0,
            industry=rng.integers(0, len(INDUSTRIES), new),
            employees=np.exp(rng.normal(4.6, 1.3, new)).astype(np.int64) + 3,
            country=place,
            created_at=NEVER,
            members=0,
            crm_at=NEVER,
            touched_at=NEVER,
        )
        choices = np.concatenate([known, added])
        if len(staff):
            chosen = choices[(rng.random(len(staff)) ** 1.5 * len(choices)).astype(np.int64)]
            account[staff] = chosen
            for person, employer in zip(staff.tolist(), chosen.tolist(), strict=True):
                seat[person] = world.accounts["members"][employer]
                world.accounts["members"][employer] += 1
    return account, seat


def _mail_domains(rng: np.random.Generator, count: int) -> Ints:
    free = pick(rng, [0.5, 0.25, 0.15, 0.1], count)
    disposable = len(FREE_DOMAINS) + rng.integers(0, len(DISPOSABLE_DOMAINS), count)
    return np.where(rng.random(count) < 0.015, disposable, free)


def _addresses(world: World, rng: np.random.Generator, people: Ints, moves: Bools) -> None:
    def private(owners: Ints) -> Ints:
        return world.emails.append(
            len(owners),
            person=owners,
            style=rng.integers(0, MAIL_STYLES, len(owners)),
            domain=_mail_domains(rng, len(owners)),
            account=-1,
            next_person=-1,
            next_from=NEVER,
        )

    world.people["email"][people] = private(people)
    movers = people[moves]
    world.people["old_email"][movers] = private(movers)
    staff = people[world.people["account"][people] >= 0]
    world.people["work_email"][staff] = world.emails.append(
        len(staff),
        person=staff,
        style=rng.integers(0, 2, len(staff)),
        domain=-1,
        account=world.people["account"][staff],
        next_person=-1,
        next_from=NEVER,
    )


def _recycle(world: World, rng: np.random.Generator, people: Ints) -> None:
    """Hand a few given-up addresses to newcomers who arrive well after."""
    given_up = np.flatnonzero(world.people["old_email"] >= 0)
    free_from = world.people["old_email_until"][given_up] + 20 * DAY
    takers = people[rng.random(len(people)) < 0.004]
    for taker in takers.tolist():
        begins = START + int(world.people["arrival"][taker]) * DAY
        able = given_up[(free_from < begins) & (given_up != taker)]
        able = able[world.emails["next_person"][world.people["old_email"][able]] < 0]
        if len(able):
            address = world.people["old_email"][able[int(rng.integers(0, len(able)))]]
            world.emails["next_person"][address] = taker
            world.emails["next_from"][address] = begins
            world.people["email"][taker] = address


def _phones(world: World, rng: np.random.Generator, people: Ints, heads: Ints) -> None:
    """Give most people a number of their own, some the household's; ranges can run out."""
    country = world.people["country"][people]
    has_own = rng.random(len(people)) < 0.72
    shares = (rng.random(len(people)) < 0.35)[heads - people[0]]
    for place, each in enumerate(COUNTRIES):
        capacity = sum(size for _, size in each.phones)
        used = int((world.phones["country"] == place).sum())
        owners = people[(country == place) & has_own & ~(shares & (people != heads))]
        owners = owners[: max(0, capacity - used)]
        world.people["phone"][owners] = world.phones.append(
            len(owners), person=owners, country=place, number=used + np.arange(len(owners))
        )
    joined = shares & (people != heads)
    world.people["phone"][people[joined]] = world.people["phone"][heads[joined]]


def _devices(world: World, rng: np.random.Generator, people: Ints, heads: Ints) -> None:
    """Give everyone a main device, some a second, and some households one that all use."""

    def add(owners: Ints, weights: list[float], is_shared: bool) -> Ints:
        return world.devices.append(
            len(owners),
            person=owners,
            kind=pick(rng, weights, len(owners)),
            is_shared=is_shared,
            generation=0,
            last_end=0,
            before_last_end=0,
            seen_generation=-1,
            seen_state=-1,
        )

    world.people["device"][people] = add(people, [0.36, 0.62, 0.02], False)
    second = people[rng.random(len(people)) < 0.42]
    world.people["device2"][second] = add(second, [0.6, 0.3, 0.1], False)
    sizes = np.bincount(heads - people[0], minlength=len(people))
    shared = people[(sizes > 1) & (rng.random(len(people)) < 0.5)]
    world.people["shared_device"][shared] = add(shared, [0.3, 0.05, 0.65], True)
    world.people["shared_device"][people] = world.people["shared_device"][heads]
