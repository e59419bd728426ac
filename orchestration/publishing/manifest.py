"""Reads the marts from dbt's ``manifest.json``.

A core model is published when its ``config.meta.publish`` says where: ``{schema, table}`` or a
list of them. Keys come from the contract's constraints, indexes from ``config.indexes``, PII class
and purpose from each column's ``meta``. Works on a manifest of ``dbt parse`` as well as of a build
(foreign keys still say ``ref('…')`` in the former).
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.publishing.errors import ManifestError
from orchestration.publishing.marts import Column, ForeignKey, Index, Mart

_Node = Mapping[str, Any]
# (core schema, core table) -> where it is published
_Homes = Mapping[tuple[str, str], list[tuple[str, str]]]

_REF = re.compile(r"ref\(\s*(?:['\"]\w+['\"]\s*,\s*)?['\"](\w+)['\"]")
_VERSION = re.compile(r"\bv(?:ersion)?\s*=\s*['\"]?(\w+)")
# PostgreSQL cuts identifiers at 63 bytes; history tables are named <schema>__<table>.
_MAX_NAME = 63


def read_marts(manifest: Path) -> list[Mart]:
    """Return every published mart, sorted by schema and table.

    Raises:
        ManifestError: when the file is missing or a published model lacks what it needs.
    """
    try:
        nodes = json.loads(manifest.read_text())["nodes"]
    except FileNotFoundError:
        raise ManifestError(f"{manifest.name} is missing: build the dbt project first") from None
    return marts_of(nodes)


def marts_of(nodes: Mapping[str, Any]) -> list[Mart]:
    """Return the marts among the manifest's ``nodes``."""
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    relations = {name: _relation(node) for node in models for name in _names(node)}
    homes: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for node in models:
        homes.setdefault(_relation(node), []).extend(_targets(node))
    marts = [_mart(node, target, relations, homes) for node in models for target in _targets(node)]
    names = [mart.name for mart in marts]
    for name in names:
        if names.count(name) > 1:
            raise ManifestError(f"more than one model publishes {name}: give one another table")
    return sorted(marts, key=lambda mart: mart.name)


def _meta(node: _Node) -> Mapping[str, Any]:
    config = node.get("config") or {}
    return {**(node.get("meta") or {}), **(config.get("meta") or {})}


def _relation(node: _Node) -> tuple[str, str]:
    return node["schema"], node.get("alias") or node["name"]


def _names(node: _Node) -> list[str]:
    """Return the names a ref may use: the model's, and for a version name.v<version>."""
    if node.get("version") is None:
        return [node["name"]]
    named = [f"{node['name']}.v{node['version']}"]
    return [node["name"], *named] if node["version"] == node.get("latest_version") else named


def _targets(node: _Node) -> list[tuple[str, str]]:
    declared = _meta(node).get("publish") or []
    entries = [declared] if isinstance(declared, Mapping) else declared
    try:
        return [(entry["schema"], entry["table"]) for entry in entries]
    except (KeyError, TypeError):
        raise ManifestError(
            f"model {node['name']}: meta.publish needs schema and table (or a list of both)"
        ) from None


def _mart(
    node: _Node,
    target: tuple[str, str],
    relations: Mapping[str, tuple[str, str]],
    homes: _Homes,
) -> Mart:
    schema, table = target
    if len(f"{schema}__{table}") > _MAX_NAME:
        raise ManifestError(f"{schema}.{table}: the name is too long, by PostgreSQL's 63 bytes")
    constraints = list(_constraints(node))
    primary = [c["columns"] for c in constraints if c["type"] == "primary_key"]
    if len(primary) != 1:
        raise ManifestError(
            f"model {node['name']} is published but its contract has {len(primary)} primary keys: "
            "declare exactly one as a constraint"
        )
    required = {c["columns"][0] for c in constraints if c["type"] == "not_null"}
    required |= set(primary[0])
    foreign = [c for c in constraints if c["type"] == "foreign_key"]
    keys = tuple(key for c in foreign if (key := _foreign_key(node, c, schema, relations, homes)))
    core_schema, core_table = _relation(node)
    version = node.get("version")
    deprecation = node.get("deprecation_date")
    return Mart(
        schema=schema,
        table=table,
        core_schema=core_schema,
        core_table=core_table,
        description=node.get("description") or "",
        group=node.get("group") or "",
        columns={name: _column(node, name, required) for name in node["columns"]},
        primary_key=tuple(primary[0]),
        foreign_keys=keys,
        indexes=_indexes(node, tuple(primary[0]), keys),
        version=None if version is None else str(version),
        deprecation_date=date.fromisoformat(str(deprecation)[:10]) if deprecation else None,
    )


def _indexes(
    node: _Node, primary: tuple[str, ...], keys: tuple[ForeignKey, ...]
) -> tuple[Index, ...]:
    """Return the indexes that a model declares, and one for each foreign key that none leads.

    Without it PostgreSQL reads the whole mart for each row that a release takes out of the mart
    pointed at: some hundred merged people a day would cost minutes.
    """
    found = [
        Index(tuple(index["columns"]), bool(index.get("unique")))
        for index in (node.get("config") or {}).get("indexes") or []
        if tuple(index["columns"]) != primary
    ]
    for key in keys:
        leading = [
            columns[: len(key.columns)] for columns in (primary, *(i.columns for i in found))
        ]
        if key.columns not in leading:
            found.append(Index(key.columns, is_unique=False))
    return tuple(found)


def _constraints(node: _Node) -> Iterator[dict[str, Any]]:
    for constraint in node.get("constraints") or []:
        yield {**constraint, "columns": list(constraint.get("columns") or [])}
    for name, column in node["columns"].items():
        for constraint in column.get("constraints") or []:
            yield {**constraint, "columns": [name]}


def _column(node: _Node, name: str, required: set[str]) -> Column:
    declared = node["columns"][name]
    meta = _meta(declared)
    return Column(
        name=name,
        data_type=declared.get("data_type") or "",
        description=declared.get("description") or "",
        pii=meta.get("pii"),
        purpose=meta.get("purpose"),
        is_required=name in required,
    )


def _foreign_key(
    node: _Node,
    constraint: Mapping[str, Any],
    schema: str,
    relations: Mapping[str, tuple[str, str]],
    homes: _Homes,
) -> ForeignKey | None:
    """Return the key between marts of one audience; None when the parent is not published there."""
    to = constraint.get("to")
    if not to:
        raise ManifestError(
            f"model {node['name']}: a foreign key needs `to` and `to_columns` to be published"
        )
    if reference := _REF.search(to):
        version = _VERSION.search(to)
        parent = relations.get(f"{reference[1]}.v{version[1]}" if version else reference[1])
    else:
        parts = [part.strip('"') for part in to.split(".")]
        parent = (parts[-2], parts[-1]) if len(parts) > 1 else None
    for home_schema, home_table in homes.get(parent, []) if parent else []:
        if home_schema == schema:
            return ForeignKey(
                tuple(constraint["columns"]),
                home_schema,
                home_table,
                tuple(constraint.get("to_columns") or constraint["columns"]),
            )
    return None
