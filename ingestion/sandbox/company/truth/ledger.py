"""Writes the truth tables; visits as they happen, everything else anew at each instant."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.clicks import Clicks
from ingestion.sandbox.company.drops.permissions import Said
from ingestion.sandbox.company.outcomes import Outcome
from ingestion.sandbox.company.render.naming import Naming, order_id
from ingestion.sandbox.company.render.visits import visitor_keys
from ingestion.sandbox.company.truth import commerce, consents, identity, journeys
from ingestion.sandbox.company.truth.columns import instants
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.world import World

_CHANNEL = np.array([source.channel for source in SOURCES])
_CAMPAIGN = np.array([source.campaign for source in SOURCES])
_OUTCOME = np.array([outcome.name.lower() for outcome in Outcome])


class Ledger:
    """The truth of one company, over one span of days."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._seed = seed
        self._parts: list[pa.Table] = []
        self._span: list[int] = []

    def visits(self, world: World, day: int, visits: Visits, clicks: Clicks, first_id: int) -> None:
        """Note the visits of one day."""
        self._span.append(day)
        if not len(visits):
            return
        ids = first_id + np.arange(len(visits))
        last = clicks.at[clicks.first + clicks.count - 1]
        self._parts.append(
            pa.table(
                {
                    "visit_id": pa.array(ids).cast(pa.string()),
                    "person_id": visits.person,
                    "device_id": visits.device,
                    "visitor_id": visitor_keys(self._seed, visits, ids),
                    "started_at": instants(visits.start),
                    "ended_at": instants(last),
                    "received_at": instants(visits.received),
                    "clock_skew_seconds": visits.skew,
                    "channel": pa.array(_CHANNEL[visits.source]).dictionary_encode(),
                    "campaign": pa.array(_CAMPAIGN[visits.source]).dictionary_encode(),
                    "outcome": pa.array(_OUTCOME[visits.outcome]).dictionary_encode(),
                    "action_count": clicks.count,
                    "is_bot": visits.is_bot,
                    "is_first": visits.is_first,
                    "is_late": visits.is_late,
                    "is_doubled": visits.is_doubled,
                    "customer_row": visits.customer,
                    "analytics_granted": visits.consent >= 1,
                    "ads_granted": (visits.consent == 2) & ~visits.has_gpc,
                    "has_gpc": visits.has_gpc,
                    "order_id": pa.array(
                        [str(order_id(row)) if row >= 0 else None for row in visits.order.tolist()],
                        pa.string(),
                    ),
                }
            )
        )

    def write(self, world: World, now: int, elsewhere: Iterable[Said] = ()) -> None:
        """Write all tables as of ``now``; ``elsewhere`` are permissions told by files."""
        if self._parts:
            folder = self._folder / "visits"
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{self._span[0]:05d}-{self._span[-1]:05d}.parquet"
            pq.write_table(pa.concat_tables(self._parts).unify_dictionaries(), folder / name)
            self._parts.clear()
        naming = Naming(world)
        visits = read_visits(self._folder)
        made: dict[str, pa.Table] = {
            "people": journeys.people(world, now),
            **identity.tables(world, naming, self._seed, visits, now),
            **consents.tables(world, naming, self._seed, now, elsewhere),
            **journeys.tables(world, now),
            **commerce.tables(world, now),
            "channel_effects": journeys.channel_effects(),
        }
        for name, table in made.items():
            pq.write_table(table, self._folder / f"{name}.parquet")


def read_visits(folder: Path) -> pa.Table:
    """Return all visits ever written, in the order of their ids."""
    found: Any = ds.dataset(sorted((folder / "visits").glob("*.parquet")))
    visits = found.to_table()
    return visits.take(pc.sort_indices(visits["visit_id"].cast(pa.int64())))
