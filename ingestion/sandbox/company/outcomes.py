"""What a visit leads to: an account, a newsletter, a demo request, an order, a left cart."""

from enum import IntEnum

import numpy as np

from ingestion.sandbox.company.channels import effects
from ingestion.sandbox.company.draws import Bools, Floats, Ints, generator
from ingestion.sandbox.company.visiting import Visits, season
from ingestion.sandbox.company.world import World


class Outcome(IntEnum):
    """The one notable thing a visit ends with."""

    NONE = 0
    CART = 1
    NEWSLETTER = 2
    ACCOUNT = 3
    DEMO = 4
    REFERRAL = 5
    ORDER = 6


def decide(world: World, seed: int, day: int, visits: Visits) -> None:
    """Set ``outcome`` (and lengthen visits that order); one sign-up per person and day."""
    rng = generator(seed, day, "outcomes")
    people = world.people
    person = visits.person
    human = ~visits.is_bot & ~visits.is_late & (visits.skew == 0)
    has_account = (people["customer"][person] >= 0) & human
    has_contact = (people["contact"][person] >= 0) & human
    works = (people["account"][person] >= 0) & human
    effect = effects()[visits.source]
    age_factor = np.where(visits.is_first, 0.55, 1.0)
    order = np.where(has_account, 0.115, 0.036) * effect * age_factor * season(day)
    order *= np.where(works, 0.5, 1.0)
    _mark(visits, rng, 0.06 * effect, human & (visits.actions > 2), Outcome.CART)
    _mark(visits, rng, 0.05 * effect, human & ~has_contact, Outcome.NEWSLETTER, once=True)
    _mark(visits, rng, 0.06 * effect, human & ~has_account, Outcome.ACCOUNT, once=True)
    _mark(visits, rng, 0.15 * effect, works & ~has_contact, Outcome.DEMO, once=True)
    advocates = has_account & (people["orders"][person] >= 2)
    _mark(visits, rng, 0.05 * effect, advocates, Outcome.REFERRAL)
    _mark(visits, rng, order, human, Outcome.ORDER)
    needs = np.array([1, 3, 2, 3, 3, 3, 5])[visits.outcome]
    visits.actions[:] = np.maximum(visits.actions, needs)


def _mark(
    visits: Visits,
    rng: np.random.Generator,
    chance: Floats,
    able: Bools,
    outcome: Outcome,
    once: bool = False,
) -> None:
    """Give ``outcome`` to able visits by chance, overwriting lesser ones."""
    drawn: Ints = np.flatnonzero((rng.random(len(visits)) < chance) & able)
    if once:
        _, first = np.unique(visits.person[drawn], return_index=True)
        drawn = drawn[first]
    visits.outcome[drawn] = outcome
