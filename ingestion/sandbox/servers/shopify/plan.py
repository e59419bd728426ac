"""Turns a selection of fields into a function that cuts it out of stored documents.

Compiled once per query; a document costs dictionary look-ups only. Where a stored document refers
to another one by id and more than the id is wanted, the other is loaded.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)
from graphql.execution.values import get_argument_values

from ingestion.sandbox.servers.shopify.schema import KINDS, schema

Document = dict[str, Any]
Cut = Callable[[Document], Any]
Load = Callable[[str, str], Document | None]
MOST_PER_PAGE = 250


@dataclass
class Child:
    """A nested connection of a bulk query: where it hangs and what to take of its nodes."""

    name: str
    plan: "Plan"


@dataclass
class Plan:
    """What is wanted of one object type."""

    type_name: str
    parts: list[tuple[str, Cut]] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)

    def cut(self, document: Document) -> Document:
        """Return the wanted part of a document."""
        return {key: part(document) for key, part in self.parts}


def _constant(value: str) -> Cut:
    return lambda _: value


class Planner:
    """Compiles selections of one request; in bulk, connections become children with own lines."""

    def __init__(
        self,
        variables: dict[str, Any],
        fragments: dict[str, FragmentDefinitionNode],
        load: Load,
        bulk: bool = False,
    ) -> None:
        self.variables = variables
        self.fragments = fragments
        self.load = load
        self.bulk = bulk

    def plan(self, type_name: str, selection: SelectionSetNode | None) -> Plan:
        """Compile a selection on an object type."""
        made = Plan(type_name)
        kind = schema().type_map[type_name]
        for node in self.fields(type_name, selection):
            name = node.name.value
            key = node.alias.value if node.alias else name
            if name == "__typename":
                made.parts.append((key, _constant(type_name)))
                continue
            if not isinstance(kind, GraphQLObjectType):
                continue
            declared = kind.fields[name]
            named = get_named_type(declared.type)
            if self.bulk and named.name.endswith("Connection"):
                made.children.append(Child(name, self._nodes_of(named.name, node)))
                continue
            made.parts.append((key, self._part(type_name, name, node, declared.type)))
        return made

    def fields(self, type_name: str, selection: SelectionSetNode | None) -> list[FieldNode]:
        """Return the fields of a selection on a type, fragments resolved."""
        found: list[FieldNode] = []
        for each in selection.selections if selection else ():
            if isinstance(each, FieldNode):
                found.append(each)
            elif isinstance(each, InlineFragmentNode):
                on = each.type_condition.name.value if each.type_condition else type_name
                if on in (type_name, "Node", f"{type_name}Type"):
                    found += self.fields(type_name, each.selection_set)
            elif isinstance(each, FragmentSpreadNode):
                fragment = self.fragments[each.name.value]
                if fragment.type_condition.name.value in (type_name, "Node"):
                    found += self.fields(type_name, fragment.selection_set)
        return found

    def arguments(self, type_name: str, node: FieldNode) -> dict[str, Any]:
        """Return the argument values of a field, variables and defaults applied."""
        kind = schema().type_map[type_name]
        assert isinstance(kind, GraphQLObjectType)  # noqa: S101 - narrowing
        return get_argument_values(kind.fields[node.name.value], node, self.variables)

    def _nodes_of(self, connection: str, node: FieldNode) -> Plan:
        """Compile what is wanted of a connection's nodes, through ``edges`` or ``nodes``."""
        named = connection.removesuffix("Connection")
        # An interface with one kind of object behind it here.
        item = named if isinstance(schema().type_map[named], GraphQLObjectType) else named[:-4]
        for each in self.fields(connection, node.selection_set):
            if each.name.value == "nodes":
                return self.plan(item, each.selection_set)
            if each.name.value == "edges":
                for inner in self.fields(f"{named}Edge", each.selection_set):
                    if inner.name.value == "node":
                        return self.plan(item, inner.selection_set)
        return Plan(item)

    def _part(self, type_name: str, name: str, node: FieldNode, declared: Any) -> Cut:
        named = get_named_type(declared)
        fetch = self._fetcher(type_name, name)
        if is_leaf_type(named):
            return fetch
        if named.name.endswith("Connection"):
            return self._connection(fetch, named.name, node, self.arguments(type_name, node))
        inner = self.plan(named.name, node.selection_set)
        is_list = isinstance(
            declared.of_type if isinstance(declared, GraphQLNonNull) else declared, GraphQLList
        )
        if not is_list:
            return lambda document: None if (got := fetch(document)) is None else inner.cut(got)
        arguments = self.arguments(type_name, node)
        first, names = arguments.get("first"), arguments.get("names")

        def cut_list(document: Document) -> Any:
            items = fetch(document) or []
            if names is not None:
                items = [item for item in items if item.get("name") in names]
            return [inner.cut(item) for item in items[:first]]

        return cut_list

    def _fetcher(self, type_name: str, name: str) -> Cut:
        kind = KINDS.get(type_name)
        if kind is None:
            return lambda document: document.get(name)
        load = self.load

        def fetch(document: Document) -> Any:
            if name in document:
                return document[name]
            full = load(kind, document["id"])
            return None if full is None else full.get(name)

        return fetch

    def _connection(
        self, fetch: Cut, connection: str, node: FieldNode, arguments: dict[str, Any]
    ) -> Cut:
        page = Page(self, connection, node)
        first, after = arguments.get("first"), arguments.get("after")

        def cut(document: Document) -> Document:
            items = fetch(document) or []
            begin = position(after) + 1 if after else 0
            size = first if first is not None else arguments.get("last") or MOST_PER_PAGE
            shown = items[begin : begin + size]
            cursors = [cursor(begin + at) for at in range(len(shown))]
            return page.cut(shown, cursors, begin + size < len(items), begin > 0)

        return cut


