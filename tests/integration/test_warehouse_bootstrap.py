"""Bootstrapping the embedded warehouse: what is there afterwards, and what a second call does."""

import stat
import time
from pathlib import Path

import psycopg

from tests.conftest import Warehouse


def test_every_declared_schema_exists(warehouse: Warehouse) -> None:
    from orchestration.warehouse.declaration import load

    with warehouse.connect() as connection:
        found = {row[0] for row in connection.execute("select nspname from pg_namespace")}
    assert set(load().schemas) <= found
    assert {"raw_hubspot", "raw_matomo", "raw_shopify", "marts", "marts_meta"} <= found


def test_a_second_call_changes_nothing_and_is_cheap(warehouse: Warehouse) -> None:
    from orchestration.warehouse.bootstrap import prepare, reconcile

    before = (warehouse.home / "warehouse.json").read_text()
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        prepare()
        seconds.append(time.perf_counter() - started)
    assert reconcile() == []
    assert (warehouse.home / "warehouse.json").read_text() == before
    assert min(seconds) < 0.5


def test_secrets_are_readable_by_their_owner_only(warehouse: Warehouse) -> None:
    folder = warehouse.home / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert {"k_match.key", "k_supp.key", "admin.url", "loader.password"} <= set(modes)
    assert set(modes.values()) == {0o400}


def test_only_roles_whose_work_can_be_done_again_commit_without_waiting_for_the_disk(
    warehouse: Warehouse,
) -> None:
    from ingestion.settings import role_url
    from orchestration.warehouse.declaration import load

    waits = {}
    for name, role in load().roles.items():
        if role.login:
            with psycopg.connect(role_url(name)) as connection:
                row = connection.execute("show synchronous_commit").fetchone()
            waits[name] = row == ("on",)
    assert {name for name, is_waiting in waits.items() if not is_waiting} == {
        "builder",
        "builder_pii",
        "dagster",
    }
    assert waits["loader"]
    assert waits["dsr"]


def test_an_event_about_a_table_opens_no_connection_of_its_own(warehouse: Warehouse) -> None:
    import dagster as dg
    from sqlalchemy import event

    from orchestration.instance import instance

    opened = []
    with instance() as records:
        engine = records.event_log_storage._engine
        event.listen(engine, "connect", lambda *_: opened.append(1))
        for number in range(5):
            tagged = dg.AssetMaterialization(f"table_{number}", tags={"dagster/data_version": "1"})
            records.report_runless_asset_event(tagged)
    assert len(opened) <= 2


def test_every_login_role_can_log_in(warehouse: Warehouse) -> None:
    from orchestration.warehouse.declaration import load

    for name, role in load().roles.items():
        if role.login:
            with warehouse.connect(name) as connection:
                row = connection.execute("select current_user").fetchone()
            assert row == (f"{warehouse.dbname}_{name}",)


def test_a_fresh_database_is_apart_from_the_sessions(
    warehouse: Warehouse, fresh_database: Warehouse
) -> None:
    assert fresh_database.dbname != warehouse.dbname
    assert fresh_database.home != Path(warehouse.home)
    with fresh_database.connect("builder") as connection:
        row = connection.execute("select current_database()").fetchone()
    assert row == (fresh_database.dbname,)
