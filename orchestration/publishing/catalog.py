"""What really exists in the database: columns and types of a relation, its keys and indexes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from orchestration.publishing.marts import RELEASED_AT, Mart

_COLUMNS = """
    select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        coalesce(col_description(a.attrelid, a.attnum), '')
    from pg_attribute a
    where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
    order by a.attnum
"""
_CONSTRAINTS = """
    select c.conname, c.contype::text, pg_get_constraintdef(c.oid),
        array(select attname::text from unnest(c.conkey) with ordinality k(n, i)
              join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.n order by k.i),
        n.nspname, t.relname
    from pg_constraint c
    left join pg_class t on t.oid = c.confrelid
    left join pg_namespace n on n.oid = t.relnamespace
    where c.conrelid = to_regclass(%s) and c.contype in ('p', 'f')
"""
_INDEXES = """
    select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid
    where x.indrelid = to_regclass(%s) and not x.indisprimary
"""


@dataclass(frozen=True)
class FoundColumn:
    """One column as the catalog knows it."""

    data_type: str
    is_required: bool
    description: str


@dataclass(frozen=True)
class FoundForeignKey:
    """One foreign key as the catalog knows it."""

    name: str
    columns: tuple[str, ...]
    to_schema: str
    to_table: str


@dataclass(frozen=True)
class FoundTable:
    """A table or view as it stands."""

    columns: Mapping[str, FoundColumn]
    description: str
    primary_key: tuple[str, ...]
    foreign_keys: tuple[FoundForeignKey, ...]
    indexes: frozenset[str]

    @property
    def data_columns(self) -> tuple[str, ...]:
        """Return the columns without the one that publishing adds."""
        return tuple(name for name in self.columns if name != RELEASED_AT)


def relation(schema: str, table: str) -> sql.Identifier:
    """Return the quoted name for use in a statement."""
    return sql.Identifier(schema, table)


def names_of(columns: tuple[str, ...]) -> sql.Composed:
    """Return a quoted, comma-separated list."""
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)


def find_table(conn: psycopg.Connection, schema: str, table: str) -> FoundTable | None:
    """Return what the catalog knows of ``schema.table``, or None when it does not exist."""
    quoted = relation(schema, table).as_string(conn)
    columns = {
        name: FoundColumn(data_type, required, description)
        for name, data_type, required, description in conn.execute(_COLUMNS, [quoted])
    }
    if not columns:
        return None
    described = conn.execute(
        "select coalesce(obj_description(to_regclass(%s), 'pg_class'), '')", [quoted]
    ).fetchone()
    constraints = conn.execute(_CONSTRAINTS, [quoted]).fetchall()
    return FoundTable(
        columns=columns,
        description=described[0] if described else "",
        primary_key=next((tuple(c[3]) for c in constraints if c[1] == "p"), ()),
        foreign_keys=tuple(
            FoundForeignKey(name, tuple(cols), to_schema, to_table)
            for name, kind, _, cols, to_schema, to_table in constraints
            if kind == "f"
        ),
        indexes=frozenset(name for (name,) in conn.execute(_INDEXES, [quoted])),
    )


def published_tables(conn: psycopg.Connection) -> set[tuple[str, str]]:
    """Return every mart that some release has published and none has retired."""
    rows = conn.execute("select mart_schema, mart_table from marts_meta.marts").fetchall()
    return {(schema, table) for schema, table in rows}


def built_in(conn: psycopg.Connection, marts: Sequence[Mart], schema: str) -> list[Mart]:
    """Return the marts whose core model was built into ``schema`` as well, as if made of that."""
    found = {
        name
        for (name,) in conn.execute(
            "select relname::text from pg_class where relnamespace = to_regnamespace(%s) "
            "and relkind in ('r', 'v', 'm')",
            [schema],
        )
    }
    return [replace(mart, core_schema=schema) for mart in marts if mart.core_table in found]
