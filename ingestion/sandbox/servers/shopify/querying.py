"""Answers GraphQL queries from the store: roots, pages, counts, nodes, cost."""

from typing import Any

import orjson
from graphql import FieldNode, FragmentDefinitionNode

from ingestion.sandbox.company.clock import DAY
from ingestion.sandbox.company.places import SHOP_DOMAIN
from ingestion.sandbox.servers.shopify import bulk, filters
from ingestion.sandbox.servers.shopify.plan import (
    MOST_PER_PAGE,
    Document,
    Page,
    Planner,
    cursor,
    position,
)
from ingestion.sandbox.servers.shopify.schema import KINDS, ROOTS, VERSIONS
from ingestion.sandbox.servers.talk import Call

SCOPES = (
    "read_customers",
    "read_orders",
    "read_all_orders",
    "read_products",
    "read_inventory",
    "read_locations",
    "read_fulfillments",
    "read_returns",
    "write_customers",
    "write_orders",
)
_ROWS = "select id, updated, created, doc from shopify_objects where kind = ?"
_COUNT = "select count(*) from shopify_objects where kind = ?"
_SORTS = {
    "UPDATED_AT": "updated",
    "CREATED_AT": "created",
    "PROCESSED_AT": "created",
    "UPDATED": "updated",
}
_COUNTS = {"ordersCount": "orders", "customersCount": "customers", "productsCount": "products"}


class RefusedError(Exception):
    """A query the API refuses; carries message, code and where."""

    def __init__(self, message: str, code: str, **extensions: Any) -> None:
        super().__init__(message)
        self.code = code
        self.extensions = {"code": code, **extensions}


class Reader:
    """Answers the fields of ``QueryRoot`` for one request."""

    def __init__(
        self,
        call: Call,
        variables: dict[str, Any],
        fragments: dict[str, FragmentDefinitionNode],
        in_bulk: bool = False,
    ) -> None:
        self.call = call
        self.planner = Planner(variables, fragments, self.load, in_bulk)
        self.warnings: list[str] = []

    def load(self, kind: str, gid: str) -> Document | None:
        """Return a stored document by global id."""
        number = gid.rsplit("/", 1)[-1].partition("?")[0]
        if not number.isdigit():
            return None
        return self.call.state.document(
            "select doc from shopify_objects where kind = ? and id = ?", kind, int(number)
        )

    def answer(self, node: FieldNode) -> Any:
        """Return the value of one root field."""
        name = node.name.value
        arguments = self.planner.arguments("QueryRoot", node)
        if name in ROOTS:
            return self._page(name, node, arguments)
        if name in _COUNTS:
            return self._count(_COUNTS[name], node, arguments)
        if name in ("node", "nodes"):
            ids = arguments["ids"] if name == "nodes" else [arguments["id"]]
            found = [self._node(each, node) for each in ids]
            return found if name == "nodes" else found[0]
        if name in ("order", "customer", "product"):
            return self._node(arguments["id"], node)
        if name == "bulkOperation":
            return self._node(arguments["id"], node)
        special = {
            "shop": self._shop,
            "currentBulkOperation": self._current,
            "currentAppInstallation": self._installation,
            "publicApiVersions": self._versions,
        }
        return special[name](node)

    def scopes(self) -> list[str]:
        """Return what the app may do."""
        hidden = "read_all_orders" if self.call.meant("no_all_orders") else ""
        return [scope for scope in SCOPES if scope != hidden]

    def condition(self, kind: str, query: str | None) -> filters.Condition:
        """Return the filter of a root, the 60-day limit of apps without all orders included."""
        found = filters.parsed(query)
        self.warnings += found.ignored
        if kind == "orders" and "read_all_orders" not in self.scopes():
            found.text += " and created >= ?"
            found.values.append(self.call.state.now() - 60 * DAY)
        if self.call.meant("late_commit"):
            found.text += " and (id / 32768) % 11 <> 0"
        return found

    def _page(self, kind: str, node: FieldNode, arguments: dict[str, Any]) -> Document:
        first, last = arguments.get("first"), arguments.get("last")
        if first is None and last is None:
            raise RefusedError("you must provide one of first or last", "BAD_REQUEST")
        size = first if first is not None else last
        if size is None or size < 0 or size > MOST_PER_PAGE:
            raise RefusedError(
                f"The first argument must be between 0 and {MOST_PER_PAGE}: got {size}",
                "BAD_REQUEST",
            )
        found = self.condition(kind, arguments.get("query"))
        column = _SORTS.get(str(arguments.get("sortKey", "ID")), "id")
        backwards = bool(arguments.get("reverse")) != (first is None)
        way, compare = ("desc", "<") if backwards else ("asc", ">")
        text, values = found.text, list(found.values)
        mark = arguments.get("after") if first is not None else arguments.get("before")
        if mark and not self.call.meant("repeat_cursor"):
            try:
                value, number = position(mark)
            except (ValueError, TypeError):
                raise RefusedError(
                    "Invalid cursor for current pagination sort.", "BAD_REQUEST"
                ) from None
            text += f" and ({column}, id) {compare} (?, ?)"
            values += [value, number]
        rows = self.call.state.rows(
            f"{_ROWS}{text} order by {column} {way}, id {way} limit ?",
            kind,
            *values,
            size + 1,
        )
        shown = [drifted(self.call, orjson.loads(row[3])) for row in rows[:size]]
        at = ("id", "updated", "created").index(column)
        cursors = [cursor([row[at], row[0]]) for row in rows[:size]]
        page = Page(self.planner, f"{ROOTS[kind]}Connection", node)
        return page.cut(shown, cursors, len(rows) > size, mark is not None)

    def _count(self, kind: str, node: FieldNode, arguments: dict[str, Any]) -> Document:
        found = self.condition(kind, arguments.get("query"))
        total = self.call.state.row(_COUNT + found.text, kind, *found.values)[0]
        limit = arguments.get("limit")
        capped = limit is not None and total > limit
        plan = self.planner.plan("Count", node.selection_set)
        return plan.cut(
            {"count": limit if capped else total, "precision": "AT_LEAST" if capped else "EXACT"}
        )

    def _node(self, gid: str, node: FieldNode) -> Document | None:
        type_name = gid.removeprefix("gid://shopify/").partition("/")[0]
        if type_name == "BulkOperation":
            found = bulk.operation(self.call, gid)
        elif type_name in KINDS:
            found = self.load(KINDS[type_name], gid)
        else:
            found = None
        if found is None:
            return None
        return self.planner.plan(type_name, node.selection_set).cut(found)

    def _shop(self, node: FieldNode) -> Document:
        return self.planner.plan("Shop", node.selection_set).cut(
            {
                "id": "gid://shopify/Shop/42",
                "name": "Tandem Outdoor",
                "email": "shop@example.com",
                "currencyCode": "EUR",
                "ianaTimezone": "Europe/Berlin",
                "timezoneAbbreviation": "CEST",
                "timezoneOffset": "+0200",
                "myshopifyDomain": SHOP_DOMAIN,
                "plan": {
                    "publicDisplayName": "Shopify",
                    "partnerDevelopment": False,
                    "shopifyPlus": False,
                },
            }
        )

    def _current(self, node: FieldNode) -> Document | None:
        found = bulk.latest(self.call)
        plan = self.planner.plan("BulkOperation", node.selection_set)
        return None if found is None else plan.cut(found)

    def _installation(self, node: FieldNode) -> Document:
        return self.planner.plan("AppInstallation", node.selection_set).cut(
            {
                "id": "gid://shopify/AppInstallation/7",
                "accessScopes": [
                    {"handle": scope, "description": scope.replace("_", " ")}
                    for scope in self.scopes()
                ],
            }
        )

    def _versions(self, node: FieldNode) -> list[Document]:
        plan = self.planner.plan("ApiVersion", node.selection_set)
        return [
            plan.cut({"handle": each, "displayName": each, "supported": True}) for each in VERSIONS
        ]


