"""Duties to keep that outrank an erasure: per person and category, with reason and end.

The registry's own ``holds`` (invoices) apply to everybody; these apply to one person. Category
``all`` keeps everything: an erasure then waits.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from orchestration.privacy.errors import PrivacyError
from orchestration.privacy.receipts import new_id
from orchestration.privacy.registry import load
from orchestration.privacy.subjects import Closure

EVERYTHING = "all"


@dataclass(frozen=True)
class Hold:
    """One duty to keep."""

    hold_id: str
    category: str
    reason: str
    until_at: datetime | None


def place(
    connection: Connection[Any],
    closure: Closure,
    *,
    category: str,
    reason: str,
    placed_by: str,
    until_at: datetime | None = None,
) -> str:
    """Place a hold on everything of a closure; return its id.

    Raises:
        PrivacyError: when the closure is nobody's or no relation is kept under that category.
    """
    known = {relation.hold for relation in load().relations if relation.hold} | {EVERYTHING}
    if category not in known:
        raise PrivacyError(f"there is no category {category}: choose of {', '.join(sorted(known))}")
    if not closure.subject_keys:
        raise PrivacyError("nobody is known by that identifier, so there is nothing to hold")
    hold_id = new_id()
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into privacy.holds values (%s, %s, %s, %s, %s, now() at time zone 'UTC', %s)",
            [
                (f"{hold_id}-{number}", key, category, reason, placed_by, until_at)
                for number, key in enumerate(closure.subject_keys)
            ],
        )
    return hold_id


def release(connection: Connection[Any], hold_id: str) -> int:
    """End a hold; return how many keys it covered."""
    cursor = connection.execute(
        "update privacy.holds set released_at = now() at time zone 'UTC' "
        "where (hold_id = %(id)s or hold_id like %(id)s || '-%%') and released_at is null",
        {"id": hold_id},
    )
    return cursor.rowcount


def categories(connection: Connection[Any], closure: Closure) -> frozenset[str]:
    """Return the categories that are held for a closure now."""
    rows = connection.execute(
        "select distinct category from privacy.holds where subject_key = any (%(keys)s) "
        "and released_at is null and (until_at is null or until_at > now() at time zone 'UTC')",
        {"keys": [*closure.subject_keys, *closure.shared_keys]},
    ).fetchall()
    return frozenset(row[0] for row in rows)
