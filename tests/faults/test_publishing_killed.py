"""kill -9 at every named place of a publish: readers see one release, running again converges."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from orchestration import publishing
from orchestration.publishing import session
from orchestration.warehouse import backends, embedded
from tests.conftest import Warehouse
from tests.integration.publishing_world import World

pytestmark = pytest.mark.faults

BEFORE_COMMIT = [
    "publish.before_lock",
    "publish.after_lock",
    "publish.after_diff",
    "publish.mid_apply",
    "publish.mid_apply#3",
    "publish.before_commit",
]


@pytest.fixture
def world(fresh_database: Warehouse) -> World:
    made = World(fresh_database)
    made.reset()
    made.build()
    made.publish()
    return made


def change(world: World) -> None:
    world.core(
        "update core.people set stage = 'moved' where person_id < 'p3'",
        "delete from core.visits where visit_id < 'v11'",
        "insert into core.visits values ('v9999', 'p3', 1)",
        "update core.marketing__people set amount = 1 where person_id < 'p3'",
    )


def clean_result(world: World) -> tuple[object, ...]:
    """Return what an undisturbed run publishes, from core itself."""
    with world.warehouse.connect("builder") as conn:
        row = conn.execute(
            "select sum(hashtextextended(person_id || stage || amount, 0)), "
            "(select sum(hashtextextended(visit_id || person_id || page_count, 0)) "
            "from core.visits), "
            "(select sum(hashtextextended(person_id || stage || amount, 0)) "
            "from core.marketing__people) from core.people"
        ).fetchone()
    assert row is not None
    return tuple(row)


def start(world: World, run_id: str, **environment: str) -> subprocess.Popen[bytes]:
    home = str(world.warehouse.home)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.publish_once", home, world.warehouse.dbname, run_id],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def wait_for(marker: Path) -> None:
    deadline = time.monotonic() + 30
    while not marker.exists():
        assert time.monotonic() < deadline, "the child never came to the fail-point"
        time.sleep(0.02)


@pytest.mark.parametrize("place", BEFORE_COMMIT)
def test_a_publish_killed_before_its_commit_leaves_the_release_before(
    world: World, place: str
) -> None:
    before = world.checksum()
    change(world)
    child = start(world, "killed", TANDEM_FAIL_AT=place)
    assert child.wait(60) == -signal.SIGKILL
    assert world.checksum() == before
    assert world.read("select max(release_id) from marts_meta.releases") == [(1,)]
    release = world.publish("again")
    assert release.id == 2
    assert world.checksum() == clean_result(world)
    with world.warehouse.connect("publisher") as conn:
        kept = conn.execute(
            "select distinct release_id from marts_history.marts__people"
        ).fetchall()
    assert kept == [(2,)]


def test_a_publish_killed_after_its_commit_has_happened_and_is_not_repeated(world: World) -> None:
    change(world)
    child = start(world, "killed", TANDEM_FAIL_AT="publish.after_commit")
    assert child.wait(60) == -signal.SIGKILL
    assert world.checksum() == clean_result(world)
    again = world.publish("again")
    assert (again.id, again.is_new) == (2, False)


def test_a_first_publish_killed_half_way_leaves_no_mart(fresh_database: Warehouse) -> None:
    world = World(fresh_database)
    world.reset()
    world.build()
    child = start(world, "killed", TANDEM_FAIL_AT="publish.mid_apply#2")
    assert child.wait(60) == -signal.SIGKILL
    assert world.read("select count(*) from pg_tables where schemaname = 'marts'") == [(0,)]
    assert world.publish("again").id == 1
    assert world.checksum() == clean_result(world)


def test_a_rollback_killed_before_its_commit_leaves_the_release(world: World) -> None:
    change(world)
    world.publish()
    before = world.checksum()
    os.environ["TANDEM_FAIL_AT"] = "rollback.before_commit=raise"
    try:
        with world.publisher() as conn, pytest.raises(RuntimeError, match="fail-point"):
            publishing.rollback(conn, reason="test", by="ada")
    finally:
        del os.environ["TANDEM_FAIL_AT"]
    assert world.checksum() == before
    assert world.read("select max(release_id) from marts_meta.releases") == [(2,)]


def test_a_second_publish_waits_and_then_says_that_another_is_under_way(
    world: World, tmp_path: Path
) -> None:
    change(world)
    marker = tmp_path / "reached"
    child = start(
        world,
        "first",
        TANDEM_FAIL_AT="publish.before_commit=pause",
        TANDEM_FAIL_MARKER=str(marker),
    )
    try:
        wait_for(marker)
        with pytest.raises(publishing.PublishBusy, match="another publish is under way"):
            world.publish("second", patience=1.0)
    finally:
        child.kill()
        child.wait()


def test_the_backend_of_a_dead_run_is_ended_before_a_retry(world: World, tmp_path: Path) -> None:
    """A backend may outlive its client: dbt's and ours did, until the socket told it."""
    change(world)
    marker = tmp_path / "reached"
    child = start(
        world,
        "dead",
        TANDEM_FAIL_AT="publish.mid_apply=pause",
        TANDEM_FAIL_MARKER=str(marker),
    )
    try:
        wait_for(marker)
        release = world.publish("dead", patience=5.0)
        assert release.id == 2
        assert world.checksum() == clean_result(world)
    finally:
        child.kill()
        child.wait()


