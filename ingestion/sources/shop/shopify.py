"""Shopify (GraphQL Admin API, bulk operations) -> Postgres schema ``raw_shopify``.

Grain and key: one row per customer, order, order line, refund, refund line, shipment, product,
variant (Shopify ids), stock item at a location, and merge of two customers.
Cursor: `updatedAt` of customers, orders and products, read again for ``lookback_minutes``; a refund
or shipment updates its order, so it arrives however old the order is. Stock is read whole.
Deletions: Shopify leaves no tombstone; its counts of customers and orders are compared with what is
known to be alive, and when they differ all ids are read and the missing ones become
``is_deleted`` rows. What of them was a merge is told by their orders (`shopify_merges`).
Bulk files are taken whole or not at all; children are joined by ``__parentId``.
Abandoned checkouts: Shopify forgets them after three months; what was read is kept. They and
returns need scopes of their own; an app without them names the tables in ``leave_out``.
Known limits: without the scope `read_all_orders` Shopify shows the last 60 days only (a warning
says so); draft orders are not read.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.sources import DltResource

from ingestion.guard.shapes import Shape
from ingestion.sources.errors import SourceError
from ingestion.sources.resources import CONTRACT, Batch, picked, reader
from ingestion.sources.session import Session
from ingestion.sources.shop import shopify_queries as queries
from ingestion.sources.shop import shopify_shapes as shapes
from ingestion.sources.shop import shopify_side_shapes as side
from ingestion.sources.shop.shopify_api import Node, Shopify, number_of
from ingestion.sources.shop.shopify_merges import merges_of
from ingestion.sources.transport import Transport

log = logging.getLogger(__name__)
_CHUNK = 4_000


@dlt.source(  # type: ignore[untyped-decorator]
    name=shapes.SOURCE, section="shopify", max_table_nesting=0, schema_contract=CONTRACT
)
def shopify(
    base_url: str = dlt.config.value,
    access_token: str = dlt.secrets.value,
    api_version: str = queries.API_VERSION,
    lookback_minutes: int = 10,
    leave_out: list[str] | None = None,
    accept_shrinking: str | None = None,
    as_of: str | None = None,
) -> list[DltResource]:
    """Return Shopify's resources; settings under ``[sources.shopify]``."""

    def connect() -> Transport:
        return Transport("shopify", base_url, {"X-Shopify-Access-Token": access_token})

    session = Session(shapes.SOURCE, connect, as_of, accept_shrinking)
    lookback = timedelta(minutes=lookback_minutes)
    load = _Load(session, base_url, api_version, lookback, leave_out or ())
    customers = reader("customer_files", load.customers)
    orders = reader("order_files", load.orders)
    products = reader("product_files", load.products)
    stock = reader("inventory_files", load.stock)
    checkouts = reader("checkout_files", load.checkouts)
    order_tables = (
        shapes.ORDERS,
        shapes.ORDER_LINES,
        shapes.REFUNDS,
        shapes.REFUND_LINES,
        shapes.FULFILLMENTS,
        side.RETURNS,
        side.RETURN_LINES,
    )
    return [
        customers,
        picked(shapes.CUSTOMERS, customers),
        picked(side.CUSTOMER_MERGES, customers),
        orders,
        *(picked(shape, orders) for shape in order_tables),
        products,
        picked(shapes.PRODUCTS, products),
        picked(shapes.PRODUCT_VARIANTS, products),
        stock,
        picked(shapes.INVENTORY_LEVELS, stock),
        checkouts,
        picked(side.ABANDONED_CHECKOUTS, checkouts),
        picked(side.ABANDONED_CHECKOUT_LINES, checkouts),
    ]


