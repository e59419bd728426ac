"""Medusa (Admin API, version 2) -> Postgres schema ``raw_medusa``.

https://docs.medusajs.com/api/admin; checked against Medusa 2.21.2 as npm has it
(tests/servers). A secret API key logs in.
Grain and key: one row per customer, order, order line, refund, shipment, product and variant
(Medusa ids). Order numbers are small and the same in every shop: as identifiers they carry
``site`` in front.
Cursor: `updated_at`, read again for ``lookback_minutes``. Capturing a payment changes an order's
`payment_status` and not its `updated_at`: orders that are not settled are read again by id in
every load. ``fields`` replaces what is shown, so every field is asked for by name, the currency
included: the default list has none.
Deletions: Medusa hides what was deleted; its count is compared with the distinct ids known to be
alive, and when they differ all ids are read and the missing ones become ``is_deleted`` rows.
Known limits: draft orders, returns, exchanges, carts and stock are not read.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import dlt
import pyarrow.compute as pc
from dlt.sources import DltResource
from requests.auth import HTTPBasicAuth

from ingestion.guard.shapes import Shape
from ingestion.sources.errors import WrongAnswerError
from ingestion.sources.resources import CONTRACT, Batch, picked, reader
from ingestion.sources.session import Session
from ingestion.sources.shop import medusa_shapes as shapes
from ingestion.sources.transport import Transport

PAGE = 100
_IDS = 50
_SETTLED = ("captured", "refunded", "partially_refunded", "canceled")
FIELDS = {
    "customers": "id,email,first_name,last_name,phone,has_account,metadata,created_at,updated_at",
    "products": "id,title,status,created_at,updated_at,variants.id,variants.product_id,"
    "variants.title,variants.sku",
    "orders": "id,display_id,status,email,currency_code,customer_id,created_at,updated_at,"
    "canceled_at,payment_status,fulfillment_status,total,item_subtotal,tax_total,discount_total,"
    "shipping_total,*items,*shipping_address,*payment_collections.payments,"
    "*payment_collections.payments.refunds,*fulfillments",
}

Record = dict[str, Any]


@dlt.source(  # type: ignore[untyped-decorator]
    name=shapes.SOURCE, section="medusa", max_table_nesting=0, schema_contract=CONTRACT
)
def medusa(
    base_url: str = dlt.config.value,
    access_token: str = dlt.secrets.value,
    site: str = "medusa",
    lookback_minutes: int = 10,
    accept_shrinking: str | None = None,
    as_of: str | None = None,
) -> list[DltResource]:
    """Return Medusa's resources; settings under ``[sources.medusa]``."""
    session = Session(shapes.SOURCE, lambda: Transport("medusa", base_url), as_of, accept_shrinking)
    load = _Load(session, access_token, site, timedelta(minutes=lookback_minutes))
    customers = reader("customer_pages", load.customers)
    orders = reader("order_pages", load.orders)
    products = reader("product_pages", load.products)
    below = (shapes.ORDERS, shapes.ORDER_LINES, shapes.REFUNDS, shapes.FULFILLMENTS)
    return [
        customers,
        picked(shapes.CUSTOMERS, customers),
        orders,
        *(picked(shape, orders) for shape in below),
        products,
        picked(shapes.PRODUCTS, products),
        picked(shapes.PRODUCT_VARIANTS, products),
    ]