class SilentNetwork(threading.Thread):
    """Passes bytes between a client and a server, and never tells either that the other is gone."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(daemon=True)
        self.server = (host, port)
        self.entry = socket.create_server(("127.0.0.1", 0))
        self.ends: list[socket.socket] = []
        self.start()

    @property
    def port(self) -> int:
        return int(self.entry.getsockname()[1])

    def run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.entry.accept()
                server = socket.create_connection(self.server)
                self.ends += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)

    def close(self) -> None:
        for end in (self.entry, *self.ends):
            end.close()


def test_the_backend_behind_a_silent_connection_is_ended_by_the_next_publish(
    world: World, tmp_path: Path, recovering: Callable[[], AbstractContextManager[None]]
) -> None:
    """The server hears nothing of a client that vanished, and keeps its transaction open."""
    change(world)
    address = json.loads((world.warehouse.home / "warehouse.json").read_text())
    network = SilentNetwork(address["host"], address["port"])
    far = tmp_path / "far"
    shutil.copytree(world.warehouse.home / "secrets", far / "secrets")
    (far / "warehouse.json").write_text(json.dumps({**address, "port": network.port}))
    marker = tmp_path / "reached"
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.publish_once", far, address["dbname"], "far"],
        env={
            **os.environ,
            "TANDEM_FAIL_AT": "publish.before_commit=pause",
            "TANDEM_FAIL_MARKER": str(marker),
        },
    )
    try:
        wait_for(marker)
        child.kill()
        child.wait()
        held = "select count(*) from pg_stat_activity where application_name like %s"
        with world.warehouse.connect("admin") as conn:
            assert conn.execute(held, [f"{session.TAG}/%/far"]).fetchone() == (1,)
        with recovering():
            assert world.publish("near", patience=10.0).id == 2
        assert world.checksum() == clean_result(world)
    finally:
        child.kill()
        network.close()


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGKILL], ids=["immediate stop", "kill -9"])
def test_a_server_lost_in_the_middle_of_a_publish_comes_back_with_the_release_before(
    world: World, warehouse: Warehouse, tmp_path: Path, how: signal.Signals
) -> None:
    before = world.checksum()
    change(world)
    marker = tmp_path / "reached"
    child = start(
        world,
        "lost",
        TANDEM_FAIL_AT="publish.before_commit=pause",
        TANDEM_FAIL_MARKER=str(marker),
    )
    try:
        wait_for(marker)
        with pytest.MonkeyPatch.context() as at_home:
            at_home.setenv("TANDEM_HOME", str(warehouse.home))
            data = embedded.status().data
            assert data is not None
            os.kill(int((data / "postmaster.pid").read_text().split()[0]), how)
            time.sleep(0.5)
            embedded.start()
    finally:
        child.kill()
        child.wait()
    assert world.checksum() == before
    assert world.publish("again").id == 2
    assert world.checksum() == clean_result(world)


def test_backends_of_living_publishers_are_left_alone(world: World) -> None:
    with world.publisher("one") as one, world.publisher("two") as two:
        assert backends.end_dead(two, backends.tag(session.TAG, "two"), same_run=True) == 0
        assert one.execute("select 1").fetchone() == (1,)
