"""A small core schema, with the manifest dbt would write for it, for tests of publishing.

Two marts of one audience, people and their visits (foreign key), and a variant for marketing.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import psycopg

from orchestration import publishing
from orchestration.publishing.manifest import marts_of
from orchestration.warehouse import grants
from tests.conftest import Warehouse

TODAY = datetime(2026, 9, 30, tzinfo=UTC).replace(tzinfo=None)
YESTERDAY = datetime(2026, 9, 29, tzinfo=UTC).replace(tzinfo=None)
PEOPLE = {"person_id": "text", "stage": "text", "amount": "numeric(18,2)"}
VISITS = {"visit_id": "text", "person_id": "text", "page_count": "integer"}


def changes(release: publishing.Release) -> dict[str, tuple[int, int, int]]:
    """Return how many rows each changed mart gained, lost and changed."""
    return {c.name: (c.added, c.removed, c.changed) for c in release.changes if not c.is_empty}


def node(
    name: str,
    columns: dict[str, str],
    key: Iterable[str],
    *,
    publish: Any,
    foreign: Iterable[tuple[str, str]] = (),
    pii: dict[str, str] | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """Return a manifest node like dbt's for a core model."""
    return {
        "resource_type": "model",
        "name": name,
        "schema": "core",
        "alias": name,
        "description": f"One row per {name}.",
        "group": "customer",
        "config": {
            "meta": {"publish": publish},
            "indexes": [{"columns": ["stage"]}] if "stage" in columns else [],
        },
        "columns": {
            column: {
                "data_type": data_type,
                "description": f"The {column}.",
                "config": {
                    "meta": {"pii": (pii or {}).get(column, "none"), "purpose": "analytics"}
                },
                "constraints": [],
            }
            for column, data_type in columns.items()
        },
        "constraints": [
            {"type": "primary_key", "columns": list(key)},
            *(
                {"type": "foreign_key", "columns": [c], "to": f"ref('{to}')", "to_columns": [c]}
                for c, to in foreign
            ),
        ],
        **extra,
    }


class World:
    """Core tables as dbt's builder would leave them, and the marts declared on them."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.nodes = {
            "people": node(
                "people",
                dict(PEOPLE),
                ["person_id"],
                publish=[
                    {"schema": "marts", "table": "people"},
                    {"schema": "marts_sales", "table": "people"},
                ],
            ),
            "visits": node(
                "visits",
                dict(VISITS),
                ["visit_id"],
                publish={"schema": "marts", "table": "visits"},
                foreign=[("person_id", "people")],
            ),
            "marketing__people": node(
                "marketing__people",
                dict(PEOPLE),
                ["person_id"],
                publish={"schema": "marts_marketing", "table": "people"},
            ),
        }

    @property
    def marts(self) -> list[publishing.Mart]:
        """Return the marts as declared now."""
        return marts_of(self.nodes)

    def build(self, people: int = 1000) -> None:
        """Create core and the limits as the builder, and grant what grants.yml says."""
        with self.warehouse.connect("builder") as conn:
            for statement in (
                "drop table if exists core.people, core.visits, core.marketing__people, "
                "rules.release_limits",
                "create table core.people as select 'p' || n as person_id, "
                "'stage ' || n % 5 as stage, n::numeric(18, 2) as amount "
                f"from generate_series(1, {people}) as n",
                "create table core.visits as select 'v' || n as visit_id, "
                f"'p' || 1 + n % {people} as person_id, n % 9 as page_count "
                f"from generate_series(1, {2 * people}) as n",
                "create table core.marketing__people as select * from core.people "
                "where stage <> 'stage 0'",
                "create table rules.release_limits (mart_schema text, mart_table text, "
                "max_added_percent numeric, max_removed_percent numeric, "
                "max_changed_percent numeric, ignore_below_rows integer, reason text)",
                "insert into rules.release_limits values ('*', '*', 50, 10, 60, 20, 'test')",
            ):
                conn.execute(statement.encode())
        self.grant()

    def grant(self) -> None:
        """Reconcile privileges, as the job does after each build."""
        with self.warehouse.connect("admin") as conn:
            grants.reconcile(conn)

    def core(self, *statements: str) -> None:
        """Change core as the builder."""
        with self.warehouse.connect("builder") as conn:
            for statement in statements:
                conn.execute(statement.encode())

    def publisher(self, run_id: str | None = None) -> psycopg.Connection:
        """Return a publisher's connection."""
        return publishing.connect(self.warehouse.url("publisher"), run_id)

    def publish(self, run_id: str | None = None, **options: Any) -> publishing.Release:
        """Publish what core holds."""
        with self.publisher(run_id) as conn:
            return publishing.publish(conn, self.marts, run_id=run_id, **options)

    def read(self, query: str, role: str = "analyst") -> list[tuple[Any, ...]]:
        """Return what a reader sees."""
        with self.warehouse.connect(role) as conn:
            return conn.execute(query.encode()).fetchall()

    def reset(self) -> None:
        """Forget all releases and marts."""
        with self.warehouse.connect("publisher") as conn:
            tables = conn.execute(
                "select format('%I.%I', schemaname, tablename) from pg_tables "
                "where schemaname in ('marts', 'marts_marketing', 'marts_sales', 'marts_service', "
                "'marts_history') and tableowner = current_user"
            ).fetchall()
            for (name,) in tables:
                conn.execute(f"drop table {name} cascade".encode())
            for name in (
                "releases",
                "release_marts",
                "release_columns",
                "freshness",
                "marts",
                "keys",
                "columns",
                "changelog",
                "check_results",
                "blocks",
                "compared",
            ):
                conn.execute(f"truncate marts_meta.{name} cascade".encode())

    def checksum(self) -> tuple[Any, ...]:
        """Return an order-independent digest of everything published, without timestamps."""
        query = (
            "select sum(hashtextextended(person_id || stage || amount, 0)), "
            "(select sum(hashtextextended(visit_id || person_id || page_count, 0)) "
            "from marts.visits) from marts.people"
        )
        marketing = (
            "select sum(hashtextextended(person_id || stage || amount, 0)) "
            "from marts_marketing.people"
        )
        return (*self.read(query)[0], *self.read(marketing, "marketer")[0])
