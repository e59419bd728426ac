"""Readers of every kind during 50 publishes: no error, no mixed release, no long wait."""

import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from orchestration import publishing
from orchestration.publishing.session import LOCK_TIMEOUT_MS
from tests.conftest import Warehouse
from tests.integration.publishing_world import PEOPLE, World, node

pytestmark = pytest.mark.faults

PUBLISHES = 50
READERS = 16
# Turns that also add a column, which needs every reader out of the table for a moment.
WIDENED = (17, 34)

ONE_MOMENT = """
    select (select max(release_id) from marts_meta.releases),
        min(people.amount), max(people.amount), min(visits.page_count), max(visits.page_count)
    from marts.people join marts.visits using (person_id)
    where person_id in ('p1', 'p2', 'p3', 'p4', 'p5')
"""


class Readers:
    """Threads that read until told to stop, and what they saw."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.stopped = threading.Event()
        self.errors: list[str] = []
        self.mixed: list[tuple[object, ...]] = []
        self.longest = 0.0
        self.count = 0
        self.threads: list[threading.Thread] = []

    def add(self, read: Callable[["Readers", psycopg.Connection], None], role: str) -> None:
        thread = threading.Thread(target=self._run, args=(read, role), daemon=True)
        self.threads.append(thread)
        thread.start()

    def _run(self, read: Callable[["Readers", psycopg.Connection], None], role: str) -> None:
        try:
            with self.warehouse.connect(role) as conn:
                while not self.stopped.is_set():
                    read(self, conn)
        except psycopg.Error as error:
            self.errors.append(f"{role}: {type(error).__name__} {error.sqlstate}")

    def look(self, conn: psycopg.Connection, query: str = ONE_MOMENT) -> tuple[object, ...]:
        started = time.monotonic()
        row = conn.execute(query.encode()).fetchone()
        self.longest = max(self.longest, time.monotonic() - started)
        self.count += 1
        assert row is not None
        if len(set(row[1:])) != 1:
            self.mixed.append(row)
        return tuple(row)

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)


def single_statements(readers: Readers, conn: psycopg.Connection) -> None:
    readers.look(conn)
    time.sleep(0.01)


def held_open(readers: Readers, conn: psycopg.Connection) -> None:
    """Reads, sits idle in transaction for a second, reads again."""
    with conn.transaction():
        readers.look(conn)
        readers.stopped.wait(1.0)
        readers.look(conn)


def repeatable(readers: Readers, conn: psycopg.Connection) -> None:
    """Sees one release through all its transaction."""
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with conn.transaction():
        first = readers.look(conn)
        readers.stopped.wait(0.4)
        again = readers.look(conn)
    if first != again:
        readers.mixed.append((*first, *again))


def through_a_view(readers: Readers, conn: psycopg.Connection) -> None:
    readers.look(conn, "select * from outside.moment")
    time.sleep(0.02)


def with_a_foreign_key(readers: Readers, conn: psycopg.Connection) -> None:
    conn.execute("insert into outside.notes select 'p' || (1 + floor(random() * 900))")
    readers.count += 1
    time.sleep(0.02)


@pytest.fixture
def world(fresh_database: Warehouse) -> World:
    made = World(fresh_database)
    made.reset()
    made.build()
    # every person the readers look at and every visit of theirs carries the turn
    turn(made, 0)
    made.publish()
    with fresh_database.connect("admin") as conn:
        conn.execute("drop schema if exists outside cascade")
        conn.execute("create schema outside")
        conn.execute(
            f"create view outside.moment (release_id, a, b, c, d) as {ONE_MOMENT}".encode()
        )
        conn.execute("create table outside.notes (person_id text references marts.people)")
    return made


def turn(world: World, number: int) -> None:
    world.core(
        f"begin; update core.people set amount = {number} where person_id in "
        "('p1', 'p2', 'p3', 'p4', 'p5'); "
        f"update core.visits set page_count = {number} where person_id in "
        "('p1', 'p2', 'p3', 'p4', 'p5'); commit"
    )


def widen(world: World, number: int) -> None:
    columns = {**PEOPLE, **{f"extra_{n}": "integer" for n in WIDENED if n <= number}}
    world.core(f"alter table core.people add column extra_{number} integer")
    targets = [{"schema": s, "table": "people"} for s in ("marts", "marts_sales")]
    world.nodes["people"] = node("people", columns, ["person_id"], publish=targets)


def test_readers_of_every_kind_notice_nothing_of_fifty_publishes(world: World) -> None:
    readers = Readers(world.warehouse)
    for _ in range(READERS):
        readers.add(single_statements, "analyst")
    readers.add(held_open, "analyst")
    readers.add(repeatable, "analyst")
    readers.add(through_a_view, "admin")
    readers.add(with_a_foreign_key, "admin")
    slowest = 0.0
    try:
        for number in range(1, PUBLISHES + 1):
            turn(world, number)
            if number in WIDENED:
                widen(world, number)
            release = world.publish()
            assert release.id == number + 1
            slowest = max(slowest, release.seconds)
    finally:
        readers.stop()
    assert readers.errors == []
    assert readers.mixed == []
    assert readers.count > PUBLISHES * 10
    assert readers.longest < LOCK_TIMEOUT_MS / 1000 + slowest
    print(f"{readers.count} reads, longest {readers.longest:.2f} s, slowest {slowest:.2f} s")  # noqa: T201


def test_a_reader_who_never_ends_delays_the_publisher_only_and_is_named(world: World) -> None:
    with world.warehouse.connect("analyst") as idle, idle.transaction():
        idle.execute("select count(*) from marts.people")
        turn(world, 1)
        assert world.publish().is_new, "plain changes pass an idle reader"
        widen(world, 17)
        with pytest.raises(publishing.LockedOut, match=r"marts\.people is locked by backend \d+"):
            world.publish(patience=3.0)
        assert world.read("select count(*) from marts.people") == [(1000,)]
    assert world.publish().is_new


def test_an_outside_foreign_key_onto_a_row_that_goes_is_named(world: World) -> None:
    with world.warehouse.connect("admin") as conn:
        conn.execute("insert into outside.notes values ('p77')")
    before = world.checksum()
    world.core(
        "delete from core.people where person_id = 'p77'",
        "delete from core.visits where person_id = 'p77'",
    )
    with pytest.raises(publishing.PublishError, match="notes_person_id_fkey"):
        world.publish()
    assert world.checksum() == before
