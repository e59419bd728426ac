"""``tandem identity``: explain, join and split people; preview rules; measure; review pairs."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from ingestion.settings import role_url

if TYPE_CHECKING:
    from orchestration.identity.resolve import Summary

app = typer.Typer(no_args_is_help=True, help="Who is who: explain, join, split, preview, measure.")
console = Console()

WHO = "A person id, a subject key, or type:value such as email:someone@example.org."
Reason = Annotated[str, typer.Option(help="Why; kept with the decision.")]
Author = Annotated[str | None, typer.Option(help="Who decides; by default you.")]
Now = Annotated[bool, typer.Option(help="Resolve at once; else the next run does.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@contextmanager
def _resolver() -> Iterator[psycopg.Connection]:
    with psycopg.connect(role_url("resolver"), autocommit=True) as connection:
        yield connection


@app.command()
def resolve(
    full: Annotated[
        bool, typer.Option("--full", help="Resolve everything, not only news.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring persons up to date with the evidence (a run of the job does this too)."""
    from orchestration.identity import resolve as resolve_now

    summary = resolve_now(role_url("resolver"), full=full)
    if as_json:
        _print_json(summary)
    else:
        _tell(summary)


@app.command()
def explain(
    who: Annotated[str, typer.Argument(help=WHO)],
    other: Annotated[
        str | None, typer.Argument(help="A second one: what connects or separates them.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the evidence that makes identifiers one person; prints no readable value."""
    from orchestration.cli import explanation
    from orchestration.identity import inputs, naming
    from orchestration.identity.explain import explain as explain_now

    with _resolver() as connection:
        one = naming.find(connection, who)
        two = naming.find(connection, other) if other else None
        found = explain_now(connection, inputs.load_rules(connection), one, two)
    if as_json:
        _print_json(found)
        return
    explanation.show(found, console)
    if two is not None and one.person != two.person:
        console.print(f"They are different people: the other is {two.person or 'nobody'}.")


@app.command()
def join(
    left: Annotated[str, typer.Argument(help=WHO)],
    right: Annotated[str, typer.Argument(help=WHO)],
    reason: Reason,
    author: Author = None,
    now: Now = True,
) -> None:
    """Declare that two identifiers are of one person."""
    _decide("allow", left, right, author, reason, now)


@app.command()
def split(
    left: Annotated[str, typer.Argument(help=WHO)],
    reason: Reason,
    right: Annotated[
        str | None, typer.Argument(help="Whom to part it from; by default its person.")
    ] = None,
    author: Author = None,
    now: Now = True,
) -> None:
    """Declare that two identifiers are never of one person, not even through others."""
    _decide("deny", left, right, author, reason, now)


@app.command()
def withdraw(
    left: Annotated[str, typer.Argument(help=WHO)],
    right: Annotated[str, typer.Argument(help=WHO)],
    reason: Reason,
    author: Author = None,
    now: Now = True,
) -> None:
    """Take back a join or split decided by command: the evidence alone decides again."""
    _decide("withdrawn", left, right, author, reason, now)


@app.command()
def preview(
    rules: Annotated[
        Path | None, typer.Option(help="Folder with the changed seeds; by default the project's.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what changed rules would do (persons merged, split, cut) without doing it."""
    from dataclasses import asdict, replace

    from orchestration.identity import inputs, rulefiles
    from orchestration.identity.keys import key_maker
    from orchestration.identity.preview import preview as preview_now

    then = rulefiles.parse(rulefiles.read_files(rules), key_maker())
    with _resolver() as connection:
        now = inputs.load_rules(connection)
        found = preview_now(
            connection, role_url("resolver"), now, replace(then, overrides=now.overrides)
        )
    if as_json:
        _print_json(found)
        return
    table = Table("", "now", "then")
    for name in ("persons", "largest", "refused"):
        before, after = (getattr(found, f"{name}_{when}") for when in ("before", "after"))
        table.add_row(name, f"{before:,}", f"{after:,}")
    for reason in sorted({*found.cuts_before, *found.cuts_after}):
        counts = (cuts.get(reason, 0) for cuts in (found.cuts_before, found.cuts_after))
        table.add_row(f"cut: {reason}", *(f"{count:,}" for count in counts))
    console.print(table)
    moved = {k: v for k, v in asdict(found).items() if k.endswith(("merged", "split", "moved"))}
    console.print(", ".join(f"{n.replace('_', ' ')} {v:,}" for n, v in moved.items()))
    console.print("Browsers and orders of nobody known count as persons of their own here.")


@app.command()
def evaluate(
    truth: Annotated[
        Path | None, typer.Option(help="Folder truth/ of a sandbox company; by default the last.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the persons with the sandbox company's ground truth."""
    from orchestration.identity.evaluate import evaluate as evaluate_now

    with _resolver() as connection:
        found = evaluate_now(connection, role_url("resolver"), truth)
    if as_json:
        _print_json(found)
        return
    table = Table("", "precision", "recall", "F1")
    for name in ("pairwise", "supported", "b_cubed"):
        each = getattr(found, name)
        table.add_row(
            name.replace("_", "-"), *(f"{v:.4f}" for v in (each.precision, each.recall, each.f1))
        )
    console.print(table)
    console.print(
        f"{found.records:,} records of {found.true_persons:,} people, {found.found_persons:,}"
        f" found; largest has {found.largest} records (truly {found.largest_true})"
    )
    if found.is_truth_newer:
        console.print(
            "The company lived on after the last run: run `tandem run` first, these figures"
            " compare two different moments."
        )


@app.command()
def review(
    decide: Annotated[
        str | None, typer.Argument(help="accept or reject; without it, show what waits.")
    ] = None,
    left: Annotated[str | None, typer.Argument(help="Left key of the pair.")] = None,
    right: Annotated[str | None, typer.Argument(help="Right key of the pair.")] = None,
    limit: Annotated[int, typer.Option(help="How many pairs to show, strongest first.")] = 20,
) -> None:
    """Look through the pairs that the probabilistic tier proposes."""
    from orchestration.identity import queue

    with _resolver() as connection:
        if decide is not None:
            if left is None or right is None:
                raise typer.BadParameter("name both keys of the pair")
            queue.decide(connection, decide, left, right, getpass.getuser())
            console.print("kept: the next resolution obeys it")
            return
        table = Table("left", "right", "probability", "weight", "why")
        for pair in queue.waiting(connection, limit):
            table.add_row(
                f"{pair.left_type} {pair.left_key}",
                f"{pair.right_type} {pair.right_key}",
                f"{pair.match_probability:.4f}",
                f"{pair.match_weight:.1f}",
                pair.explanation,
            )
    console.print(table if table.row_count else "nothing waits for review")


@app.command()
def propose(
    accept: Annotated[
        bool, typer.Option("--accept", help="Join pairs above the rules' accept_probability.")
    ] = False,
) -> None:
    """Let the probabilistic tier compare contact data in the vault and queue likely pairs."""
    from orchestration.identity import inputs, probabilistic

    with (
        psycopg.connect(role_url("builder_pii"), autocommit=True) as vault,
        _resolver() as connection,
    ):
        rules = inputs.load_rules(connection)
        found = probabilistic.propose(vault, connection, rules, accept=accept)
    console.print(
        f"{found.pairs:,} pairs likely, {found.queued:,} new in the queue,"
        f" {found.accepted:,} accepted: `tandem identity review` shows what waits"
    )


def _decide(
    decision: str, left: str, right: str | None, author: str | None, reason: str, now: bool
) -> None:
    from orchestration.identity import decisions
    from orchestration.identity import resolve as resolve_now

    with _resolver() as connection:
        a, b = decisions.decide(
            connection, decision, left, right, author or getpass.getuser(), reason
        )
    console.print(f"recorded: {decision} {a.identifier_type} {a.key}, {b.identifier_type} {b.key}")
    if now:
        _tell(resolve_now(role_url("resolver")))


def _print_json(found: object) -> None:
    from dataclasses import asdict

    import orjson

    typer.echo(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2).decode())  # type: ignore[call-overload]


def _tell(summary: "Summary") -> None:
    told = ("created", "merged", "split", "restored", "withdrawn")
    changes = [f"{getattr(summary, n):,} {n}" for n in told if getattr(summary, n)]
    if summary.links_written:
        changes.append(f"{summary.links_written:,} links written")
    console.print(
        f"{summary.mode}: {summary.persons:,} persons looked at,"
        f" {', '.join(changes) or 'nothing new'}; among them {summary.cut:,} edges cut and"
        f" {summary.refused:,} values refused ({summary.seconds:.1f} s)"
    )
