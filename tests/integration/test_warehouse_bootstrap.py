"""Bootstrapping the embedded warehouse: what is there afterwards, and what a second call does."""

import stat
import time
from pathlib import Path

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
