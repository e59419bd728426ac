"""Objection: no more direct marketing and profiling, for the whole person, from this moment.

Objecting is not erasure: the person stays on the suppression list, which is what keeps them out.
"""

from typing import Any

from psycopg import Connection

from orchestration.consent import acts
from orchestration.privacy import receipts
from orchestration.privacy.receipts import Receipt

# What article 21 of the GDPR lets anybody object to at any time, by the rules' own names.
DEFAULT_PURPOSES = ("marketing", "profiling", "personalisation")


def object_to(
    connection: Connection[Any], identifier: str, purposes: tuple[str, ...] = DEFAULT_PURPOSES
) -> Receipt:
    """Record an objection to purposes and return its receipt."""
    added = acts.record(connection, identifier, "object", purposes)
    content = {"purposes": sorted(purposes), "acts": added.count, "ledger_head": added.head}
    return receipts.issue(connection, receipts.new_id(), "objection", content)
