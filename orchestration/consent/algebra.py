"""The interval models of the dbt project as one SQL query, over any events and links.

The same SQL that builds the marts answers questions about single people and about the past: what
did we know on a date, what would another policy say. There is no second implementation. Reads the
model files, replaces ``ref`` and ``source`` by the names of common table expressions, and nests
them in order of need.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ingestion.settings import project_root

# Models that the file being rendered refers to, itself or through a macro.
_referred: list[str] = []


def query(target: str, given: Mapping[str, str], final: str | None = None) -> str:
    """Return SQL that computes model ``target`` and selects ``final`` (default: all of it).

    ``given`` maps names of models or seeds to SQL that stands in for them; every other one that
    is needed is read from its file, down to relations named by ``schema.table`` in ``given``.
    """
    ordered: dict[str, str] = {}
    _collect(target, given, ordered)
    parts = [f"{name} as (\n{body}\n)" for name, body in ordered.items()]
    last = final or f"select * from {target}"  # noqa: S608
    return f"with {', '.join(parts)}\n{last}"


def _collect(name: str, given: Mapping[str, str], ordered: dict[str, str]) -> None:
    if name in ordered:
        return
    if name in given:
        ordered[name] = given[name]
        return
    text, needed = _render(name)
    for other in needed:
        _collect(other, given, ordered)
    ordered[name] = text


@cache
def _files() -> dict[str, Path]:
    return {path.stem: path for path in (project_root() / "dbt_project/models").rglob("*.sql")}


def _model(name: str) -> str:
    path = _files().get(name)
    if path is None:
        raise LookupError(f"{name} is neither given nor a model of the dbt project")
    return path.read_text()


@cache
def _context() -> dict[str, Any]:
    """Return what a model file may call: dbt's own words, and the project's macros."""
    from jinja2 import Environment

    tandem = SimpleNamespace()
    context: dict[str, Any] = {
        "ref": _refer,
        "source": lambda schema, table: f"{schema}.{table}",
        "config": lambda **_: "",
        "is_incremental": lambda: False,
        "return": lambda value: value,
        "target": SimpleNamespace(type="postgres", name="builder", dbname="tandem", schema="core"),
        "tandem": tandem,
        "adapter": SimpleNamespace(dispatch=lambda name, _: getattr(tandem, f"postgres__{name}")),
    }
    macros = sorted((project_root() / "dbt_project/macros").rglob("*.sql"))
    # Tests have tags of dbt's own and are no part of a query; nor is what wraps dbt's own words.
    texts = [path.read_text() for path in macros if path.stem not in context]
    library = "\n".join(text for text in texts if "{% test" not in text)
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701
    module = environment.from_string(library).make_module(context)
    for name in re.findall(r"{%-?\s*macro\s+([a-z_0-9]+)\(", library):
        setattr(tandem, name, getattr(module, name))
        context[name] = getattr(module, name)
    return {**context, "environment": environment}


@cache
def _render(name: str) -> tuple[str, tuple[str, ...]]:
    """Return a model's SQL and the names of what it reads, in order."""
    context = _context()
    _referred.clear()
    text = str(context["environment"].from_string(_model(name)).render(context))
    return text, tuple(dict.fromkeys(_referred))


def _refer(name: str) -> str:
    _referred.append(name)
    return name
