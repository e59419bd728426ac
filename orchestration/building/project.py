"""The parsed dbt project: which zone a node belongs to, what it reads, what defines it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import yaml

Node = Mapping[str, Any]
# What of a node's configuration does not alter what it becomes in the warehouse.
_WORDS = ("meta", "docs", "group", "access", "tags", "contract")


@dataclass(frozen=True)
class Project:
    """One parsed project. Unique ids are dbt's own, ``model.tandem.customer_360``."""

    folder: Path
    manifest: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path, manifest: Path) -> "Project":
        """Read a ``manifest.json`` of the project in ``folder``."""
        return cls(folder, orjson.loads(manifest.read_bytes()))

    def node(self, unique_id: str) -> Node:
        """Return a node or a source by its id."""
        found: Node = self.manifest["nodes"].get(unique_id) or self.manifest["sources"][unique_id]
        return found

    @cached_property
    def zones(self) -> Mapping[str, frozenset[str]]:
        """Zone -> its models and seeds, as ``selectors.yml`` says."""
        content = yaml.safe_load((self.folder / "selectors.yml").read_text())
        return {
            entry["name"]: frozenset(self._members(entry["definition"]["union"]))
            for entry in content["selectors"]
        }

    def _members(self, parts: Sequence[Mapping[str, Any]]) -> Iterable[str]:
        excluded = [part for unit in parts for part in unit.get("exclude", ())]
        selected = [part for part in parts if "exclude" not in part]
        for unique_id, node in self.manifest["nodes"].items():
            if node["resource_type"] not in ("model", "seed"):
                continue
            if any(_meets(node, part) for part in selected) and not any(
                _meets(node, part) for part in excluded
            ):
                yield unique_id

    @cached_property
    def tests(self) -> Sequence[str]:
        """Return all data tests."""
        nodes = self.manifest["nodes"].items()
        return [unique_id for unique_id, node in nodes if node["resource_type"] == "test"]

    def tests_of(self, zone: str) -> Sequence[str]:
        """Return the tests that can be carried out once ``zone`` is built and not before."""
        order = list(self.zones)
        at = {
            member: order.index(name) for name, members in self.zones.items() for member in members
        }
        mine = order.index(zone)
        return [
            test
            for test in self.tests
            if max((at.get(parent, -1) for parent in self.parents(test)), default=-1) == mine
        ]

    def parents(self, unique_id: str) -> Sequence[str]:
        """Return the nodes and sources that a node reads."""
        found = self.node(unique_id).get("depends_on", {}).get("nodes", ())
        return tuple(found)

    def kind(self, unique_id: str) -> str:
        """Return ``source``, ``seed``, ``test``, or how a model is materialised."""
        node = self.node(unique_id)
        is_model = node["resource_type"] == "model"
        return str(node["config"]["materialized"] if is_model else node["resource_type"])

    def relation(self, unique_id: str) -> tuple[str, str]:
        """Return schema and table of a model, seed or source."""
        node = self.node(unique_id)
        return str(node["schema"]), str(node.get("alias") or node.get("identifier") or node["name"])

    @cached_property
    def schemas(self) -> frozenset[str]:
        """Return the schemas that anything here is read from or built in."""
        nodes = [*self.manifest["nodes"], *self.manifest["sources"]]
        return frozenset(self.relation(node)[0] for node in nodes)

    def file(self, unique_id: str) -> Path:
        """Return the file of a seed."""
        return self.folder / str(self.node(unique_id)["original_file_path"])

    def definition(self, unique_id: str) -> str:
        """Return a digest of what a node is, whatever it reads: SQL, settings, macros."""
        node = self.node(unique_id)
        settings = {k: v for k, v in node["config"].items() if k not in _WORDS}
        columns = [
            (name, column.get("data_type"), column.get("constraints"))
            for name, column in node.get("columns", {}).items()
        ]
        told = [
            node.get("raw_code"),
            settings,
            columns if (node["config"].get("contract") or {}).get("enforced") else None,
            node.get("constraints"),
            node.get("test_metadata"),
            self.relation(unique_id),
            self._common,
        ]
        if node["resource_type"] == "seed":
            with self.file(unique_id).open(encoding="utf-8") as file:
                told.append(file.readline())
        return digest(told)

    @cached_property
    def _common(self) -> str:
        """Return a digest of what may alter any node: the project's macros and dbt itself."""
        macros = {
            name: macro["macro_sql"]
            for name, macro in sorted(self.manifest["macros"].items())
            if macro["package_name"] == self.manifest["metadata"]["project_name"]
        }
        return digest([macros, self.manifest["metadata"]["dbt_version"]])


def digest(content: object) -> str:
    """Return a digest of anything JSON can hold."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _meets(node: Node, part: Mapping[str, str]) -> bool:
    """Whether a node meets one criterion.

    Raises:
        ValueError: for a method that zones do not use.
    """
    value = part["value"]
    match part["method"]:
        case "fqn":
            wanted = value.split(".")
            return list(node["fqn"][: len(wanted)]) == wanted
        case "tag":
            return value in node["tags"]
        case "resource_type":
            return bool(node["resource_type"] == value)
    raise ValueError(f"selectors.yml: zones are selected by fqn, tag or resource_type, not {part}")
