"""Shopify's GraphQL Admin API: single queries with its cost limits, and bulk operations.

https://shopify.dev/docs/api/usage/bulk-operations/queries and .../usage/limits.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ingestion.guard.documents import NotJsonError, parse_json
from ingestion.sources.errors import (
    CredentialsError,
    SourceError,
    UnreachableError,
    WrongAnswerError,
)
from ingestion.sources.shop import shopify_queries as queries
from ingestion.sources.transport import Patience, Transport

# A query may cost 1,000 points: a refund with its lines about 2 + 2 per line.
REFUNDS_PER_QUERY = 20
LINES_PER_REFUND = 20
# An order with its customer costs 2 points.
ORDERS_PER_QUERY = 200
_ATTEMPTS = 3
_UNFINISHED = {"CREATED", "RUNNING", "CANCELING"}

Node = dict[str, Any]


def number_of(gid: Any) -> str:
    """Return the number in a global id (``gid://shopify/Order/123?x=y``)."""
    return str(gid).rpartition("/")[2].partition("?")[0]


class Shopify:
    """The calls of one run. The token goes to the shop only, never to where files are kept."""

    def __init__(
        self,
        shop: Transport,
        files: Transport,
        version: str = queries.API_VERSION,
        longest_bulk: float = 4 * 3600.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._shop = shop
        self._files = files
        self._path = f"/admin/api/{version}/graphql.json"
        self._longest = longest_bulk
        self._sleep = sleep

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the ``data`` of a query; throttling (HTTP 200 with an error) waits."""
        for _ in range(Patience().attempts):
            body = {"query": query, "variables": variables or {}}
            answer = self._shop.json("POST", self._path, json=body)
            errors = answer.get("errors")
            if not errors:
                return dict(answer["data"])
            wait = self._judge(errors, answer)
            self._sleep(wait)
        raise UnreachableError("shopify", "the query budget stays used up", "try again later")

    def bulk(self, query: str) -> Iterator[Node]:
        """Yield the objects of a bulk operation, children after their parents, unordered else.

        Raises:
            SourceError: when the operation does not complete; partial files are never used.
        """
        problem = ""
        for _ in range(_ATTEMPTS):
            state = self._finished(self._started(query))
            if state["status"] == "COMPLETED":
                yield from self._objects(state)
                return
            problem = f"{state['status']} {state.get('errorCode') or ''}".strip()
            if state.get("errorCode") == "ACCESS_DENIED":
                break
        raise SourceError(
            "shopify",
            f"a bulk operation ended as {problem}",
            "grant the scopes read_customers, read_all_orders, read_products, read_inventory"
            if "ACCESS_DENIED" in problem
            else "run again later; nothing partial was taken over",
        )

    def refund_lines(self, ids: Sequence[str]) -> Iterator[Node]:
        """Yield refund lines as ``{refund, order, line}``, of any number per refund."""
        for start in range(0, len(ids), REFUNDS_PER_QUERY):
            chunk = list(ids[start : start + REFUNDS_PER_QUERY])
            data = self.ask(queries.REFUND_LINES, {"ids": chunk, "first": LINES_PER_REFUND})
            for refund in data["nodes"]:
                if refund:
                    yield from self._lines_of(refund)

    def order_owners(self, ids: Sequence[str]) -> Iterator[Node]:
        """Yield ``{id, customer}`` of those orders that still exist."""
        for start in range(0, len(ids), ORDERS_PER_QUERY):
            chunk = list(ids[start : start + ORDERS_PER_QUERY])
            yield from filter(None, self.ask(queries.ORDER_OWNERS, {"ids": chunk})["nodes"])

    def _lines_of(self, refund: Node) -> Iterator[Node]:
        used: set[str] = set()
        while True:
            page = refund["refundLineItems"]
            for line in page["nodes"]:
                yield {"refund": refund["id"], "order": refund["order"]["id"], "line": line}
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]
            if after in used:
                raise WrongAnswerError("shopify", "refund lines have a page cursor that repeats")
            used.add(after)
            more = {"id": refund["id"], "first": LINES_PER_REFUND, "after": after}
            refund = self.ask(queries.MORE_REFUND_LINES, more)["node"]

    def _started(self, query: str) -> str:
        """Start an operation, waiting for one that is already running."""
        deadline = time.monotonic() + self._longest
        pause = 0.5
        while True:
            answer = self.ask(queries.RUN_BULK, {"query": query})["bulkOperationRunQuery"]
            if not answer["userErrors"]:
                return str(answer["bulkOperation"]["id"])
            busy = any("already in progress" in e["message"] for e in answer["userErrors"])
            if not busy:
                raise SourceError(
                    "shopify",
                    "a bulk query was refused",
                    "check the API version in [sources.shopify] api_version",
                )
            if time.monotonic() > deadline:
                raise UnreachableError(
                    "shopify",
                    "another bulk operation does not end",
                    "cancel it in the shop's admin, or wait",
                )
            self._sleep(pause)
            pause = min(pause * 2, 30.0)

    def _finished(self, operation: str) -> Node:
        deadline = time.monotonic() + self._longest
        pause = 0.02  # a small operation is done at once; half a minute's is asked about 15 times
        while True:
            state = self.ask(queries.BULK_STATE, {"id": operation})["node"]
            if state is None:
                raise WrongAnswerError("shopify", "a bulk operation vanished")
            if state["status"] not in _UNFINISHED:
                return dict(state)
            if time.monotonic() > deadline:
                raise UnreachableError(
                    "shopify", "a bulk operation does not end", "try again later"
                )
            self._sleep(pause)
            pause = min(pause * 1.7, 15.0)

    def _objects(self, state: Node) -> Iterator[Node]:
        if not state.get("url"):
            return
        for line in self._files.lines(state["url"], int(state.get("objectCount") or 0)):
            try:
                yield parse_json(line)
            except NotJsonError:
                raise WrongAnswerError("shopify", "a bulk file has a broken line") from None

    def _judge(self, errors: Any, answer: Node) -> float:
        """Return how long to wait when throttled; raise what cannot be waited for."""
        codes = (
            {str((e.get("extensions") or {}).get("code")) for e in errors if isinstance(e, dict)}
            if isinstance(errors, list)
            else set()
        )
        if "THROTTLED" in codes:
            cost = (answer.get("extensions") or {}).get("cost") or {}
            status = cost.get("throttleStatus") or {}
            missing = float(cost.get("requestedQueryCost") or 100) - float(
                status.get("currentlyAvailable") or 0
            )
            return max(0.2, missing / float(status.get("restoreRate") or 50))
        if "ACCESS_DENIED" in codes:
            raise SourceError(
                "shopify",
                "the app may not read what was asked for",
                "grant it the missing access scope and install it again",
            )
        if isinstance(errors, str) or "UNAUTHORIZED" in codes:
            raise CredentialsError("shopify")
        raise SourceError(
            "shopify",
            "a query was refused",
            "check the API version in [sources.shopify] api_version",
        )
