"""The review queue: pairs proposed by the probabilistic tier, waiting for a person's decision.

Accepting a pair records an operator's permission, rejecting it a denial; both are reversible like
any decision, and nothing merges before one is taken (or the rules' threshold accepts).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg.rows import class_row

from orchestration.identity.decisions import JOIN, SPLIT
from orchestration.identity.rules import IdentityError

ANSWERS = {"accept": ("accepted", JOIN), "reject": ("rejected", SPLIT)}


@dataclass(frozen=True)
class Pair:
    """A proposed pair of records, by their own ids' subject keys."""

    left_key: str
    left_type: str
    right_key: str
    right_type: str
    match_probability: float
    match_weight: float
    explanation: str


def waiting(connection: psycopg.Connection, limit: int) -> list[Pair]:
    """Return undecided pairs, strongest first."""
    with connection.cursor(row_factory=class_row(Pair)) as cursor:
        return cursor.execute(
            "select left_key, left_type, right_key, right_type, match_probability, match_weight,"
            " explanation from identity.review_queue where decision is null"
            " order by match_probability desc, left_key, right_key limit %s",
            [limit],
        ).fetchall()


def propose(connection: psycopg.Connection, pairs: list[Pair]) -> int:
    """Add pairs to the queue; decided ones keep their decision. Returns how many are new."""
    now = datetime.now(UTC).replace(tzinfo=None)
    added = 0
    with connection.transaction():
        for pair in pairs:
            row = connection.execute(
                "insert into identity.review_queue (left_key, left_type, right_key, right_type,"
                " match_probability, match_weight, explanation, proposed_at)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s)"
                " on conflict (left_key, right_key) do update set"
                " match_probability = excluded.match_probability,"
                " match_weight = excluded.match_weight, explanation = excluded.explanation"
                " where review_queue.decision is null returning xmax = 0",
                [*vars(pair).values(), now],
            ).fetchone()
            added += bool(row and row[0])
    return added


def decide(connection: psycopg.Connection, answer: str, left: str, right: str, by: str) -> None:
    """Accept or reject one pair.

    Raises:
        IdentityError: when the answer is neither, or no such pair waits.
    """
    if answer not in ANSWERS:
        raise IdentityError("say accept or reject, then both keys of the pair")
    state, decision = ANSWERS[answer]
    now = datetime.now(UTC).replace(tzinfo=None)
    with connection.transaction():
        row = connection.execute(
            "update identity.review_queue set decision = %s, decided_by = %s, decided_at = %s"
            " where decision is null and ((left_key, right_key) = (%s, %s)"
            " or (right_key, left_key) = (%s, %s))"
            " returning left_key, left_type, right_key, right_type, match_weight",
            [state, by, now, left, right, left, right],
        ).fetchone()
        if row is None:
            raise IdentityError("no such pair waits: `tandem identity review` lists them")
        reason = f"review of a proposed pair, match weight {row[4]:.1f}"
        connection.execute(
            "insert into identity.operator_decisions (decision, left_key, left_type, right_key,"
            " right_type, author, reason, decided_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [decision, *row[:4], by, reason, now],
        )
