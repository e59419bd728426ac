"""What a benchmark found, kept as JSON, and the figures that follow from it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from orchestration.bench.errors import BenchError
from orchestration.bench.limits import OF_STAGE

Costs = Mapping[str, Mapping[str, float]]
"""Stage -> its cost, as ``meter.Cost`` tells it."""
_OURS = {"dbt run": "unchanged", "dbt run, all anew": "full"}
"""Peer -> when we do the same."""
TRANSFORM = ("observe", "consent", "identity", "derive")


@dataclass(frozen=True)
class Result:
    """One size: what was loaded, limits, a full refresh, nothing new, one more day, and peers."""

    size: str
    events: int
    commit: str
    limits: Costs
    full: Costs
    unchanged: Costs
    increment: Costs
    models: Mapping[str, Mapping[str, float]]
    """Model -> rows and seconds in the full refresh, and seconds in the increment."""
    peers: Costs = field(default_factory=dict)
    """Other tool -> its cost on the same data, where peers were asked for."""
    fixed: Mapping[str, Costs] = field(default_factory=dict)
    """``full`` and ``increment`` of the smallest company: what each stage costs at any size."""

    def variable(self, kind: str, stage: str) -> float:
        """Return CPU of a stage without its fixed part; ``kind`` is full or increment."""
        costs: Costs = getattr(self, kind)
        fixed = self.fixed.get(kind, {}).get(stage, {}).get("cpu", 0.0)
        return max(0.0, costs[stage]["cpu"] - fixed)

    def ratio_to_limit(self, stage: str) -> float | None:
        """Return CPU of a full stage without its fixed part over its limit's."""
        floor = self.limits.get(OF_STAGE.get(stage, ""))
        return _over(self.variable("full", stage), floor["cpu"]) if floor else None

    def peer_ratio(self, peer: str) -> float | None:
        """Return CPU of a peer over ours for the same; of a loader, a row's over one of COPY."""
        other = self.peers[peer]
        if ours := _OURS.get(peer):
            return _over(other["cpu"], getattr(self, ours)["derive"]["cpu"])
        copy = self.limits["copy"]
        return _over(other["cpu"] * copy["rows"], copy["cpu"] * other["rows"])

    def increment_ratio(self, stage: str) -> float | None:
        """Return CPU of an increment over the full stage's, both without their fixed parts."""
        return _over(self.variable("increment", stage), self.variable("full", stage))

    def totals(self) -> dict[str, float | None]:
        """Return the ratios that the design sets targets for."""
        idle, fixed = (
            sum(cost["cpu"] for cost in costs.values())
            for costs in (self.unchanged, self.fixed.get("full", {}))
        )
        full, day = (
            sum(self.variable(kind, stage) for stage in self.full) for kind in ("full", "increment")
        )
        transform = sum(self.variable("full", stage) for stage in TRANSFORM if stage in self.full)
        return {
            "transform_to_copy": _over(transform, self.limits["copy"]["cpu"]),
            "increment_to_full": _over(day, full),
            "fixed_cpu": round(fixed, 2),
            "idle_cpu": round(idle, 2),
        }


def exponents(results: Sequence[Result]) -> dict[str, float]:
    """Return, per stage, the exponent of growth of CPU with events, smallest to largest.

    1 is linear; fixed parts are left out. Empty for fewer than two sizes.
    """
    ordered = sorted(results, key=lambda result: result.events)
    if len(ordered) < 2 or ordered[0].events == ordered[-1].events:
        return {}
    small, large = ordered[0], ordered[-1]
    growth = math.log(large.events / small.events)
    return {
        stage: round(math.log(large.variable("full", stage) / cpu) / growth, 2)
        for stage in small.full
        if (cpu := small.variable("full", stage)) > 0 and large.variable("full", stage) > 0
    }


def write(path: Path, result: Result) -> None:
    """Keep one result."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(vars(result), option=orjson.OPT_INDENT_2))


def read(path: Path) -> Result:
    """Return a result that was kept.

    Raises:
        BenchError: when the file is none.
    """
    try:
        return Result(**orjson.loads(path.read_bytes()))
    except (OSError, TypeError, ValueError) as error:
        raise BenchError(
            f"{path.name} holds no result of `tandem bench --json` ({type(error).__name__})"
        ) from None


def _over(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole > 0 else None
