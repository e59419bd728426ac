"""What passes the guard: keys, vault, misfits, suppression."""

import orjson
import pytest

from ingestion.guard import permit
from ingestion.guard.keys import Keyer
from tests.unit.guard_memory import MATCH, memory_guard, tombstone
from tests.unit.test_guard_quarantine import SHAPE

JANE = {"id": 1, "name": "Order of Jane", "email": " Jane.Roe@Example.org ", "amount": "12.345",
        "open": "true", "at": "2026-05-01T10:00:00+02:00", "born": "1990-02-01"}  # fmt: skip


def test_readable_values_go_to_the_vault_and_keys_to_raw() -> None:
    guard, store = memory_guard()
    row = guard.admit(SHAPE, [JANE]).to_pylist()[0]
    keyer = Keyer(MATCH, tenant_name="test")
    assert row["email_key"] == keyer.key("email", "jane.roe@example.org")
    assert "email" not in row
    assert [(v.record_key, v.field, v.value) for v in store.vault] == [
        ("things/1", "email", "Jane.Roe@Example.org")
    ]
    assert store.vault[0].subject_key == row["subject_key"]


def test_values_are_typed_and_times_are_utc() -> None:
    guard, _ = memory_guard()
    row = guard.admit(SHAPE, [JANE]).to_pylist()[0]
    assert str(row["amount"]) == "12.34"
    assert row["is_open"] is True
    assert row["at"].isoformat() == "2026-05-01T08:00:00"


def test_keys_differ_by_type_tenant_and_secret() -> None:
    keys = {
        Keyer(MATCH, tenant_name="test").key("email", "x@example.org"),
        Keyer(MATCH, tenant_name="test").key("user_id", "x@example.org"),
        Keyer(MATCH, tenant_name="other").key("email", "x@example.org"),
    }
    assert len(keys) == 3
    assert all(key and len(key) == 32 and int(key, 16) for key in keys)


def test_unknown_fields_are_kept_scrubbed_and_reported() -> None:
    guard, store = memory_guard()
    misfit = {"id": 1, "favourite_colour": "green", "hint": "ask jane@example.org", "nothing": None}
    row = guard.admit(SHAPE, [misfit]).to_pylist()[0]
    guard.finish("things")
    assert orjson.loads(row["extra"]) == {"favourite_colour": "green", "hint": "ask [redacted]"}
    assert store.drifted == {"favourite_colour": 1, "hint": 1}


def test_an_unknown_field_with_a_personal_name_goes_to_the_vault() -> None:
    guard, store = memory_guard()
    row = guard.admit(SHAPE, [{"id": 1, "spouse_name": "Jane Roe"}]).to_pylist()[0]
    assert row["extra"] is None
    assert [(v.field, v.value) for v in store.vault if v.value] == [
        ("extra.spouse_name", "Jane Roe")
    ]


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("spelling", ["jane.roe@example.org", "JANE.ROE@EXAMPLE.ORG "])
def test_an_erased_subject_is_stopped_at_the_door_in_any_spelling(
    version: str, spelling: str
) -> None:
    erased = frozenset({tombstone("email", "jane.roe@example.org", version)})
    guard, store = memory_guard(tombstones=erased)
    table = guard.admit(SHAPE, [JANE | {"email": spelling, "id": 99}, {"id": 2}])
    assert table["thing_id"].to_pylist() == ["2"]
    assert guard.counts("things").suppressed == 1
    assert not [v for v in store.vault if v.record_key == "things/99"]


def test_a_browser_whose_id_was_never_kept_is_known_by_its_buried_subject_key() -> None:
    key = Keyer(MATCH, tenant_name="test").key("anonymous_id", "00a1b2c3d4e5f607")
    assert key is not None
    guard, _ = memory_guard(tombstones=frozenset({tombstone("subject_key", key)}))
    assert guard.keyer.is_erased("anonymous_id", "00a1b2c3d4e5f607")
    assert not guard.keyer.is_erased("anonymous_id", "ffff000011112222")
    assert not guard.keyer.is_erased("user_id", "00a1b2c3d4e5f607")


def test_free_text_in_open_columns_is_scrubbed() -> None:
    guard, _ = memory_guard()
    row = guard.admit(SHAPE, [{"id": 1, "name": "for jane@example.org, +49 30 23125001"}])
    assert row["name"].to_pylist() == ["for [redacted], [redacted]"]


@pytest.mark.parametrize(
    ("text", "analytics", "gpc"),
    [("analytics_storage=granted;ad_storage=denied;gpc=1", "granted", "1"),
     ("analytics_storage=denied", "denied", "0"), ("", "unknown", "0"), (None, "unknown", "0"),
     ("analytics_storage=yes", "unknown", "0"), ("ANALYTICS_STORAGE=Granted;;x", "granted", "0")],
)  # fmt: skip
def test_only_an_explicit_grant_is_a_permission(text: str | None, analytics: str, gpc: str) -> None:
    signals = permit.signals_of(text)
    assert signals["analytics_storage"] == analytics
    assert signals["gpc"] == gpc
