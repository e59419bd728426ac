"""Changes of tables that warehouses of earlier versions have already; see the README beside."""

import re
from pathlib import Path

import psycopg

from orchestration.warehouse.errors import WarehouseError

FOLDER = Path(__file__).parent
_FILE = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_RECORD = "insert into ops.migrations (number, name) values (%s, %s) on conflict do nothing"


def files(folder: Path = FOLDER) -> list[Path]:
    """Return the files in their order.

    Raises:
        WarehouseError: when a number is missing or there twice.
    """
    found = sorted(folder.glob("*.sql"))
    numbers = [int(match[1]) for path in found if (match := _FILE.fullmatch(path.name))]
    if numbers != list(range(1, len(found) + 1)):
        raise WarehouseError(
            f"{folder.name}/ must be numbered 0001, 0002, … without gaps: "
            f"found {', '.join(path.name for path in found)}"
        )
    return found


def is_new(connection: psycopg.Connection) -> bool:
    """Return whether this warehouse has never been set up."""
    row = connection.execute("select to_regclass('ops.setup') is null").fetchone()
    return bool(row and row[0])


def apply(connection: psycopg.Connection, folder: Path = FOLDER) -> list[str]:
    """Bring an existing warehouse's tables up to date; return the names of what it took.

    Raises:
        WarehouseError: naming the file that does not run; those before it stay applied.
    """
    _make_record(connection)
    applied = {number for (number,) in connection.execute("select number from ops.migrations")}
    taken = []
    for path in files(folder):
        number = int(path.name[:4])
        if number in applied:
            continue
        try:
            with connection.transaction():
                connection.execute("set local search_path = ''")
                connection.execute(path.read_bytes())
                connection.execute(_RECORD, [number, path.stem])
        except psycopg.Error as error:
            raise WarehouseError(
                f"{path.name} does not run: {error.diag.message_primary or type(error).__name__}. "
                "Nothing of it was applied; the version before still works with this warehouse"
            ) from None
        taken.append(path.stem)
    return taken


def skip(connection: psycopg.Connection, folder: Path = FOLDER) -> None:
    """Record everything as applied, in a warehouse that was just made from ``ddl/``."""
    _make_record(connection)
    with connection.cursor() as cursor:
        cursor.executemany(_RECORD, [(int(path.name[:4]), path.stem) for path in files(folder)])


def _make_record(connection: psycopg.Connection) -> None:
    connection.execute("set client_min_messages = warning")
    connection.execute(
        "create table if not exists ops.migrations (number integer primary key, "
        "name text not null, applied_at timestamp not null default timezone('UTC', now()))"
    )
