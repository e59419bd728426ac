"""Check every rule file against what its seed declares, without a database.

A rule file is a CSV under ``dbt_project/seeds``; the YAML beside it declares its column types and
tests. The same declarations are tested by dbt after loading; here they name file, line and column
before anything is built. Lines count from 1 with the header, as editors do.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from ingestion.settings import project_root

Line = Mapping[str, str]
Table = tuple[Line, ...]
# Columns whose values name a line of another file in ways that plain relationships cannot say.
SIGNALS = ("signals.signal", "derived_signals.signal")
ONE_OF_SEVERAL = {
    "lifecycle_rules.trait": SIGNALS,
    "conversion_rules.signal": SIGNALS,
    "funnel_rules.signal": SIGNALS,
}
REFERENCE = re.compile(r"ref\('(\w+)'\)")


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong, and where."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, column {self.column}: {self.reason}"


class RuleFileError(ValueError):
    """Rule files are wrong; the message lists every place and reason."""


def check(folder: Path | None = None) -> None:
    """Refuse to go on with wrong rule files.

    Raises:
        RuleFileError: when any line is wrong.
    """
    found = faults(folder)
    if found:
        raise RuleFileError(
            "rule files need mending:\n" + "\n".join(f"  {fault}" for fault in found)
        )


def faults(folder: Path | None = None) -> list[Fault]:
    """Return all faults of the rule files under ``folder``, sorted by file and line."""
    folder = folder or project_root() / "dbt_project" / "seeds"
    declared = dict(_declarations(folder))
    tables: dict[str, Table] = {}
    found: list[Fault] = []
    for path in sorted(folder.rglob("*.csv")):
        lines, uneven = _read(path)
        tables[path.stem] = lines
        found += uneven
    for name, seed in declared.items():
        if name in tables:
            found += _seed_faults(name, seed, tables)
    return sorted(found)


def _declarations(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.rglob("*.yml")):
        for seed in (yaml.safe_load(path.read_text()) or {}).get("seeds", ()):
            yield seed["name"], seed


def _read(path: Path) -> tuple[Table, list[Fault]]:
    with path.open(newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    width = len(header)
    uneven = [
        Fault(path.name, number, "-", f"has {len(row)} values where the header names {width}")
        for number, row in enumerate(rows, 2)
        if len(row) != width
    ]
    return tuple(dict(zip(header, row, strict=False)) for row in rows), uneven


def _seed_faults(
    name: str, seed: Mapping[str, Any], tables: Mapping[str, Table]
) -> Iterator[Fault]:
    types = seed.get("config", {}).get("column_types", {})
    tests = {column["name"]: column.get("data_tests", ()) for column in seed.get("columns", ())}
    for number, line in enumerate(tables[name], 2):
        for column, value in line.items():
            reasons = [
                _type_reason(types.get(column, "text"), value),
                _pattern_reason(column, value),
                *(_test_reason(test, value, tables) for test in tests.get(column, ())),
                _several_reason(f"{name}.{column}", value, tables),
            ]
            yield from (Fault(f"{name}.csv", number, column, why) for why in reasons if why)
    for column, declared in tests.items():
        if "unique" in declared:
            yield from _repeated(name, column, tables[name])


def _type_reason(kind: str, value: str) -> str:
    if not value:
        return ""
    try:
        if kind.startswith("int") or kind == "bigint":
            int(value)
        elif kind.startswith("numeric"):
            Decimal(value)
        elif kind == "date":
            date.fromisoformat(value)
        elif kind == "boolean" and value.lower() not in {"true", "false"}:
            return f"{value!r} is neither true nor false"
    except (ValueError, InvalidOperation):
        return f"{value!r} is no {kind}"
    return ""


def _pattern_reason(column: str, value: str) -> str:
    if not value or (column != "pattern" and not column.endswith("_pattern")):
        return ""
    try:
        re.compile(value)
    except re.error as error:
        return f"{value!r} is no regular expression: {error}"
    return ""


def _test_reason(test: str | Mapping[str, Any], value: str, tables: Mapping[str, Table]) -> str:
    if test == "not_null":
        return "" if value else "must not be empty"
    if isinstance(test, str) or not value:
        return ""
    if "accepted_values" in test:
        allowed = [str(each) for each in test["accepted_values"]["arguments"]["values"]]
        allowed = [each.lower() if each in {"True", "False"} else each for each in allowed]
        return "" if value in allowed else f"{value!r} is none of {', '.join(allowed)}"
    if "relationships" in test:
        arguments = test["relationships"]["arguments"]
        target = REFERENCE.search(arguments["to"])
        place = f"{target[1]}.{arguments['field']}" if target else ""
        return _reference_reason(value, (place,), tables)
    return ""


def _several_reason(place: str, value: str, tables: Mapping[str, Table]) -> str:
    places = ONE_OF_SEVERAL.get(place)
    return _reference_reason(value, places, tables) if places and value else ""


def _reference_reason(value: str, places: Sequence[str], tables: Mapping[str, Table]) -> str:
    """A value that should be a line of another rule file and is not; others are not looked at."""
    pairs = [place.split(".") for place in places if place]
    known = [(table, column) for table, column in pairs if table in tables]
    if not known or any(
        line.get(column) == value for table, column in known for line in tables[table]
    ):
        return ""
    return f"{value!r} is no {known[0][1]} of {' or '.join(f'{table}.csv' for table, _ in known)}"


def _repeated(name: str, column: str, lines: Table) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for number, line in enumerate(lines, 2):
        value = line.get(column, "")
        if value and value in first:
            yield Fault(
                f"{name}.csv", number, column, f"{value!r} is in line {first[value]} already"
            )
        first.setdefault(value, number)
