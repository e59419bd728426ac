"""From core to the marts: one transaction, changed rows only, what readers see of it."""

import psycopg
import pytest

from orchestration import publishing
from orchestration.publishing.smoke import smoke
from tests.integration.publishing_world import TODAY, YESTERDAY, World, changes


def test_the_first_release_creates_every_mart_with_keys_comments_and_indexes(world: World) -> None:
    release = world.publish("run-1", data_until=TODAY)
    assert (release.id, release.is_new) == (1, True)
    assert world.read("select count(*) from marts.visits") == [(2000,)]
    assert world.read("select count(*) from marts_marketing.people", "marketer") == [(800,)]
    assert world.read("select distinct _released_at from marts.people") == [(release.released_at,)]
    with world.warehouse.connect("admin") as conn:
        keys = conn.execute(
            "select contype::text, condeferrable from pg_constraint "
            "where conrelid = 'marts.visits'::regclass and contype in ('p', 'f') order by 1"
        ).fetchall()
        assert keys == [("f", True), ("p", False)]
        told = conn.execute(
            "select obj_description('marts.people'::regclass), "
            "col_description('marts.people'::regclass, 1), "
            "(select count(*) from pg_index where indrelid = 'marts.people'::regclass)"
        ).fetchone()
    assert told == ("One row per people.", "The person_id.", 2)


def test_contract_freshness_and_changelog_are_readable_by_an_analyst(world: World) -> None:
    with world.warehouse.connect("publisher") as conn:
        conn.execute(
            "insert into marts_meta.check_results (suite, check_name, severity, status, checked_at)"
            " values ('core.people', 'a', 'warning', 'failed', now()), "
            "('core.people', 'b', 'critical', 'passed', now())"
        )
    world.publish(data_until=TODAY)
    assert world.read(
        "select data_until, rows_total, gate_result from marts_meta.freshness "
        "where mart_schema = 'marts' order by mart_table"
    ) == [
        (TODAY, 1000, "passed with 1 warnings"),
        (TODAY, 2000, "unchecked"),
    ]
    assert world.read(
        "select kind, column_names, to_table from marts_meta.keys "
        "where mart_schema = 'marts' and mart_table = 'visits' order by kind"
    ) == [("foreign", "person_id", "people"), ("primary", "visit_id", "")]
    assert world.read(
        "select data_type, description, pii, purpose from marts_meta.columns "
        "where mart_schema = 'marts' and column_name = 'amount'"
    ) == [("numeric(18,2)", "The amount.", "none", "analytics")]
    assert len(world.read("select * from marts_meta.changelog where kind = 'mart_created'")) == 4


def test_a_failed_critical_check_holds_the_release_back_whoever_publishes(world: World) -> None:
    world.publish()
    world.core("update core.people set stage = 'moved' where person_id = 'p1'")
    before = world.checksum()
    for severity, status in (("critical", "failed"), ("warning", "error")):
        with world.warehouse.connect("publisher") as conn:
            conn.execute("truncate marts_meta.check_results")
            conn.execute(
                "insert into marts_meta.check_results "
                "(suite, check_name, severity, status, checked_at) "
                "values ('core.people', 'stage_is_known', %s, %s, now())",
                [severity, status],
            )
        with pytest.raises(publishing.ChecksFailed, match="stage_is_known"):
            world.publish()
        assert world.checksum() == before
    with world.warehouse.connect("publisher") as conn:
        conn.execute("update marts_meta.check_results set severity = 'warning', status = 'failed'")
    assert world.publish().is_new


def test_only_changed_rows_are_touched(world: World) -> None:
    first = world.publish()
    world.core(
        "update core.people set stage = 'moved' where person_id in ('p1', 'p2')",
        "delete from core.visits where visit_id = 'v7'",
        "insert into core.visits values ('v9999', 'p3', 1)",
    )
    second = world.publish()
    assert changes(second) == {
        "marts.people": (0, 0, 2),
        "marts.visits": (1, 1, 0),
        "marts_sales.people": (0, 0, 2),
    }
    assert next(c for c in second.changes if c.name == "marts.people").columns == {"stage": 2}
    assert world.read("select _released_at, count(*) from marts.people group by 1 order by 1") == [
        (first.released_at, 998),
        (second.released_at, 2),
    ]


def test_nothing_changed_is_no_release_but_confirms_freshness(world: World) -> None:
    world.publish(data_until=YESTERDAY)
    again = world.publish(data_until=TODAY)
    assert (again.id, again.is_new) == (1, False)
    assert world.read("select distinct data_until from marts_meta.freshness") == [(TODAY,)]


def test_a_broken_reference_stops_the_release_and_names_the_constraint_not_the_row(
    world: World,
) -> None:
    world.publish()
    before = world.checksum()
    world.core("insert into core.visits values ('v-orphan', 'nobody-secret', 1)")
    with pytest.raises(publishing.PublishError) as stopped:
        world.publish()
    assert "ForeignKeyViolation" in str(stopped.value)
    assert "visits" in str(stopped.value)
    assert "nobody-secret" not in str(stopped.value)
    assert stopped.value.__cause__ is None
    assert stopped.value.__suppress_context__
    assert world.checksum() == before


def test_smoke_reads_every_mart_as_its_reader(world: World) -> None:
    world.publish()
    seen = smoke(world.marts, world.warehouse.url)
    assert {(s.mart, s.role) for s in seen} == {
        ("marts.people", "analyst"),
        ("marts.visits", "analyst"),
        ("marts_marketing.people", "marketer"),
        ("marts_sales.people", "sales"),
    }
    assert [s.problem for s in seen] == [None] * 4
    with world.warehouse.connect("publisher") as conn:
        conn.execute("revoke select on marts_sales.people from public")
        conn.execute(
            f"revoke select on marts_sales.people from {world.warehouse.dbname}_sales".encode()
        )
        conn.execute("insert into marts.people values ('x', 's', 1, now())")
    problems = {s.mart: s.problem for s in smoke(world.marts, world.warehouse.url)}
    assert problems["marts_sales.people"] == "InsufficientPrivilege as sales"
    assert problems["marts.people"] is not None


def test_the_mart_of_another_audience_is_not_readable(world: World) -> None:
    world.publish()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        world.read("select 1 from marts.people", "marketer")
