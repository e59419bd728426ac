"""Suites against a real warehouse: outcomes, counts, and not one value."""

import json
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from expectations import report
from expectations.loader import Check, Suite, load_suites
from expectations.results import CheckResult, store
from expectations.runner import run_suites
from tests.conftest import Warehouse

CANARIES = {
    "plain": "ada.canary@example.org",
    "percent": "mail=ada.canary%40example.org",
    "html": "ada.canary&#64;example.org",
    "wide": "ada.canary＠example.org",  # noqa: RUF001
    "unicode": "ada.canary\\u0040example.org",
    "phone": "call +49 170 1234567",
    "address": "from 203.0.113.7 today",
}


def check(name: str, kind: str, where: dict[str, object] | None = None, **kwargs: object) -> Check:
    return Check(name, kind, kwargs, "critical", "", where)


@pytest.fixture(scope="module")
def url(fresh_database: Warehouse) -> str:
    with fresh_database.connect("builder") as conn:
        conn.execute(
            "create table core.people as select 'p' || n as person_id, 'stage ' || n % 5 as stage, "
            "n as amount, timestamp '2026-09-01' + n * interval '1 hour' as seen_at, "
            "md5(n::text) as digest, gen_random_uuid()::text as random_id "
            "from generate_series(1, 100) as n"
        )
        conn.execute(
            "create table core.stretches as select 'p1' as person_id, valid_from, valid_to "
            "from (values (timestamp '2026-01-01', timestamp '2026-02-01'), "
            "('2026-02-01', '2026-03-01'), ('2026-04-01', null)) as v (valid_from, valid_to)"
        )
        conn.execute("create table core.sums as select person_id, amount from core.people")
        conn.execute("create table core.leaks (kind text, content text)")
        with conn.cursor() as cursor:
            cursor.executemany("insert into core.leaks values (%s, %s)", list(CANARIES.items()))
        conn.execute(
            "insert into core.leaks values ('harmless', 'campaign/summer-2026 12:00:00 3.5 a@b')"
        )
    with fresh_database.connect("admin") as conn:
        conn.execute("delete from ops.clock")
        conn.execute("insert into ops.clock (as_of) values ('2026-09-06')")
    return fresh_database.url("builder")


def run(url: str, table: str, *checks: Check) -> dict[str, CheckResult]:
    return {r.name: r for r in run_suites([Suite("core", table, "", checks)], url)}


def test_outcomes_and_counts(url: str) -> None:
    found = run(
        url,
        "people",
        check("filled", "expect_column_values_to_not_be_null", column="stage"),
        check("known", "expect_column_values_to_be_in_set", column="stage", value_set=["stage 1"]),
        check(
            "known_of_few",
            "expect_column_values_to_be_in_set",
            {"column": "stage", "in": ["stage 2"]},
            column="stage",
            value_set=["stage 1"],
        ),
        check("small", "expect_no_rows_where", condition="amount > 90"),
        check("rows", "expect_table_row_count_to_be_between", min_value=1000),
    )
    outcome = {n: (r.status, r.unexpected_count, r.evaluated) for n, r in found.items()}
    assert outcome == {
        "filled": ("passed", 0, None),
        "known": ("failed", 80, 100),
        "known_of_few": ("failed", 20, 20),
        "small": ("failed", 10, None),
        "rows": ("failed", None, None),
    }


def test_a_check_that_cannot_be_carried_out_is_an_error_and_others_go_on(url: str) -> None:
    found = run(
        url,
        "people",
        check("gone", "expect_column_values_to_not_be_null", column="no_such_column"),
        check("typo", "expect_column_values_to_be_nul", column="stage"),
        check("broken", "expect_no_rows_where", condition="stage / 0 = 1"),
        check("good", "expect_column_values_to_not_be_null", column="stage"),
    )
    assert {n: r.status for n, r in found.items()} == {
        "gone": "error",
        "typo": "error",
        "broken": "error",
        "good": "passed",
    }
    assert all(found[name].is_blocking for name in ("gone", "typo", "broken"))


