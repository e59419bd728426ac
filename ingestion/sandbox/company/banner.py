"""Answers to the consent banner: one act whenever a browser's answer is new or different."""

import numpy as np

from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.world import World

REFUSED, ANALYTICS_ONLY, ALL = range(3)


def answer(world: World, visits: Visits) -> None:
    """Record the acts behind one day's visits and remember each device's latest answer."""
    rows: Ints = np.flatnonzero(visits.device >= 0)
    rows = rows[np.lexsort((visits.start[rows], visits.device[rows]))]
    device = visits.device[rows]
    generation, state = visits.generation[rows], visits.consent[rows]
    before_generation = world.devices["seen_generation"][device].astype(np.int64)
    before_state = world.devices["seen_state"][device].astype(np.int64)
    again = np.flatnonzero(device[1:] == device[:-1]) + 1
    before_generation[again], before_state[again] = generation[again - 1], state[again - 1]
    acts = rows[(generation != before_generation) | (state != before_state)]
    acts = acts[np.argsort(visits.start[acts], kind="stable")]
    world.banner_acts.append(
        len(acts),
        person=visits.person[acts],
        device=visits.device[acts],
        generation=visits.generation[acts],
        state=visits.consent[acts],
        has_gpc=visits.has_gpc[acts],
        at=visits.start[acts],
        visit=-1,
    )
    world.devices["seen_generation"][device] = generation
    world.devices["seen_state"][device] = state
