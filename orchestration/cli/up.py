"""``tandem up``: the warehouse started and made ready; safe to repeat."""

import typer


def up() -> None:
    """Start the warehouse and make it ready: databases, roles, keys, tables, grants."""
    from orchestration.warehouse.bootstrap import prepare

    address = prepare()
    kind = "embedded PostgreSQL" if address.embedded else "your PostgreSQL"
    typer.echo(f"ready: {kind} on {address.host}:{address.port}/{address.dbname}")
