"""``tandem diff``: what a build into the schema dev changes against the published marts."""

from pathlib import Path
from typing import Annotated

import typer

# The schema of dbt's target `dev`, as profiles.yml and grants.yml name it.
DEV_SCHEMA = "dev"


def diff(
    manifest: Annotated[
        Path | None,
        typer.Option(help="dbt's manifest.json; by default that of the project as it is."),
    ] = None,
) -> None:
    """Compare models built with dbt's target dev with the published marts: rows, columns.

    orchestration/README.md has the command that builds one model into the schema dev. Exit code 2
    when a publish of it would be blocked.
    """
    from orchestration import publishing
    from orchestration.cli.differences import console, publisher, show
    from orchestration.dbt_invocation import manifest as parsed
    from orchestration.warehouse.bootstrap import reconcile

    with publisher() as conn:
        marts = publishing.read_marts(manifest or parsed())
        reconcile()
        marts = publishing.built_in(conn, marts, DEV_SCHEMA)
        found = publishing.diff(conn, marts, are_all=False)
    if marts:
        show(found, f"{len(marts)} marts in {DEV_SCHEMA}, all as published")
    else:
        console.print(f"no mart is built in {DEV_SCHEMA}: orchestration/README.md says how")
