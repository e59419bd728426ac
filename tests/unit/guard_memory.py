"""A guard whose store is a few lists, for tests without a database."""

from collections.abc import Sequence
from datetime import datetime

from ingestion.guard.gate import Guard
from ingestion.guard.keys import Keyer, KeyRing
from ingestion.guard.store import Counts, Rejected, VaultValue

AS_OF = datetime(2026, 9, 30)  # noqa: DTZ001 (raw timestamps are naive UTC)
MATCH = KeyRing("1", {"1": b"match" * 8})
SUPPRESSION = KeyRing("2", {"1": b"older" * 8, "2": b"newer" * 8})


class MemoryStore:
    """Keeps what the guard writes."""

    def __init__(self) -> None:
        self.vault: list[VaultValue] = []
        self.rejected: list[Rejected] = []
        self.drifted: dict[str, int] = {}
        self.counted: dict[str, Counts] = {}

    def tombstones(self) -> frozenset[str]:
        return frozenset()

    def keep_values(self, source: str, values: Sequence[VaultValue], run_id: str) -> None:
        self.vault += values

    def quarantine(self, source: str, rows: Sequence[Rejected], run_id: str) -> None:
        self.rejected += rows

    def drift(self, source: str, resource: str, fields: dict[str, int]) -> None:
        self.drifted |= fields

    def counts(self, source: str, resource: str, counts: Counts, run_id: str) -> None:
        self.counted[resource] = counts

    def close(self) -> None:
        pass


def memory_guard(
    source: str = "raw_test", tombstones: frozenset[str] = frozenset()
) -> tuple[Guard, MemoryStore]:
    """Return a guard and the store behind it."""
    store = MemoryStore()
    keyer = Keyer(MATCH, SUPPRESSION, tombstones, tenant_name="test")
    return Guard(source, keyer, store, AS_OF, "run"), store


def tombstone(identifier_type: str, value: str, version: str = "2") -> str:
    """Return the key an erased identifier lies under."""
    ring = KeyRing(version, {version: SUPPRESSION.versions[version]})
    return Keyer(ring, tenant_name="test").keys(identifier_type, [value])[0]
