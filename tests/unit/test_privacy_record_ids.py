"""Whoever was erased is stopped at every vendor's door by the vendor's own id, too."""

from typing import Any

import pytest

from ingestion.guard.gate import Guard
from ingestion.guard.keys import Keyer, KeyRing
from ingestion.guard.shapes import Field, Shape, Treatment
from ingestion.registry import ALL_SOURCES
from orchestration.privacy.record_ids import of_tables, types, vendors
from orchestration.privacy.tombstones import hashes, record_identifiers
from tests.unit.guard_memory import AS_OF, MATCH, SUPPRESSION, MemoryStore

OTHER_MATCH = KeyRing("2", {"2": b"after" * 8})
VALUES = {
    "gid": "gid://vendor/Thing/70001",
    "text": "70001",
    "timestamp": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "bool": True,
    "json": {},
}
READABLE = [
    shape
    for spec in ALL_SOURCES.values()
    for shape in spec.shapes()
    if any(field.treatment is Treatment.VAULT for field in shape.fields)
]
# Orders, calls and tickets have an id of their own: whose they are is computed of other columns.
PERSONS = [
    shape
    for shape in READABLE
    if (shape.subject or "subject_key") in {each.column for each in shape.identifiers}
]


def record_of(shape: Shape) -> dict[str, Any]:
    """Return a record that holds the id, one readable name, and nothing else to know it by."""
    readable = [f for f in shape.fields if f.treatment is Treatment.VAULT and f.kind == "text"]
    named = next(f for f in readable if "name" in f.name)
    record: dict[str, Any] = {}
    for field in shape.fields:
        if field is named or field.required or field.name in shape.key:
            _put(record, field)
    return record


def _put(record: dict[str, Any], field: Field) -> None:
    *above, last = field.path.split(".")
    for step in above:
        record = record.setdefault(step, {})
    record[last] = VALUES.get(field.kind, 70001)


@pytest.mark.parametrize("shape", PERSONS, ids=lambda shape: f"{shape.source}.{shape.resource}")
def test_an_erased_record_is_stopped_by_its_own_id_after_the_keys_changed(
    shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.privacy.tombstones.tenant", lambda: "test")
    store = MemoryStore()
    admitting = Guard(shape.source, Keyer(MATCH, tenant_name="test"), store, AS_OF, "run")
    assert admitting.admit(shape, [record_of(shape)]).num_rows == 1

    told = {
        pair for value in store.vault for pair in record_identifiers(shape.source, value.record_key)
    }
    stones = frozenset(hashes(told, SUPPRESSION))
    keyer = Keyer(OTHER_MATCH, SUPPRESSION, stones, tenant_name="test")
    stopping = Guard(shape.source, keyer, MemoryStore(), AS_OF, "run")
    assert stopping.admit(shape, [record_of(shape)]).num_rows == 0
    assert stopping.counts(shape.resource).suppressed == 1


def test_the_same_number_elsewhere_is_somebody_else() -> None:
    hubspot = record_identifiers("raw_hubspot", "contacts/70001")
    assert hubspot == {("hubspot_contact_id", "70001")}
    assert not hubspot & record_identifiers("raw_salesforce", "contacts/70001")
    assert record_identifiers("raw_shopify", "orders/70001") == set()


def test_every_vendor_of_people_owes_the_deletion_of_their_records() -> None:
    assert set(vendors().values()) == {shape.source.removeprefix("raw_") for shape in PERSONS}
    assert set(types()) == {kind for kinds in of_tables().values() for kind in kinds}
