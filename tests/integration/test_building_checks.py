"""Data tests tell what dbt's own would, and read no rows where the server cannot hold others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration.building import checks
from orchestration.building.project import Project
from tests.conftest import Warehouse

MODEL = "model.t.people"
REQUIRED = ("not_null", {"column_name": "person_id"})
ONCE = ("unique", {"column_name": "person_id"})
STAGES = ("accepted_values", {"column_name": "stage", "values": ["lead", "buyer"]})
TOGETHER = ("unique_over", {"columns": ["person_id", "stage"]})
Test = tuple[str, dict[str, Any]]


@pytest.fixture
def admin(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        connection.execute("create schema checked")
        connection.execute("create table checked.people (person_id text, stage text)")
        yield connection
        connection.execute("drop schema checked cascade")


def counts(admin: psycopg.Connection, *tests: Test) -> list[int]:
    """Return the offending rows of each test."""
    nodes: dict[str, dict[str, Any]] = {
        f"test.t.{position}": {
            "resource_type": "test",
            "test_metadata": {"name": name, "kwargs": kwargs},
            "depends_on": {"nodes": [MODEL]},
        }
        for position, (name, kwargs) in enumerate(tests)
    }
    nodes[MODEL] = {"resource_type": "model", "schema": "checked", "name": "people"}
    project = Project(Path(), {"nodes": nodes, "sources": {}})
    told = dict(checks.evaluate(admin, project, [test for test in nodes if test != MODEL]))
    return [told[f"test.t.{position}"] for position in range(len(tests))]


def rows_read(admin: psycopg.Connection, *tests: Test) -> int:
    """Return how many rows of the table were read to tell that nothing offends the tests."""
    read = "select pg_stat_get_tuples_returned('checked.people'::regclass)"
    before = _told(admin, read)
    assert counts(admin, *tests) == [0] * len(tests)
    return _told(admin, read) - before


def _told(admin: psycopg.Connection, query: str) -> int:
    admin.execute("select pg_stat_force_next_flush()")
    admin.execute("select pg_stat_clear_snapshot()")
    return int(admin.execute(query.encode()).fetchall()[0][0])


def test_offending_rows_keys_and_values_are_counted_as_dbt_counts_them(
    admin: psycopg.Connection,
) -> None:
    admin.execute(
        "insert into checked.people values ('a', 'lead'), ('a', 'lead'), ('a', 'buyer'), "
        "('b', 'lost'), ('b', 'lost'), ('c', 'gone'), (null, 'lead'), (null, 'lead'), ('d', null)"
    )
    # Two nulls; a and b; lost and gone; a and lead, b and lost, null and lead.
    assert counts(admin, REQUIRED, ONCE, STAGES, TOGETHER) == [2, 2, 2, 3]
    assert counts(admin, ONCE) == [2]
    assert counts(admin, ("unique_over", {"columns": ["stage", "person_id"]})) == [3]


def test_what_the_catalogue_guarantees_is_not_read(admin: psycopg.Connection) -> None:
    admin.execute("insert into checked.people select n, 'lead' from generate_series(1, 500) as n")
    assert rows_read(admin, REQUIRED, ONCE, TOGETHER) == 1500
    admin.execute("alter table checked.people add primary key (person_id)")
    assert rows_read(admin, REQUIRED, ONCE, TOGETHER) == 0
    assert rows_read(admin, REQUIRED, STAGES) == 500


def test_a_table_that_lost_its_key_is_read_and_fails(admin: psycopg.Connection) -> None:
    admin.execute("alter table checked.people add constraint pk primary key (person_id)")
    admin.execute("insert into checked.people values ('a', 'lead')")
    assert rows_read(admin, REQUIRED, ONCE) == 0
    admin.execute("alter table checked.people drop constraint pk")
    admin.execute("alter table checked.people alter column person_id drop not null")
    admin.execute("insert into checked.people values ('a', 'lead'), (null, 'lead')")
    assert counts(admin, REQUIRED, ONCE) == [1, 1]


@pytest.mark.parametrize(
    "index",
    [
        "create unique index on checked.people (person_id) where stage = 'buyer'",
        "create unique index on checked.people (person_id, stage)",
        "create unique index on checked.people (stage) include (person_id)",
        "create unique index on checked.people ((person_id || stage))",
        "create index on checked.people (person_id)",
    ],
)
def test_an_index_that_lets_the_same_key_in_twice_guarantees_nothing(
    admin: psycopg.Connection, index: str
) -> None:
    admin.execute("insert into checked.people values ('a', 'lead'), ('a', 'seen')")
    admin.execute(index.encode())
    assert counts(admin, ONCE) == [1]


@pytest.mark.parametrize("ordered_by", ['person_id collate "POSIX"', "person_id text_pattern_ops"])
def test_an_index_that_may_compare_otherwise_than_the_column_is_not_relied_on(
    admin: psycopg.Connection, ordered_by: str
) -> None:
    admin.execute("insert into checked.people values ('a', 'lead')")
    admin.execute(f"create unique index on checked.people ({ordered_by})".encode())
    assert rows_read(admin, ONCE) == 1


def test_an_index_of_nullable_columns_lets_nulls_in_twice(admin: psycopg.Connection) -> None:
    admin.execute("create unique index on checked.people (person_id, stage)")
    admin.execute("insert into checked.people values ('a', null), ('a', null)")
    assert counts(admin, TOGETHER) == [1]


def test_a_promise_for_new_rows_only_guarantees_nothing(admin: psycopg.Connection) -> None:
    admin.execute("insert into checked.people values (null, 'lead')")
    if admin.info.server_version >= 180000:
        admin.execute("alter table checked.people add not null person_id not valid")
    assert counts(admin, REQUIRED) == [1]


def test_rows_of_a_child_table_are_read(admin: psycopg.Connection) -> None:
    admin.execute("alter table checked.people add primary key (person_id)")
    admin.execute("create table checked.others () inherits (checked.people)")
    admin.execute("insert into checked.people values ('a', 'lead')")
    admin.execute("insert into checked.others values ('a', 'lead')")
    assert counts(admin, ONCE) == [1]


def test_a_view_is_read(admin: psycopg.Connection) -> None:
    admin.execute("alter table checked.people rename to kept")
    admin.execute("alter table checked.kept add primary key (person_id)")
    admin.execute("insert into checked.kept values ('a', 'lead')")
    admin.execute(
        "create view checked.people as select * from checked.kept union all select null, 'lead'"
    )
    assert counts(admin, REQUIRED, ONCE) == [1, 0]


def test_a_test_with_conditions_or_of_an_expression_is_left_to_dbt() -> None:
    config = {
        "severity": "ERROR",
        "where": None,
        "error_if": "!= 0",
        "warn_if": "!= 0",
        "fail_calc": "count(*)",
    }
    plain = {
        "test_metadata": {"name": "unique_over", "kwargs": {"columns": ["person_id", "stage"]}},
        "config": config,
        "depends_on": {"nodes": [MODEL]},
    }
    computed = {"name": "unique_over", "kwargs": {"columns": ["lower(person_id)"]}}
    assert checks.is_simple(plain)
    assert not checks.is_simple({**plain, "config": {**config, "where": "stage = 'lead'"}})
    assert not checks.is_simple({**plain, "test_metadata": computed})
