"""Increments of the transformation equal a full build, whatever came late or changed."""

from datetime import timedelta

import pytest

from orchestration import dbt_invocation
from tests.conftest import Warehouse
from tests.integration import transform_people as people
from tests.integration.transform_world import AS_OF, PROJECT, World, found

INCREMENTAL = (
    "intermediate.int_journey__sessions",
    "intermediate.int_journey__web_signals",
    "intermediate.int_lifecycle__rule_intervals",
    "intermediate.int_lifecycle__stage_intervals",
    "intermediate.int_lifecycle__stage_moves",
)
COMPARED = (*INCREMENTAL, "core.sessions", "core.lifecycle_history")
BUILT = ("+sessions", "+lifecycle_history")


@pytest.fixture(scope="module")
def world(fresh_database: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = found(fresh_database, tmp_path_factory.mktemp("dbt"))
    people.crowd(made, 60)
    _refresh(made, "--full-refresh")
    return made


def _refresh(world: World, *extra: str) -> None:
    world.dbt("run", "--select", *BUILT, "--exclude", "fqn:tandem.staging", *extra)


def _state(world: World) -> dict[str, tuple[object, ...]]:
    return {table: world.fingerprint(table) for table in COMPARED}


def test_every_incremental_model_is_compared_here() -> None:
    found_here = {
        f"intermediate.{path.stem}"
        for folder in ("journey", "lifecycle", "customer", "commerce", "sales")
        for path in (PROJECT / "models/intermediate" / folder).glob("*.sql")
        if "materialized='incremental'" in path.read_text()
    }
    assert found_here == set(INCREMENTAL)


def test_nothing_new_changes_nothing(world: World) -> None:
    before = _state(world)
    _refresh(world)
    assert _state(world) == before


def test_late_changed_merged_and_vanished_facts_are_restated_exactly(world: World) -> None:
    before = _state(world)
    long_ago = AS_OF - timedelta(days=100)
    people.visit(world, "late", "device-p3", long_ago, 5)
    [(between,)] = world.query(
        "select max(ended_at) from staging.stg_matomo__visits where subject_key = 'device-p5'"
    )
    people.visit(world, "joined", "device-p5", between + timedelta(minutes=10), 2)
    people.visit(world, "new", "device-nobody", AS_OF - timedelta(hours=5), 4)
    people.order(world, "late", "p3", long_ago, 80)
    world.execute(
        "update staging.stg_shopify__orders set cancelled_at = ordered_at where subject_key = "
        "(select min(subject_key) from staging.stg_shopify__orders)"
    )
    world.execute("update identity.person_links set person_id = 'p1' where person_id = 'p13'")
    world.execute(
        "update staging.stg_matomo__visits set is_bot = true where subject_key = 'device-p7'"
    )
    world.execute("delete from staging.stg_matomo__visits where subject_key = 'device-p9'")
    world.execute("delete from staging.stg_matomo__actions where subject_key = 'device-p9'")
    _refresh(world)
    incremented = _state(world)
    assert incremented != before
    _refresh(world, "--full-refresh")
    assert _state(world) == incremented


def test_a_merge_that_is_split_again_gives_each_part_back_what_it_had(world: World) -> None:
    before = _state(world)
    rows = world.query("select subject_key from identity.person_links where person_id = 'p17'")
    keys = ", ".join(f"'{key}'" for (key,) in rows)
    for person in ("p2", "p17"):
        world.execute(
            f"update identity.person_links set person_id = '{person}' where subject_key in ({keys})"
        )
        _refresh(world)
        assert (_state(world) == before) == (person == "p17")


def test_only_the_touched_visitors_are_computed_again(world: World) -> None:
    untouched = (
        "select xmin::text, ctid::text from intermediate.int_journey__sessions "
        "where subject_key <> 'device-p11' order by ctid"
    )
    before = world.query(untouched)
    people.visit(world, "one-more", "device-p11", AS_OF - timedelta(days=50), 2)
    world.run("int_journey__sessions")
    assert world.query(untouched) == before


@pytest.mark.parametrize(
    "edit",
    [
        "update rules.lifecycle_rules set threshold = 2 where stage = 'advocate'",
        "update rules.lifecycle_stages set family = 'service' where stage = 'visitor'",
    ],
)
def test_a_changed_lifecycle_rule_restates_everybody(world: World, edit: str) -> None:
    before = _state(world)["core.lifecycle_history"]
    world.execute(edit)
    _refresh(world)
    incremented = _state(world)
    assert incremented["core.lifecycle_history"] != before
    _refresh(world, "--full-refresh")
    assert _state(world) == incremented


def test_a_changed_session_rule_restates_everybody(world: World) -> None:
    [before] = world.query("select count(*) from intermediate.int_journey__sessions")
    world.execute("update rules.settings set value = '1' where setting = 'inactivity_minutes'")
    _refresh(world)
    [after] = world.query("select count(*) from intermediate.int_journey__sessions")
    assert after > before
    incremented = _state(world)
    _refresh(world, "--full-refresh")
    assert _state(world) == incremented


def test_one_process_builds_a_model_with_foreign_keys_as_often_as_it_is_asked(world: World) -> None:
    for _ in range(2):
        select = ["run", "--select", "lifecycle_history", "--no-write-json"]
        [built] = dbt_invocation.run(select, "builder")
        assert built.is_ok, built.message
