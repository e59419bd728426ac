"""Applies measured changes to one mart and keeps the rows as they were before.

Updates touch changed rows only and never delete and re-insert, so that foreign keys of others onto
a mart hold and index entries of unchanged columns stay.
"""

from datetime import datetime

import psycopg
from psycopg import sql

from orchestration.publishing.build import HISTORY
from orchestration.publishing.catalog import names_of, relation
from orchestration.publishing.difference import Measured, match, prefixed
from orchestration.publishing.marts import RELEASED_AT
from orchestration.publishing.shape import Shape

_STAMP = sql.Identifier(RELEASED_AT)


def fill(conn: psycopg.Connection, shape: Shape, released_at: datetime) -> None:
    """Fill a mart that has just been created."""
    mart = shape.mart
    conn.execute(
        sql.SQL("insert into {} ({}, {}) select {}, %s from {}").format(
            relation(mart.schema, mart.table),
            names_of(shape.columns),
            _STAMP,
            names_of(shape.columns),
            relation(mart.core_schema, mart.core_table),
        ),
        [released_at],
    )


def apply(
    conn: psycopg.Connection, measured: Measured, release_id: int, released_at: datetime
) -> None:
    """Bring the mart to what was built: keep pre-images, then delete, update, insert."""
    shape, change, keys = measured.shape, measured.change, measured.keys
    if keys is None:
        return
    mart = shape.mart
    key = mart.primary_key
    parts = {
        "mart": relation(mart.schema, mart.table),
        "core": relation(mart.core_schema, mart.core_table),
        "history": relation(HISTORY, mart.history_table),
        "keys": keys,
        "key": names_of(key),
        "columns": names_of(shape.columns),
        "stamp": _STAMP,
        "keys_mart": match("keys", "published", key),
        "keys_core": match("keys", "built", key),
    }
    _keep_pre_images(conn, shape, keys, release_id)
    if change.removed:
        conn.execute(
            sql.SQL(
                "delete from {mart} as published using {keys} as keys "
                "where keys.op = 'removed' and {keys_mart}"
            ).format(**parts)
        )
    if change.changed:
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Identifier("built", name))
            for name in shape.compared_columns
        )
        conn.execute(
            sql.SQL(
                "update {mart} as published set {assignments}, {stamp} = %s "
                "from {keys} as keys join {core} as built on {keys_core} "
                "where keys.op in ('changed', 'filled') and {keys_mart}"
            ).format(assignments=assignments, **parts),
            [released_at],
        )
    if change.added:
        conn.execute(
            sql.SQL(
                "insert into {mart} ({columns}, {stamp}) select {built}, %s "
                "from {keys} as keys join {core} as built on {keys_core} where keys.op = 'added'"
            ).format(built=prefixed("built", shape.columns), **parts),
            [released_at],
        )


def _keep_pre_images(
    conn: psycopg.Connection, shape: Shape, keys: sql.Identifier, release_id: int
) -> None:
    """Keep rows that will change or go, and the keys of those that come."""
    mart = shape.mart
    history = relation(HISTORY, mart.history_table)
    key = names_of(mart.primary_key)
    conn.execute(
        sql.SQL(
            "insert into {} (release_id, op, {}) select %s, op, {} from {} where op = 'added'"
        ).format(history, key, key, keys),
        [release_id],
    )
    kept = shape.kept_columns
    conn.execute(
        sql.SQL(
            "insert into {} (release_id, op, {}) "
            "select %s, case keys.op when 'filled' then 'changed' else keys.op end, {} "
            "from {} as keys join {} as published on {} where keys.op <> 'added'"
        ).format(
            history,
            names_of(kept),
            prefixed("published", kept),
            keys,
            relation(mart.schema, mart.table),
            match("keys", "published", mart.primary_key),
        ),
        [release_id],
    )
