"""What people say to the hub itself: withdrawals, objections and renewed grants by identifier."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection

from orchestration.consent import ledger
from orchestration.consent.errors import ConsentError
from orchestration.consent.ledger import SOURCE, Act, Appended
from orchestration.privacy.subjects import keys_of

_ACTIONS = ("withdraw", "object", "grant")


def record(
    connection: Connection[Any],
    identifier: str,
    action: str,
    purposes: Sequence[str],
    *,
    is_authenticated: bool = False,
    proof_sha256: str | None = None,
    at: datetime | None = None,
) -> Appended:
    """Record an act of whoever an identifier names, for each purpose; effective at commit.

    A refusal counts for the whole person whichever identifier it came by. A grant that somebody
    gave logged in (``is_authenticated``) speaks for the person and lifts earlier refusals; any
    other stays on the address or device it was given for. The purpose ``marketing`` stands for
    every one that is marketing.

    Raises:
        ConsentError: for an unknown purpose or action.
    """
    if action not in _ACTIONS:
        raise ConsentError(f"{action} is no act: choose of {', '.join(_ACTIONS)}")
    moment = at or hub_now(connection)
    scope = "person" if is_authenticated else "contact_point"
    acts = [
        Act(
            subject_key=key,
            subject_scope=scope,
            purpose=purpose,
            channel=channel,
            action=action,
            received_at=moment,
            occurred_at=moment,
            is_authenticated=is_authenticated,
            capture_method="operator",
            proof_sha256=proof_sha256,
        )
        for key in _known_keys(connection, identifier)
        for purpose, channel in _purposes(connection, purposes)
    ]
    return ledger.submit(connection, acts)


def hub_now(connection: Connection[Any]) -> datetime:
    """Return the present by the clock that the sources run on (UTC).

    While the sandbox company stands in for every source, that is its own present, a little later
    for every act recorded by hand, so that the order in which they were made is kept.
    """
    from ingestion.registry import SOURCES, is_configured

    if any(is_configured(source.vendor) for source in SOURCES.values()):
        return datetime.now(UTC).replace(tzinfo=None)
    row = connection.execute(
        "select max(clock.as_of), max(events.received_at) from ops.clock as clock "
        "left join consent.events as events on events.source = %(source)s",
        {"source": SOURCE},
    ).fetchone()
    as_of, latest = row or (None, None)
    if as_of is None or as_of.year < 2000:
        return datetime.now(UTC).replace(tzinfo=None)
    moment: datetime = max(as_of, latest + timedelta(seconds=1)) if latest else as_of
    return moment


def _known_keys(connection: Connection[Any], identifier: str) -> list[str]:
    """Return the keys an identifier stands for here; an unknown one is kept for when it appears."""
    candidates = keys_of(identifier)
    rows = connection.execute(
        "select distinct subject_key from identity.person_links where subject_key = any (%(keys)s)",
        {"keys": candidates},
    ).fetchall()
    return [row[0] for row in rows] or candidates[:1]


def _purposes(connection: Connection[Any], wanted: Sequence[str]) -> list[tuple[str, str]]:
    rows = connection.execute(
        "select purpose, channel, is_marketing from rules.purposes"
    ).fetchall()
    known = {purpose: channel for purpose, channel, _ in rows}
    chosen: dict[str, str] = {}
    for name in wanted:
        if name == "marketing":
            chosen |= {purpose: channel for purpose, channel, marketing in rows if marketing}
        elif name in known:
            chosen[name] = known[name]
        else:
            names = ", ".join(["marketing", *sorted(known)])
            raise ConsentError(f"{name} is no purpose: choose of {names}")
    return sorted(chosen.items())
