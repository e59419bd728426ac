"""The identity seeds are parsed strictly, and every complaint says where."""

import hashlib

import pytest

from orchestration.identity.rulefiles import parse, read_files
from orchestration.identity.rules import IdentityError, Joins


def key_of(identifier_type, value):
    return hashlib.sha256(f"{identifier_type}|{value}".encode()).hexdigest()[:32]


@pytest.fixture
def tables():
    return read_files()


def test_the_seeds_of_the_project_are_valid(tables):
    rules = parse(tables, key_of)
    assert rules.types[0].identifier_type == "user_id"
    assert rules.types[rules.codes["anonymous_id"]].joins is Joins.TIMED
    assert rules.types[rules.codes["phone"]].yields_to == "email"
    assert rules.source_trust["shopify"] > rules.source_trust["matomo"]


def test_blocked_values_become_keys_for_each_type_they_name(tables):
    rules = parse(tables, key_of)
    assert key_of("phone", "0000") in rules.blocked_keys
    assert key_of("email", "test@test.com") in rules.blocked_keys
    assert key_of("phone", "test@test.com") not in rules.blocked_keys


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "complaint"),
    [
        ("identity_rules", 0, "joins", "often", "identity_rules.csv, row 1, column joins"),
        ("identity_rules", 3, "priority", "1", "identity_rules.csv, row 4, column priority"),
        ("identity_rules", 2, "max_values_per_person", "-4", "row 3, column max_values_per_person"),
        ("identity_rules", 1, "reason", "", "identity_rules.csv, row 2, column reason"),
        ("identity_rules", 4, "yields_to", "order_id", "row 5, column yields_to"),
        ("identity_rules", 1, "identifier_type", "user_id", "row 2, column identifier_type"),
        ("identity_blocklist", 0, "value", "00", "identity_blocklist.csv, row 1, column value"),
        ("identity_blocklist", 2, "kind", "regex", "identity_blocklist.csv, row 3, column kind"),
        ("identity_source_trust", 0, "trust", "11", "trust.csv, row 1, column trust"),
        ("identity_settings", 1, "value", "1.2", "identity_settings.csv, row 2, column value"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_file_row_and_column(tables, table, row, column, value, complaint):
    changed = [dict(each) for each in tables[table]]
    changed[row][column] = value
    with pytest.raises(IdentityError, match=complaint.replace(".", r"\.")):
        parse({**tables, table: changed}, key_of)


def test_all_faults_are_named_at_once(tables):
    changed = [dict(each, reason="") for each in tables["identity_rules"]]
    with pytest.raises(IdentityError) as error:
        parse({**tables, "identity_rules": changed}, key_of)
    assert str(error.value).count("column reason") == len(changed)


def override(**columns):
    row = {
        "decision": "deny", "left_key": "a" * 32, "left_type": "email", "right_key": "b" * 32,
        "right_type": "user_id", "author": "ops", "reason": "mistake", "decided_at": "2026-03-01",
    }  # fmt: skip
    return row | columns


def test_the_later_decision_on_a_pair_holds(tables):
    rows = [
        override(decision="allow", decided_at="2026-05-01"),
        override(left_key="b" * 32, right_key="a" * 32, decided_at="2026-04-01"),
    ]
    rules = parse({**tables, "identity_overrides": rows}, key_of)
    assert [made.allow for made in rules.decisions.values()] == [True]


@pytest.mark.parametrize(
    ("column", "value"),
    [("left_key", "someone@example.org"), ("right_key", "a" * 32), ("decided_at", "yesterday"),
     ("author", ""), ("left_type", "shoe_size")],
)  # fmt: skip
def test_a_faulty_override_is_refused_without_showing_its_value(tables, column, value):
    rows = [override(**{column: value})]
    with pytest.raises(IdentityError) as error:
        parse({**tables, "identity_overrides": rows}, key_of)
    assert f"identity_overrides.csv, row 1, column {column}" in str(error.value)
    assert "someone@example.org" not in str(error.value)


def test_a_change_of_any_limit_changes_the_fingerprint(tables):
    before = parse(tables, key_of).fingerprint
    changed = [dict(each) for each in tables["identity_rules"]]
    changed[3]["max_values_per_person"] = "4"
    assert parse({**tables, "identity_rules": changed}, key_of).fingerprint != before
    assert parse(tables, key_of).fingerprint == before
