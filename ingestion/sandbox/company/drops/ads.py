"""Ad accounts: what each campaign cost a day, and what the platform claims it brought.

Clicks are the paid visits of the site; a part of them turns out invalid three days later and is
credited, which restates the day. Claimed conversions run ahead of what really happened, as
platforms count everything they touched. Money in EUR cents.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.clock import DAY, day_start
from ingestion.sandbox.company.draws import generator
from ingestion.sandbox.company.drops.kept import Line
from ingestion.sandbox.company.outcomes import Outcome
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.world import World

FEED = "ads"
RESTATED_AFTER = 3 * DAY
PLATFORMS = {
    "google": "google_ads",
    "facebook": "meta_ads",
    "instagram": "meta_ads",
    "bing": "other_ads",
    "dv360": "other_ads",
    "dealsite": "other_ads",
}
_OVERCLAIMED = 1.4


@dataclass(frozen=True)
class Result:
    """One campaign on one day, as its platform reports it at an instant."""

    campaign_id: str
    campaign: str
    source: str
    medium: str
    impressions: int
    clicks: int
    cost: int
    conversions: float
    value: int


def spend(world: World, seed: int, day: int, visits: Visits) -> list[Line]:
    """Return one line per paid campaign for one day."""
    rng = generator(seed, day, "ads")
    made = []
    for index, source in enumerate(SOURCES):
        if not source.cost:
            continue
        came = visits.source == index
        bought = visits.order[came & (visits.outcome == Outcome.ORDER)]
        clicks = int(came.sum())
        doc = {
            "source": index,
            "impressions": clicks * int(rng.integers(18, 60)) + int(rng.integers(0, 40)),
            "clicks": clicks,
            "invalid": int(rng.binomial(clicks, 0.03)),
            "price": round(source.cost * 100 * float(rng.uniform(0.9, 1.1))),
            "orders": len(bought),
            "value": int(np.sum(world.orders["subtotal"][bought])) if len(bought) else 0,
        }
        unit = PLATFORMS[source.utm_source]
        made.append(Line(FEED, unit, f"{index}/{day:05d}", day_start(day), None, doc))
    return made


def result(line: Line, now: int) -> Result:
    """Return what the platform reports of a campaign and day at an instant."""
    doc = line.doc
    source = SOURCES[doc["source"]]
    credited = doc["invalid"] if now - line.at > RESTATED_AFTER else 0
    clicks = doc["clicks"] - credited
    return Result(
        str(700_000 + 11 * doc["source"]),
        source.campaign,
        source.utm_source,
        source.utm_medium,
        doc["impressions"],
        clicks,
        clicks * doc["price"],
        round(doc["orders"] * _OVERCLAIMED, 2),
        round(doc["value"] * _OVERCLAIMED),
    )
