"""``tandem backup``: the warehouse in one file."""

from pathlib import Path
from typing import Annotated

import typer


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; by default a dated file in the home.")
    ] = None,
) -> None:
    """Write the warehouse to a file; it holds personal data, but no keys."""
    from ingestion.settings import home
    from orchestration.warehouse.backup import backup as write

    written = write(file)
    typer.echo(f"{written} ({written.stat().st_size / 1e6:.1f} MB)")
    typer.echo(f"keep it like the vault, and {home() / 'secrets'} in another place", err=True)
