"""L6: after a release, look at every mart as the role that reads it.

One statement per mart reads the mart, its ``marts_meta.freshness`` and the current release,
so all three come from one moment; what does not fit together is a problem of that release.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from orchestration.publishing.catalog import relation
from orchestration.publishing.marts import RELEASED_AT, Mart

# Who reads which schema; the same roles as in grants.yml.
READERS = {
    "marts": "analyst",
    "marts_marketing": "marketer",
    "marts_sales": "sales",
    "marts_service": "service",
}


@dataclass(frozen=True)
class Smoke:
    """What a reader sees of one mart; ``problem`` is None when all is well."""

    mart: str
    role: str
    release_id: int | None
    rows: int
    problem: str | None


def smoke(marts: Sequence[Mart], role_url: Callable[[str], str]) -> list[Smoke]:
    """Return one result per mart; a mart in a schema without a known reader is a problem."""
    seen: list[Smoke] = []
    for schema in sorted({mart.schema for mart in marts}):
        of_schema = [mart for mart in marts if mart.schema == schema]
        role = READERS.get(schema)
        if role is None:
            seen += [_unreadable(mart, "nobody", "no role reads this schema") for mart in of_schema]
            continue
        with psycopg.connect(role_url(role), autocommit=True) as conn:
            seen += [_look(conn, mart, role) for mart in of_schema]
    return seen


def _unreadable(mart: Mart, role: str, problem: str) -> Smoke:
    return Smoke(mart.name, role, None, 0, problem)


def _look(conn: psycopg.Connection, mart: Mart, role: str) -> Smoke:
    query = sql.SQL(
        "select (select max(release_id) from marts_meta.releases), told.release_id, "
        "told.released_at, told.rows_total, seen.row_count, seen.newest "
        "from (select count(*) as row_count, max({stamp}) as newest from {mart}) as seen "
        "left join marts_meta.freshness as told "
        "on told.mart_schema = {schema} and told.mart_table = {table}"
    ).format(
        stamp=sql.Identifier(RELEASED_AT),
        mart=relation(mart.schema, mart.table),
        schema=sql.Literal(mart.schema),
        table=sql.Literal(mart.table),
    )
    try:
        row = conn.execute(query).fetchone()
    except psycopg.Error as error:
        return _unreadable(mart, role, f"{type(error).__name__} as {role}")
    if row is None or row[1] is None:
        return _unreadable(mart, role, "marts_meta.freshness does not know it")
    current, changed_in, released_at, told, rows, newest = row
    problem = None
    if changed_in > current:
        problem = f"changed in release {changed_in}, but readers are at {current}"
    elif newest is not None and newest > released_at:
        problem = f"holds rows newer than its last release {changed_in}"
    elif rows > told or (told and not rows):
        problem = f"{rows} rows visible, {told} released"
    return Smoke(mart.name, role, current, rows, problem)
