"""Starts a vendor's own server on a database of its own, and ends it with the ``with`` block."""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import requests
from psycopg import sql

# Migrating a CRM's or a shop's database takes a minute or two on an idle machine.
PATIENCE = 1_500.0


@dataclass(frozen=True)
class Database:
    """A database with an owner of its own, who is no superuser."""

    host: str
    port: int
    name: str
    password: str

    @property
    def url(self) -> str:
        """Return its address, password included."""
        return f"postgres://{self.name}:{self.password}@{self.host}:{self.port}/{self.name}"


@contextmanager
def database(admin_url: str, name: str) -> Iterator[Database]:
    """Make a database on a server the tests have, and drop it afterwards."""
    parts, password = urlsplit(admin_url), secrets.token_hex(12)
    who = sql.Identifier(name)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create role {} login password {}").format(who, sql.Literal(password))
        )
        connection.execute(sql.SQL("create database {} owner {}").format(who, who))
        try:
            yield Database(parts.hostname or "127.0.0.1", parts.port or 5432, name, password)
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(who))
            connection.execute(sql.SQL("drop role {}").format(who))


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str]) -> str:
    """Run a command to its end and return what it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    return done.stdout


@contextmanager
def serving(
    command: Sequence[str | Path], cwd: Path, env: Mapping[str, str], health: str
) -> Iterator[None]:
    """Hold a server open once ``health`` answers."""
    child = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(child, health)
        yield
    finally:
        child.terminate()
        try:
            child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _await(child: subprocess.Popen[bytes], health: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert child.poll() is None, "the server ended by itself"
        try:
            if requests.get(health, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise AssertionError("the server did not answer in time")
