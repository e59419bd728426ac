"""``tandem down``: what Tandem runs on this machine, stopped; data stays."""

import typer


def down() -> None:
    """Stop the embedded PostgreSQL; a server of your own is left alone."""
    from orchestration.warehouse import embedded

    typer.echo("stopped" if embedded.stop() else "nothing was running")
