"""One benchmark of one size: company, full refresh, nothing new, one more day, limits."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ingestion.settings import project_root, role_url
from orchestration.bench import company, sizes, stages
from orchestration.bench.limits import limits
from orchestration.bench.meter import Cost, Meter
from orchestration.bench.places import own_home
from orchestration.bench.results import Result

Say = Callable[[str, Cost], None]


def run(size: sizes.Size, say: Say, *, keep: bool = False) -> Result:
    """Measure one size in a home of its own; ``say`` hears of each stage as it ends.

    Raises:
        BenchError: when a stage fails, or the server cannot be watched.
    """
    with own_home(keep=keep):
        company.make_tables()
        with _meter() as meter:
            loaded = meter.measure("generate", lambda: company.write(sizes.whole(size)))
            say("company", loaded)
            company.settle(0)
            full = _refresh(meter, "full", say)
            built = stages.models()
            unchanged = _refresh(meter, "unchanged", say)
            stages.models()
            company.write(sizes.next_day(size))
            company.settle(1)
            increment = _refresh(meter, "increment", say)
            again = stages.models()
            floors = {name: meter.measure(name, work).told() for name, work in limits().items()}
    told = {
        name: {"rows": rows, "full": seconds, "increment": again.get(name, (0, 0.0))[1]}
        for name, (rows, seconds) in built.items()
    }
    return Result(
        size=size.name,
        events=loaded.rows,
        commit=_commit(),
        limits=floors,  # type: ignore[arg-type]
        full=full,  # type: ignore[arg-type]
        unchanged=unchanged,  # type: ignore[arg-type]
        increment=increment,  # type: ignore[arg-type]
        models=told,
    )


@contextmanager
def _meter() -> Iterator[Meter]:
    meter = Meter(role_url("admin"))
    try:
        yield meter
    finally:
        meter.close()


def _refresh(meter: Meter, kind: str, say: Say) -> dict[str, dict[str, object]]:
    costs = {}
    for name, work in stages.STAGES.items():
        cost = meter.measure(name, work)
        say(kind, cost)
        costs[name] = cost.told()
    return costs


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git the user has
        cwd=project_root(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
