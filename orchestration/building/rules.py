"""Rule files checked as files, before anything is built: file, row, column, reason.

What holds for a file is what its YAML declares: column types, the data tests not_null, unique,
accepted_values, relationships and unique_over, and ``named_in`` in a column's meta, where a
value may be named in any of several files. Columns called pattern hold regular expressions. Rows
count as a spreadsheet shows them, the heading being row 1. As in dbt, an empty cell (or ``null``)
is no value.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.building.project import Node, Project

KINDS = ("not_null", "unique", "accepted_values", "relationships", "unique_over")
_NOTHING = ("", "null")
_REF = re.compile(r"ref\(\s*['\"](\w+)['\"]\s*\)")
# Blocklists and overrides may name people: what looks like an address or a number stays unsaid.
_PERSONAL = re.compile(r"@|\d{6,}")


@dataclass(frozen=True)
class Fault:
    """One wrong cell or row."""

    file: str
    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        """Return the line that a person reads."""
        return f"{self.file}, row {self.row}, column {self.column}: {self.reason}"


@dataclass(frozen=True)
class RuleFile:
    """One CSV; ``rows`` start at row 2, cells without a value are None."""

    path: Path
    name: str

    @cached_property
    def _lines(self) -> list[list[str]]:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            return [line for line in csv.reader(file) if line]

    @property
    def heading(self) -> list[str]:
        """Return the column names."""
        return self._lines[0] if self._lines else []

    @cached_property
    def rows(self) -> list[Mapping[str, str | None]]:
        """Return the rows by column name."""
        return [
            {
                name: None if cell.strip().lower() in _NOTHING else cell
                for name, cell in zip(self.heading, line, strict=False)
            }
            for line in self._lines[1:]
        ]

    def ragged(self) -> Iterator[Fault]:
        """Yield rows that have more or fewer cells than the heading."""
        width = len(self.heading)
        for number, line in enumerate(self._lines[1:], start=2):
            if len(line) != width:
                reason = f"{len(line)} cells where the heading has {width}: is a comma unquoted?"
                yield Fault(self.name, number, self.heading[min(len(line), width) - 1], reason)


@dataclass
class RuleFiles:
    """All rule files of a project."""

    project: Project
    _files: dict[str, RuleFile] = field(default_factory=dict)

    def faults(self) -> list[Fault]:
        """Return what is wrong with the files themselves: shape, columns, types."""
        nodes = self.project.manifest["nodes"]
        seeds = [unique_id for unique_id, node in nodes.items() if node["resource_type"] == "seed"]
        return [fault for seed in sorted(seeds) for fault in self._shape(seed)]

    def offences(self, test: str) -> list[Fault]:
        """Return what offends one declared test."""
        node = self.project.node(test)
        file = self._file(node["attached_node"])
        arguments = node["test_metadata"]["kwargs"]
        return list(_TESTS[node["test_metadata"]["name"]](self, file, arguments))

    def can_tell(self, test: str) -> bool:
        """Whether a test is declared on a rule file and of a kind that is checked here."""
        node = self.project.node(test)
        metadata = node.get("test_metadata") or {}
        return (
            all(parent.startswith("seed.") for parent in self.project.parents(test))
            and metadata.get("name") in KINDS
            and not node["config"].get("where")
        )

    def named(self, seed: str) -> RuleFile:
        """Return the file of a seed by the seed's name."""
        return self._file(f"seed.{self.project.manifest['metadata']['project_name']}.{seed}")

    def _file(self, unique_id: str) -> RuleFile:
        if unique_id not in self._files:
            path = self.project.file(unique_id)
            self._files[unique_id] = RuleFile(path, str(path.relative_to(self.project.folder)))
        return self._files[unique_id]

    def _shape(self, seed: str) -> Iterator[Fault]:
        file, node = self._file(seed), self.project.node(seed)
        types = node["config"].get("column_types") or {}
        for column in [*types, *node["columns"]]:
            if column not in file.heading:
                yield Fault(file.name, 1, column, "the column is missing")
        faults = list(file.ragged())
        yield from faults
        if faults:
            return
        for number, row in enumerate(file.rows, start=2):
            for column, kind in types.items():
                value = row.get(column)
                if value is not None and not _is_a(kind, value):
                    yield Fault(file.name, number, column, f"{_quoted(value)} is not {kind}")
        for column, declared in node["columns"].items():
            yield from _patterns(file, column)
            meta = (declared.get("config") or {}).get("meta") or {}
            yield from self._unnamed(file, column, meta.get("named_in", ()))

    def _unnamed(self, file: RuleFile, column: str, places: Sequence[str]) -> Iterator[Fault]:
        """Yield values that none of ``places`` names: ``file.column``, or the value itself."""
        known = {place for place in places if "." not in place}
        for seed, field_name in (place.split(".") for place in places if "." in place):
            known |= {value for _, value in _present(self.named(seed), field_name)}
        for number, value in _present(file, column) if places else ():
            if value not in known:
                reason = f"{_quoted(value)} is named in none of {', '.join(places)}"
                yield Fault(file.name, number, column, reason)


