"""A company on disk: made once from (people, seed), then moved forward day by day.

Folder: ``company.sqlite`` (what the servers answer from), ``state.npz`` (the simulation),
``company.json`` (size, seed, day, format) and ``truth/`` (ground truth; see the README).
"""

import json
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from ingestion.sandbox.company import clock, store, truth
from ingestion.sandbox.company.flow import write_day
from ingestion.sandbox.company.flush import flush
from ingestion.sandbox.company.life import begin, live
from ingestion.sandbox.company.world import World

FORMAT = 3
LONG_AGO = -1
DEFAULT_SEED = 20260930
DEFAULT_PEOPLE = 20_000


class CompanyError(RuntimeError):
    """A company folder is missing or of another format; the message says what to do."""


@dataclass
class Facts:
    """What ``company.json`` holds; ``day`` is the number of days lived since web history began."""

    people: int
    seed: int
    day: int
    format: int = FORMAT

    def as_of(self) -> datetime:
        """Return the instant the company stands at."""
        return clock.as_of(self.day)


def database(folder: Path) -> Path:
    """Return the path of the servers' store."""
    return folder / "company.sqlite"


def facts(folder: Path) -> Facts:
    """Return what a company folder says about itself.

    Raises:
        CompanyError: when there is no company, or one of another format.
    """
    try:
        stored = json.loads((folder / "company.json").read_text())
    except FileNotFoundError:
        raise CompanyError(f"no company in {folder.name}: create one first") from None
    if stored.get("format") != FORMAT:
        raise CompanyError(f"the company in {folder.name} has another format: create it again")
    return Facts(**stored)


def create(folder: Path, people: int, seed: int = DEFAULT_SEED) -> Facts:
    """Make a company with its whole web history; replaces what is in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "truth").mkdir(parents=True)
    world = begin(seed, people)
    return _live_on(folder, world, Facts(people, seed, 0), clock.HISTORY_DAYS, LONG_AGO)


def advance(folder: Path, days: int) -> Facts:
    """Let ``days`` more days happen; any split of a span gives the same company."""
    if days < 0:
        raise ValueError("time only moves forward: days must not be negative")
    known = facts(folder)
    world = World.load(folder / "state.npz")
    return _live_on(folder, world, known, days, clock.day_start(known.day))


def _live_on(folder: Path, world: World, known: Facts, days: int, since: int) -> Facts:
    ledger = truth.Ledger(folder / "truth", known.seed)
    until = known.day + days
    with closing(store.connect(database(folder))) as connection:
        connection.execute("begin immediate")
        for day in range(known.day, until):
            visits, duration = live(world, known.seed, day)
            clicks, first_id = write_day(connection, world, known.seed, day, visits, duration)
            ledger.visits(world, day, visits, clicks, first_id)
        now = clock.day_start(until)
        flush(connection, world, since, now)
        store.put_meta(connection, "as_of", str(now))
        connection.execute("commit")
    ledger.write(world, now)
    world.save(folder / "state.npz")
    known.day = until
    (folder / "company.json").write_text(json.dumps(asdict(known)))
    return known
