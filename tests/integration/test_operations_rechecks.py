"""Checks are carried out again when rows, rules or outcome give them something new to say."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
import pytest

from expectations.loader import Check, Suite
from expectations.results import CheckResult, Status, store
from orchestration.building import records, versions
from orchestration.operations import rechecks
from tests.conftest import Warehouse

CHECK = Check(
    "n_is_known", "expect_column_values_to_not_be_null", {"column": "n"}, "critical", "", None
)
SUITE = Suite("core", "numbers", "Numbers.", (CHECK,))
VOLUME = Check(
    CHECK.name,
    "expect_volume_to_match_history",
    {"source": "raw_shopify", "resource": "orders"},
    "warning",
    "",
    None,
)
RAW = Suite("raw_shopify", "orders", "Orders.", (VOLUME,))


@dataclass
class Hub:
    builder: psycopg.Connection
    publisher: psycopg.Connection

    def write(self, sql: str) -> None:
        """Write as a session that ends, so that the server counts what it wrote."""
        with psycopg.connect(self.builder.info.dsn, password=self.builder.info.password) as other:
            other.execute(sql.encode())
        versions.settle(self.builder, "nobody")

    def checked(self, status: Status = "passed", suite: Suite = SUITE) -> None:
        now = rechecks.record("check_core", [suite], self.builder)
        severity = suite.checks[0].severity
        results = [CheckResult(suite.name, CHECK.name, severity, status, 0, 1)]
        store(self.publisher, results, "run")
        rechecks.remember(now, results, self.builder)

    def known(self, suite: Suite = SUITE) -> list[CheckResult] | None:
        now = rechecks.record("check_core", [suite], self.builder)
        return rechecks.known(now, [suite], self.builder, self.publisher)


@pytest.fixture
def hub(fresh_database: Warehouse) -> Iterator[Hub]:
    with fresh_database.connect("builder") as builder, fresh_database.connect("publisher") as other:
        hub = Hub(builder, other)
        hub.write("drop table if exists core.numbers")
        hub.write("create table core.numbers as select 1 as n")
        with fresh_database.connect("admin") as admin:
            records.forget(admin)
        yield hub


def test_untouched_tables_that_were_let_through_are_not_read_again(hub: Hub) -> None:
    assert hub.known() is None
    hub.checked()
    found = hub.known()
    assert found is not None
    assert [(result.name, result.passed) for result in found] == [("n_is_known", True)]


def test_a_warning_is_told_again(hub: Hub) -> None:
    suite = replace(SUITE, checks=(replace(CHECK, severity="warning"),))
    hub.checked("failed", suite)
    found = hub.known(suite)
    assert found is not None
    assert [(result.name, result.status) for result in found] == [("n_is_known", "failed")]


def test_a_row_written_since_has_the_tables_checked_again(hub: Hub) -> None:
    hub.checked()
    hub.write("update core.numbers set n = 2")
    assert hub.known() is None


def test_a_table_made_anew_is_checked_again(hub: Hub) -> None:
    hub.checked()
    hub.write("drop table core.numbers")
    hub.write("create table core.numbers as select 1 as n")
    assert hub.known() is None


def test_another_rule_has_the_tables_checked_again(hub: Hub) -> None:
    hub.checked()
    assert hub.known(replace(SUITE, checks=(replace(CHECK, severity="warning"),))) is None


@pytest.fixture
def loader(fresh_database: Warehouse) -> Iterator[psycopg.Connection]:
    """A raw table with one row of one finished load; writes count once ``written`` is asked."""
    with fresh_database.connect("loader") as loader:
        loader.execute("create table raw_shopify._dlt_loads (load_id text, status int)")
        loader.execute("insert into raw_shopify._dlt_loads values ('1', 0), ('2', 0)")
        loader.execute("create table raw_shopify.orders (n int, _dlt_load_id text)")
        loader.execute("insert into raw_shopify.orders values (1, '1')")
        loader.execute(
            "grant select on raw_shopify.orders, raw_shopify._dlt_loads "
            f"to {fresh_database.dbname}_builder".encode()
        )
        for size in (500, 10, 11, 12, 10, 11, 12):
            _note_load(loader, size)
        yield loader
        loader.execute("drop table raw_shopify.orders, raw_shopify._dlt_loads")
        loader.execute("delete from ops.load_counts")


def _note_load(loader: psycopg.Connection, rows: int) -> None:
    loader.execute(
        "insert into ops.load_counts (run_id, source, resource, rows_loaded, loaded_at) "
        "values (gen_random_uuid()::text, 'raw_shopify', 'orders', %s, "
        "timezone('UTC', clock_timestamp()))",
        [rows],
    )
    versions.flush(loader)


def test_rows_that_a_load_wrote_as_they_were_are_not_checked_again(
    hub: Hub, loader: psycopg.Connection
) -> None:
    hub.checked(suite=RAW)
    loader.execute("update raw_shopify.orders set _dlt_load_id = '2'")
    _note_load(loader, 11)
    assert hub.known(RAW) is not None
    loader.execute("update raw_shopify.orders set n = 2")
    versions.flush(loader)
    assert hub.known(RAW) is None


def test_a_load_of_another_size_is_judged_though_it_changed_no_row(
    hub: Hub, loader: psycopg.Connection
) -> None:
    hub.checked(suite=RAW)
    _note_load(loader, 1)
    assert hub.known(RAW) is None


@pytest.mark.parametrize("status", ["failed", "error"])
def test_what_blocked_is_tried_again(hub: Hub, status: Status) -> None:
    hub.checked(status)
    assert hub.known() is None
