"""``tandem bench``: measure every stage of a refresh at volume, against limits of the same run."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(help="Measure every stage at volume, in a home of its own.")
console = Console()


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    size: Annotated[
        list[str] | None,
        typer.Option(help="S = 1 M events, M = 10 M, L = 30 M; may be repeated."),
    ] = None,
    keep: Annotated[
        bool, typer.Option(help="Leave the warehouse, to look into it with TANDEM_HOME.")
    ] = False,
    peers: Annotated[
        bool, typer.Option(help="Measure other tools too: installs them from a registry.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Generate a volume company, refresh it in full and by one day, and print what it cost."""
    if context.invoked_subcommand is not None:
        return
    from orchestration.bench import report, results, running
    from orchestration.bench.places import folder
    from orchestration.bench.sizes import FIXED, SIZES

    wanted = size or ["S"]
    for name in wanted:
        if name not in SIZES:
            raise typer.BadParameter(f"{name} is none of {', '.join(SIZES)}")
    found = []
    fixed = running.run(FIXED)
    for name in wanted:
        result = running.run(SIZES[name], fixed=fixed, keep=keep, with_peers=peers)
        results.write(folder() / "results" / f"{name}-{result.commit}.json", result)
        found.append(result)
    if as_json:
        import orjson

        kept = [{**vars(each), "totals": each.totals()} for each in found]
        told = {"results": kept, "growth": results.exponents(found)}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        report.show(console, found)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A result in bench/results of the home.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
) -> None:
    """Compare two results, stage by stage."""
    from orchestration.bench import report, results

    report.compare(console, results.read(before), results.read(after))
