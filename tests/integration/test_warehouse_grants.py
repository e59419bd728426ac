"""The wall in the database itself: what roles may really do, and what happens when it drifts."""

import contextlib
from collections.abc import Iterator

import psycopg
import pytest

from orchestration.warehouse import grants
from orchestration.warehouse.errors import WarehouseError
from tests.conftest import Warehouse

Connection = psycopg.Connection


@pytest.fixture
def admin(fresh_database: Warehouse) -> Iterator[Connection]:
    with fresh_database.connect() as connection:
        grants.reconcile(connection)
        yield connection
        grants.reconcile(connection)


@pytest.fixture
def hub(fresh_database: Warehouse) -> Warehouse:
    return fresh_database


def role(hub: Warehouse, name: str) -> str:
    return f"{hub.dbname}_{name}"


def denied(hub: Warehouse, name: str, statement: str) -> bool:
    with hub.connect(name) as connection:
        try:
            connection.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            return True
    return False


def build_like_dbt(
    hub: Warehouse, relation: str, maker: str = "builder", kind: str = "table"
) -> None:
    with hub.connect(maker) as connection:
        connection.execute(f"drop {kind} if exists {relation}".encode())
        connection.execute(f"create {kind} {relation} as select 'x' as subject_key".encode())


READERS = ("analyst", "marketer", "sales", "service", "activator", "builder")


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_cannot_select_from_the_vault(
    admin: Connection, hub: Warehouse, reader: str
) -> None:
    assert denied(hub, reader, "select * from vault.contact_values")


@pytest.mark.parametrize("reader", READERS[:5])
@pytest.mark.parametrize(
    "attempt",
    [
        "create table public.mine (i int)",
        "create temp table mine (i int)",
        "create schema mine",
        "create function pg_temp.f() returns int language sql as 'select 1'",
        "set role {owner}",
        "set session authorization {owner}",
        "copy (select 1) to program 'true'",
        "select pg_read_file('postgresql.conf')",
        "select * from raw_hubspot.contacts",
        "select * from core.customer_360",
        "select * from ops.setup",
        "select * from consent.events",
    ],
)
def test_a_reader_cannot_reach_past_its_marts(
    admin: Connection, hub: Warehouse, reader: str, attempt: str
) -> None:
    with hub.connect("loader") as connection:
        connection.execute("create table if not exists raw_hubspot.contacts (subject_key text)")
    build_like_dbt(hub, "core.customer_360")
    grants.reconcile(admin)
    assert denied(hub, reader, attempt.format(owner=role(hub, "owner")))


def test_only_the_dagster_role_enters_dagsters_database(admin: Connection, hub: Warehouse) -> None:
    url = hub.url("analyst") + "_dagster"
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(url)
    with hub.connect("dagster") as connection:
        connection.execute("create table runs (i int)")
    outside = hub.url("dagster").removesuffix("_dagster")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(outside)


def test_a_table_that_dbt_rebuilt_gets_its_grants_back(admin: Connection, hub: Warehouse) -> None:
    for _ in range(2):
        build_like_dbt(hub, "core.customer_360")
        assert denied(hub, "publisher", "select * from core.customer_360")
        with pytest.raises(WarehouseError, match="differ from grants"):
            grants.verify(admin)
        done = grants.reconcile(admin)
        assert any("core.customer_360" in statement for statement in done)
        assert not denied(hub, "publisher", "select * from core.customer_360")
    assert grants.reconcile(admin) == []
    grants.verify(admin)


def test_a_new_mart_is_readable_at_once_and_by_its_audience_only(
    admin: Connection, hub: Warehouse
) -> None:
    build_like_dbt(hub, "marts_sales.fresh_mart", maker="publisher")
    assert not denied(hub, "sales", "select * from marts_sales.fresh_mart")
    assert denied(hub, "marketer", "select * from marts_sales.fresh_mart")
    assert denied(hub, "analyst", "select * from marts_sales.fresh_mart")


