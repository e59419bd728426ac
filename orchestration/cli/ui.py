"""``tandem ui``: Dagster's web server and daemon on the instance that ``tandem run`` writes to.

Both ask one code server for the definitions, which are loaded once. Everything listens on loopback
and nothing is fetched from elsewhere.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
import yaml

from ingestion.settings import home, project_root

DEFAULT_PORT = 3000
STOP_SECONDS = 20
# Loading takes some ten seconds on a small machine, and many times that on a busy one.
LOAD_SECONDS = 600
LOOPBACK = "127.0.0.1"
CODE = ("-m", "orchestration.definitions", "--location-name", "tandem")


def ui(
    port: Annotated[
        int | None, typer.Option(help="Port; if not given, a free one, remembered.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to bind; the UI has no login, so keep it on loopback.")
    ] = "127.0.0.1",
    environment: Annotated[
        bool,
        typer.Option(
            "--environment",
            help="Serve nothing; print for eval what dagster's and dbt's own commands need.",
        ),
    ] = False,
) -> None:
    """Serve the Dagster UI, with schedules, sensors and the run queue working."""
    from orchestration.instance import dagster_home
    from orchestration.warehouse.bootstrap import prepare

    prepare()
    dagster_home()
    if environment:
        for name, value in _environment().items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        return
    chosen = port or _remembered_port()
    _remember(chosen)
    signal.signal(signal.SIGTERM, _interrupt)
    processes: list[subprocess.Popen[bytes]] = []
    code = 0
    try:
        _start_all(processes, host, chosen)
        typer.echo(f"Dagster on http://{host}:{chosen} (stop with Ctrl-C)")
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        code = max(process.poll() or 0 for process in processes)
    except KeyboardInterrupt:
        typer.echo("stopping")
    finally:
        _stop(processes)
    raise typer.Exit(code)


def _environment() -> dict[str, str]:
    """Return variables with which dagster and dbt find this hub; they hold passwords."""
    from orchestration.dbt_invocation import PARSER, connection_variables

    ours = {name: os.environ[name] for name in ("DAGSTER_HOME", "TANDEM_DAGSTER_URL")}
    return {"TANDEM_HOME": str(home()), **ours, **connection_variables(PARSER)}


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def _start_all(processes: list[subprocess.Popen[bytes]], host: str, port: int) -> None:
    """Start code server, web server and daemon; each is in ``processes`` once it runs."""
    typer.echo("loading the definitions")
    code_port = _free_port(0) or 0
    code = ("api", "grpc", "-h", LOOPBACK, "-p", str(code_port), *CODE)
    processes.append(_start("dagster", *code))
    _wait_for(processes[0], code_port)
    workspace = ["-w", str(_workspace(code_port))]
    processes.append(_start("dagster_webserver", "-h", host, "-p", str(port), *workspace))
    processes.append(_start("dagster._daemon", "run", *workspace))


def _start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=project_root())


def _wait_for(code: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the code server answers, which it does once the definitions are loaded."""
    deadline = time.monotonic() + LOAD_SECONDS
    while time.monotonic() < deadline and code.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.3)
    raise DefinitionsNotLoaded(
        "the definitions did not load, see above; `tandem run` tells which part"
    )


class DefinitionsNotLoaded(RuntimeError):
    """The code server ended, or did not answer in time."""


def _workspace(port: int) -> Path:
    """Write and return the workspace file that names the running code server."""
    server = {"host": LOOPBACK, "port": port, "location_name": "tandem"}
    path = home() / "dagster" / "workspace.yaml"
    path.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
    return path


def _remembered_port() -> int:
    """Return the port of last time while it is free, else a free one, and remember it."""
    memory = home() / "ui.port"
    candidates = [int(memory.read_text())] if memory.exists() else [DEFAULT_PORT]
    for candidate in [*candidates, 0]:
        if (chosen := _free_port(candidate)) is not None:
            return chosen
    raise RuntimeError("no free port on loopback")


def _free_port(wanted: int) -> int | None:
    """Return ``wanted`` (0: any) when it is free on loopback, else None."""
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def _remember(port: int) -> None:
    """Keep the port for the next start and for the links in alerts."""
    memory = home() / "ui.port"
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(str(port))


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """End all, the newest first, politely at first."""
    for process in reversed(processes):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
