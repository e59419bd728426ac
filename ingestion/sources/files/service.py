"""Calls and tickets: logs of a call centre and a help desk -> tables ``calls`` and ``tickets``.

Calls: one row per call, times with offset; a log covers whole days and replaces them when it is
sent again. Tickets: one row per ticket, changing until it is solved; the newest version wins,
whichever file it stands in. Agents' names are read by nobody; recordings and transcripts are not
loaded. Subjects are scrubbed, bodies never asked for.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ingestion.guard import derive
from ingestion.guard.gate import Guard
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment
from ingestion.sources.files.feeds import SOURCE, Feed, last_of_each, marked, own_fields, partition
from ingestion.sources.files.folder import DropFile
from ingestion.sources.files.sheets import Sheet, decoded, table

_VAULT, _INPUT = Treatment.VAULT, Treatment.INPUT

CALLS = Shape(
    source=SOURCE,
    resource="calls",
    key=("call_id",),
    merge_key="partition",
    deletable=True,
    subject="subject_key",
    misfit_paths=("",),
    known=frozenset({"agent"}),
    fields=(
        *own_fields("call_date"),
        Field("call_id", "call_id", "id", required=True),
        Field("direction", "direction", required=True),
        Field("queue", "queue"),
        Field("outcome", "outcome"),
        Field("reason", "reason"),
        Field("caller_phone", "caller_number", "text", _VAULT),
        Field("customer_number", "customer_no", "text", _INPUT),
        Field("country", "caller_country", "text", _INPUT),
        Field("started_at", "started_at", "timestamp", required=True),
        Field("ended_at", "ended_at", "timestamp"),
    ),
    identifiers=(
        Identifier("user_key", "user_id", ("customer_number",)),
        Identifier("phone_key", "phone", ("caller_phone",), country="country"),
    ),
    derived=(
        Derived("subject_key", "id", lambda v: v["user_key"] or v["phone_key"]),
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        partition("call_date"),
    ),
)

TICKETS = Shape(
    source=SOURCE,
    resource="tickets",
    key=("ticket_id",),
    dedup="updated_at",
    subject="subject_key",
    misfit_paths=("",),
    known=frozenset({"agent"}),
    fields=(
        *own_fields(None),
        Field("ticket_id", "ticket_id", "id", required=True),
        Field("channel", "channel"),
        Field("category", "category"),
        Field("status", "status"),
        Field("priority", "priority"),
        Field("topic", "subject"),
        Field("requester_email", "requester_email", "text", _VAULT),
        Field("requester_name", "requester_name", "text", _VAULT),
        Field("order_number", "order_number", "text", _INPUT),
        Field("satisfaction_score", "satisfaction", "bigint"),
        Field("created_at", "created_at", "timestamp", required=True),
        Field("first_reply_at", "first_reply_at", "timestamp"),
        Field("solved_at", "solved_at", "timestamp"),
        Field("updated_at", "updated_at", "timestamp", required=True),
    ),
    identifiers=(
        Identifier("email_key", "email", ("requester_email",)),
        Identifier("order_key", "order_id", ("order_number",)),
    ),
    derived=(Derived("subject_key", "id", lambda v: v["email_key"] or v["order_key"]),),
)


def read_calls(content: bytes, file: DropFile) -> Sheet:
    """Return the calls of a log; the day is the call centre's own."""
    _, rows = table(decoded(content), ("call_id", "started_at", "direction", "caller_number"))
    return Sheet([marked(row, file, call_date=_day(row)) for row in rows])


def read_tickets(content: bytes, file: DropFile) -> Sheet:
    """Return the tickets of an export."""
    _, rows = table(decoded(content), ("ticket_id", "created_at", "updated_at", "requester_email"))
    return Sheet([marked(row, file) for row in rows])


def admit_calls(guard: Guard, sheet: Sheet) -> Mapping[str, pa.Table]:
    """Return the table of a call log."""
    return {"calls": last_of_each(guard.admit(CALLS, sheet.rows), CALLS.key)}


def admit_tickets(guard: Guard, sheet: Sheet) -> Mapping[str, pa.Table]:
    """Return the table of a ticket export."""
    return {"tickets": guard.admit(TICKETS, sheet.rows)}


CALL_FEED = Feed("calls", "calls/*.csv", (CALLS,), read_calls, admit_calls)
TICKET_FEED = Feed(
    "tickets", "tickets/*.csv", (TICKETS,), read_tickets, admit_tickets, is_partitioned=False
)


def _day(row: Any) -> str | None:
    return str(row["started_at"])[:10] if isinstance(row, dict) else None
