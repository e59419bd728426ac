"""Releases looked at by people: too large a change, what would change, taking one back."""

import psycopg
import pytest

from orchestration import publishing
from tests.integration.publishing_world import World, changes


def test_too_large_a_change_blocks_until_somebody_acknowledges_with_a_reason(
    world: World,
) -> None:
    world.publish()
    before = world.checksum()
    world.core("delete from core.visits where visit_id like 'v1%'")
    for _ in range(2):
        with pytest.raises(publishing.ReleaseBlocked) as blocked:
            world.publish()
    assert "marts.visits: 1111 rows removed" in str(blocked.value)
    assert world.checksum() == before
    with world.publisher() as conn:
        with pytest.raises(publishing.PublishError, match="reason"):
            publishing.acknowledge(conn, blocked.value.block_id, " ", "ada")
        publishing.acknowledge(conn, blocked.value.block_id, "old visits expired", "ada")
    release = world.publish()
    assert changes(release) == {"marts.visits": (0, 1111, 0)}
    assert world.read(
        "select acknowledged_by, acknowledged_reason, used_by_release_id from marts_meta.blocks"
    ) == [("ada", "old visits expired", release.id)]


def test_an_acknowledgement_does_not_cover_a_larger_change_later(world: World) -> None:
    world.publish()
    world.core("delete from core.visits where visit_id like 'v1%'")
    with pytest.raises(publishing.ReleaseBlocked) as blocked:
        world.publish()
    with world.publisher() as conn:
        publishing.acknowledge(conn, blocked.value.block_id, "fine", "ada")
    world.core("delete from core.visits where visit_id like 'v2%' or visit_id like 'v3%'")
    with pytest.raises(publishing.ReleaseBlocked):
        world.publish()


def test_diff_shows_what_publish_would_do_and_writes_nothing(world: World) -> None:
    world.publish()
    world.core("delete from core.visits where visit_id like 'v1%'")
    before = world.checksum()
    with world.publisher() as conn:
        found = publishing.diff(conn, world.marts)
    assert found.current_release_id == 1
    assert [(c.name, c.removed) for c in found.changes if not c.is_empty] == [
        ("marts.visits", 1111)
    ]
    assert "limit 10 %" in found.reasons[0]
    assert world.checksum() == before


def test_rollback_restores_the_release_before_and_holds_publishing(world: World) -> None:
    world.publish()
    before = world.checksum()
    world.core(
        "update core.people set stage = 'wrong' where person_id < 'p3'",
        "delete from core.visits where visit_id = 'v7'",
        "insert into core.visits values ('v9999', 'p3', 1)",
    )
    world.publish()
    assert world.checksum() != before
    with world.publisher() as conn:
        undone = publishing.rollback(conn, reason="wrong stages", by="ada")
    assert undone.id == 3
    assert world.checksum() == before
    with pytest.raises(publishing.ReleaseBlocked, match="wrong stages") as held:
        world.publish()
    with world.publisher() as conn:
        publishing.acknowledge(conn, held.value.block_id, "they were right", "ada")
    assert world.publish().id == 4
    assert world.checksum() != before


def test_rollback_of_a_release_that_brought_a_required_column_leaves_it_empty_until_the_next(
    world: World,
) -> None:
    world.publish()
    before = world.checksum()
    world.core(
        "alter table core.people add column score integer not null default 7",
        "update core.people set stage = 'wrong' where person_id < 'p3'",
    )
    columns = world.nodes["people"]["columns"]
    columns["score"] = {
        **columns["stage"],
        "data_type": "integer",
        "constraints": [{"type": "not_null"}],
    }
    world.publish()
    with world.publisher() as conn:
        publishing.rollback(conn, reason="wrong stages", by="ada")
    assert world.checksum() == before
    assert world.read("select count(score) from marts.people") == [(0,)]
    for cause in ("rolled back", "1000 rows changed"):
        with pytest.raises(publishing.ReleaseBlocked, match=cause) as held:
            world.publish()
        with world.publisher() as conn:
            publishing.acknowledge(conn, held.value.block_id, "they were right", "ada")
    world.publish()
    required = "select is_nullable from information_schema.columns where column_name = 'score'"
    assert world.read(f"{required} and table_schema = 'marts'") == [("NO",)]


def test_rollback_of_the_only_release_is_refused(world: World) -> None:
    world.publish()
    with world.publisher() as conn, pytest.raises(publishing.PublishError, match="go back to"):
        publishing.rollback(conn, reason="no", by="ada")


def test_pre_images_are_kept_for_five_releases_and_no_reader_sees_them(world: World) -> None:
    world.publish()
    for turn in range(7):
        world.core(f"update core.people set stage = 'turn {turn}' where person_id = 'p1'")
        world.publish()
    with world.warehouse.connect("publisher") as conn:
        kept = conn.execute(
            "select distinct release_id from marts_history.marts__people order by 1"
        ).fetchall()
    assert kept == [(4,), (5,), (6,), (7,), (8,)]
    for role in ("analyst", "marketer", "sales", "service", "activator"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.read("select 1 from marts_history.marts__people", role)
