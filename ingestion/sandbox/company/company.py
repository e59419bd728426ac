"""A company on disk: made once from (people, seed), then moved forward day by day."""

import shutil
from contextlib import closing
from pathlib import Path

from ingestion.sandbox.company import clock, store, truth
from ingestion.sandbox.company.drops import permissions
from ingestion.sandbox.company.drops.folder import Drops
from ingestion.sandbox.company.flow import write_day
from ingestion.sandbox.company.flush import flush
from ingestion.sandbox.company.folder import Facts, database, facts, remember
from ingestion.sandbox.company.life import begin, live
from ingestion.sandbox.company.world import World

LONG_AGO = -1


def create(folder: Path, people: int, seed: int) -> Facts:
    """Make a company with its whole web history; replaces what is in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "truth").mkdir(parents=True)
    world = begin(seed, people)
    return _live_on(folder, world, Facts(people, seed, 0), clock.HISTORY_DAYS, LONG_AGO)


def advance(folder: Path, days: int) -> Facts:
    """Let ``days`` more days happen; any split of a span gives the same company.

    Raises:
        CompanyError: when there is no company in the folder.
        ValueError: for a negative number of days.
    """
    if days < 0:
        raise ValueError("time only moves forward: days must not be negative")
    known = facts(folder)
    world = World.load(folder / "state.npz")
    return _live_on(folder, world, known, days, clock.day_start(known.day))


def _live_on(folder: Path, world: World, known: Facts, days: int, since: int) -> Facts:
    ledger = truth.Ledger(folder / "truth", known.seed)
    until = known.day + days
    now = clock.day_start(until)
    drops = Drops()
    with closing(store.connect(database(folder), fresh=since == LONG_AGO)) as connection:
        connection.execute("begin immediate")
        for day in range(known.day, until):
            visits, duration = live(world, known.seed, day)
            clicks, first_id = write_day(connection, world, known.seed, day, visits, duration)
            ledger.visits(world, day, visits, clicks, first_id)
            drops.live(world, known.seed, day, visits)
        flush(connection, world, since, now)
        drops.write(folder, connection, world, now)
        elsewhere = list(permissions.acts(connection, now))
        store.put_meta(connection, "as_of", str(now))
        connection.execute("commit")
    ledger.write(world, now, elsewhere)
    world.save(folder / "state.npz")
    known.day = until
    remember(folder, known)
    return known
