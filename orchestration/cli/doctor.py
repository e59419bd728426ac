"""``tandem doctor``: what is configured, reachable and missing."""

import typer

COLOURS = {"ok": "green", "note": "yellow", "problem": "red"}


def doctor() -> None:
    """Check machine, home, warehouse and sources; exit code 1 when something stops a run."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from orchestration.cli.findings import all_findings

    found = all_findings()
    table = Table(box=None, show_header=False)
    for finding in found:
        mark = Text(finding.level, style=COLOURS[finding.level])
        table.add_row(mark, finding.subject, Text(finding.text, overflow="fold"))
    Console().print(table)
    if any(finding.level == "problem" for finding in found):
        raise typer.Exit(1)
