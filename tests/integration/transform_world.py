"""A company made by hand: staging filled row by row, then built by the real project.

Staging holds tables here instead of views over raw tables, so that a test says what a source told
without a loader. Times are UTC; the run looks from ``AS_OF``.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from ingestion.settings import project_root
from tests.conftest import Warehouse
from tests.integration import transform_staging

AS_OF = datetime(2026, 9, 30)  # noqa: DTZ001 - staging holds plain UTC
ALWAYS = (datetime(1900, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001
PROJECT = project_root() / "dbt_project"
MODELS = ("fqn:tandem.intermediate", "fqn:tandem.core")
Row = Mapping[str, Any]


class BuildFailed(AssertionError):
    """dbt did not finish well; the message names the nodes and why."""


@dataclass(frozen=True)
class World:
    """One warehouse whose staging a test fills."""

    warehouse: Warehouse
    scratch: Path

    def add(self, table: str, *rows: Row) -> None:
        """Insert rows into ``schema.table``; columns not named are null."""
        schema, name = table.split(".")
        with self.warehouse.connect() as connection, connection.cursor() as cursor:
            for row in rows:
                cursor.execute(
                    sql.SQL("insert into {} ({}) values ({})").format(
                        sql.Identifier(schema, name),
                        sql.SQL(", ").join(map(sql.Identifier, row)),
                        sql.SQL(", ").join(sql.Placeholder() * len(row)),
                    ),
                    list(row.values()),
                )

    def person(self, name: str, keys: Mapping[str, str]) -> None:
        """Register a person and link subject keys (key to identifier type) to them for ever."""
        self.add("identity.persons", {"person_id": name, "created_at": AS_OF, "standing_key": name})
        for key, kind in keys.items():
            self.link(key, kind, name, *ALWAYS)

    def link(self, key: str, kind: str, person: str, start: datetime, end: datetime) -> None:
        """Link a subject key to a person for a time."""
        self.add(
            "identity.person_links",
            {
                "subject_key": key,
                "identifier_type": kind,
                "person_id": person,
                "valid_from": start,
                "valid_to": end,
            },
        )

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.warehouse.connect() as connection:
            return connection.execute(statement.encode()).fetchall()

    def execute(self, statement: str) -> None:
        """Change staging or rules."""
        with self.warehouse.connect() as connection:
            connection.execute(statement.encode())

    def dbt(self, *arguments: str, project: Path = PROJECT) -> list[Any]:
        """Run dbt as the builder and return its results.

        Raises:
            BuildFailed: when a node fails.
        """
        from dbt.cli.main import dbtRunner

        folder = self.scratch / project.parent.name
        with _environment(self.warehouse):
            done = dbtRunner().invoke(
                [
                    *arguments,
                    *("--project-dir", str(project), "--profiles-dir", str(project)),
                    *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
                    "--quiet",
                ]
            )
        if done.exception is not None:
            raise BuildFailed(str(done.exception))
        results = list(getattr(done.result, "results", ()))
        if not done.success:
            raise BuildFailed(
                "\n".join(
                    f"{result.node.name}: {result.message}"
                    for result in results
                    if result.status in {"error", "fail"}
                )
            )
        return results

    def run(self, *select: str, extra: Sequence[str] = ()) -> None:
        """Build models without their tests."""
        self.dbt("run", "--select", *select, *extra)

    def build(self, *extra: str, select: Sequence[str] = MODELS, project: Path = PROJECT) -> None:
        """Build models and run their tests."""
        self.dbt(
            *("build", "--select", *select, "--exclude", "resource_type:unit_test"),
            *("--indirect-selection", "buildable", *extra),
            project=project,
        )

    def fingerprint(self, table: str, without: Sequence[str] = ()) -> tuple[Any, ...]:
        """Return row count and an order-independent hash of a table, some columns left out."""
        schema, name = table.split(".")
        columns = self.query(
            f"select column_name from information_schema.columns where table_schema = '{schema}' "
            f"and table_name = '{name}'"
        )
        kept = ", ".join(sorted(column for (column,) in columns if column not in without))
        [row] = self.query(
            f"with kept as (select {kept} from {table}) "
            "select count(*), sum(('x' || substr(md5(kept::text), 1, 14))::bit(56)::bigint) "
            "from kept"
        )
        return row


def found(warehouse: Warehouse, scratch: Path) -> World:
    """Return an empty company: staging without rows, the clock set, rules loaded."""
    world = World(warehouse, scratch)
    with psycopg.connect(warehouse.url("builder"), autocommit=True) as connection:
        for statement in transform_staging.statements():
            connection.execute(statement.encode())
    world.execute(f"update ops.clock set as_of = '{AS_OF}'")
    world.dbt("seed")
    return world


@contextmanager
def _environment(warehouse: Warehouse) -> Iterator[None]:
    parts = psycopg.conninfo.conninfo_to_dict(warehouse.url("builder"))
    values = {
        "TANDEM_PGHOST": parts["host"],
        "TANDEM_PGPORT": parts["port"],
        "TANDEM_PGDATABASE": parts["dbname"],
        "TANDEM_PGUSER": parts["user"],
        "TANDEM_PGPASSWORD": parts["password"],
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: str(value) for name, value in values.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
