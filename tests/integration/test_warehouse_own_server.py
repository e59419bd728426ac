"""A server of the user's own: PostgreSQL 15 of the distribution, and 18, without superuser."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ingestion.settings import home, role_url, warehouse_address
from orchestration.warehouse import binaries, grants, place
from orchestration.warehouse.backup import backup, restore
from orchestration.warehouse.bootstrap import VARIABLE, prepare, reconcile
from orchestration.warehouse.errors import WarehouseError

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
ADMIN = "hub_admin"
PASSWORD = "p@ss/word:of #theirs"  # noqa: S105 - of a server that lives for this module  # pragma: allowlist secret
IN_URL = "p%40ss%2Fword%3Aof%20%23theirs"


@dataclass(frozen=True)
class OwnServer:
    port: int

    def url(self, dbname: str, user: str = ADMIN, password: str = IN_URL) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{dbname}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres", "root_of_it"), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="module", params=["15", "18"])
def server(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    """A cluster whose administrator may create roles and databases, but is no superuser."""
    user = binaries.server_user()
    programs = DEBIAN_15 if request.param == "15" else binaries.programs_for(user)
    if not (programs / "initdb").exists():
        pytest.skip(f"no PostgreSQL {request.param} on this machine (looked in {programs})")
    folder = Path(tempfile.mkdtemp(prefix=f"tandem-test-{os.getpid()}-"))
    folder.chmod(0o711)
    (folder / "password").write_text(PASSWORD)
    for path in (folder, folder / "password"):
        if user is not None:
            os.chown(path, user.uid, user.gid)
    port = place.free_port()
    data, password = folder / "data", folder / "password"
    made = binaries.run(
        [
            str(programs / "initdb"),
            f"--pgdata={data}",
            f"--pwfile={password}",
            *("--username=root_of_it", "--auth=scram-sha-256", "--encoding=UTF8"),
            *("--locale=C", "--no-sync"),
        ],
        user,
    )
    assert made.returncode == 0, made.stderr
    options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [str(programs / "pg_ctl"), f"--pgdata={data}", f"--log={folder / 'data' / 'log.txt'}"]
    started = binaries.run([*control, "-w", "-o", options, "start"], user)
    assert started.returncode == 0, started.stderr
    own = OwnServer(port)
    own.execute(f"create role {ADMIN} login createrole createdb password '{PASSWORD}'")
    yield own
    binaries.run([*control, "-m", "immediate", "stop"], user)
    shutil.rmtree(folder)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_plain_administrator_gets_a_whole_warehouse(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, server.url("Our-Hub"))
    address = prepare()
    assert (address.dbname, address.port, address.embedded) == ("Our-Hub", server.port, False)
    for role in ("builder", "analyst", "dagster"):
        with psycopg.connect(role_url(role)) as connection:
            row = connection.execute("select current_user, current_setting('timezone')").fetchone()
        assert row is not None
        assert row[0] == f"Our-Hub_{role}"
    with (
        psycopg.connect(role_url("analyst")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from vault.contact_values")
    assert reconcile() == []


def test_grants_are_mended_there_too(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, server.url("mended"))
    prepare()
    with psycopg.connect(role_url("builder"), autocommit=True) as connection:
        connection.execute("create table core.customer_360 as select 1 as i")
    with psycopg.connect(server.url("mended", "root_of_it"), autocommit=True) as connection:
        connection.execute("grant select on vault.contact_values to public")
    done = reconcile()
    assert any(statement.startswith("grant select on table core") for statement in done)
    assert any(statement.startswith("revoke select on table vault") for statement in done)
    with psycopg.connect(role_url("admin"), autocommit=True) as connection:
        grants.verify(connection)


def test_the_choice_is_remembered_and_can_be_changed(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, server.url("first"))
    prepare()
    key = (own_home / "secrets" / "k_match.key").read_text()
    monkeypatch.delenv(VARIABLE)
    assert prepare().dbname == "first"
    monkeypatch.setenv(VARIABLE, server.url("second"))
    assert prepare().dbname == "second"
    assert warehouse_address().dbname == "second"
    assert (own_home / "secrets" / "k_match.key").read_text() == key
    monkeypatch.setenv(VARIABLE, server.url("first"))
    assert prepare().dbname == "first"


def test_a_database_of_another_homes_keys_is_refused(
    server: OwnServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, server.url("keyed"))
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "one"))
    prepare()
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "two"))
    with pytest.raises(WarehouseError, match="another home"):
        prepare()
    shutil.rmtree(tmp_path / "two")
    shutil.copytree(tmp_path / "one" / "secrets", tmp_path / "two" / "secrets")
    assert prepare().dbname == "keyed"


def test_a_wrong_password_is_said_and_not_shown(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "wr0ng-one"
    monkeypatch.setenv(VARIABLE, server.url("hub", password=wrong))
    with pytest.raises(WarehouseError, match="refuses the password") as caught:
        prepare()
    assert wrong not in str(caught.value)
    assert not (home() / "warehouse.json").exists()


def test_a_server_that_is_not_there_is_said(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"postgresql://me@127.0.0.1:{place.free_port()}/hub")
    with pytest.raises(WarehouseError, match="nothing listens"):
        prepare()
    monkeypatch.setenv(VARIABLE, "postgresql://me@nowhere.invalid/hub")
    with pytest.raises(WarehouseError, match="no host is called nowhere"):
        prepare()


def test_an_administrator_without_rights_learns_what_to_ask_for(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.execute(f"create role powerless login password '{PASSWORD}'")
    monkeypatch.setenv(VARIABLE, server.url("hub", "powerless"))
    with pytest.raises(WarehouseError, match='alter role "powerless" createrole createdb'):
        prepare()
    server.execute("alter role powerless createrole createdb")
    server.execute("create database hub")
    with pytest.raises(WarehouseError, match='alter database "hub" owner to "powerless"'):
        prepare()
    server.execute("alter database hub owner to powerless")
    assert prepare().dbname == "hub"


def test_a_server_that_is_too_old_is_refused(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.warehouse.install.OLDEST", 99)
    monkeypatch.setenv(VARIABLE, server.url("hub_of_old"))
    with pytest.raises(WarehouseError, match=r"is PostgreSQL 1\d.*needs 99"):
        prepare()


def test_a_database_in_another_encoding_is_refused(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.execute("create database latin encoding 'LATIN1' template template0 locale 'C'")
    monkeypatch.setenv(VARIABLE, server.url("latin"))
    with pytest.raises(WarehouseError, match="LATIN1"):
        prepare()


def test_no_password_is_sent_to_the_server_in_the_clear(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, server.url("quiet"))
    server.execute("alter system set log_statement = 'all'")
    server.execute("select pg_reload_conf()")
    try:
        prepare()
    finally:
        server.execute("alter system reset log_statement")
        server.execute("select pg_reload_conf()")
    with psycopg.connect(server.url("postgres", "root_of_it")) as connection:
        row = connection.execute("select pg_read_file('log.txt')").fetchone()
    assert row is not None
    assert "create role" in row[0]
    for file in (own_home / "secrets").glob("*.password"):
        assert file.read_text().strip() not in row[0]


def test_the_client_programs_are_not_needed_for_a_server_of_ones_own(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_wheel() -> Path:
        raise WarehouseError("no wheel for this platform")

    monkeypatch.setattr(binaries, "wheel_programs", no_wheel)
    monkeypatch.setattr(subprocess, "run", no_wheel)
    monkeypatch.setenv(VARIABLE, server.url("pure"))
    assert prepare().dbname == "pure"


def test_a_backup_of_any_version_can_be_restored(
    server: OwnServer, own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, server.url("saved"))
    prepare()
    with psycopg.connect(role_url("builder"), autocommit=True) as connection:
        connection.execute("create table core.saved as select 7 as i")
    file = backup(tmp_path / "one.dump")
    with psycopg.connect(role_url("builder"), autocommit=True) as connection:
        connection.execute("drop table core.saved")
    restore(file)
    with psycopg.connect(role_url("builder")) as connection:
        assert connection.execute("select i from core.saved").fetchone() == (7,)
