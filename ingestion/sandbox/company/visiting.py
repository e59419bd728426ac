"""One day of the website: who visits, on which device, from where, for how long.

Grain: one row per visit, as Matomo would open it. A device never has two visits closer than 31
minutes, so that a visit is also a session by the 30-minute rule.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from ingestion.sandbox.company.channels import source_weights
from ingestion.sandbox.company.clock import DAY, day_start, offset_seconds
from ingestion.sandbox.company.draws import Bools, Floats, Ints, generator, pick, pick_rows
from ingestion.sandbox.company.words import ZONES
from ingestion.sandbox.company.world import World

GAP = 1_860
_HOURS = (1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 10, 9, 8, 8, 9, 10, 12, 14, 14, 11, 6, 3)
_WEEKDAYS = (1.06, 1.0, 0.98, 0.98, 0.94, 0.96, 1.08)


@dataclass
class Visits:
    """Visits of one day; -1 marks nobody, nothing. Times in seconds, ``offsets`` per action."""

    person: Ints
    device: Ints
    generation: Ints
    start: Ints
    source: Ints
    actions: Ints
    customer: Ints
    consent: Ints
    has_gpc: Bools
    is_bot: Bools
    is_first: Bools
    outcome: Ints
    order: Ints
    junk_user: Ints
    is_late: Bools
    skew: Ints
    received: Ints
    is_doubled: Bools

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: Ints | Bools) -> "Visits":
        """Return some of the visits."""
        return replace(self, **{each.name: getattr(self, each.name)[rows] for each in fields(self)})


def season(day: int) -> float:
    """Return how busy a day is compared with an average one (weekly and yearly waves)."""
    weekday = (day + 3) % 7
    yearly = 1 + 0.22 * np.sin(2 * np.pi * (day + 10) / 365)
    sale = 1.5 if day % 91 in (60, 61, 62) else 1.0
    return float(_WEEKDAYS[weekday] * yearly * sale)


def visits_of(world: World, seed: int, day: int) -> tuple[Visits, Ints]:
    """Draw the visits of one day; returns them by start time with the duration of each in s."""
    rng = generator(seed, day, "visits")
    person = _visitors(world, rng, day)
    bots = int(rng.binomial(len(person), 0.02))
    person = np.concatenate([person, np.full(bots, -1)])
    is_bot = person < 0
    count = len(person)
    people = world.people
    device = _device_of(world, rng, person)
    start = _starts(rng, people["country"][person], day)
    bounces = rng.random(count) < 0.3
    actions = np.where(bounces, 1, 1 + rng.geometric(0.225, count)).clip(1, 40)
    actions[is_bot] = rng.integers(5, 40, bots)
    duration = np.where(is_bot, actions, (actions - 1) * rng.gamma(2.2, 24, count)).astype(np.int64)
    duration = np.minimum(duration, (actions - 1) * 1_500)
    first = (people["visits"][person] == 0) & ~is_bot
    subscribed = (people["contact"][person] >= 0) & (people["optin"][person] > 0.45)
    mix = np.where(first, 0, np.where(subscribed, 2, 1))
    visits = Visits(
        person=person,
        device=device,
        generation=np.zeros(count, dtype=np.int64),
        start=start,
        source=np.where(is_bot, 0, pick_rows(rng, source_weights(), mix)),
        actions=actions,
        customer=np.full(count, -1),
        consent=np.zeros(count, dtype=np.int64),
        has_gpc=np.zeros(count, dtype=np.bool_),
        is_bot=is_bot,
        is_first=first,
        outcome=np.zeros(count, dtype=np.int64),
        order=np.full(count, -1),
        junk_user=np.where(rng.random(count) < 0.002, rng.integers(0, 6, count), -1),
        is_late=np.zeros(count, dtype=np.bool_),
        skew=np.zeros(count, dtype=np.int64),
        received=start,
        is_doubled=(actions >= 6) & (rng.random(count) < 0.004),
    )
    kept = _spaced(world, visits, duration)
    visits, duration = visits.take(kept), duration[kept]
    _misread_clocks(world, rng, visits, day)
    _browse(world, rng, visits, duration)
    _delay(world, rng, visits)
    return visits, duration


def _visitors(world: World, rng: np.random.Generator, day: int) -> Ints:
    """Return one entry per visit: interest fades after discovery, customers come back more."""
    people = world.people
    now = day_start(day)
    age = day - people["arrival"]
    rate: Floats = people["intensity"] * (
        0.43 * np.exp(-np.maximum(age, 0) / 11.0) + 0.007 + 0.018 * (people["orders"] > 0)
    )
    rate *= (age >= 0) & (people["churn_at"] > now) & (people["erased_at"] > now)
    rate *= season(day)
    return np.repeat(np.arange(len(people)), rng.poisson(rate))


def _device_of(world: World, rng: np.random.Generator, person: Ints) -> Ints:
    people = world.people
    chance = rng.random(len(person))
    second, shared = people["device2"][person], people["shared_device"][person]
    device = np.where((chance < 0.28) & (second >= 0), second, people["device"][person])
    device = np.where((chance > 0.86) & (shared >= 0), shared, device)
    return np.where(person < 0, -1, device)


def _starts(rng: np.random.Generator, country: Ints, day: int) -> Ints:
    offsets = np.array([offset_seconds(zone, day) for zone in ZONES])[country]
    local = pick(rng, _HOURS, len(country)) * 3_600 + rng.integers(0, 3_600, len(country))
    return np.asarray(day_start(day) + (local - offsets) % DAY, dtype=np.int64)


def _spaced(world: World, visits: Visits, duration: Ints) -> Ints:
    """Return positions of the visits to keep, by start time, apart from each other per device."""
    order = np.lexsort((visits.start, visits.device))
    device, start = visits.device[order], visits.start[order]
    ends = start + duration[order]
    same = np.zeros(len(order), dtype=np.bool_)
    same[1:] = device[1:] == device[:-1]
    before = np.where(same, np.roll(ends, 1), world.devices["last_end"][device])
    good = (start - before >= GAP) | (device < 0)
    good[1:] &= ~(same[1:] & ~good[:-1]) | (device[1:] < 0)
    kept = order[good]
    return kept[np.argsort(visits.start[kept], kind="stable")]


def _misread_clocks(world: World, rng: np.random.Generator, visits: Visits, day: int) -> None:
    """Shift a few visits by up to 50 minutes: apps that send the time of a wrong device clock.

    No visit leaves its day by that, else it would be seen before it began.
    """
    _, position, uses = np.unique(visits.device, return_inverse=True, return_counts=True)
    quiet = world.devices["last_end"][visits.device] + 3 * GAP < visits.start
    wrong = (uses[position] == 1) & quiet & (visits.device >= 0) & (rng.random(len(visits)) < 0.004)
    wrong &= np.abs(visits.start - day_start(day) - DAY // 2) < DAY // 2 - 3_000
    visits.skew[wrong] = rng.integers(-3_000, 3_000, int(wrong.sum()))
    visits.start[wrong] += visits.skew[wrong]


def _delay(world: World, rng: np.random.Generator, visits: Visits) -> None:
    """Move a few visits one to four days back: they happened then and arrive today."""
    devices = world.devices
    shift = rng.integers(1, 5, len(visits)) * DAY + rng.integers(0, 3_600, len(visits))
    late = (rng.random(len(visits)) < 0.008) & (visits.device >= 0) & ~visits.is_first
    late &= (visits.skew == 0) & (visits.consent > 0)
    late &= devices["seen_generation"][visits.device] == visits.generation
    late &= devices["seen_state"][visits.device] == visits.consent
    late &= devices["before_last_end"][visits.device] + GAP < visits.start - shift - 2 * GAP
    visits.is_late[:] = late
    visits.received = visits.start.copy()
    visits.start[late] -= shift[late]
    visits.customer[late] = -1


def _browse(world: World, rng: np.random.Generator, visits: Visits, duration: Ints) -> None:
    """Set what the browser knows: cookie generation, banner answer, GPC signal, login."""
    devices, people = world.devices, world.people
    human = visits.device >= 0
    used = np.unique(visits.device[human])
    devices["generation"][used] += rng.random(len(used)) < 0.035
    visits.generation[human] = devices["generation"][visits.device[human]]
    owner = devices["person"][visits.device]
    changed = visits.start >= people["web_consent_at"][owner]
    state = np.where(changed, people["web_consent_next"][owner], people["web_consent"][owner])
    visits.consent[:] = np.where(human, state, 2)
    visits.has_gpc[:] = (
        human & people["has_gpc"][owner] & (visits.device == people["device"][owner])
    )
    customer = people["customer"][visits.person]
    known = human & (customer >= 0)
    known[known] = world.customers["created_at"][customer[known]] < visits.start[known]
    logged = known & (rng.random(len(visits)) < 0.5)
    visits.customer[:] = np.where(logged, customer, -1)
    devices["before_last_end"][used] = devices["last_end"][used]
    np.maximum.at(devices["last_end"], visits.device[human], (visits.start + duration)[human])
    np.add.at(people["visits"], visits.person[human], 1)
    np.minimum.at(people["first_visit_at"], visits.person[human], visits.start[human])
