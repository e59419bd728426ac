"""What an edit of the consent rules would change, and for how many people, before it is published.

Compares what the marts were last built with and what the rule files say now, over the same ledger:
the difference is the edit's. Reads; writes nothing. Counts people, never names one.
"""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from psycopg import Connection, sql

from ingestion.settings import project_root
from orchestration.consent.algebra import query

FOLDER = Path("dbt_project/seeds/rules")
# The rules that the states of people follow from.
RULES = (
    "purposes",
    "consent_actions",
    "consent_jurisdictions",
    "consent_policy",
    "consent_legal_bases",
    "consent_notice_purposes",
)
# What stays as it was built: the edit is to be the only difference.
_BUILT = {
    "int_consent__ledger_events": "intermediate.int_consent__ledger_events",
    "int_consent__subject_places": "intermediate.int_consent__subject_places",
    "int_identity__person_links": "identity.person_links",
}
_CHANGES = """
select
    coalesce(edited.purpose, built.purpose) as purpose,
    coalesce(built.state, 'unknown') as before,
    coalesce(edited.state, 'unknown') as after,
    count(*) as people
from consent_current as edited
full join core.consent_current as built
    on edited.person_id = built.person_id and edited.purpose = built.purpose
where coalesce(built.state, 'unknown') <> coalesce(edited.state, 'unknown')
group by 1, 2, 3
order by 1, 2, 3
"""


@dataclass(frozen=True)
class Change:
    """How many people's state for one purpose changes from what to what."""

    purpose: str
    before: str
    after: str
    people: int


def preview(connection: Connection[Any], folder: Path | None = None) -> list[Change]:
    """Return what the rule files of a folder would change of the states as they were built.

    Nothing before the first build: there is nobody it could change anything for.
    """
    if not _is_built(connection):
        return []
    given = {name: f"select * from {table}" for name, table in _BUILT.items()}  # noqa: S608
    given |= {name: seed_sql(name, folder) for name in RULES}
    text = query("consent_current", given, _CHANGES)
    return [Change(*row) for row in connection.execute(text.encode()).fetchall()]


def fingerprint(folder: Path | None = None) -> str:
    """Return what changes when any of the rules does."""
    digest = hashlib.sha256()
    for name in RULES:
        digest.update(_file(name, folder).read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def seed_sql(name: str, folder: Path | None = None) -> str:
    """Return SQL whose result is a rule file, with the types that dbt loads it with."""
    with _file(name, folder).open() as file:
        rows: list[dict[str, Any]] = [
            {column: value or None for column, value in row.items()} for row in csv.DictReader(file)
        ]
    types = _types()[name]
    columns = ", ".join(f"{column} {types[column]}" for column in rows[0])
    literal = sql.Literal(json.dumps(rows)).as_string(None)
    return f"select * from jsonb_to_recordset({literal}::jsonb) as given ({columns})"  # noqa: S608


def told(changes: Sequence[Change]) -> str:
    """Return the changes in a line each."""
    if not changes:
        return "nobody's state changes"
    return "\n".join(
        f"{each.purpose}: {each.people:,} people from {each.before} to {each.after}"
        for each in changes
    )


@cache
def _types() -> dict[str, dict[str, str]]:
    declared = yaml.safe_load((project_root() / FOLDER / "_consent__seeds.yml").read_text())
    return {seed["name"]: seed["config"]["column_types"] for seed in declared["seeds"]}


def _file(name: str, folder: Path | None) -> Path:
    return (folder or project_root() / FOLDER) / f"{name}.csv"


def _is_built(connection: Connection[Any]) -> bool:
    row = connection.execute(
        "select to_regclass('core.consent_current') is not null "
        "and to_regclass('intermediate.int_consent__ledger_events') is not null"
    ).fetchone()
    return bool(row and row[0])
