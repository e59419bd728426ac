"""Parse and check the identity seeds, from the warehouse or from the files themselves.

Every complaint names file, row and column, and all of them are reported together. Rows count from
1 below the heading. Numbers: limits are counts, the window is in days, trust runs from 1 to 9
(a source without a line has 1), probabilities lie between 0 and 1.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from ingestion.settings import project_root
from orchestration.identity.rules import (
    BlockedValue,
    IdentityError,
    Joins,
    Override,
    RuleSet,
    TypeRule,
)

Row = Mapping[str, str | None]
Tables = Mapping[str, list[Row]]

TABLES = (
    "identity_rules",
    "identity_blocklist",
    "identity_overrides",
    "identity_source_trust",
    "identity_settings",
)
SETTINGS = ("max_identifiers_per_person", "accept_probability", "review_probability")
KEY = re.compile(r"[0-9a-f]{32}")
MAX_TYPES = 100
LONGEST_REPEAT = 64
"""Longest run of one character that a ``repeated`` line blocks; ids are seldom longer."""


class _Sheet:
    """One table being read; collects complaints instead of stopping at the first."""

    def __init__(self, name: str, complaints: list[str]) -> None:
        self.name = name
        self.complaints = complaints

    def complain(self, row: int, column: str, what: str) -> None:
        self.complaints.append(f"{self.name}.csv, row {row}, column {column}: {what}")

    def text(self, row: Row, number: int, column: str, pattern: str = r".+") -> str:
        value = (row.get(column) or "").strip()
        if not re.fullmatch(pattern, value):
            self.complain(number, column, f"expected {_named(pattern)}")
        return value

    def count(self, row: Row, number: int, column: str) -> int | None:
        value = (row.get(column) or "").strip()
        if not value:
            return None
        if not re.fullmatch(r"[1-9][0-9]{0,8}", value):
            self.complain(number, column, "expected a whole number of at least 1, or nothing")
            return None
        return int(value)

    def probability(self, row: Row, number: int, column: str) -> float:
        value = (row.get(column) or "").strip()
        if not re.fullmatch(r"0|1|[01]?\.[0-9]{1,9}|1\.0+", value) or float(value) > 1:
            self.complain(number, column, "expected a number between 0 and 1")
            return 1.0
        return float(value)


def _named(pattern: str) -> str:
    names = {
        r".+": "some text",
        r"[a-z][a-z0-9_]*": "a name of lower-case letters, digits and _",
        r"[a-z*][a-z0-9_]*": "an identifier type, or * for every type",
        KEY.pattern: "a subject key: 32 hex characters",
        r"[1-9]": "a number from 1 to 9",
    }
    return names.get(pattern, f"one of {pattern.replace('|', ', ')}")


def read_files(folder: Path | None = None) -> dict[str, list[Row]]:
    """Read the seeds from ``dbt_project/seeds/rules`` (or another folder)."""
    folder = folder or project_root() / "dbt_project" / "seeds" / "rules"
    tables: dict[str, list[Row]] = {}
    for name in TABLES:
        path = folder / f"{name}.csv"
        if not path.exists():
            raise IdentityError(f"{name}.csv is missing from {folder.name}/: restore it")
        with path.open(encoding="utf-8", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    return tables


def parse(tables: Tables, key_of: Callable[[str, str], str | None]) -> RuleSet:
    """Turn rows into rules; ``key_of`` gives the subject key of a (type, value), or nothing.

    Raises:
        IdentityError: with one line for each fault found.
    """
    complaints: list[str] = []
    types = _types(tables["identity_rules"], _Sheet("identity_rules", complaints))
    names = [rule.identifier_type for rule in types]
    blocked = _blocked(
        tables["identity_blocklist"], names, _Sheet("identity_blocklist", complaints)
    )
    overrides = _overrides(
        tables["identity_overrides"], names, _Sheet("identity_overrides", complaints)
    )
    trust = _trust(tables["identity_source_trust"], _Sheet("identity_source_trust", complaints))
    settings = _settings(tables["identity_settings"], _Sheet("identity_settings", complaints))
    if complaints:
        raise IdentityError("the identity rules have faults:\n  " + "\n  ".join(complaints))
    keys = (key_of(entry.identifier_type, entry.value) for entry in blocked)
    return RuleSet(
        types=types,
        max_identifiers_per_person=int(settings["max_identifiers_per_person"]),
        blocked_keys=frozenset(key for key in keys if key),
        overrides=overrides,
        source_trust=trust,
        accept_probability=settings["accept_probability"],
        review_probability=settings["review_probability"],
    )


def _types(rows: Iterable[Row], sheet: _Sheet) -> tuple[TypeRule, ...]:
    found: dict[str, TypeRule] = {}
    priorities: dict[int, int] = {}
    for number, row in enumerate(rows, 1):
        name = sheet.text(row, number, "identifier_type", r"[a-z][a-z0-9_]*")
        joins = sheet.text(row, number, "joins", "always|timed|never")
        priority = sheet.count(row, number, "priority")
        sheet.text(row, number, "reason")
        rule = TypeRule(
            name,
            Joins(joins) if joins in set(Joins) else Joins.NEVER,
            priority or 0,
            sheet.count(row, number, "max_persons_per_value"),
            sheet.count(row, number, "max_values_per_person"),
            sheet.count(row, number, "window_days"),
            (row.get("yields_to") or "").strip() or None,
        )
        if priority is None:
            sheet.complain(number, "priority", "expected a whole number; 1 is the strongest type")
        elif priority in priorities:
            sheet.complain(number, "priority", f"row {priorities[priority]} has the same one")
        if name in found:
            sheet.complain(number, "identifier_type", f"{name} has a line already")
        if rule.window_days and rule.max_values_per_person is None:
            sheet.complain(number, "window_days", "needs max_values_per_person")
        priorities[rule.priority] = number
        found[name] = rule
    for number, rule in enumerate(found.values(), 1):
        stronger = found.get(rule.yields_to or "")
        if rule.yields_to and (stronger is None or stronger.priority >= rule.priority):
            sheet.complain(number, "yields_to", "expected a stronger identifier type, or nothing")
    if not found or len(found) > MAX_TYPES:
        sheet.complain(1, "identifier_type", f"expected between 1 and {MAX_TYPES} types")
    return tuple(sorted(found.values(), key=lambda rule: rule.priority))


def _blocked(rows: Iterable[Row], names: list[str], sheet: _Sheet) -> list[BlockedValue]:
    entries: list[BlockedValue] = []
    for number, row in enumerate(rows, 1):
        wanted = sheet.text(row, number, "identifier_type", r"[a-z*][a-z0-9_]*")
        kind = sheet.text(row, number, "kind", "value|repeated")
        value = sheet.text(row, number, "value")
        sheet.text(row, number, "reason")
        if wanted != "*" and wanted not in names:
            sheet.complain(number, "identifier_type", "has no line in identity_rules.csv")
        if kind == "repeated" and len(value) != 1:
            sheet.complain(number, "value", "expected one character, blocked at any length")
        values = (
            [value * n for n in range(1, LONGEST_REPEAT + 1)] if kind == "repeated" else [value]
        )
        for name in names if wanted == "*" else [wanted]:
            entries += [BlockedValue(name, each) for each in values]
    return entries


def _overrides(rows: Iterable[Row], names: list[str], sheet: _Sheet) -> tuple[Override, ...]:
    found = []
    for number, row in enumerate(rows, 1):
        decision = sheet.text(row, number, "decision", "allow|deny")
        left = sheet.text(row, number, "left_key", KEY.pattern)
        right = sheet.text(row, number, "right_key", KEY.pattern)
        for column in ("left_type", "right_type"):
            if sheet.text(row, number, column) not in names:
                sheet.complain(number, column, "has no line in identity_rules.csv")
        author = sheet.text(row, number, "author")
        reason = sheet.text(row, number, "reason")
        if left == right:
            sheet.complain(number, "right_key", "is the same as left_key")
        try:
            decided_at = datetime.fromisoformat((row.get("decided_at") or "").strip())
        except ValueError:
            sheet.complain(number, "decided_at", "expected a date or time such as 2026-03-01")
            continue
        decided_at = decided_at.replace(tzinfo=None)
        found.append(Override(decision == "allow", left, right, author, reason, decided_at))
    return tuple(found)


def _trust(rows: Iterable[Row], sheet: _Sheet) -> dict[str, int]:
    trust: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        source = sheet.text(row, number, "source", r"[a-z][a-z0-9_]*")
        value = sheet.text(row, number, "trust", r"[1-9]")
        sheet.text(row, number, "reason")
        if source in trust:
            sheet.complain(number, "source", f"{source} has a line already")
        trust[source] = int(value) if re.fullmatch(r"[1-9]", value) else 1
    return trust


def _settings(rows: Iterable[Row], sheet: _Sheet) -> dict[str, float]:
    settings: dict[str, float] = {}
    for number, row in enumerate(rows, 1):
        name = sheet.text(row, number, "setting", "|".join(SETTINGS))
        sheet.text(row, number, "reason")
        if name == "max_identifiers_per_person":
            settings[name] = sheet.count(row, number, "value") or 0
        else:
            settings[name] = sheet.probability(row, number, "value")
    for name in SETTINGS:
        if name not in settings:
            sheet.complain(len(settings) + 1, "setting", f"{name} has no line")
            settings[name] = 0
    if settings["review_probability"] > settings["accept_probability"]:
        sheet.complain(1, "value", "review_probability is above accept_probability")
    return settings