class _Load:
    """What one run reads."""

    def __init__(self, session: Session, token: str, site: str, lookback: timedelta) -> None:
        self._session = session
        self._auth = HTTPBasicAuth(token, "")
        self._site = site
        self._lookback = lookback
        self._seen: dict[str, set[str]] = {}

    def customers(self) -> Iterator[Batch]:
        """Read changed customers, and find those that are gone."""
        with self._session.reading("customers") as guard:
            yield {}
            for page in self._changed(shapes.CUSTOMERS, dlt.current.resource_state()):
                yield {"customers": guard.admit(shapes.CUSTOMERS, page)}
            yield self._gone(shapes.CUSTOMERS)

    def products(self) -> Iterator[Batch]:
        """Read changed products with their variants, and find those that are gone."""
        with self._session.reading("products", "product_variants") as guard:
            yield {}
            for page in self._changed(shapes.PRODUCTS, dlt.current.resource_state()):
                variants = [v for product in page for v in product.get("variants") or []]
                yield {
                    "products": guard.admit(shapes.PRODUCTS, page),
                    "product_variants": guard.admit(shapes.PRODUCT_VARIANTS, variants),
                }
            yield self._gone(shapes.PRODUCTS)

    def orders(self) -> Iterator[Batch]:
        """Read changed and unsettled orders with what is below them."""
        with self._session.reading("orders", "order_lines", "refunds", "fulfillments"):
            yield {}
            open_ids = self._unsettled()
            for page in self._changed(shapes.ORDERS, dlt.current.resource_state()):
                open_ids -= {str(order.get("id")) for order in page}
                yield self._with_parts(page)
            for begin in range(0, len(open_ids), _IDS):
                query = {"id[]": sorted(open_ids)[begin : begin + _IDS]}
                for page in self._pages("orders", FIELDS["orders"], query):
                    yield self._with_parts(page)
            yield self._gone(shapes.ORDERS)

    def _with_parts(self, page: list[Record]) -> Batch:
        guard = self._session.guard
        orders = [
            order
            | {
                "_name": f"{self._site}-{order.get('display_id')}",
                "_currency": str(order.get("currency_code") or "").upper() or None,
            }
            for order in page
        ]
        table = guard.admit(shapes.ORDERS, orders)
        kept = set(table["medusa_order_id"].to_pylist())
        lines, refunds, parcels = [], [], []
        for order in orders:
            if order["id"] not in kept:
                continue
            own = {"_order": order["id"]}
            lines += [line | own for line in order.get("items") or []]
            parcels += [parcel | own for parcel in order.get("fulfillments") or []]
            payments = [
                p for c in order.get("payment_collections") or [] for p in c.get("payments") or []
            ]
            refunds += [r | own for p in payments for r in p.get("refunds") or []]
        return {
            "orders": table,
            "order_lines": guard.admit(shapes.ORDER_LINES, lines),
            "refunds": guard.admit(shapes.REFUNDS, refunds),
            "fulfillments": guard.admit(shapes.FULFILLMENTS, parcels),
        }

    def _unsettled(self) -> set[str]:
        settled = ", ".join(f"'{status}'" for status in _SETTLED)
        where = f"not is_deleted and coalesce(payment_status, '') not in ({settled})"
        return {row[0] for row in self._session.known("orders", ["medusa_order_id"], where)}

    def _changed(self, shape: Shape, state: dict[str, Any]) -> Iterator[list[Record]]:
        since = self._session.since(state, self._lookback)
        query = {"updated_at[$gte]": f"{since.isoformat()}Z"} if since else {}
        reached: datetime | None = None
        for page in self._pages(shape.resource, FIELDS[shape.resource], query):
            told = [str(record.get("updated_at"))[:19] for record in page]
            stamps = pc.strptime(told, "%Y-%m-%dT%H:%M:%S", "us", error_is_null=True)
            newest = pc.max(stamps).as_py()
            self._seen.setdefault(shape.resource, set()).update(str(r["id"]) for r in page)
            reached = max((at for at in (reached, newest) if at), default=None)
            yield page
        self._session.advance(state, reached)

    def _gone(self, shape: Shape) -> Batch:
        """Return what was loaded once and is no longer there, as deleted rows."""
        kind, key = shape.resource, shape.key[0]
        alive = {row[0] for row in self._session.known(kind, [key], "not is_deleted")}
        total = int(self._ask(kind, {"fields": "id", "limit": "1"})["count"])
        self._session.guard.counts(kind).server_total = total
        if total == len(alive | self._seen.get(kind, set())):
            return {}
        listed = {str(r["id"]) for page in self._pages(kind, "id", {}) for r in page}
        self._session.refuse_shrinking(kind, len(alive & listed), len(alive))
        rows = self._session.known_rows(
            shape, sorted(alive - listed), is_deleted=True, deleted_at=self._session.as_of
        )
        return {kind: rows}

    def _pages(self, kind: str, fields: str, query: dict[str, Any]) -> Iterator[list[Record]]:
        """Yield pages by id, which grows with time: what is new comes at the end."""
        seen: set[str] = set()
        offset = 0
        while True:
            asked = {"fields": fields, "limit": str(PAGE), "offset": str(offset), "order": "id"}
            page: list[Record] = self._ask(kind, asked | query)[kind]
            fresh = [record for record in page if str(record["id"]) not in seen]
            if page and not fresh:
                raise WrongAnswerError("medusa", f"the {kind} page in a circle")
            seen |= {str(record["id"]) for record in fresh}
            if fresh:
                yield fresh
            if len(page) < PAGE:
                return
            offset += PAGE

    def _ask(self, kind: str, query: dict[str, str | Sequence[str]]) -> Record:
        answer: Record = self._session.transport.json(
            "GET", f"/admin/{kind}", having=kind, params=query, auth=self._auth
        )
        return answer
