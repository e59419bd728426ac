"""What keeps erased people out: their identifiers, hashed under a key of its own.

The guard asks for every identifier that arrives, under every live version of K_supp. Where only a
subject key is known (a device's visitor id is never kept), the key itself is hashed, as type
``subject_key``. One row per identifier.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from ingestion.guard.keys import KEY_LENGTH, Keyer, KeyRing, normalised
from ingestion.settings import tenant
from orchestration.privacy import record_ids

# By the last word of a field's name: address_phone, shipping_phone and the like are numbers.
_FIELD_TYPES = {"email": "email", "phone": "phone"}
_VALUES = """
select stored.source, stored.record_key, stored.field, stored.value
from vault.contact_values as stored
where stored.subject_key = any (%(keys)s) and stored.value <> ''
"""


# A number or address that stands in a record of somebody else too: a gift's recipient, a household.
_ALSO_OTHERS = """
select distinct stored.value
from vault.contact_values as stored
where stored.value = any (%(values)s) and stored.subject_key <> all (%(keys)s)
"""


@dataclass(frozen=True)
class Identity:
    """What the vault knows of people about to be erased; lives in memory only."""

    identifiers: frozenset[tuple[str, str]]
    """Pairs of identifier type and normalised value that are theirs alone."""
    values: tuple[str, ...]
    """Every readable value that is theirs alone, for the proof that none is left."""
    shared_values: int
    """Addresses and numbers that records of others hold too; for somebody to review."""


def read(
    connection: Connection[Any], subject_keys: Iterable[str], shared_keys: Iterable[str] = ()
) -> Identity:
    """Read the plain values behind subject keys, without those that stand for shared ones."""
    keys = list(subject_keys)
    rows = connection.execute(_VALUES, {"keys": keys}).fetchall()
    found = connection.execute(
        _ALSO_OTHERS, {"keys": keys, "values": [row[3] for row in rows]}
    ).fetchall()
    also_others = {row[0] for row in found}
    keyer = Keyer(KeyRing.from_secret("k_match.key"))
    others = frozenset(shared_keys)
    pairs: set[tuple[str, str]] = set()
    values: set[str] = set()
    shared: set[str] = set()
    for source, record_key, field, value in rows:
        pairs |= record_identifiers(source, record_key)
        kind = _FIELD_TYPES.get(field.rpartition("_")[2])
        plain = normalised(kind, value) if kind else None
        if kind and plain:
            if value in also_others or keyer.key(kind, plain) in others:
                shared.add(plain)
                continue
            pairs.add((kind, plain))
        if value not in also_others:
            values.add(value)
    own = {(kind, value) for kind, value in pairs if value not in shared}
    return Identity(frozenset(own), tuple(sorted(values - shared)), len(shared))


def record_identifiers(source: str, record_key: str) -> set[tuple[str, str]]:
    """Return what the vault's key of a record tells: the id of a person at a vendor."""
    resource, _, number = record_key.partition("/")
    kinds = record_ids.of_tables().get((source, resource), ())
    pairs = ((kind, normalised(kind, number)) for kind in kinds)
    return {(kind, plain) for kind, plain in pairs if plain}


def hashes(identifiers: Iterable[tuple[str, str]], ring: KeyRing | None = None) -> dict[str, str]:
    """Return the tombstones of identifiers under the current K_supp, with its version."""
    keys = ring or KeyRing.from_secret("k_supp.key")
    secret_key = keys.versions[keys.current]
    return {_hash(secret_key, kind, value): keys.current for kind, value in identifiers}


def set_up(
    connection: Connection[Any], erasure_id: str, identity: Identity, subject_keys: Iterable[str]
) -> int:
    """Put up the tombstones of one erasure; return how many are new."""
    wanted = hashes({*identity.identifiers, *(("subject_key", key) for key in subject_keys)})
    cursor = connection.execute(
        """
        insert into privacy.tombstones (subject_key_supp, key_version, erasure_id)
        select given.hash, given.version, %(erasure)s
        from unnest(%(hashes)s::text[], %(versions)s::text[]) as given (hash, version)
        on conflict do nothing
        """,
        {
            "erasure": erasure_id,
            "hashes": list(wanted),
            "versions": list(wanted.values()),
        },
    )
    return cursor.rowcount


def lift(connection: Connection[Any], identifier_type: str, value: str) -> int:
    """Take down the tombstones of one identifier, for somebody who registers anew."""
    ring = KeyRing.from_secret("k_supp.key")
    plain = normalised(identifier_type, value)
    own = Keyer(KeyRing.from_secret("k_match.key")).key(identifier_type, plain)
    named = [(identifier_type, plain), ("subject_key", own)]
    keys = [
        _hash(key, kind, name) for key in ring.versions.values() for kind, name in named if name
    ]
    cursor = connection.execute(
        "delete from privacy.tombstones where subject_key_supp = any (%(keys)s)", {"keys": keys}
    )
    return cursor.rowcount


def buried(connection: Connection[Any], subject_keys: Iterable[str]) -> list[str]:
    """Return which subject keys lie under a tombstone: a restored backup brings them back."""
    rows = connection.execute("select subject_key_supp from privacy.tombstones").fetchall()
    stones = {row[0] for row in rows}
    ring = KeyRing.from_secret("k_supp.key")
    return [
        key
        for key in subject_keys
        if any(_hash(version, "subject_key", key) in stones for version in ring.versions.values())
    ]


def _hash(secret_key: bytes, kind: str, value: str) -> str:
    message = f"{tenant()}|{kind}|{value}".encode()
    return hmac.digest(secret_key, message, "sha256").hex()[:KEY_LENGTH]
