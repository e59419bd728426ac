"""Writes a day's web visits into the store and lets earlier visits finish."""

import sqlite3

import numpy as np

from ingestion.sandbox.company import store
from ingestion.sandbox.company.clicks import Clicks, clicks_of
from ingestion.sandbox.company.clock import day_start
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.render import visits as visit_texts
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.world import World

VISIT_COUNTER, PAGE_COUNTER = 0, 1
# From this many people on, visits are kept compressed: a tenth of the disk for a third more time.
LARGE = 100_000


def write_day(
    connection: sqlite3.Connection,
    world: World,
    seed: int,
    day: int,
    visits: Visits,
    duration: Ints,
) -> tuple[Clicks, int]:
    """Store the visits of one day; returns their clicks and the id of the first visit."""
    finish_visits(connection, day_start(day))
    clicks = clicks_of(world, seed, day, visits, duration)
    counters = world.counters["value"]
    first_id, page_base = int(counters[VISIT_COUNTER]) + 1, int(counters[PAGE_COUNTER]) + 1
    counters[VISIT_COUNTER] += len(visits)
    counters[PAGE_COUNTER] += len(clicks.visit)
    if not len(visits):
        return clicks, first_id
    bought = np.flatnonzero(visits.order >= 0)
    world.orders["landing"][visits.order[bought]] = clicks.kind[clicks.first[bought]]
    written = visit_texts.write(world, seed, day, visits, clicks, first_id, page_base)
    large = len(world.people) >= LARGE
    for sql, rows in (
        ("insert into matomo_visits values (?, ?, ?, ?)", written.rows),
        ("insert into matomo_growth values (?, ?, ?, ?)", written.growth),
    ):
        connection.executemany(sql, store.packed(rows) if large else rows)
    return clicks, first_id


def finish_visits(connection: sqlite3.Connection, now: int) -> None:
    """Replace visits that were going on by what they became, once that time has come."""
    connection.execute(
        "update matomo_visits set (last_action, doc) = (select g.last_action, g.doc"
        " from matomo_growth g where g.id = matomo_visits.id)"
        " where id in (select id from matomo_growth where due <= ?)"
        " and id not in (select id from touched where kind = 'visit')",
        (now,),
    )
    connection.execute("delete from matomo_growth where due <= ?", (now,))
