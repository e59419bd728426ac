"""Receipts of what was done for a person's right: counts and times, chained by hash.

Grain of ``privacy.receipts``: one finished act. No receipt holds a value, a key or a person id; its
owner keeps its id and hash, and ``verify`` shows that neither it nor any other was changed since.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

_GENESIS = "0" * 64
# One receipt at a time; any constant of ours will do.
_LOCK = 7_240_931


@dataclass(frozen=True)
class Receipt:
    """One receipt as it is handed out."""

    receipt_id: str
    kind: str
    issued_at: datetime
    content: Mapping[str, Any]
    hash: str


def new_id() -> str:
    """Return an id that says nothing about anybody."""
    return secrets.token_hex(8)


def issue(
    connection: Connection[Any], receipt_id: str, kind: str, content: Mapping[str, Any]
) -> Receipt:
    """Append a receipt; the same id twice gives the first one back."""
    connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
    if (known := find(connection, receipt_id)) is not None:
        return known
    row = connection.execute(
        "select seq, hash from privacy.receipts order by seq desc limit 1"
    ).fetchone()
    seq, previous = (row[0] + 1, row[1]) if row else (1, _GENESIS)
    issued_at = datetime.now(UTC).replace(tzinfo=None)
    text = json.dumps(content, sort_keys=True)
    digest = _hash(previous, seq, receipt_id, kind, text, issued_at)
    connection.execute(
        "insert into privacy.receipts (seq, receipt_id, kind, content, issued_at, prev_hash, hash)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        [seq, receipt_id, kind, text, issued_at, previous, digest],
    )
    return Receipt(receipt_id, kind, issued_at, content, digest)


def find(connection: Connection[Any], receipt_id: str) -> Receipt | None:
    """Return a receipt by its id."""
    row = connection.execute(
        "select kind, issued_at, content, hash from privacy.receipts where receipt_id = %s",
        [receipt_id],
    ).fetchone()
    if row is None:
        return None
    return Receipt(receipt_id, row[0], row[1], json.loads(row[2]), row[3])


def verify(connection: Connection[Any]) -> list[str]:
    """Recompute the chain of all receipts; return what does not fit, nothing when intact."""
    wrong = []
    previous = _GENESIS
    rows = connection.execute(
        "select seq, receipt_id, kind, content, issued_at, prev_hash, hash "
        "from privacy.receipts order by seq"
    ).fetchall()
    for position, (seq, receipt_id, kind, content, issued_at, prev_hash, digest) in enumerate(
        rows, start=1
    ):
        if seq != position:
            wrong.append(f"receipt {position} is missing")
            break
        expected = _hash(previous, seq, receipt_id, kind, content, issued_at)
        if prev_hash != previous or digest != expected:
            wrong.append(f"receipt {receipt_id} was changed")
        previous = digest
    return wrong


def _hash(
    previous: str, seq: int, receipt_id: str, kind: str, content: str, issued_at: datetime
) -> str:
    text = json.dumps([previous, seq, receipt_id, kind, content, issued_at.isoformat()])
    return hashlib.sha256(text.encode()).hexdigest()
