"""Every table that stores rows says whose they are."""

import csv
import re
from pathlib import Path

import pytest

from ingestion.settings import project_root
from orchestration.defs.hub import Hub
from orchestration.defs.retention import run_retention
from orchestration.privacy import cascade, registry, retention
from orchestration.privacy.errors import PrivacyError
from tests.conftest import Warehouse

DBT = project_root() / "dbt_project"
FOLDERS = {"intermediate": "intermediate", "core": "core", "restricted": "restricted"}


def stored_models() -> list[str]:
    """Return the tables that the dbt project makes, as schema.table."""
    found = []
    for folder, schema in FOLDERS.items():
        for path in (DBT / "models" / folder).rglob("*.sql"):
            text = path.read_text()
            if re.search(r"materialized\s*=\s*'(view|ephemeral)'", text):
                continue
            named = re.search(r"schema\s*=\s*'(\w+)'", text)
            alias = re.search(r"alias\s*=\s*'(\w+)'", text)
            table = alias.group(1) if alias else path.stem
            found.append(f"{named.group(1) if named else schema}.{table}")
    return found


@pytest.mark.parametrize("name", stored_models())
def test_every_model_that_stores_rows_is_registered(name: str) -> None:
    assert registry.load().entry(name) is not None, f"{name}: add a line to pii_registry.yml"


def test_every_table_of_a_new_warehouse_is_registered(warehouse: Warehouse) -> None:
    with warehouse.connect("dsr") as connection:
        assert registry.problems(registry.tables(connection)) == []


@pytest.mark.parametrize(
    "entry",
    [entry for entry in registry.load().relations if entry.is_personal],
    ids=lambda entry: entry.name,
)
def test_every_entry_says_how_the_rows_of_a_person_are_found(entry: registry.Relation) -> None:
    assert "any (%(" in cascade.condition(entry, registry.load()).as_string(None)


def test_rows_go_before_those_they_are_found_through() -> None:
    known = registry.load()
    lines, returns, orders = (
        f"raw_shopify.{name}" for name in ("return_lines", "returns", "orders")
    )
    found = dict.fromkeys((orders, returns, lines), ("subject_key",))
    assert [name for name, _ in cascade.children_first(found, known)] == [lines, returns, orders]


def test_a_new_table_without_a_line_fails_the_check(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        connection.execute("create table core.new_mart (person_id text)")
        try:
            with pytest.raises(PrivacyError, match=r"core\.new_mart"):
                registry.check(connection)
        finally:
            connection.execute("drop table core.new_mart")


def test_a_key_that_an_entry_does_not_name_fails_the_check() -> None:
    found = {"core.customer_360": ("person_id", "email_key")}
    assert registry.problems(found) == ["core.customer_360.email_key is not in its registry entry"]


def test_a_column_that_is_gone_fails_the_check() -> None:
    assert registry.problems({"core.customer_360": ("id",)}) == [
        "core.customer_360 has no column person_id"
    ]


@pytest.mark.parametrize(
    ("published", "core"),
    [
        ("marts.orders", "core.orders"),
        ("marts_history.marts__orders", "core.orders"),
        ("marts_marketing.customer_360", "core.marketing__customer_360"),
        ("marts_history.marts_marketing__customer_360", "core.marketing__customer_360"),
    ],
)
def test_what_is_published_stands_under_its_origins_entry(published: str, core: str) -> None:
    assert registry.load().entry(published) == registry.load().entry(core) is not None


@pytest.mark.parametrize(
    "entry", ["{}", "{persons: [a], reference: x}", "{person: [a]}", "{clear: [a]}"]
)
def test_an_entry_that_cannot_be_meant_is_refused(tmp_path: Path, entry: str) -> None:
    file = tmp_path / "registry.yml"
    file.write_text(f"relations:\n  core.x: {entry}\n")
    with pytest.raises(PrivacyError, match=r"core\.x"):
        registry.load(file)


def quarantine_rows(warehouse: Warehouse) -> None:
    """Have one old row that is free, one that is held, and a new one."""
    with warehouse.connect() as connection:
        connection.execute("update ops.clock set as_of = '2026-06-01'")
        connection.execute("truncate quarantine.rows, privacy.holds")
        connection.execute(
            "insert into quarantine.rows (source, resource, reason, source_key_hash, run_id, "
            "seen_at) values ('s', 'r', 'x', 'free', 'r', '2026-01-01'), "
            "('s', 'r', 'x', 'held', 'r', '2026-01-01'), ('s', 'r', 'x', 'new', 'r', '2026-05-30')"
        )
        connection.execute(
            "insert into privacy.holds values "
            "('h', 'held', 'all', 'court', 'counsel', '2026-01-01', null, null)"
        )


def quarantined(warehouse: Warehouse) -> list[str]:
    with warehouse.connect("dsr") as connection:
        rows = connection.execute("select source_key_hash from quarantine.rows order by 1")
        return [row[0] for row in rows.fetchall()]


def test_retention_deletes_what_is_due_and_keeps_what_is_held(fresh_database: Warehouse) -> None:
    quarantine_rows(fresh_database)
    with fresh_database.connect("dsr") as connection:
        due = {each.rule.relation: (each.rows, each.held) for each in retention.preview(connection)}
        assert due["quarantine.rows"] == (1, 1)
        assert retention.preview(connection) == retention.run(connection)
        assert quarantined(fresh_database) == ["held", "new"]
        assert all(each.rows == 0 for each in retention.run(connection))


def test_the_job_deletes_what_is_due_too(fresh_database: Warehouse) -> None:
    quarantine_rows(fresh_database)
    assert run_retention.execute_in_process(resources={"hub": Hub()}).success
    assert quarantined(fresh_database) == ["held", "new"]


def test_the_list_of_purposes_in_sql_is_the_seed() -> None:
    macro = (DBT / "macros/consent/consent_purposes.sql").read_text()
    with (DBT / "seeds/rules/purposes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert re.findall(r"'(\w+)'", macro) == [row["purpose"] for row in rows]
    assert [int(row["purpose_mask"]) for row in rows] == [1 << n for n in range(len(rows))]


def test_every_policy_speaks_on_every_purpose() -> None:
    def column(seed: str, *names: str) -> set[tuple[str, ...]]:
        with (DBT / f"seeds/rules/{seed}.csv").open() as file:
            return {tuple(row[name] for name in names) for row in csv.DictReader(file)}

    policies = {code for (code,) in column("consent_jurisdictions", "policy_code")}
    purposes = column("purposes", "purpose", "channel")
    wanted = {(code, *purpose) for code in policies for purpose in purposes}
    assert column("consent_policy", "policy_code", "purpose", "channel") == wanted
