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
    shape, change, news = measured.shape, measured.change, measured.news
    if news is None:
        return
    mart = shape.mart
    parts = {
        "mart": relation(mart.schema, mart.table),
        "news": news,
        "columns": names_of(shape.columns),
        "stamp": _STAMP,
        "match": match("news", "published", mart.primary_key),
    }
    _keep_pre_images(conn, shape, news, release_id)
    if change.removed:
        conn.execute(
            sql.SQL(
                "delete from {mart} as published using {news} as news "
                "where news.op = 'removed' and {match}"
            ).format(**parts)
        )
    if change.changed:
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Identifier("news", name))
            for name in shape.compared_columns
        )
        conn.execute(
            sql.SQL(
                "update {mart} as published set {assignments}, {stamp} = %s "
                "from {news} as news where news.op in ('changed', 'filled') and {match}"
            ).format(assignments=assignments, **parts),
            [released_at],
        )
    if change.added:
        conn.execute(
            sql.SQL(
                "insert into {mart} ({columns}, {stamp}) select {columns}, %s "
                "from {news} where op = 'added'"
            ).format(**parts),
            [released_at],
        )


def _keep_pre_images(
    conn: psycopg.Connection, shape: Shape, news: sql.Identifier, release_id: int
) -> None:
    """Keep rows that will change or go, and the keys of those that come."""
    mart = shape.mart
    history = relation(HISTORY, mart.history_table)
    key = names_of(mart.primary_key)
    conn.execute(
        sql.SQL(
            "insert into {} (release_id, op, {}) select %s, op, {} from {} where op = 'added'"
        ).format(history, key, key, news),
        [release_id],
    )
    kept = shape.kept_columns
    conn.execute(
        sql.SQL(
            "insert into {} (release_id, op, {}) "
            "select %s, case news.op when 'filled' then 'changed' else news.op end, {} "
            "from {} as news join {} as published on {} where news.op <> 'added'"
        ).format(
            history,
            names_of(kept),
            prefixed("published", kept),
            news,
            relation(mart.schema, mart.table),
            match("news", "published", mart.primary_key),
        ),
        [release_id],
    )
