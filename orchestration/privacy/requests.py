"""What people ask for, whoever passes it on: kept as keys until it is served, and served once.

Grain of ``privacy.requests``: one request. A vendor's webhook, a form or a clerk adds a row through
`add`; an application may insert one itself, with subject keys. When a request is closed its keys
are emptied, so that the list of who asked is no new heap of personal data. Times are UTC.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection

from ingestion.settings import home
from orchestration.privacy import erase, holds, objection
from orchestration.privacy.access import access_of
from orchestration.privacy.errors import PrivacyError
from orchestration.privacy.subjects import Closure, closure_of_keys

KINDS = ("access", "erase", "object")
# Article 12(3) of the GDPR: one month from receipt.
TERM = timedelta(days=30)


@dataclass(frozen=True)
class Request:
    """One request as it is kept."""

    request_id: str
    kind: str
    source: str
    subject_keys: tuple[str, ...]
    received_at: datetime
    due_at: datetime
    status: str = "open"


@dataclass(frozen=True)
class Served:
    """What became of one request."""

    request_id: str
    kind: str
    status: str
    """done; held (a hold keeps everything); review (somebody else carries an identifier too)."""


def add(
    connection: Connection[Any],
    kind: str,
    source: str,
    subject_keys: Sequence[str],
    *,
    source_key: str,
    received_at: datetime | None = None,
) -> bool:
    """Keep a request; the same one passed on again is no second request.

    ``source_key`` is what the source tells its requests apart by; it is kept as a hash.

    Raises:
        PrivacyError: for another kind, or a request that names nobody.
    """
    if kind not in KINDS:
        raise PrivacyError(f"{kind} is no request: choose of {', '.join(KINDS)}")
    if not subject_keys:
        raise PrivacyError("the request names nobody: an address, a number or a vendor's id")
    at = received_at or datetime.now(UTC).replace(tzinfo=None)
    digest = hashlib.sha256(f"{source}|{kind}|{source_key}".encode()).hexdigest()[:32]
    cursor = connection.execute(
        "insert into privacy.requests (request_id, kind, source, subject_keys, received_at, due_at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
        [digest, kind, source, sorted(set(subject_keys)), at, at + TERM],
    )
    return cursor.rowcount == 1


def open_requests(connection: Connection[Any]) -> list[Request]:
    """Return what is not served yet, the most urgent first."""
    rows = connection.execute(
        "select request_id, kind, source, subject_keys, received_at, due_at, status "
        "from privacy.requests where status <> 'done' order by due_at, request_id"
    ).fetchall()
    return [Request(row[0], row[1], row[2], tuple(row[3]), *row[4:]) for row in rows]


def serve(url: str, *, only: Sequence[str] | None = None) -> list[Served]:
    """Serve what is open: objections first, then copies, then all erasures in one cascade.

    A copy asked for together with an erasure is made before the erasure. A kill in between leaves
    the rest open, and every step may be done again.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        waiting = [each for each in open_requests(connection) if each.status == "open"]
        wanted = [each for each in waiting if only is None or each.request_id in only]
        served = [
            _close(connection, request, _SERVICES[request.kind](url, connection, request))
            for request in sorted(wanted, key=lambda each: each.kind != "object")
            if request.kind != "erase"
        ]
    return served + _erase(url, [each for each in wanted if each.kind == "erase"])


def folder(request_id: str) -> Path:
    """Return where the copies made for an access request lie until they are handed over."""
    return home() / erase.COPIES / request_id


def _object(url: str, connection: Connection[Any], request: Request) -> str:
    for key in request.subject_keys:
        with connection.transaction():
            objection.object_to(connection, key)
    return "done"


def _copy(url: str, connection: Connection[Any], request: Request) -> str:
    theirs = closure_of_keys(connection, list(request.subject_keys))
    copy = access_of(url, theirs)
    to = folder(request.request_id)
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in (("data.json", copy.as_json()), ("data.html", copy.as_html())):
        descriptor = os.open(to / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
    return "review" if copy.shared_identifiers else "done"


def _erase(url: str, requests: Sequence[Request]) -> list[Served]:
    """Erase everybody who asked in one cascade; the held ones are left to a person."""
    served = []
    with psycopg.connect(url, autocommit=True) as connection:
        free: list[tuple[Request, Closure]] = []
        for request in requests:
            theirs = closure_of_keys(connection, list(request.subject_keys))
            if holds.EVERYTHING in holds.categories(connection, theirs):
                served.append(_close(connection, request, "held"))
            else:
                free.append((request, theirs))
        if free:
            keys = [key for request, _ in free for key in request.subject_keys]
            by = ", ".join(sorted({f"request by {request.source}" for request, _ in free}))
            erase.erase_keys(url, keys, verified_by=by)
        for request, theirs in free:
            status = "review" if theirs.shared_keys else "done"
            served.append(_close(connection, request, status))
    return served


def _close(connection: Connection[Any], request: Request, status: str) -> Served:
    """Close a request; only one that a hold stops keeps whom it is about."""
    connection.execute(
        "update privacy.requests set status = %(status)s, "
        "subject_keys = case when %(status)s = 'held' then subject_keys else '{}' end, "
        "closed_at = case when %(status)s = 'done' then now() at time zone 'UTC' end "
        "where request_id = %(id)s",
        {"status": status, "id": request.request_id},
    )
    return Served(request.request_id, request.kind, status)


_SERVICES = {"object": _object, "access": _copy}
