"""A warehouse made by an earlier version gets what changed since, once, and keeps its rows."""

from pathlib import Path

import pytest

from orchestration.warehouse import migrations
from orchestration.warehouse.errors import WarehouseError
from tests.conftest import Warehouse


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_counts_tell_seconds.sql").write_text(
        "alter table ops.old_counts add column if not exists seconds numeric;"
    )
    (tmp_path / "0002_seconds_are_known.sql").write_text(
        "update ops.old_counts set seconds = 0 where seconds is null;"
        "alter table ops.old_counts alter column seconds set not null;"
    )
    return tmp_path


@pytest.fixture
def earlier(fresh_database: Warehouse) -> Warehouse:
    """A warehouse with a table as an earlier version made it, and a row in it."""
    with fresh_database.connect() as connection:
        connection.execute("drop table if exists ops.old_counts")
        connection.execute("create table ops.old_counts (run_id text primary key)")
        connection.execute("insert into ops.old_counts values ('kept')")
        connection.execute("delete from ops.migrations")
    return fresh_database


def test_what_changed_since_is_applied_once_in_order_and_rows_stay(
    earlier: Warehouse, folder: Path
) -> None:
    with earlier.connect() as connection:
        taken = migrations.apply(connection, folder)
        assert taken == ["0001_counts_tell_seconds", "0002_seconds_are_known"]
        assert migrations.apply(connection, folder) == []
        assert connection.execute("select * from ops.old_counts").fetchall() == [("kept", 0)]


def test_a_change_that_fails_leaves_nothing_of_itself_and_is_tried_again(
    earlier: Warehouse, folder: Path
) -> None:
    bad = folder / "0003_typo.sql"
    bad.write_text("alter table ops.old_counts add column more text; alter table ops.nope add x;")
    with earlier.connect() as connection:
        with pytest.raises(WarehouseError, match=r"0003_typo\.sql does not run"):
            migrations.apply(connection, folder)
        assert connection.execute("select * from ops.old_counts").fetchall() == [("kept", 0)]
        bad.write_text("alter table ops.old_counts add column more text;")
        assert migrations.apply(connection, folder) == ["0003_typo"]


def test_a_new_warehouse_counts_them_as_applied(earlier: Warehouse, folder: Path) -> None:
    with earlier.connect() as connection:
        migrations.skip(connection, folder)
        assert migrations.apply(connection, folder) == []


def test_a_gap_in_the_numbers_is_refused(folder: Path) -> None:
    (folder / "0004_too_far.sql").write_text("select 1;")
    with pytest.raises(WarehouseError, match="without gaps"):
        migrations.files(folder)
