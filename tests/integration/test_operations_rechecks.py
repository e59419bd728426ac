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


@pytest.mark.parametrize("status", ["failed", "error"])
def test_what_blocked_is_tried_again(hub: Hub, status: Status) -> None:
    hub.checked(status)
    assert hub.known() is None
