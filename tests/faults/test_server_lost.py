"""A server without room or without a free connection: told as what it is, and left behind."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from orchestration import publishing
from orchestration.cli.release import app
from orchestration.operations.failures import without_values
from orchestration.warehouse.errors import WarehouseError
from tests.conftest import Warehouse
from tests.faults.small_disk import small_disk
from tests.integration.publishing_world import World

Recovering = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def world(fresh_database: Warehouse) -> World:
    made = World(fresh_database)
    made.reset()
    made.build()
    made.publish()
    return made


@pytest.fixture
def tiny(world: World, tandem_home: Path) -> Iterator[str]:
    """A tablespace of two megabytes."""
    with small_disk(tandem_home.parent / "disk", 2) as disk:
        space = disk / "space"
        space.mkdir()
        with world.warehouse.connect("admin") as conn:
            [(data,)] = conn.execute("show data_directory").fetchall()
            shutil.chown(space, Path(data).stat().st_uid, Path(data).stat().st_gid)
            conn.execute(
                sql.SQL("create tablespace tiny location {}").format(sql.Literal(str(space)))
            )
            conn.execute("grant create on tablespace tiny to public")
            try:
                yield "tiny"
            finally:
                conn.execute("drop tablespace tiny")


def set_space(world: World, space: str) -> None:
    """Let what a publish keeps go to ``space``."""
    with world.warehouse.connect("admin") as conn:
        names = conn.execute(
            "select tablename from pg_tables where schemaname = 'marts_history'"
        ).fetchall()
        for (name,) in names:
            conn.execute(
                sql.SQL("alter table {} set tablespace {}").format(
                    sql.Identifier("marts_history", name), sql.Identifier(space)
                )
            )


def test_a_full_disk_of_the_warehouse_is_told_and_left_behind(
    world: World, tiny: str, recovering: Recovering
) -> None:
    world.core(
        "update rules.release_limits set max_changed_percent = null",
        "update core.people set stage = (select string_agg(md5(person_id || n), '') "
        "from generate_series(1, 60) as n)",
    )
    world.publish()
    before = world.checksum()
    set_space(world, tiny)
    try:
        world.core("update core.people set stage = 'short'")
        with pytest.raises(publishing.PublishError, match="disk of the warehouse is full"):
            world.publish()
        assert world.checksum() == before
    finally:
        set_space(world, "pg_default")
    with recovering():
        assert world.publish().is_new
    assert world.read("select distinct stage from marts.people") == [("short",)]


def test_a_server_without_a_free_connection_is_told_from_one_that_is_gone(
    world: World, recovering: Recovering
) -> None:
    role = sql.Identifier(f"{world.warehouse.dbname}_publisher")
    with world.warehouse.connect("admin") as conn:
        conn.execute(sql.SQL("alter role {} connection limit 0").format(role))
        try:
            with pytest.raises(WarehouseError, match="no free connection"), without_values():
                world.publish()
            told = CliRunner().invoke(app, ["list"])
            assert told.exit_code == 1
            assert "no free connection" in told.output
        finally:
            conn.execute(sql.SQL("alter role {} connection limit -1").format(role))
    with recovering():
        assert CliRunner().invoke(app, ["list"]).exit_code == 0


def test_a_server_that_is_gone_is_told_without_the_text_of_its_driver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(WarehouseError, match="tandem up"), without_values():
        psycopg.connect("host=127.0.0.1 port=1 user=ada dbname=hub", connect_timeout=2)
