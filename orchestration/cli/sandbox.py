"""``tandem sandbox``: the company that does not exist, served or moved on in time."""

import signal
import threading
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The sandbox company: serve it, move it on.")

People = Annotated[int, typer.Option(help="Size of the company.", min=100)]
Seed = Annotated[int | None, typer.Option(help="Seed of the company.")]


@app.command()
def serve(people: People = 20_000, seed: Seed = None) -> None:
    """Serve the company's vendors on loopback until Ctrl-C, and print how to reach them."""
    from ingestion.sandbox import DEFAULT_SEED, running

    with running(people=people, seed=DEFAULT_SEED if seed is None else seed) as company:
        for vendor, address in company.urls.items():
            typer.echo(f"{vendor}: {address}")
        typer.echo("settings for the loaders (stop with Ctrl-C):")
        for name, value in company.env.items():
            typer.echo(f"export {name}={value}")
        _wait_for_a_stop()
    typer.echo("stopped")


@app.command("advance")
def advance(
    days: Annotated[int, typer.Argument(help="How many days pass.", min=1)],
    people: People = 20_000,
    seed: Seed = None,
) -> None:
    """Let days pass in the company: new visits, orders, corrections, consents."""
    from ingestion import sandbox

    folder = sandbox.prepared(people=people, seed=sandbox.DEFAULT_SEED if seed is None else seed)
    sandbox.advance(folder, days)
    passed = "1 day has" if days == 1 else f"{days} days have"
    typer.echo(f"{passed} passed: `tandem run` loads what happened")


def _wait_for_a_stop() -> None:
    """Return at Ctrl-C or a polite kill, so that the servers are ended and not left behind."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
