"""``tandem release``: what was published, what would be, taking it back, letting it pass."""

import getpass
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.table import Table

from orchestration import dbt_invocation, publishing
from orchestration.cli.differences import console, publisher, show

app = typer.Typer(no_args_is_help=True, help="Releases of the marts: list, compare, take back.")

Manifest = Annotated[
    Path | None, typer.Option(help="dbt's manifest.json; by default that of the project as it is.")
]
Reason = Annotated[str, typer.Option(help="Why; recorded in marts_meta.")]


def _marts(manifest: Path | None) -> list[publishing.Mart]:
    return publishing.read_marts(manifest or dbt_invocation.manifest())


@app.command("list")
def list_releases(
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 10,
) -> None:
    """Show the last releases and what is waiting for an acknowledgement."""
    with publisher() as conn:
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
def diff(manifest: Manifest = None) -> None:
    """Show what the next publish would change; exit code 2 when it would be blocked."""
    with publisher() as conn:
        found = publishing.diff(conn, _marts(manifest))
    show(found, "nothing to publish, the marts are up to date")


@app.command()
def rollback(
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the last release back in one transaction; the next publish then waits for you."""
    if not yes:
        typer.confirm("Take the last release back? Readers will see the one before", abort=True)
    with publisher() as conn:
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
    with publisher() as conn:
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
