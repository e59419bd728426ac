"""What people about to be erased have in common with others, as far as readable values tell.

A number may stand in a neighbour's record in another spelling, and one address may be the end of
somebody else's longer one. The first is shared and stays until somebody decides; the second is
theirs and goes, but no search can tell it from the other's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from psycopg import Connection

from ingestion.guard.keys import normalised
from orchestration.privacy.needles import Needles

# By the last word of a field's name: address_phone, shipping_phone and the like are numbers.
_FIELD_TYPES = {"email": "email", "phone": "phone"}
_OTHERS = """
copy (
    select stored.field, stored.value
    from vault.contact_values as stored
    where stored.subject_key <> all (%(keys)s)
) to stdout
"""
# Searched at once; in one that holds something, each row is searched.
_ROWS = 1000


def identifier_of(field: str, value: str) -> tuple[str, str] | None:
    """Return identifier type and normalised value of a contact value, if it identifies anybody."""
    kind = _FIELD_TYPES.get(field.rpartition("_")[2])
    plain = normalised(kind, value) if kind else None
    return (kind, plain) if kind and plain else None


def compare(
    connection: Connection[Any], keys: list[str], mine: Mapping[str, str]
) -> tuple[set[str], set[str]]:
    """Return which values others have too, and which others have only as part of their own.

    Reads the vault through once, whoever it is about.

    Args:
        connection: a role that reads the vault.
        keys: subject keys of those whose values they are.
        mine: each value as it is spelled, and its normalised form, which is what is returned.
    """
    spelled = sorted(mine)
    needles = Needles(spelled)
    shared: set[str] = set()
    inside: set[str] = set()
    for row in _rows_with(connection, keys, needles):
        field, _, text = row.decode().rstrip("\n").partition("\t")
        known = identifier_of(field, text)
        theirs = known[1] if known else text
        for number in needles.hits(row):
            plain = mine[spelled[number]]
            (shared if plain == theirs else inside).add(plain)
    return shared, inside - shared


def _rows_with(connection: Connection[Any], keys: list[str], needles: Needles) -> Iterator[bytes]:
    for rows in _batches(connection, keys):
        if needles.hits(b"".join(rows)):
            yield from (row for row in rows if needles.hits(row))


def _batches(connection: Connection[Any], keys: list[str]) -> Iterator[list[bytes]]:
    rows: list[bytes] = []
    with connection.cursor() as cursor, cursor.copy(_OTHERS, {"keys": keys}) as told:
        for row in told:
            rows.append(bytes(row))
            if len(rows) == _ROWS:
                yield rows
                rows = []
    yield rows
