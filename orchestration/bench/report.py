"""The table a benchmark ends with, and the comparison of two of them."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from orchestration.bench.limits import OF_STAGE
from orchestration.bench.results import Result, exponents

SLOWEST = 12


def show(console: Console, results: Sequence[Result]) -> None:
    """Print stages, limits, slowest models and growth of each size."""
    grown = exponents(results)
    for result in results:
        console.print(_stages(result, grown))
        console.print(_limits(result))
        if result.peers:
            console.print(_peers(result))
        console.print(_models(result))
        told = ", ".join(f"{name} {value}" for name, value in result.totals().items())
        console.print(f"{told}\n")


def _stages(result: Result, grown: dict[str, float]) -> Table:
    title = f"{result.size}: {result.events:,} events, commit {result.commit}"
    columns = ("stage", "rows", "s", "CPU client", "CPU server", "fixed", "peak MB", "WAL MB")
    table = Table(*columns, "of limit", "1 % day: CPU", "fixed", "of full", "growth", title=title)
    for stage, cost in result.full.items():
        ratio, part = result.ratio_to_limit(stage), result.increment_ratio(stage)
        limit = f"{ratio:.2f} of {OF_STAGE[stage]}" if ratio is not None else ""
        table.add_row(
            *(stage, f"{cost['rows']:,.0f}", f"{cost['seconds']:.1f}"),
            *(f"{cost['cpu_client']:.1f}", f"{cost['cpu_server']:.1f}"),
            *(_fixed(result, "full", stage), f"{cost['peak_mb']:,.0f}", f"{cost['wal_mb']:,.0f}"),
            *(limit, f"{result.increment[stage]['cpu']:.1f}"),
            _fixed(result, "increment", stage),
            f"{part:.1%}" if part is not None else "",
            f"{grown[stage]:.2f}" if stage in grown else "",
        )
    return table


def _fixed(result: Result, kind: str, stage: str) -> str:
    cost = result.fixed.get(kind, {}).get(stage)
    return f"{cost['cpu']:.1f}" if cost else ""


def _limits(result: Result) -> Table:
    table = Table("limit", "rows", "s", "CPU", "peak MB")
    for name, cost in result.limits.items():
        table.add_row(
            *(name, f"{cost['rows']:,.0f}", f"{cost['seconds']:.1f}"),
            *(f"{cost['cpu']:.1f}", f"{cost['peak_mb']:,.0f}"),
        )
    return table


def _peers(result: Result) -> Table:
    table = Table("peer", "rows", "s", "CPU", "of COPY a row, or of ours")
    for name, cost in result.peers.items():
        ratio = result.peer_ratio(name)
        table.add_row(
            *(name, f"{cost['rows']:,.0f}", f"{cost['seconds']:.1f}", f"{cost['cpu']:.1f}"),
            f"{ratio:.1f}" if ratio is not None else "",
        )
    return table


def _models(result: Result) -> Table:
    table = Table("slowest models", "rows", "full s", "1 % day s")
    ordered = sorted(result.models.items(), key=lambda item: -item[1]["full"])
    for name, told in ordered[:SLOWEST]:
        figures = (f"{told['rows']:,.0f}", f"{told['full']:.1f}", f"{told['increment']:.1f}")
        table.add_row(name, *figures)
    return table


def compare(console: Console, before: Result, after: Result) -> None:
    """Print CPU seconds of both, each over its own COPY, so that machines may differ."""
    title = f"{before.size} at {before.commit} → {after.size} at {after.commit}, CPU over COPY's"
    table = Table("", "stage", "before", "after", "change", title=title)
    for kind in ("full", "increment"):
        old, new = getattr(before, kind), getattr(after, kind)
        for stage in old:
            if stage not in new:
                continue
            was = old[stage]["cpu"] / before.limits["copy"]["cpu"]
            now = new[stage]["cpu"] / after.limits["copy"]["cpu"]
            change = f"{now / was - 1:+.0%}" if was else ""
            table.add_row(kind, stage, f"{was:.2f}", f"{now:.2f}", change)
    console.print(table)
