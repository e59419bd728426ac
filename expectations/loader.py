"""Suites are YAML, one file per table, so that checks can be listed without importing GX.

``suites/<schema>.<table>.yml``::

    schema: core
    table: customer_360
    description: What readers of the mart rely on.
    checks:
      - name: is_not_empty                     # unique in the suite; becomes the check's name
        type: expect_table_row_count_to_be_between
        kwargs: {min_value: 1}
        severity: critical                     # critical blocks the release, warning reports
        why: An empty mart means that a zone did not run.
        where: {column: stage, in: [customer]} # optional: rows the check is about

``type`` is an expectation of GX in snake case, or one of ``expectations.custom``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SUITES = Path(__file__).parent / "suites"
SEVERITIES = ("critical", "warning")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KNOWN = {"name", "type", "kwargs", "severity", "why", "where"}
_CONDITIONS = {"in", "not_in", "is_null"}


class SuiteError(ValueError):
    """A suite file says something that cannot be meant; names file and entry."""


@dataclass(frozen=True)
class Check:
    """One expectation about one table."""

    name: str
    type: str
    kwargs: Mapping[str, Any]
    severity: str
    why: str
    where: Mapping[str, Any] | None

    @property
    def description(self) -> str:
        """Return why it is expected; for checks that explain themselves, what is expected."""
        if self.why:
            return self.why
        told = [
            f"{name} {_words(value)}" for name, value in self.kwargs.items() if name != "mostly"
        ]
        return f"{self.type.replace('_', ' ').capitalize()}: {', '.join(told)}."

    @property
    def is_critical(self) -> bool:
        """Return whether a failure holds the release back."""
        return self.severity == "critical"


@dataclass(frozen=True)
class Suite:
    """All expectations about one table."""

    schema: str
    table: str
    description: str
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        """Return ``schema.table``."""
        return f"{self.schema}.{self.table}"


def load_suites(folder: Path = SUITES) -> list[Suite]:
    """Return every suite of ``folder``, sorted by file name.

    Raises:
        SuiteError: for the first entry that cannot be meant.
    """
    return [_suite(path) for path in sorted(folder.glob("*.yml"))]


def suites_of(suites: Sequence[Suite], *schemas: str) -> list[Suite]:
    """Return the suites about tables of ``schemas``; a trailing * matches any ending."""
    return [
        suite
        for suite in suites
        if any(
            suite.schema.startswith(wanted[:-1]) if wanted.endswith("*") else suite.schema == wanted
            for wanted in schemas
        )
    ]


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _suite(path: Path) -> Suite:
    try:
        content = yaml.load(path.read_text(), yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise SuiteError(f"{path.name} is not YAML: {error}") from None
    try:
        schema, table = content["schema"], content["table"]
        entries = content["checks"]
    except (KeyError, TypeError):
        raise SuiteError(f"{path.name}: schema, table and checks are needed") from None
    if path.stem != f"{schema}.{table}":
        raise SuiteError(f"{path.name} is about {schema}.{table}: name the file after its table")
    checks = tuple(_check(path, entry) for entry in entries)
    names = [check.name for check in checks]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not checks:
        raise SuiteError(f"{path.name}: check names must be unique and some: {', '.join(twice)}")
    return Suite(schema, table, content.get("description", ""), checks)


def _check(path: Path, entry: Mapping[str, Any]) -> Check:
    name = str(entry.get("name", ""))
    place = f"{path.name}, check {name or '?'}"
    if unknown := set(entry) - _KNOWN:
        raise SuiteError(f"{place}: unknown entries {', '.join(sorted(unknown))}")
    if not _NAME.fullmatch(name):
        raise SuiteError(f"{place}: the name must be snake case")
    if not str(entry.get("type", "")).startswith("expect_"):
        raise SuiteError(f"{place}: type must be an expectation in snake case")
    if entry.get("severity") not in SEVERITIES:
        raise SuiteError(f"{place}: severity must be one of {', '.join(SEVERITIES)}")
    where = entry.get("where")
    if where is not None and not ("column" in where and len(_CONDITIONS & set(where)) == 1):
        raise SuiteError(f"{place}: where needs column and one of {', '.join(_CONDITIONS)}")
    return Check(
        name=name,
        type=entry["type"],
        kwargs=entry.get("kwargs") or {},
        severity=entry["severity"],
        why=entry.get("why", ""),
        where=where,
    )
