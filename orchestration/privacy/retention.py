"""Retention: what is older than its purpose needs goes, by rule, with a preview and with holds.

``retention.yml`` says per relation which column tells the age and how many days are kept. Rows of
people under a hold stay. Deleting what was loaded changes marts at their next rebuild.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from psycopg import Connection, sql

from orchestration.privacy import cascade, registry
from orchestration.privacy.errors import PrivacyError

FILE = Path(__file__).with_name("retention.yml")


@dataclass(frozen=True)
class Rule:
    """How long rows of one relation are kept."""

    relation: str
    column: str
    keep_days: int
    reason: str


@dataclass(frozen=True)
class Due:
    """What a rule finds: rows that are due, and due rows that a hold keeps."""

    rule: Rule
    rows: int
    held: int


def load(file: Path = FILE) -> list[Rule]:
    """Read the rules.

    Raises:
        PrivacyError: for a rule without a positive number of days.
    """
    rules = [
        Rule(relation=name, **entry) for name, entry in yaml.safe_load(file.read_text()).items()
    ]
    for rule in rules:
        if rule.keep_days < 1:
            raise PrivacyError(f"{rule.relation} in retention.yml: keep_days must be at least 1")
    return rules


def preview(connection: Connection[Any]) -> list[Due]:
    """Return what a run would delete now."""
    return [_due(connection, rule) for rule in _applicable(connection)]


def run(connection: Connection[Any]) -> list[Due]:
    """Delete what is due, each relation in a transaction of its own; return what it was."""
    done = []
    for rule in _applicable(connection):
        with connection.transaction():
            due = _due(connection, rule)
            connection.execute(
                sql.SQL("delete from {} as aged where {} and not {}").format(
                    cascade.table(rule.relation), _is_due(rule), _is_held(rule)
                )
            )
        done.append(due)
    return done


def _applicable(connection: Connection[Any]) -> list[Rule]:
    found = registry.tables(connection)
    for rule in (rules := load()):
        if rule.relation in found and rule.column not in found[rule.relation]:
            raise PrivacyError(f"{rule.relation} in retention.yml has no column {rule.column}")
    return [rule for rule in rules if rule.relation in found]


def _due(connection: Connection[Any], rule: Rule) -> Due:
    query = sql.SQL(
        "select count(*) filter (where not {held}), count(*) filter (where {held}) "
        "from {relation} as aged where {due}"
    ).format(held=_is_held(rule), relation=cascade.table(rule.relation), due=_is_due(rule))
    row = connection.execute(query).fetchone()
    return Due(rule, row[0], row[1]) if row else Due(rule, 0, 0)


def _is_due(rule: Rule) -> sql.Composed:
    return sql.SQL(
        "aged.{} < (select clock.as_of from ops.clock as clock) - {} * interval '1 day'"
    ).format(sql.Identifier(rule.column), sql.Literal(rule.keep_days))


def _is_held(rule: Rule) -> sql.Composable:
    entry = registry.load().entry(rule.relation)
    if entry is None or not entry.keys:
        return sql.SQL("false")
    matches = sql.SQL(" or ").join(
        sql.SQL("holds.subject_key = aged.{}").format(sql.Identifier(column))
        for column in entry.keys
    )
    return sql.SQL(
        "exists (select from privacy.holds as holds where holds.released_at is null "
        "and (holds.until_at is null or holds.until_at > now() at time zone 'UTC') and ({}))"
    ).format(matches)
