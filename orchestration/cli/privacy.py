"""``tandem privacy``: people's rights, the proof that they were served, the search for leaks."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.privacy_requests import app as requests_app

IDENTIFIER = "E-mail address, phone number (+49…), vendor id, subject key or person id."
app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="People's rights: access, erasure, objection."
)
retention_app = typer.Typer(no_args_is_help=True, help="What is older than its purpose needs.")
receipt_app = typer.Typer(no_args_is_help=True, help="Receipts of what was done.")
app.add_typer(retention_app, name="retention")
app.add_typer(receipt_app, name="receipt")
app.add_typer(requests_app, name="requests")


@app.command()
def access(
    identifier: Annotated[str, typer.Argument(help=IDENTIFIER)],
    to: Annotated[Path, typer.Option(help="Folder for the two files, made if need be.")],
) -> None:
    """Write everything held about a person as JSON and as a page to read."""
    from ingestion.settings import role_url
    from orchestration.privacy.access import access as copy_of

    copy = copy_of(role_url("dsr"), identifier)
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in (("data.json", copy.as_json()), ("data.html", copy.as_html())):
        file = to / name
        file.touch(mode=0o600)
        file.write_text(text)
    rows = sum(len(found) for found in copy.relations.values())
    typer.echo(f"{rows:,} rows of {len(copy.relations)} tables in {to}")
    if copy.shared_identifiers:
        typer.echo(f"{copy.shared_identifiers} shared identifiers left out: review them by hand")


@app.command()
def erase(
    identifier: Annotated[str, typer.Argument(help=IDENTIFIER)],
    verified_by: Annotated[str, typer.Option(help="Who made sure that they asked, and how.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person everywhere, prove it, and print the receipt; run again to resume."""
    from ingestion.settings import role_url
    from orchestration.privacy import erase as erasure

    if not yes:
        typer.confirm("Erase this person for good?", abort=True)
    receipt = erasure.erase(role_url("dsr"), identifier, verified_by=verified_by)
    rows = sum(receipt.content["rows"].values())
    typer.echo(f"{rows:,} rows in {len(receipt.content['rows'])} tables; nothing is left")
    if shared := receipt.content["shared_identifiers_left_for_review"]:
        typer.echo(f"{shared} shared identifiers were left: review them by hand")
    typer.echo(f"receipt {receipt.receipt_id} {receipt.hash}")


@app.command(name="object")
def object_to(
    identifier: Annotated[str, typer.Argument(help=IDENTIFIER)],
    purpose: Annotated[
        list[str] | None, typer.Option(help="Default: marketing, profiling, personalisation.")
    ] = None,
) -> None:
    """Record an objection: nothing is sent from now on, and the person stays known for it."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy.objection import DEFAULT_PURPOSES, object_to

    with psycopg.connect(role_url("dsr")) as connection:
        receipt = object_to(connection, identifier, tuple(purpose or DEFAULT_PURPOSES))
    typer.echo(f"receipt {receipt.receipt_id} {receipt.hash}")


@app.command()
def hold(
    identifier: Annotated[str, typer.Argument(help=f"{IDENTIFIER} With --release: a hold's id.")],
    category: Annotated[str, typer.Option(help="What is kept; all for everything.")] = "all",
    reason: Annotated[str, typer.Option(help="The duty to keep.")] = "",
    by: Annotated[str, typer.Option(help="Who decided.")] = "",
    until: Annotated[datetime | None, typer.Option(help="When it ends by itself (UTC).")] = None,
    release: Annotated[bool, typer.Option("--release", help="End a hold by its id.")] = False,
) -> None:
    """Keep what an erasure would take, or end that."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy import holds
    from orchestration.privacy.errors import PrivacyError
    from orchestration.privacy.subjects import closure

    with psycopg.connect(role_url("dsr")) as connection:
        if release:
            typer.echo(f"{holds.release(connection, identifier)} keys released")
            return
        if not reason or not by:
            raise PrivacyError("a hold needs its --reason and who decided it (--by)")
        hold_id = holds.place(
            connection,
            closure(connection, identifier),
            category=category,
            reason=reason,
            placed_by=by,
            until_at=until,
        )
    typer.echo(f"hold {hold_id}")


@app.command()
def readmit(
    identifier: Annotated[str, typer.Argument(help="E-mail address or phone number.")],
) -> None:
    """Let somebody who was erased and registers anew in again, as a new person."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy import tombstones

    kind = "email" if "@" in identifier else "phone"
    with psycopg.connect(role_url("dsr")) as connection:
        lifted = tombstones.lift(connection, kind, identifier)
    typer.echo(f"{lifted} tombstones taken down")


@app.command()
def scan(
    values: Annotated[list[str], typer.Argument(help="Values to look for, in every encoding.")],
) -> None:
    """Search every schema, log, artefact and folder for values; exit code 1 when one is found."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy import scan as searching

    with psycopg.connect(role_url("admin")) as connection:
        found = searching.scan_tables(connection, values)
        found += searching.scan_catalogs(connection, values)
    with psycopg.connect(role_url("dagster")) as connection:
        found += searching.scan_tables(connection, values)
    found += searching.scan_files(values)
    for finding in found:
        numbers = ", ".join(str(number + 1) for number in sorted(finding.values))
        what = "cannot be read" if finding.is_unreadable else f"value {numbers}"
        typer.echo(f"{finding.place}: {what}")
    open_places = [each for each in found if not each.place.startswith(("vault.", "restricted."))]
    typer.echo(f"{len(found)} places, {len(open_places)} of them outside the vault's wall")
    if open_places:
        raise typer.Exit(1)


@app.command()
def check() -> None:
    """Check that every table is in the registry of personal data; exit code 1 otherwise."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy import registry

    with psycopg.connect(role_url("dsr")) as connection:
        registry.check(connection)
    typer.echo("every table is registered")


@retention_app.command()
def preview() -> None:
    """Count what is due, and what a hold keeps, without deleting anything."""
    _retention(is_preview=True)


@retention_app.command()
def run() -> None:
    """Delete what is due."""
    _retention(is_preview=False)


@receipt_app.command()
def verify(
    receipt_id: Annotated[str | None, typer.Argument(help="Also show this receipt.")] = None,
) -> None:
    """Recompute the chain of all receipts; exit code 1 when one was changed or is missing."""
    import json

    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy import receipts
    from orchestration.privacy.errors import PrivacyError

    with psycopg.connect(role_url("auditor")) as connection:
        wrong = receipts.verify(connection)
        shown = receipts.find(connection, receipt_id) if receipt_id else None
    for problem in wrong:
        typer.secho(problem, fg=typer.colors.RED, err=True)
    if receipt_id and shown is None:
        raise PrivacyError("there is no receipt of that id")
    if shown:
        typer.echo(f"{shown.kind} of {shown.issued_at} UTC, {shown.hash}")
        typer.echo(json.dumps(shown.content, indent=1))
    if wrong:
        raise typer.Exit(1)
    typer.echo("intact: no receipt was changed or removed")


def _retention(*, is_preview: bool) -> None:
    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy import retention

    with psycopg.connect(role_url("dsr"), autocommit=True) as connection:
        found = retention.preview(connection) if is_preview else retention.run(connection)
    word = "due" if is_preview else "deleted"
    for due in found:
        kept = f", {due.held:,} held" if due.held else ""
        typer.echo(
            f"{due.rule.relation}: {due.rows:,} {word}{kept} (after {due.rule.keep_days} days)"
        )
