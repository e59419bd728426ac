"""``tandem url``: a connection string for other tools."""

from typing import Annotated

import typer

from orchestration.cli.roles import ROLE_HELP, checked_role


def url(
    role: Annotated[str, typer.Option(help=ROLE_HELP)] = "analyst",
    password: Annotated[bool, typer.Option(help="With the password, or without.")] = True,
) -> None:
    """Print the PostgreSQL URL of a role; it holds a password unless --no-password."""
    from ingestion.settings import role_url

    text = role_url(checked_role(role))
    if not password:
        login, _, place = text.rpartition("@")
        text = f"{login.rpartition(':')[0]}@{place}"
    typer.echo(text)
