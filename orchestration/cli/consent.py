"""``tandem consent``: the ledger proved, a person's states shown, acts recorded, truth compared."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orchestration.consent.replay import State

IDENTIFIER = "E-mail address, phone number (+49…), vendor id, subject key or person id."
app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Consent: who permits what, and the proof."
)


@app.command()
def verify(
    head: Annotated[str | None, typer.Option(help="A chain head that was kept elsewhere.")] = None,
) -> None:
    """Recompute the ledger's chain of hashes; exit code 1 when a row was tampered with."""
    from ingestion.settings import role_url
    from orchestration.consent import ledger

    found = ledger.verify(role_url("auditor"), known_head=head)
    for problem in found.problems:
        typer.secho(problem, fg=typer.colors.RED, err=True)
    typer.echo(f"{found.rows:,} rows, {found.redacted:,} redacted by erasures, head {found.head}")
    if not found.is_intact:
        raise typer.Exit(1)
    typer.echo("intact: nothing was changed, removed or inserted")


@app.command()
def withdraw(
    identifier: Annotated[str, typer.Argument(help=IDENTIFIER)],
    purpose: Annotated[
        list[str] | None, typer.Option(help="Repeat for several; marketing for all of it.")
    ] = None,
) -> None:
    """Take consent back, for the whole person; nothing is sent from this moment on."""
    _record(identifier, "withdraw", purpose or ["marketing"], is_authenticated=False)


@app.command()
def grant(
    identifier: Annotated[str, typer.Argument(help=IDENTIFIER)],
    purpose: Annotated[list[str], typer.Option(help="Repeat for several.")],
    proof: Annotated[Path, typer.Option(help="File that proves it; its SHA-256 is recorded.")],
) -> None:
    """Record a grant that the person gave authenticated; it lifts earlier refusals."""
    import hashlib

    digest = hashlib.sha256(proof.read_bytes()).hexdigest()
    _record(identifier, "grant", purpose, is_authenticated=True, proof_sha256=digest)


@app.command()
def show(
    identifier: Annotated[str, typer.Argument(help=IDENTIFIER)],
    known_on: Annotated[
        datetime | None, typer.Option(help="What was known at this moment (UTC).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show what may be done with a person and could be before, and why."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.consent.replay import history
    from orchestration.privacy.subjects import closure

    with psycopg.connect(role_url("dsr")) as connection:
        persons = closure(connection, identifier).person_ids
        found = {
            person: history(connection, person, known_on=_naive(known_on)) for person in persons
        }
    if as_json:
        plain = {
            person: [{**vars(state), **_times(state)} for state in states]
            for person, states in found.items()
        }
        typer.echo(json.dumps(plain))
        return
    if not any(found.values()):
        typer.echo("nothing is recorded: the policy of their country speaks")
        return
    _table({person: states for person, states in found.items() if states})


@app.command()
def evaluate(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Compare with the sandbox company's ground truth; exit code 1 for anything wrongly allowed."""
    from ingestion.settings import role_url
    from orchestration.consent import evaluate as evaluation
    from orchestration.identity.evaluate import truth_folder

    found = evaluation.evaluate(role_url("builder"), truth_folder(None))
    counts = {name: compared.counts() for name, compared in found.items()}
    typer.echo(json.dumps(counts) if as_json else _lines(counts))
    if any(compared.towards_allow for compared in found.values()):
        raise typer.Exit(1)


@app.command()
def preview(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Count, per purpose, whose state an edit of the consent rules would change."""
    import psycopg

    from ingestion.settings import role_url
    from orchestration.consent import preview as previewing

    with psycopg.connect(role_url("builder")) as connection:
        changes = previewing.preview(connection)
    typer.echo(
        json.dumps([vars(each) for each in changes]) if as_json else previewing.told(changes)
    )


def _record(
    identifier: str,
    action: str,
    purposes: list[str],
    *,
    is_authenticated: bool,
    proof_sha256: str | None = None,
) -> None:
    import psycopg

    from ingestion.settings import role_url
    from orchestration.consent import acts

    with psycopg.connect(role_url("dsr")) as connection:
        added = acts.record(
            connection,
            identifier,
            action,
            purposes,
            is_authenticated=is_authenticated,
            proof_sha256=proof_sha256,
        )
    typer.echo(f"{added.count} acts recorded, in force now; ledger head {added.head}")


def _naive(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment and moment.tzinfo else moment


def _times(state: "State") -> dict[str, str]:
    return {name: str(getattr(state, name)) for name in ("valid_from", "valid_to")}


def _table(found: "dict[str, list[State]]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("person", "purpose", "channel", "state", "reason", "from", "to")
    for person, states in found.items():
        for state in states:
            until = "" if state.valid_to.year == 9999 else str(state.valid_to)
            since = "" if state.valid_from.year == 1900 else str(state.valid_from)
            row = (state.purpose, state.channel, state.state, state.reason, since, until)
            table.add_row(person, *row)
    Console().print(table)


def _lines(counts: dict[str, dict[str, int]]) -> str:
    return "\n".join(
        f"{name}: " + ", ".join(f"{key.replace('_', ' ')} {count:,}" for key, count in each.items())
        for name, each in counts.items()
    )
