"""Two loads wrote the same when their rows are the same, whatever wrote them and in what order."""

from collections.abc import Iterator

import psycopg
import pytest

from orchestration.building import versions
from tests.conftest import Warehouse


@pytest.fixture
def connection(fresh_database: Warehouse) -> Iterator[psycopg.Connection]:
    with fresh_database.connect("admin") as connection:
        connection.execute(
            "create temporary table said as select n, n::text as name, "
            "jsonb_build_object('n', n) as document, json_build_object('n', n) as printed, "
            "array[n] as list, 'a load' as _dlt_load_id from generate_series(1, 3) as n"
        )
        yield connection


def _digest(connection: psycopg.Connection) -> str:
    return versions.content(connection, "pg_temp", "said")


def test_rows_of_any_type_and_order_are_told_alike_whichever_load_wrote_them(
    connection: psycopg.Connection,
) -> None:
    before = _digest(connection)
    connection.execute(
        "create temporary table again as select * from said order by n desc;"
        "truncate said; insert into said select * from again; update said set _dlt_load_id = 'b'"
    )
    assert _digest(connection) == before


@pytest.mark.parametrize(
    "change",
    [
        "update said set name = null where n = 2",
        "update said set document = '{}' where n = 2",
        "update said set printed = '{}' where n = 2",
        "update said set list = '{}' where n = 2",
        "delete from said where n = 2",
        "insert into said select * from said where n = 2",
        "alter table said add more text",
    ],
)
def test_another_value_row_or_column_is_told(connection: psycopg.Connection, change: str) -> None:
    before = _digest(connection)
    connection.execute(change.encode())
    assert _digest(connection) != before
