"""What the hub knows, or knew at some moment, about one person's consent: the marts' own SQL.

Replays the ledger rows recorded until then through the interval models. Links and rules are those
of today, so an answer about the past says what these rules make of what was known then.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection, sql

from orchestration.consent.algebra import query

_SEEDS = (
    "purposes",
    "consent_actions",
    "consent_jurisdictions",
    "consent_policy",
    "consent_legal_bases",
    "consent_notice_purposes",
)
_STAGED = ("stg_hubspot__contacts", "stg_shopify__customers")


@dataclass(frozen=True)
class State:
    """One state that held for an interval."""

    purpose: str
    channel: str
    state: str
    reason: str
    valid_from: datetime
    valid_to: datetime


def history(
    connection: Connection[Any], person_id: str, *, known_on: datetime | None = None
) -> list[State]:
    """Return a person's states over time, as known now or on a date (UTC)."""
    # Of other holders of their keys too: a refusal binds whoever has the key next.
    links = sql.SQL(
        "select * from identity.person_links where subject_key in "
        "(select subject_key from identity.person_links where person_id = {})"
    ).format(sql.Literal(person_id))
    ledger = sql.SQL(
        "select * from consent.events where redaction_id is null and action <> 'redact' "
        "and subject_key in (select subject_key from identity.person_links where person_id = {}) "
        "and recorded_at <= {}"
    ).format(sql.Literal(person_id), sql.Literal(known_on or datetime.max))  # noqa: DTZ901
    given = {
        "int_identity__person_links": links.as_string(connection),
        "int_consent__ledger_events": ledger.as_string(connection),
        **{name: f"select * from rules.{name}" for name in _SEEDS},  # noqa: S608
        **{name: f"select * from staging.{name}" for name in _STAGED},  # noqa: S608
    }
    text = query(
        "int_consent__person_intervals",
        given,
        "select purpose, channel, state, reason, valid_from, valid_to "
        "from int_consent__person_intervals where person_id = %(person)s "
        "order by purpose, channel, valid_from",
    )
    rows = connection.execute(text.encode(), {"person": person_id}).fetchall()
    return [State(*row) for row in rows]
