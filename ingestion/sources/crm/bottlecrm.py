"""BottleCRM (REST API of django-crm) -> Postgres schema ``raw_bottlecrm``.

https://django-crm.readthedocs.io; checked against django-crm 1.35.0 as PyPI has it (tests/servers).
A personal access token logs in.
Grain and key: one row per contact, lead, account, opportunity and case (BottleCRM ids).
Cursor: none; there is no filter on the time of change, so every load reads everything.
Deletions: deleted and merged-away records are a 404 that says nothing else: what was loaded once
and is no longer listed becomes an ``is_deleted`` row. Merges leave no trace to follow.
Paging: by a running number of rows, because the ``offset`` of an answer is not the next one. A new
record pushes another onto the next page, a deleted one hides one: rows are told apart by id, and a
read whose distinct ids are not as many as the count says is done again.
Known limits: no history of stages; tasks, invoices and comments are not read.
"""

from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources import DltResource

from ingestion.guard.shapes import Shape
from ingestion.sources.crm import bottlecrm_shapes as shapes
from ingestion.sources.errors import SourceError, VendorRefusedError, WrongAnswerError
from ingestion.sources.resources import CONTRACT, Batch, picked, reader
from ingestion.sources.session import Session
from ingestion.sources.transport import Transport

PAGE = 100
_ATTEMPTS = 3
# Where an answer holds its rows and their number: lists of two halves have two places.
_PLACES: dict[str, tuple[tuple[str, str], ...]] = {
    "contacts": (("results", "count"),),
    "leads": (
        ("open_leads.open_leads", "open_leads.leads_count"),
        ("close_leads.close_leads", "close_leads.leads_count"),
    ),
    "accounts": (
        ("active_accounts.open_accounts", "active_accounts.open_accounts_count"),
        ("closed_accounts.close_accounts", "closed_accounts.close_accounts_count"),
    ),
    "opportunities": (("opportunities", "opportunities_count"),),
    "cases": (("cases", "cases_count"),),
}

Record = dict[str, Any]


@dlt.source(  # type: ignore[untyped-decorator]
    name=shapes.SOURCE, section="bottlecrm", max_table_nesting=0, schema_contract=CONTRACT
)
def bottlecrm(
    base_url: str = dlt.config.value,
    access_token: str = dlt.secrets.value,
    accept_shrinking: str | None = None,
    as_of: str | None = None,
) -> list[DltResource]:
    """Return BottleCRM's resources; settings under ``[sources.bottlecrm]``."""

    def connect() -> Transport:
        return Transport("bottlecrm", base_url, {"Authorization": f"Bearer {access_token}"})

    session = Session(shapes.SOURCE, connect, as_of, accept_shrinking)

    def pages() -> Iterator[Batch]:
        with session.reading(*(shape.resource for shape in shapes.SHAPES)):
            yield {}
            for shape in shapes.SHAPES:
                yield from _read(session, shape)

    read = reader("object_pages", pages)
    return [read, *(picked(shape, read) for shape in shapes.SHAPES)]


def _read(session: Session, shape: Shape) -> Iterator[Batch]:
    """Yield all records of a kind, then those that are gone, as deleted rows."""
    found = _listed(session, shape.resource)
    yield {shape.resource: session.guard.admit(shape, found.values())}
    known = {row[0] for row in session.known(shape.resource, [shape.key[0]], "not is_deleted")}
    session.refuse_shrinking(shape.resource, len(known & found.keys()), len(known))
    gone = sorted(known - found.keys())
    yield {
        shape.resource: session.known_rows(shape, gone, is_deleted=True, deleted_at=session.as_of)
    }


def _listed(session: Session, kind: str) -> dict[str, Record]:
    """Return all records of a kind by id, read again when they changed meanwhile."""
    for _ in range(_ATTEMPTS):
        found: dict[str, Record] = {}
        offset, total = 0, 0
        while True:
            query = {"limit": str(PAGE), "offset": str(offset)}
            answer = _ask(session, kind, query)
            lists = [_at(answer, place) for place, _ in _PLACES[kind]]
            if not any(isinstance(each, list) for each in lists):
                raise WrongAnswerError("bottlecrm", f"the answer to {kind} holds no list of them")
            rows = [row for each in lists for row in each or []]
            total = sum(int(_at(answer, number) or 0) for _, number in _PLACES[kind])
            found |= {str(row["id"]): row for row in rows}
            offset += PAGE
            if not rows or len(found) >= total:
                break
        if len(found) == total:
            session.guard.counts(kind).server_total = total
            return found
    raise WrongAnswerError("bottlecrm", f"the {kind} listed are never as many as it counts")


def _ask(session: Session, kind: str, query: dict[str, str]) -> Record:
    """Return one page; BottleCRM says 403 to a token it does not know, and to one without scope."""
    try:
        answer: Record = session.transport.json("GET", f"/api/{kind}/", params=query)
    except VendorRefusedError as refusal:
        if refusal.status != 403:
            raise
        raise SourceError(
            "bottlecrm",
            f"the token was refused (403): revoked, expired, or without a scope for {kind}",
            "create a personal access token and put it into [sources.bottlecrm] access_token",
        ) from None
    return answer


def _at(answer: Record, path: str) -> Any:
    value: Any = answer
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