# Each entry: what somebody did by hand, and an attempt that it must not allow afterwards.
DRIFT = {
    "a table to a reader": (
        "grant select on vault.contact_values to {analyst};"
        "grant usage on schema vault to {analyst}",
        "select * from vault.contact_values",
    ),
    "a table to everybody": (
        "grant select on vault.contact_values to public; grant usage on schema vault to public",
        "select * from vault.contact_values",
    ),
    "one column": (
        "grant select (value) on vault.contact_values to {analyst};"
        "grant usage on schema vault to {analyst}",
        "select value from vault.contact_values",
    ),
    "the right to hand on": (
        "grant select on vault.contact_values to {analyst} with grant option;"
        "grant usage on schema vault to {analyst}",
        "select * from vault.contact_values",
    ),
    "a membership": ("grant {builder_pii} to {analyst}", "select * from vault.contact_values"),
    "a power": ("alter role {analyst} superuser", "select * from vault.contact_values"),
    "a built-in role": (
        "grant pg_read_all_data to {analyst}",
        "select * from vault.contact_values",
    ),
    "temporary tables": (
        'grant temporary on database "{dbname}" to {analyst}',
        "create temp table mine (i int)",
    ),
    "a function": ("grant execute on function vault.peek() to public", "select vault.peek()"),
    "a default": (
        "alter default privileges for role {owner} in schema vault "
        "grant select on tables to {analyst}; grant usage on schema vault to {analyst}",
        "select * from vault.contact_values",
    ),
    "an owner": (
        "alter table vault.contact_values owner to {analyst}",
        "table vault.contact_values",
    ),
    "another schema": (
        "create schema scratch; create table scratch.copied as select 1 as i;"
        "grant usage on schema scratch to public; grant select on scratch.copied to public",
        "select * from scratch.copied",
    ),
}


@pytest.mark.parametrize("drift", DRIFT)
def test_what_is_not_declared_is_taken_away(admin: Connection, hub: Warehouse, drift: str) -> None:
    from orchestration.warehouse.declaration import load

    admin.execute(
        "create or replace function vault.peek() returns bigint language sql as "
        "'select count(*) from vault.contact_values'"
    )
    grants.reconcile(admin)
    names = {name: f'"{role(hub, name)}"' for name in load().roles} | {"dbname": hub.dbname}
    done, attempt = DRIFT[drift]
    admin.execute(done.format(**names).encode())
    with pytest.raises(WarehouseError, match="differ from grants"):
        grants.verify(admin)
    assert grants.reconcile(admin) != []
    assert denied(hub, "analyst", attempt)
    grants.verify(admin)


def test_a_stranger_may_join_readers_but_not_writers(admin: Connection, hub: Warehouse) -> None:
    admin.execute("create role a_dashboard login password 'a dashboard'")
    admin.execute(f'grant "{role(hub, "analyst")}", "{role(hub, "dsr")}" to a_dashboard'.encode())
    done = grants.reconcile(admin)
    assert len(done) == 1
    assert "_dsr" in done[0]
    admin.execute(f'revoke "{role(hub, "analyst")}" from a_dashboard'.encode())
    admin.execute("drop role a_dashboard")


def test_a_view_that_filters_people_becomes_a_barrier_again(
    admin: Connection, hub: Warehouse
) -> None:
    build_like_dbt(hub, "activation.sendable_test_email", maker="builder_pii", kind="view")
    done = grants.reconcile(admin)
    assert any("security_barrier" in statement for statement in done)
    row = admin.execute(
        "select reloptions from pg_class where oid = 'activation.sendable_test_email'::regclass"
    ).fetchone()
    assert row == (["security_barrier=true"],)
    assert not denied(hub, "activator", "select * from activation.sendable_test_email")
    assert denied(hub, "activator", "select * from activation.suppressions")


def test_what_cannot_be_mended_stops_the_run(admin: Connection, hub: Warehouse) -> None:
    admin.execute("grant select on vault.contact_values to public")
    with hub.connect("auditor") as powerless, pytest.raises(WarehouseError, match="differ"):
        grants.reconcile(powerless)


def test_privileges_that_cannot_be_read_stop_the_run(
    admin: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.warehouse.privileges._ENTRIES", "select from nowhere")
    with pytest.raises(WarehouseError, match="cannot be read"):
        grants.verify(admin)


def test_two_reconcilers_do_not_hinder_each_other(admin: Connection, hub: Warehouse) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for number in range(5):
        build_like_dbt(hub, f"core.together_{number}")

    def one(_: int) -> int:
        with hub.connect() as connection:
            return len(grants.reconcile(connection))

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(one, range(4)))
    assert sum(count > 0 for count in counts) == 1
    grants.verify(admin)


def test_tables_that_are_swapped_meanwhile_do_not_break_the_reconciler(
    admin: Connection, hub: Warehouse
) -> None:
    import threading

    stop = threading.Event()

    def rebuild() -> None:
        with hub.connect("builder") as connection:
            while not stop.is_set():
                connection.execute("drop table if exists core.swapped")
                connection.execute("create table core.swapped_new as select 1 as i")
                connection.execute("alter table core.swapped_new rename to swapped")

    builder = threading.Thread(target=rebuild)
    builder.start()
    try:
        for _ in range(10):
            with contextlib.suppress(WarehouseError):
                grants.reconcile(admin)
    finally:
        stop.set()
        builder.join()
    grants.reconcile(admin)
    grants.verify(admin)
