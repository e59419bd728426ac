"""Subject keys: keyed hashes that stand for identifiers wherever readable values may not go.

``subject_key`` = first 32 hex digits of HMAC-SHA256(K_match, tenant|identifier type|normalised
value). Tombstones of erased subjects are kept under K_supp instead, so that the suppression list
says nothing about who is still in the warehouse.
"""

import hmac
import json
from dataclasses import dataclass
from functools import lru_cache

from ingestion.guard import normalise
from ingestion.settings import secret, tenant

KEY_LENGTH = 32


@dataclass(frozen=True)
class KeyRing:
    """The versions of one secret; the current one writes, all of them recognise."""

    current: str
    versions: dict[str, bytes]

    @classmethod
    def from_secret(cls, name: str) -> "KeyRing":
        """Read a key file: ``{"version": 1, "keys": {"1": "<hex>"}}``."""
        kept = json.loads(secret(name))
        versions = {str(v): bytes.fromhex(key) for v, key in kept["keys"].items()}
        return cls(str(kept["version"]), versions)


def normalised(identifier_type: str, value: str, country: str | None = None) -> str | None:
    """Return ``value`` in the one spelling its type has, or None when it identifies nobody."""
    if identifier_type == "email":
        return normalise.email(value)
    if identifier_type == "phone":
        return normalise.phone(value, country)
    if identifier_type == "order_id":
        return normalise.order_id(value)
    return normalise.token(value)


class Keyer:
    """Turns normalised identifiers into subject keys; knows which ones were erased."""

    def __init__(
        self,
        match: KeyRing,
        suppression: KeyRing | None = None,
        tombstones: frozenset[str] = frozenset(),
        tenant_name: str | None = None,
    ) -> None:
        self._match = match.versions[match.current]
        self._suppression = list(suppression.versions.values()) if suppression else []
        self._tombstones = tombstones
        self._tenant = tenant_name if tenant_name is not None else tenant()
        self._cached = lru_cache(maxsize=262_144)(self._hash)
        self._buried = lru_cache(maxsize=262_144)(self._lies_under_tombstone)

    def key(self, identifier_type: str, value: str | None) -> str | None:
        """Return the subject key of a normalised value."""
        return self._cached(identifier_type, value) if value else None

    def keys(self, identifier_type: str, values: list[str]) -> list[str]:
        """Return the subject keys of many normalised, distinct values."""
        prefix = f"{self._tenant}|{identifier_type}|".encode()
        secret_key = self._match
        return [
            hmac.digest(secret_key, prefix + value.encode(), "sha256").hex()[:KEY_LENGTH]
            for value in values
        ]

    @property
    def has_tombstones(self) -> bool:
        """Whether anybody was erased: if not, nothing needs to be looked up."""
        return bool(self._tombstones and self._suppression)

    def is_erased(self, identifier_type: str, value: str | None) -> bool:
        """Tell whether this identifier lies under a tombstone, of any live key version.

        Of a browser the hub never keeps the id, so an erasure could only bury its subject key:
        that counts for every type.
        """
        if not value or not self.has_tombstones:
            return False
        return self._buried(identifier_type, value)

    def _lies_under_tombstone(self, identifier_type: str, value: str) -> bool:
        named = [(identifier_type, value), ("subject_key", self._cached(identifier_type, value))]
        return any(
            hmac.digest(key, f"{self._tenant}|{kind}|{name}".encode(), "sha256").hex()[:KEY_LENGTH]
            in self._tombstones
            for key in self._suppression
            for kind, name in named
        )

    def _hash(self, identifier_type: str, value: str) -> str:
        return self.keys(identifier_type, [value])[0]
