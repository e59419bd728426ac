"""One refreshed hub, made by the command a user types, shared by the acceptance tests.

``TANDEM_TEST_HUB`` names a home to make the hub in and to keep, for whoever works on these tests;
``TANDEM_TEST_PEOPLE`` makes its company larger.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.settings import project_root

PEOPLE = int(os.environ.get("TANDEM_TEST_PEOPLE", "300"))


@dataclass(frozen=True)
class Hub:
    """A Tandem home and the commands a user gives it."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "TANDEM_HOME": str(self.home)}

    @property
    def is_released(self) -> bool:
        return (self.home / "reports" / "quality" / "index.html").exists()

    def tandem(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).parent / "tandem"), *arguments],
            env=self.environment,
            cwd=project_root(),
            capture_output=True,
            text=True,
            check=False,
        )

    def refresh(self, *arguments: str) -> dict[str, Any]:
        done = self.tandem("run", "--people", str(PEOPLE), "--json", *arguments)
        assert done.returncode == 0, done.stderr[-4000:]
        summary: dict[str, Any] = json.loads(done.stdout)
        return summary

    def query(self, sql: str, role: str = "analyst") -> list[tuple[Any, ...]]:
        url = self.tandem("url", "--role", role).stdout.strip()
        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchall()


@contextmanager
def new_hub(tandem_home: Path, name: str) -> Iterator[Hub]:
    """Give a hub of its own, beside the session's home; its warehouse stops afterwards."""
    made = Hub(tandem_home.parent / name)
    try:
        yield made
    finally:
        made.tandem("down")


@pytest.fixture(scope="session")
def hub(tandem_home: Path) -> Iterator[Hub]:
    """A hub refreshed once on the sandbox company."""
    if kept := os.environ.get("TANDEM_TEST_HUB"):
        made = Hub(Path(kept))
        if not made.is_released:
            made.refresh()
        yield made
        return
    with new_hub(tandem_home, "hub") as made:
        made.refresh()
        yield made