def drifted(call: Call, document: Document) -> Document:
    """Return a document as it looks after an unannounced change of meaning, when that is on."""
    if call.state.faults.take("shopify.documents", "drift"):
        document["tags"] = "vip, new"
    return document


def cost(planner: Planner, nodes: list[FieldNode]) -> int:
    """Return what a query costs: one per object, and a page's children times its size."""

    def of(type_name: str, node: FieldNode) -> int:
        from graphql import GraphQLObjectType, get_named_type, is_leaf_type

        from ingestion.sandbox.servers.shopify.schema import schema

        kind = schema().type_map[type_name]
        if not isinstance(kind, GraphQLObjectType) or node.name.value not in kind.fields:
            return 0
        named = get_named_type(kind.fields[node.name.value].type)
        if is_leaf_type(named):
            return 0
        inner = sum(of(named.name, each) for each in planner.fields(named.name, node.selection_set))
        if not named.name.endswith("Connection"):
            return 1 + inner
        arguments = planner.arguments(type_name, node)
        size = arguments.get("first") or arguments.get("last") or 10
        item = named.name.removesuffix("Connection")
        each_cost = 0
        for field in planner.fields(named.name, node.selection_set):
            if field.name.value == "nodes":
                each_cost += 1 + sum(of(item, f) for f in planner.fields(item, field.selection_set))
            elif field.name.value == "edges":
                for edge in planner.fields(f"{item}Edge", field.selection_set):
                    if edge.name.value == "node":
                        each_cost += 1 + sum(
                            of(item, f) for f in planner.fields(item, edge.selection_set)
                        )
        return 2 + int(size) * each_cost

    return sum(of("QueryRoot", node) for node in nodes)
