"""The end of a refresh in a few lines: what came in, who was recognised, where to look."""

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table

from ingestion.settings import home, role_name, role_url, warehouse_address

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult

COUNTS = ("loaded", "quarantined", "suppressed", "unpermitted")


def collect(result: "ExecuteInProcessResult", *, seconds: float) -> dict[str, Any]:
    """Return the summary of one finished run: counts, release, checks, places to look."""
    address = warehouse_address()
    checks = result.get_asset_check_evaluations()
    with psycopg.connect(role_url("analyst"), row_factory=dict_row) as connection:
        people = connection.execute("select count(*) as n from marts.customer_360").fetchone()
        release = connection.execute(
            "select max(release_id) as id from marts_meta.releases"
        ).fetchone()
    return {
        "run_id": result.run_id,
        "seconds": round(seconds, 1),
        "sources": _loads(result),
        "people": people["n"] if people else 0,
        "release": release["id"] if release else None,
        "checks_passed": sum(check.passed for check in checks),
        "checks": len(checks),
        "warnings": [
            f"{check.asset_key.to_user_string()}: {check.check_name}"
            for check in checks
            if not check.passed
        ],
        "steps": _step_seconds(result),
        "quality_report": str(home() / "reports" / "quality" / "index.html"),
        "warehouse": f"postgresql://{role_name('analyst')}@{address.host}:{address.port}"
        f"/{address.dbname}",
    }


def show(summary: dict[str, Any], console: Console) -> None:
    """Print the summary for a person."""
    table = Table(title="Loaded", box=None, title_justify="left")
    for heading in ("source", "rows", "quarantined", "suppressed", "without permission"):
        table.add_column(heading, justify="left" if heading == "source" else "right")
    for load in summary["sources"]:
        counts = (load[name] for name in COUNTS)
        table.add_row(load["source"], *(f"{count:,}" for count in counts))
    console.print(table)
    console.print(
        f"\n{summary['people']:,} people recognised · "
        f"{summary['checks_passed']} of {summary['checks']} checks passed · "
        f"release {summary['release']} · {summary['seconds']:.0f} s"
    )
    for warning in summary["warnings"]:
        console.print(f"  [yellow]warning[/] {warning}")
    console.print("\nLook at it:")
    console.print("  tandem ui                      the job, its checks and pictures")
    console.print(f"  {summary['quality_report']}", soft_wrap=True)
    console.print(
        f"  {summary['warehouse']}  (password: tandem url --role analyst)", soft_wrap=True
    )


def _loads(result: "ExecuteInProcessResult") -> list[dict[str, Any]]:
    """Return what each source brought, summed over its tables, from the run's own events."""
    loads: dict[str, dict[str, Any]] = {}
    for event in result.all_events:
        if not event.is_step_materialization or not event.asset_key:
            continue
        schema = event.asset_key.path[0]
        if not schema.startswith("raw_"):
            continue
        load = loads.setdefault(schema, {"source": schema, **dict.fromkeys(COUNTS, 0)})
        metadata = event.step_materialization_data.materialization.metadata
        for name in COUNTS:
            if (value := metadata.get(f"rows_{name}")) is not None:
                load[name] += value.value
    return list(loads.values())


def _step_seconds(result: "ExecuteInProcessResult") -> dict[str, float]:
    return {
        str(event.step_key): round(event.step_success_data.duration_ms / 1000, 1)
        for event in result.all_events
        if event.is_step_success and hasattr(event.step_success_data, "duration_ms")
    }
