"""How large the volume company is: events lead, everything else is in proportion to them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Counts of one company; a part of people have records in each system."""

    name: str
    events: int
    people: int

    @property
    def visits(self) -> int:
        """Five events a visit, the sandbox company's mean."""
        return self.events // 5


SIZES = {
    size.name: size
    for size in (
        Size("S", 1_000_000, 100_000),
        Size("M", 10_000_000, 1_000_000),
        Size("L", 30_000_000, 3_000_000),
    )
}
FIXED = Size("XS", 5_000, 500)
"""So small that what it costs is the fixed part of every other size."""


@dataclass(frozen=True)
class Slice:
    """What one load brings: people, visits and so on numbered from ``first`` to below ``last``."""

    load_id: str
    first_person: int
    last_person: int
    first_visit: int
    last_visit: int
    people: int
    """All people there are: visits are of anybody, not of new people only."""
    day: int
    """Days after the start of history that the slice begins at."""
    days: int

    def parameters(self) -> dict[str, str]:
        """Return what the SQL of the company is filled in with."""
        return {name: str(value) for name, value in vars(self).items()}


HISTORY_DAYS = 180


def whole(size: Size) -> Slice:
    """Return the company's history."""
    return Slice("1000000000.0", 0, size.people, 0, size.visits, size.people, 0, HISTORY_DAYS)


def next_day(size: Size) -> Slice:
    """Return one more day with 1 % of new events, and new people in the same proportion."""
    people, visits = size.people // 100, size.visits // 100
    return Slice(
        "1000000001.0",
        size.people,
        size.people + people,
        size.visits,
        size.visits + visits,
        size.people + people,
        HISTORY_DAYS,
        1,
    )
