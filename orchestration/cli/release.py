"""``tandem release``: what was published, what would be, taking it back, letting it pass."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from ingestion.settings import SettingsError, role_url
from orchestration import dbt_invocation, publishing
from orchestration.warehouse.bootstrap import reconcile
from orchestration.warehouse.errors import condition

# The schema of dbt's target `dev`, as profiles.yml and grants.yml name it.
DEV_SCHEMA = "dev"

app = typer.Typer(no_args_is_help=True, help="Releases of the marts: list, compare, take back.")
console = Console()
errors = Console(stderr=True)

Manifest = Annotated[
    Path | None, typer.Option(help="dbt's manifest.json; by default that of the project as it is.")
]
Reason = Annotated[str, typer.Option(help="Why; recorded in marts_meta.")]


@contextmanager
def _publisher() -> Iterator[psycopg.Connection]:
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


def _marts(manifest: Path | None) -> list[publishing.Mart]:
    return publishing.read_marts(manifest or dbt_invocation.manifest())


@app.command("list")
def list_releases(
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 10,
) -> None:
    """Show the last releases and what is waiting for an acknowledgement."""
    with _publisher() as conn:
        rows = conn.execute(
            "select release_id, kind, released_at, data_until, rows_added, rows_removed, "
            "rows_changed, seconds, is_undone from marts_meta.releases "
            "order by release_id desc limit %s",
            [limit],
        ).fetchall()
        blocks = conn.execute(
            "select block_id, blocked_at, reasons from marts_meta.blocks "
            "where acknowledged_at is null order by block_id"
        ).fetchall()
    table = Table("release", "kind", "released (UTC)", "data until", "added", "removed", "changed")
    table.add_column("seconds")
    for number, kind, at, until, added, removed, changed, seconds, is_undone in rows:
        table.add_row(
            str(number),
            f"{kind}, undone" if is_undone else kind,
            f"{at:%Y-%m-%d %H:%M:%S}",
            f"{until:%Y-%m-%d %H:%M}" if until else "-",
            *(f"{count:,}" for count in (added, removed, changed)),
            str(seconds),
        )
    console.print(table)
    for block_id, at, reasons in blocks:
        console.print(f"block {block_id}, {at:%Y-%m-%d %H:%M}: {reasons}", highlight=False)


@app.command()
def diff(
    manifest: Manifest = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="Compare what dbt's target `dev` built instead.")
    ] = False,
) -> None:
    """Show what the next publish would change; exit code 2 when it would be blocked.

    To see what a change of a model does before it is anybody else's: build it into the schema dev
    (dbt build --target dev --defer --state …, see orchestration/README.md), then compare --dev.
    """
    with _publisher() as conn:
        marts = _marts(manifest)
        if dev:
            reconcile()
            marts = publishing.built_in(conn, marts, DEV_SCHEMA)
        found = publishing.diff(conn, marts, are_all=not dev)
    if found.is_empty:
        told = f"{len(marts)} marts as published" if dev else "nothing to publish"
        console.print(f"{told}: release {found.current_release_id} is up to date")
    else:
        table = Table("mart", "before", "added", "removed", "changed", "keys kept", "columns")
        for change in found.changes:
            if change.is_empty:
                continue
            most = sorted(change.columns.items(), key=lambda item: -item[1])[:4]
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


@app.command()
def rollback(
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the last release back in one transaction; the next publish then waits for you."""
    if not yes:
        typer.confirm("Take the last release back? Readers will see the one before", abort=True)
    with _publisher() as conn:
        release = publishing.rollback(conn, reason=reason, by=getpass.getuser())
    console.print(
        f"release {release.id} now holds what was there before ({release.seconds:.2f} s); "
        "publishing is on hold until `tandem release acknowledge`"
    )


@app.command()
def acknowledge(
    reason: Reason,
    block: Annotated[
        int | None, typer.Argument(help="Number of the block; by default the open one.")
    ] = None,
) -> None:
    """Let a blocked release pass at the next publish, or end the hold after a rollback."""
    with _publisher() as conn:
        number = block or _only_open(conn)
        publishing.acknowledge(conn, number, reason, getpass.getuser())
    console.print(f"block {number} acknowledged: publish again with `tandem run`")


def _only_open(conn: psycopg.Connection) -> int:
    rows = conn.execute(
        "select block_id from marts_meta.blocks where acknowledged_at is null"
    ).fetchall()
    if len(rows) != 1:
        raise publishing.PublishError(
            f"{len(rows)} blocks are open: `tandem release list` shows them, name one"
        )
    return int(rows[0][0])
