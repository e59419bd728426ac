"""``tandem ui``: Dagster's web server and daemon on the instance that ``tandem run`` writes to."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ingestion.settings import home, project_root

DEFAULT_PORT = 3000
STOP_SECONDS = 20


def ui(
    port: Annotated[
        int | None, typer.Option(help="Port; if not given, a free one, remembered.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to bind; the UI has no login, so keep it on loopback.")
    ] = "127.0.0.1",
) -> None:
    """Serve the Dagster UI, with schedules, sensors and the run queue working."""
    from orchestration.instance import dagster_home
    from orchestration.warehouse.bootstrap import prepare

    prepare()
    dagster_home()
    chosen = port or _remembered_port()
    workspace = ["-w", str(project_root() / "workspace.yaml")]
    commands = (
        [*_module("dagster_webserver"), "-h", host, "-p", str(chosen), *workspace],
        [*_module("dagster._daemon"), "run", *workspace],
    )
    typer.echo(f"Dagster on http://{host}:{chosen} (stop with Ctrl-C)")
    processes = [subprocess.Popen(command, cwd=project_root()) for command in commands]
    raise typer.Exit(_supervise(processes))


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def _remembered_port() -> int:
    """Return the port of last time while it is free, else a free one, and remember it."""
    memory = home() / "ui.port"
    candidates = [int(memory.read_text())] if memory.exists() else [DEFAULT_PORT]
    for candidate in [*candidates, 0]:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            chosen = int(probe.getsockname()[1])
            _remember(memory, chosen)
            return chosen
    raise RuntimeError("no free port on loopback")


def _remember(memory: Path, port: int) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(str(port))


def _supervise(processes: list[subprocess.Popen[bytes]]) -> int:
    """Wait until one ends or a stop is asked for, then stop all; return the exit code."""

    def stop(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    code = 0
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        code = max(process.poll() or 0 for process in processes)
    except KeyboardInterrupt:
        code = 0
    for process in processes:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    return code
