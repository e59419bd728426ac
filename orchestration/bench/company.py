"""Writes the volume company into raw tables: made by the loaders' own shapes, filled by SQL."""

from pathlib import Path

import psycopg

from ingestion.settings import role_url
from orchestration.bench.sizes import Slice

FILE = Path(__file__).with_name("company.sql")
AS_OF = "2026-10-01"
"""The clock of the first refresh: the day after the history ends."""


def make_tables() -> None:
    """Make the raw tables of all sources that models read, as their loaders would."""
    from ingestion.pipelines import make_tables as make
    from ingestion.registry import SOURCES

    for name in SOURCES:
        make(name)


def write(part: Slice) -> int:
    """Write one slice of the company as one load; return its events."""
    with psycopg.connect(role_url("loader")) as connection:
        connection.execute(FILE.read_text().format(**part.parameters()).encode())
        counted = connection.execute(
            "select count(*) from raw_matomo.actions where _dlt_load_id = %s", [part.load_id]
        ).fetchone()
    return int(counted[0]) if counted else 0


def settle(days: int) -> None:
    """Finish a load as the job does: clock (``days`` after the history), grants, statistics."""
    from orchestration.warehouse.bootstrap import reconcile

    reconcile()
    with psycopg.connect(role_url("admin"), autocommit=True) as connection:
        connection.execute(
            "update ops.clock set as_of = cast(%s as timestamp) + %s * interval '1 day'",
            [AS_OF, days],
        )
        connection.execute("vacuum (analyze)")