class Page:
    """Writes a page of a connection in the shape that was asked for."""

    def __init__(self, planner: Planner, connection: str, node: FieldNode) -> None:
        self._item = connection.removesuffix("Connection")
        self._fields = planner.fields(connection, node.selection_set)
        self._plans: dict[str, Any] = {}
        for each in self._fields:
            name = each.name.value
            if name == "nodes":
                self._plans[name] = planner.plan(self._item, each.selection_set)
            elif name == "edges":
                self._plans[name] = [
                    (
                        inner.alias.value if inner.alias else inner.name.value,
                        inner.name.value,
                        planner.plan(self._item, inner.selection_set),
                    )
                    for inner in planner.fields(f"{self._item}Edge", each.selection_set)
                ]
            elif name == "pageInfo":
                self._plans[name] = planner.plan("PageInfo", each.selection_set)

    def cut(self, items: list[Document], cursors: list[str], more: bool, less: bool) -> Document:
        """Return the page of these items."""
        answer: Document = {}
        for each in self._fields:
            name = each.name.value
            key = each.alias.value if each.alias else name
            if name == "nodes":
                answer[key] = [self._plans[name].cut(item) for item in items]
            elif name == "edges":
                answer[key] = [
                    {
                        alias: mark if what == "cursor" else plan.cut(item)
                        for alias, what, plan in self._plans[name]
                    }
                    for item, mark in zip(items, cursors, strict=True)
                ]
            elif name == "pageInfo":
                answer[key] = self._plans[name].cut(
                    {
                        "hasNextPage": more,
                        "hasPreviousPage": less,
                        "startCursor": cursors[0] if cursors else None,
                        "endCursor": cursors[-1] if cursors else None,
                    }
                )
        return answer


def cursor(value: Any) -> str:
    """Return an opaque page cursor."""
    return b64encode(orjson.dumps(value)).decode()


def position(text: str) -> Any:
    """Return what :func:`cursor` was given.

    Raises:
        ValueError: when the text is no cursor.
    """
    return orjson.loads(b64decode(text, validate=True))
