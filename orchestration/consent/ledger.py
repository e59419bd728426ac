"""Writing to ``consent.events`` and proving that nobody else did.

The ledger is append-only: the database adds rows through two functions, each in one transaction
under the lock of the chain's head, so an append is idempotent, and a killed one leaves nothing.
Denials reach ``activation.suppressions`` in the same transaction: they count at commit.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from orchestration.building import versions
from orchestration.consent.connection import opened

SOURCE = "tandem"
# The views that tell what all sources, or one, observed; and where the tables are that they read.
_OBSERVED = "int_consent__observed_events"
_OBSERVED_BY = "int_consent__{}_events"
_READ = (r"raw\_%", "rules")
_TAMPERED = """
with chained as (
    select
        events.seq,
        events.redaction_id,
        events.hash,
        events.row_hash,
        events.prev_hash,
        consent.content_hash(events) as content,
        consent.chain(repeat('0', 64), events.row_hash) over place as expected,
        lag(events.hash, 1, repeat('0', 64)) over place as previous,
        row_number() over place as position
    from consent.events
    window place as (order by events.seq rows unbounded preceding)
)
select
    seq,
    case
        when seq <> position then 'a row before it is missing'
        when prev_hash <> previous or hash <> expected then 'the chain is broken here'
        else 'its content was changed'
    end
from chained
where seq <> position
    or prev_hash <> previous
    or hash <> expected
    or (redaction_id is null and content <> row_hash)
order by seq
limit %(limit)s
"""
_UNPROVEN_REDACTIONS = """
select redacted.redaction_id
from (select distinct redaction_id from consent.events where redaction_id is not null) as redacted
where not exists (
    select from consent.events as proof
    where proof.action = 'redact'
        and proof.source = 'tandem'
        and proof.source_key = redacted.redaction_id
        and proof.proof_sha256 = consent.redaction_proof(redacted.redaction_id)
)
"""


@dataclass(frozen=True)
class Appended:
    """What one append added."""

    count: int
    """Rows added by this append."""
    total: int
    """Rows in the ledger after it."""
    head: str
    """Hash of the last row: whoever keeps it elsewhere can prove a later rewrite."""


@dataclass(frozen=True)
class Verified:
    """Result of checking the whole chain."""

    rows: int
    redacted: int
    head: str
    problems: tuple[str, ...]

    @property
    def is_intact(self) -> bool:
        """Whether nothing was changed, removed or inserted by another hand."""
        return not self.problems


@dataclass(frozen=True)
class Act:
    """Something a person did or had done at the hub itself: one subject, purpose and channel."""

    subject_key: str
    subject_scope: str
    purpose: str
    channel: str
    action: str
    received_at: datetime
    occurred_at: datetime | None = None
    expires_at: datetime | None = None
    is_authenticated: bool = False
    kind: str = "act"
    source: str = SOURCE
    source_key: str | None = None
    capture_method: str | None = None
    notice_version: str | None = None
    legal_basis: str | None = None
    jurisdiction: str | None = None
    jurisdiction_source: str | None = None
    age_band: str | None = None
    proof_sha256: str | None = None
    consent_string: str | None = None
    key_version: int = 1
    double_opt_in_at: datetime | None = None

    @property
    def event_id(self) -> str:
        """Content hash: the same act submitted again is the same row."""
        content = {name: str(value) for name, value in asdict(self).items()}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def append(url_or_connection: str | Connection[Any], source: str | None = None) -> Appended:
    """Add what the observations of all sources, or of one, hold and the ledger does not.

    Grain: one row per new observation. Needs the role ``loader``. Adds nothing before the
    observation model was first built, and reads nothing when nobody wrote to what was read before.
    """
    with opened(url_or_connection) as connection:
        row = connection.execute(
            "select consent.append_observed(%s, %s)", [source, _version(connection, source)]
        ).fetchone()
        return _appended(connection, int(row[0]) if row else 0)


def submit(url_or_connection: str | Connection[Any], acts: Sequence[Act]) -> Appended:
    """Add acts that reached the hub itself; repeats of an act are no news."""
    rows = [{"event_id": act.event_id, **_plain(act)} for act in acts]
    with opened(url_or_connection) as connection:
        row = connection.execute(
            "select consent.submit(%(rows)s::jsonb)", {"rows": json.dumps(rows)}
        ).fetchone()
        return _appended(connection, int(row[0]) if row else 0)


def verify(
    url_or_connection: str | Connection[Any], *, known_head: str | None = None, limit: int = 20
) -> Verified:
    """Recompute every hash of the chain and report what does not fit.

    ``known_head`` is a head kept elsewhere; a chain rewritten from any point before it lacks it.
    """
    with opened(url_or_connection) as connection:
        cursor = connection.execute(_TAMPERED, {"limit": limit})
        problems = [f"row {seq}: {what}" for seq, what in cursor.fetchall()]
        for (redaction,) in connection.execute(_UNPROVEN_REDACTIONS).fetchall():
            problems.append(f"redaction {redaction}: rows were redacted outside an erasure")
        counts = connection.execute(
            "select count(*), count(redaction_id), coalesce(max(seq), 0) from consent.events"
        ).fetchone()
        rows, redacted, last = counts or (0, 0, 0)
        head = _head(connection)
        if head[0] != last:
            problems.append(f"rows {last + 1} to {head[0]}: removed from the end")
        if known_head is not None and not _holds(connection, known_head):
            problems.append("the kept head is not in the chain: it was rewritten or cut")
        return Verified(rows, redacted, head[1], tuple(problems))


def _version(connection: Connection[Any], source: str | None) -> str | None:
    """Return the version of what an append reads, own writes included; None if it is untold."""
    if not versions.is_alone(connection, _READ):
        return None
    connection.execute("select pg_stat_clear_snapshot()")
    found = versions.look(connection, ("intermediate", "consent"), is_own_counted=True)
    observed = _OBSERVED_BY.format(source) if source else _OBSERVED
    read = [found.get(home) for home in (("intermediate", observed), ("consent", "events"))]
    told = [relation.version for relation in read if relation and relation.version]
    return " ".join(told) if len(told) == len(read) else None


def _appended(connection: Connection[Any], count: int) -> Appended:
    total, head = _head(connection)
    return Appended(count, total, head)


def _head(connection: Connection[Any]) -> tuple[int, str]:
    row = connection.execute("select seq, hash from consent.chain_head").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


def _holds(connection: Connection[Any], head: str) -> bool:
    found = connection.execute("select from consent.events where hash = %(head)s", {"head": head})
    return found.fetchone() is not None


def _plain(act: Act) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(act).items()
    }
