"""``tandem status``: what runs, and what readers see now."""

import typer


def status() -> None:
    """Show whether the warehouse runs, where, and which release readers see."""
    from orchestration.cli.findings import warehouse_lines

    for line in warehouse_lines():
        typer.echo(line)
