"""Backup and restore: everything back, erased people not, and nothing lost when it fails."""

import stat
from pathlib import Path

import psycopg
import pytest

from orchestration.identity import resolve
from orchestration.warehouse import grants
from orchestration.warehouse.backup import backup, restore
from orchestration.warehouse.errors import WarehouseError
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at
from tests.unit.identity_world import record

COUNT = "select count(*) from vault.contact_values"


@pytest.fixture
def people(fresh_database: Warehouse) -> Warehouse:
    with fresh_database.connect() as connection:
        connection.execute("delete from vault.contact_values")
        connection.execute(
            "insert into vault.contact_values select 'key' || i, 'test', i::text, 'email', "
            "'person' || i || '@example.org', now() at time zone 'UTC', 'load' "
            "from generate_series(1, 100) as i"
        )
    return fresh_database


def count(hub: Warehouse, query: str = COUNT, role: str = "admin") -> int:
    with hub.connect(role) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_a_restored_warehouse_is_what_was_backed_up(people: Warehouse, tmp_path: Path) -> None:
    with people.connect("builder") as connection:
        connection.execute("create table if not exists core.built as select 7 as i")
    file = backup(tmp_path / "one.dump")
    with people.connect() as connection:
        connection.execute("delete from vault.contact_values")
        connection.execute("drop table core.built")
    restore(file)
    assert count(people) == 100
    assert count(people, "select i from core.built", role="builder") == 7
    with people.connect() as connection:
        grants.verify(connection)
        connection.execute("drop table core.built")
        left = connection.execute("select from pg_database where datname like '%before_restore'")
        assert left.fetchone() is None
    with (
        people.connect("analyst") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(COUNT.encode())


def test_who_is_who_comes_back_and_is_resolved_on_under_the_same_ids(
    people: Warehouse, tmp_path: Path
) -> None:
    at.build(people)
    at.add(people, [record("u1", "e1"), record("u2", "e2"), record("c1", "e1", name="crm")])
    resolve(people.url("resolver"))
    before = at.links(people)
    file = backup(tmp_path / "persons.dump")
    at.forget(people)
    resolve(people.url("resolver"))
    assert at.links(people) != before
    restore(file)
    at.let_read(people)
    resolve(people.url("resolver"), full=True)
    assert at.links(people) == before


def test_a_backup_is_for_its_owners_eyes_only(people: Warehouse) -> None:
    file = backup()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.is_relative_to(people.home)


def test_people_erased_after_the_backup_stay_erased(people: Warehouse, tmp_path: Path) -> None:
    """The replay sees the tombstones written after the backup, before anybody can connect."""
    file = backup(tmp_path / "one.dump")
    with people.connect() as connection:
        connection.execute("insert into privacy.tombstones values ('key7', '1', 'erasure')")
        connection.execute("delete from vault.contact_values where subject_key = 'key7'")
    entered: list[str] = []

    def replay(connection: psycopg.Connection) -> None:
        known = connection.execute("select subject_key_supp from privacy.tombstones").fetchall()
        connection.execute(
            "delete from vault.contact_values where subject_key = any(%s)",
            [[key for (key,) in known]],
        )
        for role in ("analyst", "builder_pii", "loader"):
            try:
                psycopg.connect(people.url(role)).close()
                entered.append(role)
            except psycopg.OperationalError:
                continue

    restore(file, replay=replay)
    assert entered == []
    assert count(people) == 99
    psycopg.connect(people.url("analyst")).close()


def test_a_restore_that_fails_leaves_the_warehouse_as_it_was(
    people: Warehouse, tmp_path: Path
) -> None:
    file = backup(tmp_path / "one.dump")
    with people.connect() as connection:
        connection.execute("delete from vault.contact_values where record_key = '1'")

    def replay(connection: psycopg.Connection) -> None:
        raise WarehouseError("the replay failed")

    with pytest.raises(WarehouseError, match="the replay failed"):
        restore(file, replay=replay)
    assert count(people) == 99
    psycopg.connect(people.url("analyst")).close()


def test_a_truncated_or_foreign_file_is_refused_before_anything_happens(
    people: Warehouse, tmp_path: Path
) -> None:
    file = backup(tmp_path / "one.dump")
    whole = file.read_bytes()
    (tmp_path / "half.dump").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.dump").write_text("select 1")
    for name in ("half.dump", "text.dump", "missing.dump"):
        with pytest.raises(WarehouseError):
            restore(tmp_path / name)
        assert count(people) == 100


def test_a_failed_backup_leaves_no_file(people: Warehouse, tmp_path: Path) -> None:
    """As a role that may not read what it should dump."""
    address = people.home / "secrets" / "admin.url"
    kept = address.read_text()
    address.chmod(0o600)
    address.write_text(people.url("analyst"))
    try:
        with pytest.raises(WarehouseError, match="pg_dump failed"):
            backup(tmp_path / "one.dump")
    finally:
        address.write_text(kept)
        address.chmod(0o400)
    assert list(tmp_path.iterdir()) == []
