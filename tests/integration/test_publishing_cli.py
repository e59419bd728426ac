"""``tandem release`` and ``tandem diff`` as an operator and a developer use them."""

import json

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from tests.conftest import Warehouse
from tests.integration.publishing_world import World


@pytest.fixture
def world(world: World, fresh_database: Warehouse) -> World:
    (fresh_database.home / "manifest.json").write_text(json.dumps({"nodes": world.nodes}))
    return world


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_a_release_is_compared_blocked_acknowledged_listed_and_taken_back(world: World) -> None:
    world.publish()
    manifest = str(world.warehouse.home / "manifest.json")
    assert invoke("release", "diff", "--manifest", manifest) == (
        0,
        "nothing to publish, the marts are up to date (release 1)\n",
    )
    world.core("delete from core.visits where visit_id like 'v1%'")
    code, told = invoke("release", "diff", "--manifest", manifest)
    assert code == 2
    assert "1,111" in told
    assert "over its limit" in told
    with pytest.raises(Exception, match="blocked"):
        world.publish()
    code, told = invoke("release", "list")
    assert "block 1" in told
    assert invoke("release", "acknowledge", "--reason", "old visits")[0] == 0
    world.publish()
    code, told = invoke("release", "rollback", "--yes", "--reason", "we need them")
    assert (code, "release 3" in told) == (0, True)
    code, told = invoke("release", "list")
    assert "publish, undone" in told
    assert "we need them" in told


def test_what_a_user_can_mend_is_told_in_one_line(world: World) -> None:
    world.publish()
    code, told = invoke("release", "rollback", "--yes", "--reason", "why not")
    assert code == 1
    assert told.startswith("error: there is no release to go back to")
    code, told = invoke("release", "acknowledge", "--reason", "why not")
    assert code == 1
    assert "0 blocks are open" in told
    code, told = invoke("release", "diff", "--manifest", "nowhere.json")
    assert (code, "nowhere.json is missing" in told) == (1, True)


def test_what_a_changed_model_would_do_is_seen_before_it_is_anybody_elses(world: World) -> None:
    world.publish()
    manifest = str(world.warehouse.home / "manifest.json")
    assert invoke("diff", "--manifest", manifest)[1].startswith("no mart is built in dev")
    world.core("create table dev.visits as select * from core.visits")
    told = invoke("diff", "--manifest", manifest)[1]
    assert told == "1 marts in dev, all as published (release 1)\n"
    world.core("drop table dev.visits")
    world.core(
        "create table dev.visits as select visit_id, person_id, "
        "page_count + (visit_id = 'v7')::int "
        "as page_count from core.visits where visit_id <> 'v8'"
    )
    try:
        code, told = invoke("diff", "--manifest", manifest)
        assert code == 0
        assert "marts.visits" in told
        assert "page_count 1" in told
        assert "marts.people" not in told, "not built in dev, so nothing is said of it"
        world.core("alter table dev.visits alter column page_count type text")
        code, told = invoke("diff", "--manifest", manifest)
        assert (code, "retyped from integer to text" in told) == (1, True)
    finally:
        world.core("drop table dev.visits")
    assert world.read("select count(*) from marts.visits") == [(2000,)]
