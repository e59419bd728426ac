"""``tandem sql``: one query as one role, as a table for people or CSV for files."""

import csv
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.roles import ROLE_HELP, checked_role

if TYPE_CHECKING:
    from psycopg import Cursor, ServerCursor

# A spreadsheet runs a cell that starts like this (OWASP, "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SHOWN_ROWS = 1000
# Rows of a large result held in memory at a time.
FETCHED_ROWS = 10_000


def sql(
    query: Annotated[str, typer.Argument(help="One SQL statement.")],
    role: Annotated[str, typer.Option(help=ROLE_HELP)] = "analyst",
    as_csv: Annotated[bool, typer.Option("--csv", help="All rows as CSV.")] = False,
) -> None:
    """Run one query in a read-only transaction and show what it returns."""
    import logging

    import psycopg

    from ingestion.settings import SettingsError, role_url

    logging.getLogger("psycopg").setLevel(logging.ERROR)
    try:
        with psycopg.connect(role_url(checked_role(role)), connect_timeout=10) as connection:
            connection.read_only = True
            if as_csv:
                with connection.cursor(name="tandem_sql") as rows:
                    rows.itersize = FETCHED_ROWS
                    _write_csv(rows.execute(query.encode()))
            else:
                _show(connection.execute(query.encode()))
    except psycopg.OperationalError:
        raise SettingsError("the warehouse does not answer: run `tandem up`") from None
    except psycopg.Error as error:
        step = "ask for another --role" if error.sqlstate == "42501" else "correct the query"
        reason = error.diag.message_primary or str(error).splitlines()[0]
        raise SettingsError(f"{reason}: {step}") from None


def neutralised(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def _write_csv(cursor: "ServerCursor[Any]") -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([neutralised(column.name) for column in cursor.description or []])
    for row in cursor:
        writer.writerow([neutralised(value) for value in row])


def _show(cursor: "Cursor[Any]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if cursor.description is None:
        typer.echo(cursor.statusmessage or "done")
        return
    table = Table()
    for column in cursor.description or []:
        table.add_column(Text(column.name), overflow="fold")
    rows = cursor.fetchmany(SHOWN_ROWS)
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    console = Console()
    console.print(table)
    left = cursor.rowcount - len(rows)
    console.print(f"{cursor.rowcount:,} rows" + (f", {left:,} not shown: --csv" if left else ""))
