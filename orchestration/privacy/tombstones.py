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
from orchestration.privacy import neighbours, record_ids

_VALUES = """
select stored.source, stored.record_key, stored.field, stored.value
from vault.contact_values as stored
where stored.subject_key = any (%(keys)s) and stored.value <> ''
"""


@dataclass(frozen=True)
class Identity:
    """What the vault knows of people about to be erased; lives in memory only."""

    identifiers: frozenset[tuple[str, str]]
    """Pairs of identifier type and normalised value that are theirs alone."""
    values: tuple[str, ...]
    """Addresses and numbers, in every spelling, whose presence anywhere proves a miss."""
    shared_keys: frozenset[str]
    """Keys of the addresses and numbers that records of others hold too; for review."""
    indistinct_values: int
    """Those that others' longer ones contain: no search tells them apart."""


def read(
    connection: Connection[Any], subject_keys: Iterable[str], shared_keys: Iterable[str] = ()
) -> Identity:
    """Read the plain values behind subject keys, without those that stand for shared ones.

    A first name or a city is everybody's and proves nothing; addresses and numbers are somebody's.
    """
    keys = list(subject_keys)
    pairs: set[tuple[str, str]] = set()
    spelled: dict[str, str] = {}
    for source, record_key, field, value in connection.execute(_VALUES, {"keys": keys}).fetchall():
        pairs |= record_identifiers(source, record_key)
        known = neighbours.identifier_of(field, value)
        if known:
            pairs.add(known)
            spelled[known[1]] = known[1]
        if "@" in value or value.startswith("+"):
            spelled[value] = known[1] if known else value
    shared, inside = neighbours.compare(connection, keys, spelled)
    keyer = Keyer(KeyRing.from_secret("k_match.key"))
    keyed = {pair: keyer.key(*pair) for pair in pairs}
    others = frozenset(shared_keys)
    shared |= {pair[1] for pair, key in keyed.items() if key in others}
    unsearched = shared | inside
    return Identity(
        identifiers=frozenset(pair for pair in pairs if pair[1] not in shared),
        values=tuple(sorted(text for text, plain in spelled.items() if plain not in unsearched)),
        shared_keys=frozenset(key for pair, key in keyed.items() if key and pair[1] in shared),
        indistinct_values=len(inside - shared),
    )


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
    own = set(subject_keys) - identity.shared_keys
    wanted = hashes({*identity.identifiers, *(("subject_key", key) for key in own)})
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
