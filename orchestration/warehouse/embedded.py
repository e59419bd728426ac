"""The embedded PostgreSQL of one home: made, started, asked and stopped.

Drives the wheel's own programs, so a start costs what PostgreSQL's start costs: initdb 1.4 s once,
start 0.2 s, recovery after a kill 3 to 4 s with nothing committed lost. It listens on 127.0.0.1
only and asks every local user for a password (scram). The interface to everything else is a URL, so
nothing else knows that this server exists.
"""

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from filelock import FileLock

from ingestion.settings import home, secret
from orchestration.warehouse import place as places
from orchestration.warehouse import postmaster, tuning
from orchestration.warehouse.binaries import ServerUser, programs_for, run, server_user
from orchestration.warehouse.errors import WarehouseError
from orchestration.warehouse.place import LOOPBACK, Place

ADMIN = "postgres"
# A killed server leaves a lock file, and its last children may hold the shared memory for a while.
STALE_SECONDS = 10.0
# Recovery replays at most max_wal_size of log: seconds in practice, minutes on a slow disk.
RECOVERY_SECONDS = 300.0
PORT_SECONDS = 3.0
# A fast stop writes a checkpoint; what takes longer is stopped hard, and recovers at its start.
STOP_SECONDS = 30


@dataclass(frozen=True)
class ServerStatus:
    """What can be said of the server without a password."""

    made: bool
    running: bool
    port: int | None
    data: Path | None


def lock() -> FileLock:
    """Return the lock that makes ``up``, ``down`` and ``restore`` of one home take turns."""
    home().mkdir(parents=True, exist_ok=True)
    return FileLock(home() / ".lock", timeout=600, is_singleton=True)


def admin_url(port: int, dbname: str = "postgres") -> str:
    """Return the superuser's URL, password included: never log it."""
    return f"postgresql://{ADMIN}:{secret('admin.password')}@{LOOPBACK}:{port}/{dbname}"


def start() -> int:
    """Make and start the server unless it runs; return its port.

    Raises:
        WarehouseError: when it cannot be made or does not answer, with the end of its log's reason.
    """
    with lock():
        place, user = places.choose()
        if postmaster.process(place.data) is not None and _comes_up(place):
            return place.port
        programs = programs_for(user)
        if not place.is_made:
            if not place.data.exists():
                _initialise(place.data, user, programs)
            place = place.made()
        _check_version(place, programs)
        return _start(place, user, programs).port


def stop() -> bool:
    """Stop the server, rolling back what is unfinished; return whether it was running."""
    with lock():
        place = places.recorded()
        if place is None or postmaster.process(place.data) is None:
            return False
        user = server_user(place.data)
        command = [
            str(programs_for(user) / "pg_ctl"),
            "-D",
            str(place.data),
            "-w",
            "-t",
            str(STOP_SECONDS),
        ]
        if run([*command, "-m", "fast", "stop"], user).returncode == 0:
            return True
        if run([*command, "-m", "immediate", "stop"], user).returncode == 0:
            return True
    raise WarehouseError(
        f"the server on {place.data} does not stop: see its log in {place.data / 'log'}"
    )


def status() -> ServerStatus:
    """Return what is known of the server; starts nothing."""
    place = places.recorded()
    if place is None:
        return ServerStatus(made=False, running=False, port=None, data=None)
    return ServerStatus(
        place.is_made, postmaster.process(place.data) is not None, place.port, place.data
    )


def _initialise(data: Path, user: ServerUser | None, programs: Path) -> None:
    """Run initdb aside and move the result into place, so that a kill leaves no half of one.

    Every login needs a password (scram), the superuser's too. The locale is PostgreSQL's own
    C.UTF-8: the same order and upper case on every machine.
    """
    draft = data.with_name("data.making")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    with tempfile.TemporaryDirectory(prefix="making-", dir=data.parent) as folder:
        password = Path(folder) / "password"
        password.write_text(secret("admin.password"))
        password.chmod(0o400)
        if user is not None:
            for path in (draft, folder, password):
                os.chown(path, user.uid, user.gid)
        made = run(
            [
                str(programs / "initdb"),
                f"--pgdata={draft}",
                f"--username={ADMIN}",
                f"--pwfile={password}",
                "--auth-local=scram-sha-256",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-data-checksums",
                "--no-instructions",
            ],
            user,
        )
    if made.returncode != 0:
        reason = postmaster.last_line(made.stderr)
        raise WarehouseError(f"the embedded PostgreSQL could not be made in {data}: {reason}")
    with (draft / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude 'tandem.conf'\ninclude_if_exists 'local.conf'\n")
    draft.rename(data)


def _check_version(place: Place, programs: Path) -> None:
    """Refuse a data folder that is gone, or of another major version, with the way out."""
    try:
        found = (place.data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise WarehouseError(
            f"the data of this home is not in {place.data} any more: put it back, or remove "
            f"{places.record()} to begin with an empty warehouse"
        ) from None
    ours = run([str(programs / "postgres"), "--version"], None).stdout.split()[-1].split(".")[0]
    if found != ours:
        raise WarehouseError(
            f"{place.data} was made by PostgreSQL {found} and this is {ours}: run `tandem backup` "
            "with the former release of Tandem, then `tandem restore` into a new home with this one"
        )


def _start(place: Place, user: ServerUser | None, programs: Path) -> Place:
    """Start and poll with a real connection.

    After a kill, pg_ctl can report success while the new server gives up on the old one's traces,
    so only a connection counts; traces are given time to go, a taken port is left for another.
    """
    deadline = time.monotonic() + STALE_SECONDS
    while True:
        if not _comes_free(place.port):
            place = place.on_another_port()
        postmaster.release_lock(place.data)
        _configure(place)
        log = place.data / "start.log"
        log.unlink(missing_ok=True)
        options = ["-D", str(place.data), "-l", str(log), "-w", "-t", str(int(RECOVERY_SECONDS))]
        started = run([str(programs / "pg_ctl"), *options, "start"], user, RECOVERY_SECONDS + 30)
        if started.returncode == 0 and _comes_up(place):
            return place
        if time.monotonic() > deadline:
            reason = postmaster.last_line(postmaster.logged(place.data) or started.stderr, "FATAL")
            raise WarehouseError(
                f"the embedded PostgreSQL does not start: {reason} "
                f"(log: {log} and {place.data / 'log'}; free memory and disk, then `tandem up`)"
            )
        time.sleep(0.5)


def _comes_free(port: int) -> bool:
    """Return whether the port can be had soon: a killed server's children may still hold it."""
    deadline = time.monotonic() + PORT_SECONDS
    while not places.is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _configure(place: Place) -> None:
    """Write the settings of this machine, readable to the server's user whatever root's umask."""
    conf = place.data / "tandem.conf"
    conf.write_text(tuning.render(tuning.settings(place.data, place.port)))
    conf.chmod(0o644)


def _comes_up(place: Place) -> bool:
    """Return whether the server answers before it, or our patience, is gone."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        if _answers(place):
            return True
        if postmaster.process(place.data) is None:
            return False
        time.sleep(0.1)
    return False


def _answers(place: Place) -> bool:
    """Return whether *this* home's server takes a connection on its port."""
    if postmaster.process(place.data) is None:
        return False
    try:
        with psycopg.connect(admin_url(place.port), connect_timeout=5) as connection:
            row = connection.execute("show data_directory").fetchone()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise WarehouseError(
                f"the server on port {place.port} does not accept this home's admin.password: "
                f"put the secrets folder that belongs to {place.data} back into {home()}"
            ) from None
        return False
    return row is not None and Path(row[0]).resolve() == place.data.resolve()
