"""Erasure: everything of a person, everywhere, once and for all, with proof.

1. The closure is resolved; keys that others carry too are set apart.
2. Tombstones are committed first: from then on nothing of the person gets in again.
3. In one transaction: every registered relation, the ledger's redaction, the deletes that other
   systems owe, and a search of all tables for the values held in memory. A kill rolls it back, and
   the next run starts again with the vault still there to tell what to search for.
4. The administrator's VACUUM and ANALYZE, so that dead rows and statistics forget too; catalogs and
   files are searched, the working folders of killed loads are gone; the receipt is issued.

Idempotent: erasing somebody twice finds nobody the second time.
"""

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from ingestion.settings import home, role_url
from ingestion.working import clear_abandoned
from orchestration.privacy import (
    cascade,
    holds,
    receipts,
    record_ids,
    registry,
    scan,
    tombstones,
)
from orchestration.privacy.errors import PrivacyError
from orchestration.privacy.receipts import Receipt
from orchestration.privacy.subjects import (
    Closure,
    closure,
    closure_of_keys,
    closure_of_persons,
)

RECEIPT_KIND = "erasure"
# Folder of the home with copies that access requests asked for, one folder each.
COPIES = "requests"


# ANALYZE leaves the statistics of a table that became empty; only a superuser may drop them.
_STATISTICS_OF_EMPTIED = """
delete from pg_statistic as kept
using pg_class as emptied
where emptied.oid = kept.starelid and emptied.reltuples = 0
    and kept.starelid = any (%s::regclass[]::oid[])
"""


@dataclass(frozen=True)
class Erasure:
    """An erasure under way: tombstones stand, the rest may be done again and again."""

    erasure_id: str
    closure: Closure
    verified_by: str
    started_at: datetime
    outcome: str | None = None
    """What the cascade did, as JSON, once it is committed."""


def erase(url: str, identifier: str, *, verified_by: str) -> Receipt:
    """Erase whoever an identifier names.

    ``verified_by`` says who made sure that the person asked themselves, and how.

    Raises:
        PrivacyError: when a hold keeps everything, or the proof finds a value left.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        return _erase(connection, closure(connection, identifier), verified_by)


def erase_persons(url: str, person_ids: list[str], *, verified_by: str) -> Receipt:
    """Erase several persons known by their ids in one cascade."""
    with psycopg.connect(url, autocommit=True) as connection:
        return _erase(connection, closure_of_persons(connection, person_ids), verified_by)


def erase_keys(url: str, subject_keys: list[str], *, verified_by: str) -> Receipt:
    """Erase everybody whom subject keys stand for in one cascade.

    A key of nobody known is buried all the same: what it stands for must not come in later.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        return _erase(connection, closure_of_keys(connection, subject_keys), verified_by)


def resume(url: str) -> list[Receipt]:
    """Finish every erasure that was started and not finished."""
    with psycopg.connect(url, autocommit=True) as connection:
        return [_finish(connection, erasure) for erasure in _unfinished(connection)]


def _erase(connection: Connection[Any], theirs: Closure, verified_by: str) -> Receipt:
    if holds.EVERYTHING in holds.categories(connection, theirs):
        raise PrivacyError("a hold keeps everything of this person: see `tandem privacy hold`")
    for erasure in _unfinished(connection):
        if erasure.outcome or set(erasure.closure.subject_keys) & set(theirs.subject_keys):
            finished = _finish(connection, erasure)
            if not erasure.outcome:
                return finished
    return _finish(connection, _begin(connection, theirs, verified_by))


def _begin(connection: Connection[Any], theirs: Closure, verified_by: str) -> Erasure:
    erasure = Erasure(receipts.new_id(), theirs, verified_by, _now())
    with connection.transaction():
        identity = tombstones.read(connection, theirs.subject_keys, theirs.shared_keys)
        tombstones.set_up(connection, erasure.erasure_id, identity, theirs.subject_keys)
        connection.execute(
            "insert into privacy.erasures (erasure_id, state, person_ids, subject_keys, "
            "shared_keys, verified_by, started_at) values (%s, 'tombstoned', %s, %s, %s, %s, %s)",
            [
                erasure.erasure_id,
                list(theirs.person_ids),
                list(theirs.subject_keys),
                list(theirs.shared_keys),
                verified_by,
                erasure.started_at,
            ],
        )
    return erasure


def _finish(connection: Connection[Any], erasure: Erasure) -> Receipt:
    values: list[str] = []
    outcome = json.loads(erasure.outcome) if erasure.outcome else None
    if outcome is None:
        outcome, values = _take_out(connection, erasure)
    outcome |= _make_forget(sorted(outcome["rows"]), values)
    with connection.transaction():
        receipt = receipts.issue(connection, erasure.erasure_id, RECEIPT_KIND, outcome)
        connection.execute(
            "update privacy.erasures set state = 'done', outcome = null, "
            "finished_at = now() at time zone 'UTC' where erasure_id = %s",
            [erasure.erasure_id],
        )
    return receipt


