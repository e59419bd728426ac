"""What people type to name somebody: a person id, a subject key, or ``type:value``."""

import re
from dataclasses import dataclass

import psycopg

from orchestration.identity.keys import key_maker
from orchestration.identity.rulefiles import KEY
from orchestration.identity.rules import IdentityError

PERSON = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Named:
    """One identifier that evidence knows, and the person it belongs to now, if any."""

    key: str
    identifier_type: str
    person: str | None


def find(connection: psycopg.Connection, text: str) -> Named:
    """Find what ``text`` names; a value is hashed at once and appears nowhere.

    Raises:
        IdentityError: when nothing is known under it.
    """
    if PERSON.fullmatch(text):
        return _founder(connection, text)
    if KEY.fullmatch(text):
        return _identifier(connection, text)
    kind, colon, value = text.partition(":")
    if not colon:
        raise IdentityError(
            "expected a person id, a subject key of 32 hex characters, or type:value such as"
            " email:someone@example.org"
        )
    if kind not in _types(connection):
        raise IdentityError(f"{kind} is no identifier type: identity_rules.csv lists them")
    key = key_maker()(kind, value)
    if key is None:
        raise IdentityError(f"that value is no {kind} of anybody: misspelt, or blocked as junk")
    return _identifier(connection, key)


def _types(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute("select identifier_type from rules.identity_rules").fetchall()
    return {str(row[0]) for row in rows}


def _founder(connection: psycopg.Connection, person: str) -> Named:
    """Return a person's founding identifier, following aliases to the survivor."""
    row = connection.execute(
        "select standing_key, retired_at is null from identity.persons where person_id = %s",
        [person],
    ).fetchone()
    if row is None:
        raise IdentityError("no such person: it may belong to another warehouse")
    if row[0] is None:
        raise IdentityError("that person was erased")
    return _identifier(connection, str(row[0]))


def _identifier(connection: psycopg.Connection, key: str) -> Named:
    row = connection.execute(
        "select identifier_type, person_id from identity.person_links where subject_key = %s"
        " order by valid_to desc limit 1",
        [key],
    ).fetchone()
    if row:
        return Named(key, str(row[0]), str(row[1]))
    row = connection.execute(
        "select identifier_type from identity.identifiers where subject_key = %s limit 1", [key]
    ).fetchone()
    if row is None:
        raise IdentityError("no evidence knows that identifier: check type and spelling")
    return Named(key, str(row[0]), None)
