"""Stock on hand per variant and place: sold down by orders, filled up on Mondays or late."""

import numpy as np

from ingestion.sandbox.company.catalogue import LOCATIONS, variant_columns
from ingestion.sandbox.company.clock import START, day_start
from ingestion.sandbox.company.draws import Ints, generator
from ingestion.sandbox.company.world import World

HOUR = 3_600


def open_shelves(world: World, seed: int) -> None:
    """Create one level per variant and place."""
    rng = generator(seed, -1, "stock")
    variants, places = len(variant_columns()[0]), len(LOCATIONS)
    count = variants * places
    scale = max(1, len(world.people) // 2_000)
    world.inventory.append(
        count,
        variant=np.repeat(np.arange(variants), places),
        location=np.tile(np.arange(places), variants),
        available=rng.integers(2, 14, count) * scale,
        updated_at=START - HOUR,
    )


def move_stock(world: World, seed: int, day: int, orders: Ints) -> None:
    """Take what was sold off the shelves; on Mondays refill most of what runs low."""
    rng = generator(seed, day, "stock")
    shelf = world.inventory
    places = len(LOCATIONS)
    if len(orders):
        first, count = world.orders["first_line"][orders], world.orders["lines"][orders]
        sold_in = np.repeat(orders, count)
        lines = np.repeat(first - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
        level = world.lines["variant"][lines] * places + world.orders["location"][sold_in]
        np.subtract.at(shelf["available"], level, world.lines["quantity"][lines])
        np.maximum.at(shelf["updated_at"], level, world.orders["ordered_at"][sold_in])
        np.maximum(shelf["available"], 0, out=shelf["available"])
    if (day + 3) % 7 == 0:
        scale = max(1, len(world.people) // 2_000)
        low = (shelf["available"] < 4 * scale) & (rng.random(len(shelf)) < 0.25)
        shelf["available"][low] += rng.integers(4, 16, int(low.sum())) * scale
        shelf["updated_at"][low] = day_start(day) + 6 * HOUR
