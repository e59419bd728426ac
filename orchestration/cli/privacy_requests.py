"""``tandem privacy requests``: what people asked for through vendors, forms and clerks."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Requests of people: take in, list, serve.")


@app.command(name="list")
def listed() -> None:
    """Show what is not served yet, the most urgent first."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy import requests

    with psycopg.connect(role_url("dsr")) as connection:
        found = requests.open_requests(connection)
    for each in found:
        typer.echo(f"{each.request_id}  {each.kind:6}  {each.source:8}  {each.status:6}  due "
                   f"{each.due_at:%Y-%m-%d}")  # fmt: skip
    typer.echo(f"{len(found)} requests are not served yet")


@app.command()
def receive(
    topic: Annotated[str, typer.Option(help="customers/redact, contact.privacyDeletion …")],
    body: Annotated[Path, typer.Argument(help="File with the body of the vendor's webhook.")],
) -> None:
    """Take in a vendor's request; the body is read and not kept."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy import requests, vendor_requests

    told = vendor_requests.read(topic, body.read_bytes())
    with psycopg.connect(role_url("dsr")) as connection:
        new = sum(
            requests.add(
                connection,
                each.kind,
                each.source,
                each.subject_keys,
                source_key=each.source_key,
                received_at=each.received_at,
            )
            for each in told
        )
    typer.echo(f"{new} requests taken in, {len(told) - new} known already")


@app.command(name="add")
def added(
    kind: Annotated[str, typer.Argument(help="access, erase or object.")],
    identifier: Annotated[str, typer.Argument(help="E-mail address, phone number, vendor id.")],
    reference: Annotated[str, typer.Option(help="What the letter or ticket is known by.")],
) -> None:
    """Take in a request that came by letter, form or call; verify first who asks."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.privacy import requests
    from orchestration.privacy.subjects import keys_of

    with psycopg.connect(role_url("dsr")) as connection:
        is_new = requests.add(connection, kind, "clerk", keys_of(identifier), source_key=reference)
    typer.echo("taken in" if is_new else "known already")


@app.command()
def serve() -> None:
    """Serve what is open; copies for access requests are written to the home."""
    from ingestion.settings import role_url
    from orchestration.privacy import requests

    served = requests.serve(role_url("dsr"))
    for each in served:
        place = f" in {requests.folder(each.request_id)}" if each.kind == "access" else ""
        typer.echo(f"{each.request_id}  {each.kind}: {each.status}{place}")
    typer.echo(f"{len(served)} requests served")
