"""A home of its own for every test session, and a warehouse for the tests that ask for one.

``warehouse`` (session) is a bootstrapped temporary home with its embedded PostgreSQL; each worker
of pytest-xdist has its own. ``fresh_database`` (module) is another home on the same server with a
database and roles of its own, for tests that change much or count everything. Both point
``TANDEM_HOME`` at their home while they live, so product code works on them unasked.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings

from ingestion import settings
from tests.fault_table import (  # noqa: F401  hooks and a fixture of every test
    pytest_collection_modifyitems,
    pytest_runtest_logreport,
    pytest_terminal_summary,
    recovering,
)

# The same examples at every run of CI; at a desk, new ones each time keep searching.
hypothesis_settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis_settings.load_profile("ci")

PREFIX = "tandem-test-"
# Settings of the person who runs the tests that would lead them to real data.
OUTSIDE = ("TANDEM_WAREHOUSE_URL", "TANDEM_TENANT", "TANDEM_DEBUG")


@dataclass(frozen=True)
class Warehouse:
    """A prepared warehouse: its home, and how to reach it as any role."""

    home: Path
    dbname: str

    def url(self, role: str = "admin") -> str:
        """Return the URL of a role, password included."""
        with _home(self.home):
            return settings.role_url(role)

    def connect(self, role: str = "admin") -> psycopg.Connection:
        """Return an autocommit connection as a role."""
        return psycopg.connect(self.url(role), autocommit=True)


@pytest.fixture(scope="session", autouse=True)
def tandem_home() -> Iterator[Path]:
    """Keep all tests away from home and temporary files of whoever runs them, or runs beside."""
    _sweep()
    # Not pytest's own folder: that is 0700, which bars the server's user when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)
    before = {name: os.environ.pop(name) for name in OUTSIDE if name in os.environ}
    temporary = folder / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    with pytest.MonkeyPatch.context() as patch, _home(folder / "home"):
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", None)
        yield folder / "home"
    os.environ.update(before)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def warehouse(tandem_home: Path) -> Iterator[Warehouse]:
    """A warehouse with all schemas, roles and grants, empty; its server stops afterwards."""
    from orchestration.warehouse import embedded
    from orchestration.warehouse.bootstrap import prepare

    with _home(tandem_home):
        address = prepare()
    try:
        yield Warehouse(tandem_home, address.dbname)
    finally:
        with _home(tandem_home):
            embedded.stop()


@pytest.fixture(scope="module")
def fresh_database(
    warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Warehouse]:
    """A warehouse of this module's own, on the session's server."""
    from orchestration.warehouse.bootstrap import prepare

    name = request.module.__name__.rpartition(".")[2][:40]
    home = tmp_path_factory.mktemp("home")
    server = warehouse.url("admin").rpartition("/")[0]
    with _home(home):
        os.environ["TANDEM_WAREHOUSE_URL"] = f"{server}/{name}"
        try:
            address = prepare()
        finally:
            del os.environ["TANDEM_WAREHOUSE_URL"]
        yield Warehouse(home, address.dbname)
    with warehouse.connect() as connection:
        for database in (name, f"{name}_dagster"):
            connection.execute(f'drop database "{database}" with (force)'.encode())


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    before = os.environ.get("TANDEM_HOME")
    os.environ["TANDEM_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TANDEM_HOME"]
        else:
            os.environ["TANDEM_HOME"] = before


def _sweep() -> None:
    """Stop servers and remove homes that killed test sessions left."""
    import psutil

    from orchestration.warehouse import embedded, place

    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if not pid.isdigit() or psutil.pid_exists(int(pid)) or not os.access(folder, os.W_OK):
            continue
        for record in folder.glob("*/postgres/place.json"):
            with _home(record.parents[1]):
                embedded.stop()
                found = place.recorded()
            if found is not None and not found.data.is_relative_to(folder):
                shutil.rmtree(found.data.parent, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
