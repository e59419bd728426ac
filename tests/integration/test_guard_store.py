"""Values go to the vault beside the load; the load does not end without them."""

from datetime import datetime

import pytest

from ingestion.guard.store import Counts, PostgresStore, VaultValue, WarehouseError
from tests.conftest import Warehouse

AS_OF = datetime(2026, 9, 30)  # noqa: DTZ001 - UTC, as everywhere


def value(address: str) -> VaultValue:
    return VaultValue("key", "contacts/1", "email", address)


def test_what_was_told_last_is_kept_when_the_resource_is_counted(
    fresh_database: Warehouse,
) -> None:
    store = PostgresStore(fresh_database.url("loader"), AS_OF)
    for number in range(20):
        store.keep_values("raw_hubspot", [value(f"ada{number}@example.org")], "run")
    store.counts("raw_hubspot", "contacts", Counts(), "run")
    with fresh_database.connect() as connection:
        rows = connection.execute("select value from vault.contact_values").fetchall()
    store.close()
    assert rows == [("ada19@example.org",)]


def test_values_that_cannot_be_written_stop_the_load_before_it_counts(
    fresh_database: Warehouse,
) -> None:
    role = f'"{fresh_database.dbname}_loader"'
    with fresh_database.connect() as connection:
        connection.execute(f"revoke insert on vault.contact_values from {role}".encode())
        store = PostgresStore(fresh_database.url("loader"), AS_OF)
        store.keep_values("raw_hubspot", [value("eve@example.org")], "lost")
        with pytest.raises(WarehouseError) as failure:
            store.counts("raw_hubspot", "contacts", Counts(), "lost")
        store.close()
        counted = connection.execute("select run_id from ops.load_counts").fetchall()
    assert "eve@" not in str(failure.value)
    assert ("lost",) not in counted