class _Load:
    """What one run reads."""

    def __init__(
        self,
        session: Session,
        base_url: str,
        version: str,
        lookback: timedelta,
        left_out: Sequence[str],
    ) -> None:
        self._left_out = frozenset(left_out)
        self._session = session
        self._base = base_url
        self._version = version
        self._lookback = lookback

    def customers(self) -> Iterator[Batch]:
        """Read changed customers and find deleted and merged ones."""
        state = dlt.current.resource_state()
        with self._session.reading("customers", "customer_merges") as guard:
            api = self._api()
            seen: set[str] = set()
            reached = None
            yield {}
            for nodes in _chunks(api.bulk(queries.CUSTOMERS % self._filter(state))):
                table = guard.admit(shapes.CUSTOMERS, nodes)
                reached = _latest(table, reached)
                seen |= set(table["shopify_customer_id"].to_pylist())
                yield {"customers": table}
            total = api.ask(queries.COUNTS)["customersCount"]["count"]
            for batch in self._missing(api, shapes.CUSTOMERS, queries.CUSTOMER_IDS, seen, total):
                gone = batch["customers"]["shopify_customer_id"].to_pylist()
                merges = guard.admit(side.CUSTOMER_MERGES, merges_of(self._session, api, gone))
                yield {**batch, "customer_merges": merges}
            self._session.advance(state, reached)

    def orders(self) -> Iterator[Batch]:
        """Read changed orders with everything below them, and find deleted ones."""
        state = dlt.current.resource_state()
        names = (
            "orders",
            "order_lines",
            "refunds",
            "refund_lines",
            "fulfillments",
            "returns",
            "return_lines",
        )
        returns = "" if "returns" in self._left_out else queries.RETURNS
        with self._session.reading(*names) as guard:
            api = self._api()
            self._warn_about_scope(api)
            seen: set[str] = set()
            reached = None
            known_refunds = {row[0] for row in self._session.known("refund_lines", ["refund_id"])}
            yield {}
            query = queries.ORDERS % (self._filter(state) | {"returns": returns})
            for nodes in _chunks(api.bulk(query)):
                orders = [node for node in nodes if "__parentId" not in node]
                lines = _of_type(nodes, "LineItem")
                refunds = [r | {"order": o["id"]} for o in orders for r in o.get("refunds") or []]
                parcels = [
                    f | {"order": o["id"]} for o in orders for f in o.get("fulfillments") or []
                ]
                unread = [r["id"] for r in refunds if number_of(r["id"]) not in known_refunds]
                with ThreadPoolExecutor(1) as asking:  # answers come while the rest is guarded
                    asked = asking.submit(list, api.refund_lines(unread))
                    table = guard.admit(shapes.ORDERS, orders)
                    reached = _latest(table, reached)
                    seen |= set(table["shopify_order_id"].to_pylist())
                    batch = {
                        "orders": table,
                        "order_lines": guard.admit(shapes.ORDER_LINES, lines),
                        "refunds": guard.admit(shapes.REFUNDS, refunds),
                        "fulfillments": guard.admit(shapes.FULFILLMENTS, parcels),
                        "returns": guard.admit(side.RETURNS, _of_type(nodes, "Return")),
                        "return_lines": guard.admit(
                            side.RETURN_LINES, _of_type(nodes, "ReturnLineItem")
                        ),
                        "refund_lines": guard.admit(shapes.REFUND_LINES, asked.result()),
                    }
                yield batch
            total = api.ask(queries.COUNTS)["ordersCount"]["count"]
            yield from self._missing(api, shapes.ORDERS, queries.ORDER_IDS, seen, total)
            self._session.advance(state, reached)

    def products(self) -> Iterator[Batch]:
        """Read changed products with their variants."""
        state = dlt.current.resource_state()
        with self._session.reading("products", "product_variants") as guard:
            reached = None
            yield {}
            for nodes in _chunks(self._api().bulk(queries.PRODUCTS % self._filter(state))):
                products = [node for node in nodes if "__parentId" not in node]
                variants = [node for node in nodes if "__parentId" in node]
                table = guard.admit(shapes.PRODUCTS, products)
                reached = _latest(table, reached)
                yield {
                    "products": table,
                    "product_variants": guard.admit(shapes.PRODUCT_VARIANTS, variants),
                }
            self._session.advance(state, reached)

    def stock(self) -> Iterator[Batch]:
        """Read all stock levels: they change without their item changing."""
        with self._session.reading("inventory_levels") as guard:
            variants: dict[str, Any] = {}
            yield {}
            for nodes in _chunks(self._api().bulk(queries.INVENTORY)):
                levels = []
                for node in nodes:
                    if "__parentId" not in node:
                        variants[node["id"]] = (node.get("variant") or {}).get("id")
                        continue
                    available = next(
                        (
                            q["quantity"]
                            for q in node.get("quantities") or []
                            if q.get("name") == "available"
                        ),
                        None,
                    )
                    variant = variants.get(node["__parentId"])
                    levels.append(node | {"available": available, "variant": variant})
                yield {"inventory_levels": guard.admit(shapes.INVENTORY_LEVELS, levels)}

    def checkouts(self) -> Iterator[Batch]:
        """Read changed abandoned checkouts; those Shopify has forgotten are kept."""
        state = dlt.current.resource_state()
        with self._session.reading("abandoned_checkouts", "abandoned_checkout_lines") as guard:
            reached = None
            yield {}
            if "abandoned_checkouts" in self._left_out:
                return
            query = queries.ABANDONED_CHECKOUTS % self._filter(state)
            for nodes in _chunks(self._api().bulk(query)):
                left = [node for node in nodes if "__parentId" not in node]
                lines = [node for node in nodes if "__parentId" in node]
                table = guard.admit(side.ABANDONED_CHECKOUTS, left)
                reached = _latest(table, reached)
                yield {
                    "abandoned_checkouts": table,
                    "abandoned_checkout_lines": guard.admit(side.ABANDONED_CHECKOUT_LINES, lines),
                }
            self._session.advance(state, reached)

    def _missing(
        self, api: Shopify, shape: Shape, ids: str, seen: set[str], total: int
    ) -> Iterator[Batch]:
        """Yield what was loaded once and is no longer in the shop, as deleted rows."""
        key, guard = shape.key[0], self._session.guard
        guard.counts(shape.resource).server_total = total
        alive = {row[0] for row in self._session.known(shape.resource, [key], "not is_deleted")}
        if total == len(alive | seen):
            return
        listed = {number_of(node["id"]) for node in api.bulk(ids)}
        self._session.refuse_shrinking(shape.resource, len(listed), len(alive | seen))
        gone = sorted((alive | seen) - listed)
        rows = self._session.known_rows(
            shape, gone, is_deleted=True, deleted_at=self._session.as_of
        )
        yield {shape.resource: rows}

    def _filter(self, state: dict[str, Any]) -> dict[str, str]:
        since = self._session.since(state, self._lookback)
        return {"filter": queries.CHANGED_SINCE % since.isoformat() if since else ""}

    def _api(self) -> Shopify:
        return Shopify(self._session.transport, Transport("shopify", self._base), self._version)

    def _warn_about_scope(self, api: Shopify) -> None:
        try:
            found = api.ask(queries.SCOPES)["currentAppInstallation"]["accessScopes"]
        except SourceError:
            return
        if "read_all_orders" not in {scope["handle"] for scope in found}:
            log.warning(
                "shopify shows only the orders of the last 60 days: grant the scope read_all_orders"
            )


def _of_type(nodes: list[Node], name: str) -> list[Node]:
    """Return the children of one type: their ids tell, whatever order the file has."""
    return [node for node in nodes if "__parentId" in node and f"/{name}/" in str(node.get("id"))]


def _chunks(nodes: Iterator[Node]) -> Iterator[list[Node]]:
    """Yield lists of nodes in the order of the file: a parent never comes after its children."""
    chunk: list[Node] = []
    for node in nodes:
        chunk.append(node)
        if len(chunk) >= _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _latest(table: pa.Table, before: datetime | None) -> datetime | None:
    newest = pc.max(table["updated_at"]).as_py() if table.num_rows else None
    return max((at for at in (before, newest) if at is not None), default=None)
