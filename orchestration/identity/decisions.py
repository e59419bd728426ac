"""Operators' decisions by command: join two, split two, take a decision back.

A decision is recorded with author, reason and date, and the next resolution obeys it. It concerns
two subject keys, not two persons, so that it holds whatever becomes of the persons' ids.
"""

from datetime import UTC, datetime

import psycopg

from orchestration.identity import naming
from orchestration.identity.naming import Named
from orchestration.identity.rules import IdentityError

JOIN, SPLIT, WITHDRAW = "allow", "deny", "withdrawn"


def decide(
    connection: psycopg.Connection,
    decision: str,
    left: str,
    right: str | None,
    author: str,
    reason: str,
) -> tuple[Named, Named]:
    """Record a decision about two identifiers; without ``right``, about one and its person.

    Raises:
        IdentityError: when they are unknown, the same, or already as wished.
    """
    a = naming.find(connection, left)
    b = _rest_of(connection, a) if right is None else naming.find(connection, right)
    if a.key == b.key:
        raise IdentityError("both name the same identifier: give another as the second")
    if decision == SPLIT and (a.person is None or a.person != b.person):
        raise IdentityError("they are not of one person: nothing to split")
    if decision == JOIN and a.person is not None and a.person == b.person:
        raise IdentityError("they are of one person already: nothing to join")
    if not reason.strip():
        raise IdentityError("a decision needs a reason: add --reason")
    connection.execute(
        "insert into identity.operator_decisions (decision, left_key, left_type, right_key,"
        " right_type, author, reason, decided_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            decision,
            a.key,
            a.identifier_type,
            b.key,
            b.identifier_type,
            author,
            reason,
            datetime.now(UTC).replace(tzinfo=None),
        ],
    )
    return a, b


def _rest_of(connection: psycopg.Connection, one: Named) -> Named:
    """Return the founding identifier of somebody's person, which stands for the rest of it."""
    if one.person is None:
        raise IdentityError("that identifier belongs to nobody: nothing to split")
    founder = naming.find(connection, one.person)
    if founder.key == one.key:
        raise IdentityError(
            "that is the person's founding identifier: name the one to part it from as second"
        )
    return founder
