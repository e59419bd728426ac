"""``tandem sandbox``: the company that does not exist, served or moved on in time."""

import time
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
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            typer.echo("stopped")


@app.command("advance")
def advance(
    days: Annotated[int, typer.Argument(help="How many days pass.", min=1)],
    people: People = 20_000,
    seed: Seed = None,
) -> None:
    """Let days pass in the company: new visits, orders, corrections, consents."""
    from ingestion import sandbox

    chosen = sandbox.DEFAULT_SEED if seed is None else seed
    folder = sandbox.company_dir(people=people, seed=chosen)
    sandbox.advance(folder, days)
    typer.echo(f"{days} more days in {folder}")