def _present(file: RuleFile, column: str) -> Iterator[tuple[int, str]]:
    for number, row in enumerate(file.rows, start=2):
        if (value := row.get(column)) is not None:
            yield number, value


def _patterns(file: RuleFile, column: str) -> Iterator[Fault]:
    if column != "pattern" and not column.endswith("_pattern"):
        return
    for number, value in _present(file, column):
        try:
            re.compile(value)
        except re.error as error:
            reason = f"{_quoted(value)} is no regular expression: {error}"
            yield Fault(file.name, number, column, reason)


def _not_null(files: RuleFiles, file: RuleFile, arguments: Node) -> Iterator[Fault]:
    column = arguments["column_name"]
    for number, row in enumerate(file.rows, start=2):
        if row.get(column) is None:
            yield Fault(file.name, number, column, "a value is needed here")


def _unique(files: RuleFiles, file: RuleFile, arguments: Node) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for number, value in _present(file, arguments["column_name"]):
        if (first := seen.setdefault(value, number)) != number:
            reason = f"{_quoted(value)} is already in row {first}"
            yield Fault(file.name, number, arguments["column_name"], reason)


def _accepted_values(files: RuleFiles, file: RuleFile, arguments: Node) -> Iterator[Fault]:
    allowed = [_as_written(value) for value in arguments["values"]]
    for number, value in _present(file, arguments["column_name"]):
        if value not in allowed:
            reason = f"{_quoted(value)} is not one of {', '.join(allowed)}"
            yield Fault(file.name, number, arguments["column_name"], reason)


def _relationships(files: RuleFiles, file: RuleFile, arguments: Node) -> Iterator[Fault]:
    [other] = _REF.findall(arguments["to"])
    target = files.named(other)
    known = {value for _, value in _present(target, arguments["field"])}
    for number, value in _present(file, arguments["column_name"]):
        if value not in known:
            reason = f"{_quoted(value)} is no {arguments['field']} of {target.name}"
            yield Fault(file.name, number, arguments["column_name"], reason)


def _unique_together(files: RuleFiles, file: RuleFile, arguments: Node) -> Iterator[Fault]:
    columns: Sequence[str] = arguments["columns"]
    seen: dict[tuple[str | None, ...], int] = {}
    for number, row in enumerate(file.rows, start=2):
        key = tuple(row.get(column) for column in columns)
        if (first := seen.setdefault(key, number)) != number:
            reason = f"the same combination is already in row {first}"
            yield Fault(file.name, number, ", ".join(columns), reason)


_TESTS: Mapping[str, Callable[[RuleFiles, RuleFile, Any], Iterator[Fault]]] = {
    "not_null": _not_null,
    "unique": _unique,
    "accepted_values": _accepted_values,
    "relationships": _relationships,
    "unique_over": _unique_together,
}

_PARSERS: Mapping[str, Callable[[str], object]] = {
    "integer": int,
    "int": int,
    "bigint": int,
    "smallint": int,
    "numeric": Decimal,
    "double precision": float,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
}


def _is_a(kind: str, value: str) -> bool:
    """Whether PostgreSQL would read ``value`` as ``kind``; types unknown here are left to it."""
    name = kind.lower().split("(")[0].strip()
    if name in ("boolean", "bool"):
        return value.strip().lower() in ("true", "false", "t", "f", "yes", "no", "0", "1")
    try:
        _PARSERS.get(name, str)(value.strip())
    except (ValueError, ArithmeticError):
        return False
    return True


def _as_written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(value: str) -> str:
    return "the value" if _PERSONAL.search(value) else repr(value)
