"""``tandem journey``: orders, sessions, stages and the funnel held against what happened."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Journey: orders, sessions, stages and the funnel compared with what happened.",
)


@app.callback()
def group() -> None:
    """Keep ``evaluate`` a command of its own."""


@app.command()
def evaluate(
    truth: Annotated[
        Path | None, typer.Option(help="Folder truth/ of a sandbox company; by default the last.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Compare with the sandbox company's ground truth; exit code 1 for any difference."""
    from rich.console import Console
    from rich.table import Table

    from ingestion.settings import role_url
    from orchestration.identity.evaluate import truth_folder
    from orchestration.journey.evaluate import differences
    from orchestration.journey.evaluate import evaluate as evaluate_now

    found = evaluate_now(role_url("builder"), truth_folder(truth))
    different = differences(found)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        table = Table("", "", "count")
        for subject, counts in found.items():
            for name, count in counts.items():
                mark = "[red]" if (subject, name) in different and count else ""
                table.add_row(subject, name.replace("_", " "), f"{mark}{count:,}")
                subject = ""
        Console().print(table)
    if sum(different.values()):
        raise typer.Exit(1)
