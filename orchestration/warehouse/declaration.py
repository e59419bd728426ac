"""``grants.yml`` read and checked: which role may do what on an object of a given name.

Nothing here talks to a database; ``privileges.py`` reads what is, ``grants.py`` compares.
"""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("grants.yml")
KINDS = ("schema", "tables", "sequences", "functions")


class DeclarationError(ValueError):
    """``grants.yml`` says something that cannot be meant; names the entry."""


@dataclass(frozen=True)
class Role:
    """One database role: how it may log in and what it may do besides its grants."""

    name: str
    login: bool = True
    temporary: bool = False
    rebuildable: bool = False
    readers: bool = False
    database: str = ""


@dataclass(frozen=True)
class Schema:
    """One schema: its owner and, per object, each role's level."""

    name: str
    owner: str
    access: dict[str, str]
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    functions: dict[str, dict[str, str]] = field(default_factory=dict)
    barrier: bool = False
    readers_default: bool = False


@dataclass(frozen=True)
class Declaration:
    """The whole file."""

    roles: dict[str, Role]
    levels: dict[str, dict[str, frozenset[str]]]
    schemas: dict[str, Schema]

    def on_schema(self, schema: Schema, role: str) -> frozenset[str]:
        """Return a role's privileges on the schema itself; any level inside implies usage."""
        granted = set(self._level(schema.access.get(role, "none"), "schema"))
        for entries in (*schema.tables.values(), *schema.functions.values()):
            granted |= self._level(entries.get(role, "none"), "schema")
        return frozenset(granted)

    def on_table(self, schema: Schema, table: str, role: str) -> frozenset[str]:
        """Return a role's privileges on a table or view of that name."""
        return self._level(_last(schema.tables, table, role, schema.access), "tables")

    def on_sequence(self, schema: Schema, table: str, role: str) -> frozenset[str]:
        """Return a role's privileges on a sequence, by the table that owns it or its own name."""
        return self._level(_last(schema.tables, table, role, schema.access), "sequences")

    def on_function(self, schema: Schema, function: str, role: str) -> frozenset[str]:
        """Return a role's privileges on a function of that name, whatever its arguments."""
        return self._level(_last(schema.functions, function, role, {}), "functions")

    def creators(self, schema: Schema) -> frozenset[str]:
        """Return the roles whose objects may stand in the schema: owner and builders."""
        building = {r for r in self.roles if "create" in self.on_schema(schema, r)}
        return frozenset({schema.owner} | building)

    def _level(self, level: str, kind: str) -> frozenset[str]:
        return self.levels[level].get(kind, frozenset())


@cache
def load(file: Path = FILE) -> Declaration:
    """Read and check the declaration.

    Raises:
        DeclarationError: for an unknown key, role or level; a misspelling must not pass for a
            grant that is not there.
    """
    content = yaml.load(file.read_text(), yaml.CSafeLoader)
    _only(content, {"roles", "sources", "levels", "schemas"}, "the file")
    roles = {name: _role(name, values or {}) for name, values in content["roles"].items()}
    levels = {
        name: {kind: frozenset(values[kind]) for kind in _only(values, set(KINDS), name)}
        for name, values in content["levels"].items()
    }
    schemas = {}
    for name, values in content["schemas"].items():
        for source in content["sources"] if "{source}" in name else [""]:
            schema = _schema(name.replace("{source}", source), values)
            schemas[schema.name] = schema
    declaration = Declaration(roles, levels, schemas)
    _check_words(declaration)
    return declaration


def _role(name: str, values: dict[str, Any]) -> Role:
    _only(values, {"login", "temporary", "rebuildable", "readers", "database"}, f"role {name}")
    return Role(name, **values)


def _schema(name: str, values: dict[str, Any]) -> Schema:
    allowed = {"owner", "access", "tables", "functions", "barrier", "readers_default"}
    _only(values, allowed, f"schema {name}")
    return Schema(name, **{"access": {}, **values})


def _check_words(declaration: Declaration) -> None:
    for schema in declaration.schemas.values():
        nested = (*schema.tables.values(), *schema.functions.values())
        for entries in (schema.access, *nested, {schema.owner: "none"}):
            for role, level in entries.items():
                if role not in declaration.roles:
                    raise DeclarationError(f"schema {schema.name}: no role {role} in grants.yml")
                if level not in declaration.levels:
                    raise DeclarationError(f"schema {schema.name}: no level {level} in grants.yml")


def _only(values: dict[str, Any], allowed: set[str], place: str) -> dict[str, Any]:
    if unknown := set(values) - allowed:
        raise DeclarationError(f"{place}: unknown {', '.join(sorted(unknown))} in grants.yml")
    return values


def _last(patterns: dict[str, dict[str, str]], name: str, role: str, base: dict[str, str]) -> str:
    """Return the level of the last pattern that matches and names the role, else the base's."""
    level = base.get(role, "none")
    for pattern, entries in patterns.items():
        if fnmatchcase(name, pattern):
            level = entries.get(role, level)
    return level
