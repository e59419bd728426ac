"""Runs the marts' consent SQL over events and links made by a test."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from psycopg import Connection, sql

from ingestion.settings import project_root
from orchestration.consent.algebra import query
from tests.privacy.consent_reference import Event, Link

RULES = project_root() / "dbt_project/seeds/rules"
EVENT_TYPES = {
    "seq": "bigint", "event_id": "text", "subject_key": "text", "subject_scope": "text",
    "purpose": "text", "channel": "text", "action": "text", "kind": "text",
    "legal_basis": "text", "jurisdiction": "text", "age_band": "text", "source": "text",
    "capture_method": "text", "notice_version": "text", "is_authenticated": "boolean",
    "occurred_at": "timestamp", "received_at": "timestamp", "expires_at": "timestamp",
    "recorded_at": "timestamp",
}  # fmt: skip
LINK_TYPES = {
    "subject_key": "text", "identifier_type": "text", "person_id": "text",
    "valid_from": "timestamp", "valid_to": "timestamp",
}  # fmt: skip
PLACE_TYPES = {"subject_key": "text", "jurisdiction": "text", "lowest_age": "int"}
SEED_TYPES = {
    "purpose_mask": "bigint", "is_marketing": "boolean", "strictness": "int",
    "is_sticky": "boolean", "is_implied": "boolean", "validity_days": "int",
    "implied_validity_days": "int", "minimum_age": "int", "max_age_hours": "int",
    "priority": "int",
}  # fmt: skip
SEEDS = (
    "purposes", "consent_actions", "consent_jurisdictions", "consent_policy",
    "consent_legal_bases", "consent_notice_purposes", "consent_mappings",
)  # fmt: skip


def rows_sql(rows: Sequence[dict[str, Any]], types: dict[str, str]) -> str:
    """Return SQL whose result is these rows."""
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    data = json.dumps(rows, default=lambda value: value.isoformat())
    literal = sql.Literal(data).as_string(None)
    return f"select * from jsonb_to_recordset({literal}::jsonb) as given ({columns})"


def seed_sql(name: str) -> str:
    """Return SQL whose result is a rule seed, as dbt would load it."""
    with (RULES / f"{name}.csv").open() as file:
        rows: list[dict[str, Any]] = [
            {key: value or None for key, value in row.items()} for row in csv.DictReader(file)
        ]
    return rows_sql(rows, {column: SEED_TYPES.get(column, "text") for column in rows[0]})


def given(
    events: Sequence[Event], links: Sequence[Link], places: Sequence[dict[str, Any]] = ()
) -> dict[str, str]:
    """Return the inputs of the interval models: a ledger, links, places, and the real seeds."""
    ledger = [
        {**asdict(event), "seq": seq, "recorded_at": event.received_at}
        for seq, event in enumerate(events, start=1)
    ]
    identified = [{**asdict(link), "identifier_type": "email"} for link in links]
    return {
        "int_consent__ledger_events": rows_sql(ledger, EVENT_TYPES),
        "int_identity__person_links": rows_sql(identified, LINK_TYPES),
        "int_consent__subject_places": rows_sql(list(places), PLACE_TYPES),
        **{name: seed_sql(name) for name in SEEDS},
    }


def person_history(
    connection: Connection[Any],
    events: Sequence[Event],
    links: Sequence[Link],
    places: Sequence[dict[str, Any]] = (),
    purpose: str = "email_marketing",
) -> dict[str, list[tuple[datetime, datetime, str, str]]]:
    """Return each person's intervals (from, to, state, reason) for one purpose, in order."""
    text = query(
        "int_consent__person_intervals",
        given(events, links, places),
        "select person_id, valid_from, valid_to, state, reason from int_consent__person_intervals"
        " where purpose = %(purpose)s order by person_id, valid_from",
    )
    found: dict[str, list[tuple[datetime, datetime, str, str]]] = {}
    rows = connection.execute(text.encode(), {"purpose": purpose}).fetchall()
    for person, valid_from, valid_to, state, reason in rows:
        found.setdefault(person, []).append((valid_from, valid_to, state, reason))
    return found


def state_in(
    history: Sequence[tuple[datetime, datetime, str, str]], at: datetime, default: str = "unknown"
) -> str:
    """Return the state of a history at an instant."""
    states = [state for start, end, state, _ in history if start <= at < end]
    assert len(states) <= 1, "two states at once"
    return states[0] if states else default
