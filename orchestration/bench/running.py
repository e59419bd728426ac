"""One benchmark of one size: company, full refresh, nothing new, one more day, limits.

Each refresh has a process of its own, as in life: what it imports and parses is part of its cost.
"""

import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from ingestion.settings import project_root, role_url
from orchestration.bench import company, sizes, stages
from orchestration.bench.limits import limits
from orchestration.bench.meter import Cost, Meter
from orchestration.bench.peers import peers
from orchestration.bench.places import folder, own_home
from orchestration.bench.results import Result

_Costs = dict[str, dict[str, object]]
_Models = dict[str, tuple[int, float]]


def run(
    size: sizes.Size,
    *,
    fixed: Result | None = None,
    keep: bool = False,
    with_peers: bool = False,
) -> Result:
    """Measure one size in a home of its own; says on stderr what each stage cost as it ends.

    ``fixed`` is what the smallest size cost in the same run. ``with_peers`` measures other tools
    on the same data too, installing what that takes.

    Raises:
        BenchError: when a stage fails, or the server cannot be watched.
    """
    installed = folder() / "peers"
    with own_home(keep=keep):
        company.make_tables()
        with _meter() as meter:
            loaded = meter.measure("generate", lambda: company.write(sizes.whole(size)))
            _say("company", loaded)
        company.settle(0)
        full, built = _apart("full")
        unchanged, _ = _apart("unchanged")
        company.write(sizes.next_day(size))
        company.settle(1)
        increment, again = _apart("increment")
        with _meter() as meter:
            floors = _measured(meter, "limit", limits())
            others = _measured(meter, "peer", peers(installed) if with_peers else {})
    told = {
        name: {"rows": rows, "full": seconds, "increment": again.get(name, (0, 0.0))[1]}
        for name, (rows, seconds) in built.items()
    }
    return Result(
        size=size.name,
        events=loaded.rows,
        commit=_commit(),
        limits=floors,  # type: ignore[arg-type]
        peers=others,  # type: ignore[arg-type]
        full=full,  # type: ignore[arg-type]
        unchanged=unchanged,  # type: ignore[arg-type]
        increment=increment,  # type: ignore[arg-type]
        models=told,
        fixed={"full": fixed.full, "increment": fixed.increment} if fixed else {},
    )


@contextmanager
def _meter() -> Iterator[Meter]:
    meter = Meter(role_url("admin"))
    try:
        yield meter
    finally:
        meter.close()


def _apart(kind: str) -> tuple[_Costs, _Models]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(refresh, kind).result()


def refresh(kind: str) -> tuple[_Costs, _Models]:
    """Carry out one refresh in this process; return costs by stage, and what models took."""
    with _meter() as meter:
        return _measured(meter, kind, stages.STAGES), dict(stages.models())


def _measured(meter: Meter, kind: str, works: Mapping[str, Callable[[], int]]) -> _Costs:
    costs: _Costs = {}
    for name, work in works.items():
        cost = meter.measure(name, work)
        _say(kind, cost)
        costs[name] = cost.told()
    return costs


def _say(kind: str, cost: Cost) -> None:
    sys.stderr.write(
        f"{kind} {cost.stage}: {cost.rows:,} rows, {cost.seconds} s, CPU {cost.cpu} s\n"
    )


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git the user has
        cwd=project_root(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
