"""grants.yml as it is, and what a slip of the pen in it does."""

from pathlib import Path

import pytest

from orchestration.warehouse.declaration import FILE, DeclarationError, load

PERSONAL = ("vault", "quarantine", "restricted", "privacy")
READERS = {
    "analyst": {"marts", "marts_meta"},
    "marketer": {"marts_marketing", "marts_meta"},
    "sales": {"marts_sales", "marts_meta"},
    "service": {"marts_service", "marts_meta"},
    "activator": {"activation", "marts_meta"},
}


@pytest.mark.parametrize("role", READERS)
def test_a_reader_enters_its_own_schemas_only(role: str) -> None:
    declared = load()
    entered = {s.name for s in declared.schemas.values() if declared.on_schema(s, role)}
    assert entered == READERS[role]


@pytest.mark.parametrize("role", READERS)
def test_a_reader_only_reads(role: str) -> None:
    declared = load()
    for schema in declared.schemas.values():
        assert declared.on_table(schema, "anything", role) <= {"select"}
        assert declared.on_schema(schema, role) <= {"usage"}


@pytest.mark.parametrize("schema", PERSONAL)
def test_the_builder_never_enters_where_readable_values_are(schema: str) -> None:
    declared = load()
    assert declared.on_table(declared.schemas[schema], "contact_values", "builder") == frozenset()
    if schema != "privacy":
        assert declared.on_schema(declared.schemas[schema], "builder") == frozenset()


@pytest.mark.parametrize(("schema", "ledger"), [("consent", "events"), ("privacy", "receipts")])
def test_nobody_may_change_or_remove_what_a_ledger_holds(schema: str, ledger: str) -> None:
    declared = load()
    for role in declared.roles:
        held = declared.on_table(declared.schemas[schema], ledger, role)
        assert not held & {"update", "delete", "truncate"}


def test_the_activator_reads_sendable_views_and_not_what_is_behind_them() -> None:
    declared = load()
    activation = declared.schemas["activation"]
    assert declared.on_table(activation, "sendable_email_marketing_email", "activator") == {
        "select"
    }
    assert declared.on_table(activation, "suppressions", "activator") == frozenset()


def test_the_identity_engine_may_not_change_the_evidence() -> None:
    declared = load()
    identity = declared.schemas["identity"]
    assert declared.on_table(identity, "identifiers", "resolver") == {"select"}
    assert "insert" in declared.on_table(identity, "persons", "resolver")


def test_each_source_has_its_schema_and_its_staging_schema() -> None:
    names = set(load().schemas)
    for source in ("hubspot", "matomo", "shopify"):
        assert {f"raw_{source}", f"raw_{source}_staging"} <= names


def test_default_privileges_are_declared_for_what_publishing_makes_only() -> None:
    found = {s.name for s in load().schemas.values() if s.readers_default}
    readable = {"marts", "marts_marketing", "marts_sales", "marts_service", "marts_meta"}
    assert found == readable | {"marts_history"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("access: {analyst: read, dsr: erase}", "access: {analist: read, dsr: erase}"),
        ("access: {analyst: read, dsr: erase}", "access: {analyst: reed, dsr: erase}"),
        ("readers_default: true", "reader_default: true"),
        ("readers: true", "reader: true"),
        ("    owner: publisher", "    owner: publishr"),
    ],
)
def test_a_misspelt_word_is_refused_not_ignored(tmp_path: Path, right: str, wrong: str) -> None:
    text = FILE.read_text()
    assert right in text
    file = tmp_path / "grants.yml"
    file.write_text(text.replace(right, wrong, 1))
    with pytest.raises(DeclarationError, match=r"grants\.yml"):
        load(file)


def test_the_last_matching_pattern_counts(tmp_path: Path) -> None:
    file = tmp_path / "grants.yml"
    file.write_text(
        """
        roles: {owner: {}, reader: {}}
        sources: []
        levels: {none: {}, read: {schema: [usage], tables: [select]}}
        schemas:
          s:
            owner: owner
            access: {reader: none}
            tables: {open_*: {reader: read}, open_but_not_this: {reader: none}}
        """
    )
    declared = load(file)
    schema = declared.schemas["s"]
    assert declared.on_table(schema, "open_a", "reader") == {"select"}
    assert declared.on_table(schema, "open_but_not_this", "reader") == frozenset()
    assert declared.on_table(schema, "closed", "reader") == frozenset()
    assert declared.on_schema(schema, "reader") == {"usage"}
