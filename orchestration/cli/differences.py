"""A release difference on the terminal, and the connection that finds it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from ingestion.settings import SettingsError, role_url
from orchestration import dbt_invocation, publishing
from orchestration.warehouse.errors import condition

# Columns named beside a mart, those with most changes first.
COLUMNS_SHOWN = 4

console = Console()
errors = Console(stderr=True)


@contextmanager
def publisher() -> Iterator[psycopg.Connection]:
    """Connect as publisher; what a user can mend ends with one line, not a traceback."""
    try:
        with publishing.connect(role_url("publisher")) as conn:
            yield conn
    except (publishing.PublishError, SettingsError, dbt_invocation.TransformationError) as error:
        errors.print(f"[red]error:[/] {error}", highlight=False)
        raise typer.Exit(1) from None
    except psycopg.OperationalError as error:
        errors.print(f"[red]error:[/] {condition(error) or type(error).__name__}", highlight=False)
        raise typer.Exit(1) from None


def show(found: publishing.ReleaseDiff, nothing: str) -> None:
    """Print rows and columns changed per mart; exit code 2 when a publish would be blocked.

    Args:
        found: the difference.
        nothing: what to say when there is none.
    """
    if found.is_empty:
        console.print(f"{nothing} (release {found.current_release_id})")
    else:
        table = Table("mart", "before", "added", "removed", "changed", "keys kept", "columns")
        for change in found.changes:
            if change.is_empty:
                continue
            most = sorted(change.columns.items(), key=lambda item: -item[1])[:COLUMNS_SHOWN]
            table.add_row(
                change.name,
                *(
                    f"{count:,}"
                    for count in (change.rows_before, change.added, change.removed, change.changed)
                ),
                f"{change.key_overlap:.1%}",
                ", ".join(f"{name} {count:,}" for name, count in most),
            )
        console.print(table)
        for mart, shape in found.shape_changes:
            column = f".{shape.column}" if shape.column else ""
            console.print(f"{mart}{column}: {shape.kind.replace('_', ' ')}", highlight=False)
        for name in found.retired:
            console.print(f"{name}: retired, its deprecation date has passed", highlight=False)
    for reason in found.reasons:
        console.print(f"[yellow]over its limit:[/] {reason}", highlight=False)
    if found.reasons:
        raise typer.Exit(2)