def _take_out(connection: Connection[Any], erasure: Erasure) -> tuple[dict[str, Any], list[str]]:
    """Run the cascade and prove it, in one transaction; return counts and the values searched."""
    theirs = erasure.closure
    with connection.transaction():
        connection.execute("set local lock_timeout = '30s'")
        found = registry.tables(connection)
        registry.check(connection)
        identity = tombstones.read(connection, theirs.subject_keys, theirs.shared_keys)
        references = _references(identity)
        known = registry.load()
        held = holds.categories(connection, theirs)
        counts = cascade.cascade(
            connection, _with_source_keys(theirs, identity), known, found, held
        )
        redacted = _redact(connection, erasure)
        _queue_deletes(connection, erasure, references)
        values = list(identity.values)
        _refuse_leftovers(scan.scan_tables(connection, values))
        outcome: dict[str, Any] = {
            "rows": counts,
            "ledger_rows_redacted": redacted,
            "persons": len(theirs.person_ids),
            "identifiers": len(theirs.subject_keys),
            "shared_identifiers_left_for_review": len(theirs.shared_keys),
            "shared_values_left_for_review": len(identity.shared_keys),
            "values_that_longer_ones_of_others_contain": identity.indistinct_values,
            "kept_under_random_keys": sorted(held | frozenset(known.holds)),
            "values_searched_and_not_found": len(values),
            "deletes_owed_by_other_systems": len(references),
        }
        connection.execute(
            "update privacy.erasures set state = 'erased', person_ids = '{}', subject_keys = '{}', "
            "shared_keys = '{}', outcome = %s where erasure_id = %s",
            [json.dumps(outcome), erasure.erasure_id],
        )
    return outcome, values


def _make_forget(touched: list[str], values: list[str]) -> dict[str, Any]:
    """Have dead rows and statistics forget, and search what only the administrator sees."""
    with psycopg.connect(role_url("admin"), autocommit=True) as connection:
        for name in [*touched, "consent.events", "privacy.erasures"]:
            connection.execute(sql.SQL("vacuum (analyze) {}").format(cascade.table(name)))
        with suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute(_STATISTICS_OF_EMPTIED, [touched])
        if values:
            _refuse_leftovers(scan.scan_catalogs(connection, values))
    if values:
        clear_abandoned()
        _refuse_leftovers(_without_their_copies(scan.scan_files(values)))
    return {"catalogs_and_files_searched": bool(values)}


def _without_their_copies(found: list[scan.Finding]) -> list[scan.Finding]:
    """Remove copies made for access requests of the same people; return what else was found."""
    kept = []
    for finding in found:
        kind, _, path = finding.place.partition(" ")
        parts = Path(path).parts
        if kind == "file" and parts[0] == COPIES and not finding.is_unreadable:
            shutil.rmtree(home() / COPIES / parts[1], ignore_errors=True)
        else:
            kept.append(finding)
    return kept


def _with_source_keys(theirs: Closure, identity: tombstones.Identity) -> Closure:
    """Add what quarantine knows their records by."""
    from ingestion.guard.keys import Keyer, KeyRing

    ids = sorted({value for kind, value in identity.identifiers if kind.endswith("_id")})
    extra = Keyer(KeyRing.from_secret("k_match.key")).keys("source_key", ids)
    return Closure(theirs.person_ids, (*theirs.subject_keys, *extra), theirs.shared_keys)


def _unfinished(connection: Connection[Any]) -> list[Erasure]:
    rows = connection.execute(
        "select erasure_id, person_ids, subject_keys, shared_keys, verified_by, started_at, "
        "outcome from privacy.erasures where state <> 'done' order by started_at"
    ).fetchall()
    return [
        Erasure(
            row[0], Closure(tuple(row[1]), tuple(row[2]), tuple(row[3])), row[4], row[5], row[6]
        )
        for row in rows
    ]


def _redact(connection: Connection[Any], erasure: Erasure) -> int:
    row = connection.execute(
        "select consent.redact(%s, %s)",
        [list(erasure.closure.subject_keys), erasure.erasure_id],
    ).fetchone()
    connection.execute(
        "delete from activation.suppressions where subject_key = any (%s)",
        [list(erasure.closure.subject_keys)],
    )
    return int(row[0]) if row else 0


def _references(identity: tombstones.Identity) -> list[tuple[str, str]]:
    """Return the records that other systems hold: destination and its own id."""
    systems = record_ids.vendors()
    return sorted((systems[kind], value) for kind, value in identity.identifiers if kind in systems)


def _queue_deletes(
    connection: Connection[Any], erasure: Erasure, references: list[tuple[str, str]]
) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into privacy.destination_deletes values (%s, %s, %s, now() at time zone 'UTC') "
            "on conflict do nothing",
            [(erasure.erasure_id, system, reference) for system, reference in references],
        )


def _refuse_leftovers(found: list[scan.Finding]) -> None:
    if found:
        places = ", ".join(
            f"{finding.place}{' (cannot be read)' if finding.is_unreadable else ''}"
            for finding in found
        )
        raise PrivacyError(
            f"the proof failed, nothing was finished: look at {places}; then run it again"
        )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
