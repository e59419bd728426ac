"""The drop folder of a company, ``drops/<feed>/…``: written anew where its lines changed.

Ad reports are monthly and restated in place; journals weekly per store; call logs, ticket
exports and lists of consents monthly. A file whose content did not change is left alone, so that
its time stays.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.sandbox.company import store
from ingestion.sandbox.company.clock import DAY, START
from ingestion.sandbox.company.drops import (
    ads,
    kept,
    outlet,
    permissions,
    render,
    service,
    stores,
    woo,
)
from ingestion.sandbox.company.drops.kept import Line
from ingestion.sandbox.company.folder import database
from ingestion.sandbox.company.render.naming import Naming
from ingestion.sandbox.company.truth.columns import instants
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.world import World

FOLDER = "drops"
WEEK = 7 * DAY
_REPORTS: dict[str, Callable[[list[Line], date, date, int], bytes]] = {
    "google_ads": render.google_ads,
    "meta_ads": render.meta_ads,
    "other_ads": render.other_ads,
}


class Drops:
    """What third parties note over a span of days; written down at its end."""

    def __init__(self) -> None:
        self._lines: list[Line] = []

    def live(self, world: World, seed: int, day: int, visits: Visits) -> None:
        """Let a day happen."""
        self._lines += ads.spend(world, seed, day, visits)
        self._lines += stores.sell(world, seed, day)
        self._lines += service.answer(world, seed, day)
        self._lines += outlet.sell(world, seed, day)
        self._lines += permissions.given(world, seed, day)

    def write(self, folder: Path, connection: sqlite3.Connection, world: World, now: int) -> None:
        """Keep the lines and bring the drop folder up to an instant."""
        kept.prepare(connection)
        kept.put(connection, kept.named(self._lines, Naming(world)))
        self._lines.clear()
        woo.write(connection, now)
        write(folder, connection, now)


def render_again(folder: Path) -> None:
    """Write the files as the lines stand now, after a test changed some of them."""
    with closing(store.connect(database(folder))) as connection:
        write(folder, connection, int(store.get_meta(connection, "as_of")))


def write(folder: Path, connection: sqlite3.Connection, now: int) -> None:
    """Bring the drop folder up to an instant."""
    kept.prepare(connection)
    for path, content in _files(connection, now):
        target = folder / FOLDER / path
        if target.exists() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".part")
        unfinished.write_bytes(content)
        unfinished.replace(target)
    _write_truth(folder, connection, now)


def _files(connection: sqlite3.Connection, now: int) -> Iterator[tuple[str, bytes]]:
    spent = kept.lines(connection, ads.FEED, now)
    today = render.day_of(now - 1)
    for (unit, month), lines in _grouped(spent, _month).items():
        first = date.fromisoformat(f"{month}-01")
        last = min(today, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1))
        yield f"ads/{unit}/{month}.csv", _REPORTS[unit](lines, first, last, now)
    for (unit, first_day), lines in _grouped(
        kept.lines(connection, stores.FEED, now), _week
    ).items():
        start = date.fromisoformat(first_day)
        end = min(today, start + timedelta(days=6))
        content = render.journal(lines, render.store_of(unit), start, end)
        yield f"pos/{unit}/{first_day}.csv", content
    for (_, month), lines in _grouped(kept.lines(connection, service.CALLS, now), _month).items():
        yield f"calls/{month}.csv", render.calls(lines)
    for (_, month), lines in _grouped(kept.lines(connection, service.TICKETS, now), _month).items():
        yield f"tickets/{month}.csv", render.tickets(lines, now)
    told = kept.lines(connection, permissions.FEED, now)
    for (unit, month), lines in _grouped(told, _month).items():
        yield f"consents/{unit}/{month}.csv", render.permissions(lines)


def _grouped(lines: list[Line], period: Callable[[int], str]) -> dict[tuple[str, str], list[Line]]:
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        found.setdefault((line.unit, period(line.at)), []).append(line)
    return found


def _month(at: int) -> str:
    return f"{render.day_of(at):%Y-%m}"


def _week(at: int) -> str:
    return render.day_of(START + (at - START) // WEEK * WEEK).isoformat()


def _write_truth(folder: Path, connection: sqlite3.Connection, now: int) -> None:
    feeds = (stores.FEED, service.CALLS, service.TICKETS, outlet.FEED)
    lines = [line for feed in feeds for line in kept.lines(connection, feed, now)]
    table = pa.table(
        {
            "feed": pa.array([line.feed for line in lines], pa.string()),
            "record_id": pa.array([line.id for line in lines], pa.string()),
            "person_id": pa.array([line.person for line in lines], pa.int64()),
            "occurred_at": instants([line.at for line in lines]),  # type: ignore[arg-type]
        }
    )
    (folder / "truth").mkdir(exist_ok=True)
    pq.write_table(table, folder / "truth" / "drops.parquet")
