"""A sandbox company's truth without its vendors: large companies in minutes instead of hours.

The same simulation, but nothing is rendered for the vendors' servers; only the truth tables about
who is who are written.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.sandbox.company import clock
from ingestion.sandbox.company.clicks import clicks_of
from ingestion.sandbox.company.life import begin, live
from ingestion.sandbox.company.render.naming import Naming, order_id
from ingestion.sandbox.company.render.visits import visitor_keys
from ingestion.sandbox.company.truth import identity
from ingestion.sandbox.company.truth.columns import instants


def make(folder: Path, people: int, seed: int) -> Path:
    """Write ``records``, ``identifiers`` and ``visits`` of a new company; return the folder."""
    world = begin(seed, people)
    parts, first_id = [], 1
    for day in range(clock.HISTORY_DAYS):
        visits, duration = live(world, seed, day)
        clicks = clicks_of(world, seed, day, visits, duration)
        ids = first_id + np.arange(len(visits))
        first_id += len(visits)
        if not len(visits):
            continue
        orders = [str(order_id(row)) if row >= 0 else None for row in visits.order.tolist()]
        parts.append(
            pa.table(
                {
                    "person_id": visits.person,
                    "visitor_id": visitor_keys(seed, visits, ids),
                    "started_at": instants(visits.start),
                    "ended_at": instants(clicks.at[clicks.first + clicks.count - 1]),
                    "is_bot": visits.is_bot,
                    "customer_row": visits.customer,
                    "analytics_granted": visits.consent >= 1,
                    "order_id": pa.array(orders, pa.string()),
                }
            )
        )
    found = pa.concat_tables(parts)
    made = identity.tables(world, Naming(world), seed, found, clock.day_start(clock.HISTORY_DAYS))
    (folder / "visits").mkdir(parents=True, exist_ok=True)
    pq.write_table(found, folder / "visits" / "all.parquet")
    for name, table in made.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder
