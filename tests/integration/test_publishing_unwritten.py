"""A mart is read only when somebody wrote to it, or to what it is made of, since the last time."""

import pytest

from orchestration import publishing
from orchestration.building import versions
from tests.conftest import Warehouse
from tests.integration.publishing_world import World, changes, node

TABLES = ("core.people", "core.visits", "marts.people", "marts.visits", "marts_sales.people")


def rows_read(world: World) -> dict[str, int]:
    """Return the rows that whole scans of each table have read so far."""
    with world.warehouse.connect("admin") as conn:
        versions.settle(conn, "nobody")
        return {
            name: conn.execute(
                "select pg_stat_get_tuples_returned(%s::regclass)", [name]
            ).fetchall()[0][0]
            for name in TABLES
        }


def read_by_a_publish(world: World) -> set[str]:
    before = rows_read(world)
    world.publish()
    after = rows_read(world)
    return {name for name in TABLES if after[name] != before[name]}


def test_what_nobody_wrote_to_is_not_read_and_told_as_it_was(world: World) -> None:
    first = world.publish()
    assert read_by_a_publish(world) == set()
    again = world.publish()
    assert (again.id, again.is_new) == (first.id, False)
    assert [c.rows_after for c in again.changes] == [c.rows_after for c in first.changes]
    assert world.read("select distinct rows_total from marts_meta.freshness order by 1") == [
        (800,),
        (1000,),
        (2000,),
    ]


def test_only_marts_of_what_was_written_are_read(world: World) -> None:
    world.publish()
    world.core("update core.visits set page_count = 99 where visit_id = 'v1'")
    assert read_by_a_publish(world) == {"core.visits", "marts.visits"}
    assert world.read("select page_count from marts.visits where visit_id = 'v1'") == [(99,)]
    assert read_by_a_publish(world) == set()


def test_rows_of_a_mart_are_counted_only_when_somebody_else_wrote_to_it(world: World) -> None:
    world.publish()
    before = rows_read(world)["marts.visits"]
    world.core("delete from core.visits where visit_id = 'v5'")
    release = world.publish()
    assert rows_read(world)["marts.visits"] - before == 2000, "read for the comparison alone"
    assert {c.name: c.rows_after for c in release.changes}["marts.visits"] == 1999


def test_a_table_made_anew_with_the_same_rows_is_compared_once_and_changes_nothing(
    world: World,
) -> None:
    first = world.publish()
    world.core(
        "create table core.built as select * from core.visits",
        "drop table core.visits",
        "alter table core.built rename to visits",
    )
    world.grant()
    assert "core.visits" in read_by_a_publish(world)
    assert world.publish().id == first.id
    assert read_by_a_publish(world) == set()


def test_a_row_that_somebody_took_out_of_a_mart_comes_back(world: World) -> None:
    world.publish()
    with world.warehouse.connect("dsr") as conn:
        conn.execute("delete from marts.visits where visit_id = 'v5'")
    assert changes(world.publish()) == {"marts.visits": (1, 0, 0)}


def test_an_erasure_in_both_leaves_nothing_to_publish(world: World) -> None:
    first = world.publish()
    with world.warehouse.connect("dsr") as conn:
        conn.execute("delete from core.visits where visit_id = 'v5'")
        conn.execute("delete from marts.visits where visit_id = 'v5'")
    second = world.publish()
    assert (second.id, second.is_new) == (first.id, False)
    assert {c.name: c.rows_after for c in second.changes}["marts.visits"] == 1999


def test_a_session_that_may_still_hold_its_counters_back_has_everything_compared(
    world: World,
) -> None:
    world.publish()
    with world.warehouse.connect("builder") as writer:
        for pages in (50, 51):  # the server counts the first at once and the second later
            writer.execute("update core.visits set page_count = %s where visit_id = 'v1'", [pages])
        world.publish()
        assert world.read("select page_count from marts.visits where visit_id = 'v1'") == [(51,)]


def test_a_reader_who_is_connected_is_nothing_to_wait_for(world: World) -> None:
    world.publish()
    with world.warehouse.connect("analyst") as reader:
        reader.execute("select count(*) from marts.people")
        before = rows_read(world)
        world.publish()
    assert rows_read(world) == before


def test_a_blocked_release_is_compared_again_until_it_passes(world: World) -> None:
    world.publish()
    world.core("delete from core.visits where page_count < 3")
    for _ in range(2):
        with pytest.raises(publishing.ReleaseBlocked) as block:
            world.publish()
    with world.publisher() as conn:
        publishing.acknowledge(conn, block.value.block_id, "known", "test")
    assert world.publish().is_new
    assert read_by_a_publish(world) == set()


def test_what_a_rollback_took_back_is_found_again(world: World) -> None:
    world.publish()
    world.core("update core.people set stage = 'moved' where person_id = 'p1'")
    second = world.publish()
    with world.publisher() as conn:
        publishing.rollback(conn, reason="wrong", by="test")
        with pytest.raises(publishing.ReleaseBlocked, match="rolled back") as block:
            publishing.publish(conn, world.marts)
        publishing.acknowledge(conn, block.value.block_id, "right after all", "test")
        assert changes(publishing.publish(conn, world.marts)) == changes(second)


def test_counters_that_were_lost_have_everything_compared(world: World) -> None:
    world.publish()
    world.core("update core.people set stage = 'moved' where person_id = 'p1'")
    with world.warehouse.connect("admin") as conn:
        conn.execute("select pg_stat_reset()")
    assert changes(world.publish())["marts.people"] == (0, 0, 1)


def test_a_description_that_changed_is_published_although_no_row_did(world: World) -> None:
    first = world.publish()
    world.nodes["visits"]["description"] = "Visits, said better."
    assert world.publish().id == first.id + 1


def test_a_mart_made_of_a_view_changes_with_the_tables_that_the_view_reads(world: World) -> None:
    world.core(
        "drop view if exists core.stays",
        "drop table if exists core.nights",
        "create table core.nights as select 's' || n as stay_id, n as nights "
        "from generate_series(1, 50) as n",
        "create view core.stays as select * from core.nights where nights > 1",
    )
    world.grant()
    world.nodes["stays"] = node(
        "stays",
        {"stay_id": "text", "nights": "integer"},
        ["stay_id"],
        publish={"schema": "marts", "table": "stays"},
    )
    world.publish()
    assert not world.publish().is_new
    world.core("update core.nights set nights = 77 where stay_id = 's9'")
    assert changes(world.publish()) == {"marts.stays": (0, 0, 1)}
    world.core("create or replace view core.stays as select * from core.nights where nights > 2")
    assert changes(world.publish()) == {"marts.stays": (0, 1, 0)}
    world.core("drop view core.stays", "drop table core.nights")


def test_a_view_that_calls_a_function_has_no_version(fresh_database: Warehouse) -> None:
    with fresh_database.connect("builder") as conn:
        conn.execute("create function core.one() returns int language sql as 'select 1'")
        conn.execute("create view core.called as select core.one() as one")
        try:
            found = versions.look(conn, ["core"])["core", "called"]
        finally:
            conn.execute("drop view core.called")
            conn.execute("drop function core.one()")
    assert found.version is None