def test_a_missing_table_and_a_broken_tool_are_errors_of_every_check(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = run(
        url, "no_such_table", check("a", "expect_column_values_to_not_be_null", column="b")
    )
    assert missing["a"].status == "error"
    monkeypatch.setattr("expectations.runner._source", lambda url: 1 / 0)
    broken = run(url, "people", check("a", "expect_column_values_to_not_be_null", column="stage"))
    assert broken["a"].status == "error"
    assert (broken["a"].error or "").startswith("ZeroDivisionError")


def test_overlaps_and_gaps_are_told_apart(url: str) -> None:
    found = run(
        url,
        "stretches",
        check("no_overlap", "expect_intervals_not_to_overlap", keys=["person_id"]),
        check("no_gap", "expect_intervals_not_to_overlap", keys=["person_id"], gaps_allowed=False),
    )
    assert (found["no_overlap"].status, found["no_gap"].status) == ("passed", "failed")
    assert found["no_gap"].unexpected_count == 1


def test_sums_and_counts_are_compared_with_another_table(url: str) -> None:
    found = run(
        url,
        "sums",
        check("same", "expect_sums_to_agree", column="amount", other_table="core.people",
              other_column="amount", keys=["person_id"]),
        check("part", "expect_sums_to_agree", column="amount", other_table="core.people",
              other_column="amount", other_condition="amount < 50"),
        check("counted", "expect_sums_to_agree", other_table="core.people"),
    )  # fmt: skip
    assert {n: r.status for n, r in found.items()} == {
        "same": "passed",
        "part": "failed",
        "counted": "passed",
    }


def test_a_row_is_known_when_another_table_holds_its_key(url: str) -> None:
    keys: dict[str, Any] = {"columns": ["person_id"], "other_table": "core.people"}
    few = {**keys, "other_condition": "amount <= 40 and stage in (select stage from core.people)"}
    both = {**keys, "columns": ["person_id", "amount"], "other_table": "core.sums"}
    found = run(
        url,
        "people",
        check("known", "expect_rows_to_be_known", **keys),
        check("unknown", "expect_rows_to_be_known", **few),
        check("by_both", "expect_rows_to_be_known", **both),
    )
    assert {n: (r.status, r.unexpected_count) for n, r in found.items()} == {
        "known": ("passed", 0),
        "unknown": ("failed", 60),
        "by_both": ("passed", 0),
    }
    with psycopg.connect(url) as connection:
        rows = connection.execute((found["unknown"].query or "").encode()).fetchall()
    assert len(rows) == 60


def test_recency_is_judged_by_the_clock_of_the_run(url: str) -> None:
    found = run(
        url,
        "people",
        check("fresh", "expect_data_to_be_recent", column="seen_at", max_age_hours=48),
        check("stale", "expect_data_to_be_recent", column="seen_at", max_age_hours=1),
    )
    assert (found["fresh"].status, found["stale"].status) == ("passed", "failed")


def test_personal_data_are_detected_in_every_disguise_we_know_and_ids_are_not(url: str) -> None:
    leaks = run(url, "leaks", check("clean", "expect_no_personal_data"))["clean"]
    assert (leaks.status, leaks.unexpected_count) == ("failed", len(CANARIES))
    assert run(url, "people", check("clean", "expect_no_personal_data"))["clean"].passed


def test_no_value_of_a_failing_row_is_in_results_report_or_store(
    url: str,
    fresh_database: Warehouse,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = run(
        url,
        "leaks",
        check("in_set", "expect_column_values_to_be_in_set", column="content", value_set=["x"]),
        check("unique", "expect_column_values_to_be_in_set", column="kind", value_set=["x"]),
        check("regex", "expect_column_values_to_match_regex", column="content", regex="^x$"),
        check("common", "expect_column_most_common_value_to_be_in_set", column="content",
              value_set=["x"]),
        check("distinct", "expect_column_distinct_values_to_be_in_set", column="content",
              value_set=["x"]),
        check("cast", "expect_no_rows_where", condition="content::integer = 1"),
        check("clean", "expect_no_personal_data"),
    )  # fmt: skip
    assert {n: r.status for n, r in found.items() if n != "cast"} == dict.fromkeys(
        ("in_set", "unique", "regex", "common", "distinct", "clean"), "failed"
    )
    assert found["cast"].status == "error"
    with fresh_database.connect("publisher") as conn:
        store(conn, list(found.values()), "run")
        stored = str(conn.execute("select * from marts_meta.check_results").fetchall())
    page = report.render(list(found.values()), at=datetime(2026, 9, 30, tzinfo=UTC))
    printed = capfd.readouterr()
    told = json.dumps([vars(r) for r in found.values()]) + stored + page + printed.out + printed.err
    told += caplog.text
    for value in (*CANARIES.values(), "canary", "203.0.113.7"):
        assert value not in told


def test_volume_is_compared_with_earlier_loads(fresh_database: Warehouse, url: str) -> None:
    volume = check("volume", "expect_volume_to_match_history", source="s", resource="r")
    sizes = [50_000, 100, 110, 90, 105, 95, 100]
    with fresh_database.connect("loader") as conn:
        for day, rows in enumerate(sizes):
            conn.execute(
                "insert into ops.load_counts (run_id, source, resource, rows_loaded, loaded_at) "
                "values (%s, 's', 'r', %s, timestamp '2026-09-01' + %s * interval '1 day')",
                [f"run {day}", rows, day],
            )
        assert run(url, "people", volume)["volume"].passed
        conn.execute(
            "insert into ops.load_counts (run_id, source, resource, rows_loaded, loaded_at) "
            "values ('tiny', 's', 'r', 2, timestamp '2026-09-20')"
        )
    assert run(url, "people", volume)["volume"].status == "failed"


def test_a_second_run_sees_new_data_and_no_connection_piles_up(
    fresh_database: Warehouse, url: str
) -> None:
    with fresh_database.connect("builder") as conn:
        conn.execute("create table core.moving as select 1 as n")
        filled = check("small", "expect_column_values_to_be_between", column="n", max_value=1)
        assert run(url, "moving", filled)["small"].passed
        conn.execute("insert into core.moving values (2)")
        for _ in range(3):
            assert run(url, "moving", filled)["small"].unexpected_count == 1
        # what a check leaves open must not keep dbt from replacing the table
        conn.execute("set lock_timeout = '1s'")
        conn.execute("drop table core.moving")
        row = conn.execute(
            "select count(*) from pg_stat_activity where datname = current_database()"
        ).fetchone()
    assert row is not None
    assert row[0] < 6


def test_the_suites_of_the_project_name_expectations_that_exist() -> None:
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    import expectations.custom  # noqa: F401

    known = set(list_registered_expectation_implementations())
    named = {c.type for suite in load_suites() for c in suite.checks}
    assert named <= known
