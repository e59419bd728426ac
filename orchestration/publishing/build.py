"""Statements that bring a mart's table, keys, indexes and comments to its shape."""

import psycopg
from psycopg import sql

from orchestration.publishing.catalog import names_of, relation
from orchestration.publishing.marts import RELEASED_AT, Mart
from orchestration.publishing.shape import Shape, foreign_key_name, index_name, surplus_indexes

HISTORY = "marts_history"
# Room on each page for updated rows, so that a daily change stays on its page (heap-only updates).
FILLFACTOR = 85


def create_table(conn: psycopg.Connection, shape: Shape) -> None:
    """Create an empty mart and its history; keys follow when it is filled."""
    mart = shape.mart
    columns = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(name),
            sql.SQL(data_type),
            sql.SQL(" not null" if mart.columns[name].is_required else ""),
        )
        for name, data_type in shape.types.items()
    ]
    columns.append(sql.SQL("{} timestamp not null").format(sql.Identifier(RELEASED_AT)))
    conn.execute(
        sql.SQL("create table {} ({}) with (fillfactor = {})").format(
            relation(mart.schema, mart.table), sql.SQL(", ").join(columns), sql.Literal(FILLFACTOR)
        )
    )
    _ensure_history(conn, shape)
    _comment(conn, shape)


def finish_table(conn: psycopg.Connection, shape: Shape) -> None:
    """Add the primary key and the indexes to a mart that has just been filled."""
    mart = shape.mart
    conn.execute(
        sql.SQL("alter table {} add constraint {} primary key ({})").format(
            relation(mart.schema, mart.table),
            sql.Identifier(f"pk_{mart.table[:55]}"),
            names_of(mart.primary_key),
        )
    )
    _add_indexes(conn, shape)


def alter_table(conn: psycopg.Connection, shape: Shape) -> None:
    """Add what an existing mart lacks; columns arrive empty and are filled by the release."""
    mart = shape.mart
    table = relation(mart.schema, mart.table)
    for name in shape.added_columns:
        conn.execute(
            sql.SQL("alter table {} add column {} {}").format(
                table, sql.Identifier(name), sql.SQL(shape.types[name])
            )
        )
    for change in shape.changes:
        if change.kind != "requirement_changed" or change.column is None:
            continue
        if not mart.columns[change.column].is_required:
            _alter_column(conn, mart, change.column, "drop not null")
    _ensure_history(conn, shape)
    _comment(conn, shape)
    _add_indexes(conn, shape)


def tighten(conn: psycopg.Connection, shape: Shape) -> None:
    """Set NOT NULL where the contract promises a value, once the rows are in."""
    found = shape.found
    if found is None:
        return
    for name in shape.columns:
        known = found.columns.get(name)
        if shape.mart.columns[name].is_required and not (known and known.is_required):
            _alter_column(conn, shape.mart, name, "set not null")


def connect_marts(conn: psycopg.Connection, shape: Shape) -> None:
    """Add and drop foreign keys; they are checked at the end, so the order of marts is free."""
    mart = shape.mart
    wanted = {foreign_key_name(mart, key): key for key in mart.foreign_keys}
    known = {key.name for key in shape.found.foreign_keys} if shape.found else set()
    table = relation(mart.schema, mart.table)
    for name in sorted(known - set(wanted)):
        conn.execute(
            sql.SQL("alter table {} drop constraint {}").format(table, sql.Identifier(name))
        )
    for name, key in wanted.items():
        if name not in known:
            conn.execute(
                sql.SQL(
                    "alter table {} add constraint {} foreign key ({}) references {} ({}) "
                    "deferrable initially deferred"
                ).format(
                    table,
                    sql.Identifier(name),
                    names_of(key.columns),
                    relation(key.to_schema, key.to_table),
                    names_of(key.to_columns),
                )
            )


def drop_mart(conn: psycopg.Connection, schema: str, table: str) -> None:
    """Drop a mart whose deprecation date has passed; never by cascade."""
    conn.execute(sql.SQL("drop table if exists {}").format(relation(schema, table)))
    history = relation(HISTORY, f"{schema}__{table}")
    conn.execute(sql.SQL("drop table if exists {}").format(history))


def _alter_column(conn: psycopg.Connection, mart: Mart, column: str, action: str) -> None:
    conn.execute(
        sql.SQL("alter table {} alter column {} {}").format(
            relation(mart.schema, mart.table), sql.Identifier(column), sql.SQL(action)
        )
    )


def _ensure_history(conn: psycopg.Connection, shape: Shape) -> None:
    history = relation(HISTORY, shape.mart.history_table)
    conn.execute(
        sql.SQL(
            "create table if not exists {} (release_id bigint not null, op text not null)"
        ).format(history)
    )
    for name, data_type in shape.types.items():
        conn.execute(
            sql.SQL("alter table {} add column if not exists {} {}").format(
                history, sql.Identifier(name), sql.SQL(data_type)
            )
        )
    conn.execute(
        sql.SQL("create index if not exists {} on {} (release_id)").format(
            sql.Identifier(f"ix_{shape.mart.history_table[:60]}"), history
        )
    )


def _comment(conn: psycopg.Connection, shape: Shape) -> None:
    mart, found = shape.mart, shape.found
    table = relation(mart.schema, mart.table)
    if found is None or found.description != mart.description:
        conn.execute(
            sql.SQL("comment on table {} is {}").format(table, sql.Literal(mart.description))
        )
    if found is None:
        conn.execute(
            sql.SQL("comment on column {} is {}").format(
                sql.Identifier(mart.schema, mart.table, RELEASED_AT),
                sql.Literal("When this row last changed in a release, UTC."),
            )
        )
    for name in shape.columns:
        description = mart.columns[name].description
        known = found.columns.get(name) if found else None
        if description != (known.description if known else ""):
            conn.execute(
                sql.SQL("comment on column {} is {}").format(
                    sql.Identifier(mart.schema, mart.table, name), sql.Literal(description)
                )
            )


def _add_indexes(conn: psycopg.Connection, shape: Shape) -> None:
    mart = shape.mart
    for name in surplus_indexes(shape):
        conn.execute(sql.SQL("drop index {}").format(relation(mart.schema, name)))
    for index in mart.indexes:
        name = index_name(mart, index)
        if shape.found is None or name not in shape.found.indexes:
            conn.execute(
                sql.SQL("create {} index {} on {} ({})").format(
                    sql.SQL("unique" if index.is_unique else ""),
                    sql.Identifier(name),
                    relation(mart.schema, mart.table),
                    names_of(index.columns),
                )
            )
