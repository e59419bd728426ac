"""WooCommerce (REST v3) -> Postgres schema ``raw_woocommerce``.

Grain and key: one row per customer, order, order line and refund (WordPress ids).
Cursor: `date_modified_gmt` of orders. `modified_after` is strict and counts whole seconds, so the
last ``lookback_minutes`` are read again; it is sent with ``Z`` and without ``dates_are_gmt``, since
both together shift by the site's offset. Customers and refunds know no such filter: they are read
whole, customers of all roles.
Deletions: WooCommerce leaves no tombstone, and deleting a refund or a customer does not touch the
order. Customers and refunds missing from their whole lists become ``is_deleted`` rows; orders are
compared by id. Trashed orders are in no list and count as deleted.
Order numbers are small and the same in every shop: as identifiers they carry ``site`` in front.
Known limits: refunds need WooCommerce 9.0; products, coupons and order notes are not read.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.sources import DltResource

from ingestion.guard.shapes import Shape
from ingestion.sources.resources import CONTRACT, Batch, picked, reader
from ingestion.sources.session import Session
from ingestion.sources.shop import woocommerce_shapes as shapes
from ingestion.sources.shop.woocommerce_api import WooCommerce, login
from ingestion.sources.transport import Transport


@dlt.source(  # type: ignore[untyped-decorator]
    name=shapes.SOURCE, section="woocommerce", max_table_nesting=0, schema_contract=CONTRACT
)
def woocommerce(
    base_url: str = dlt.config.value,
    access_token: str = dlt.secrets.value,
    site: str = "woo",
    lookback_minutes: int = 10,
    accept_shrinking: str | None = None,
    as_of: str | None = None,
) -> list[DltResource]:
    """Return WooCommerce's resources; settings under ``[sources.woocommerce]``."""
    session = Session(
        shapes.SOURCE, lambda: Transport("woocommerce", base_url), as_of, accept_shrinking
    )
    load = _Load(session, base_url, access_token, site, timedelta(minutes=lookback_minutes))
    customers = reader("customer_pages", load.customers)
    orders = reader("order_pages", load.orders)
    refunds = reader("refund_pages", load.refunds)
    return [
        customers,
        picked(shapes.CUSTOMERS, customers),
        orders,
        picked(shapes.ORDERS, orders),
        picked(shapes.ORDER_LINES, orders),
        refunds,
        picked(shapes.REFUNDS, refunds),
    ]


class _Load:
    """What one run reads."""

    def __init__(
        self, session: Session, base_url: str, token: str, site: str, lookback: timedelta
    ) -> None:
        self._session = session
        self._base = base_url
        self._token = token
        self._site = site
        self._lookback = lookback

    def customers(self) -> Iterator[Batch]:
        """Read all customers, and find those that are gone."""
        yield from self._whole(shapes.CUSTOMERS, role="all")

    def refunds(self) -> Iterator[Batch]:
        """Read all refunds, and find those that are gone."""
        yield from self._whole(shapes.REFUNDS)

    def orders(self) -> Iterator[Batch]:
        """Read changed orders with their lines, and find those that are gone."""
        state = dlt.current.resource_state()
        with self._session.reading("orders", "order_lines") as guard:
            since = self._session.since(state, self._lookback)
            query = {"modified_after": f"{since.isoformat(timespec='seconds')}Z"} if since else {}
            reached: datetime | None = None
            yield {}
            for page in self._api().all("orders", status="any", **query):
                table = guard.admit(shapes.ORDERS, [self._named(order) for order in page])
                known = set(table["woocommerce_order_id"].to_pylist())
                lines = [line for order in page for line in _lines(order, known)]
                newest = pc.max(table["updated_at"]).as_py() if table.num_rows else None
                reached = max((at for at in (reached, newest) if at), default=None)
                yield {"orders": table, "order_lines": guard.admit(shapes.ORDER_LINES, lines)}
            yield self._gone(shapes.ORDERS, self._api().ids("orders", status="any"))
            self._session.advance(state, reached)

    def _whole(self, shape: Shape, **query: str) -> Iterator[Batch]:
        with self._session.reading(shape.resource) as guard:
            listed: set[str] = set()
            yield {}
            for page in self._api().all(shape.resource, **query):
                listed |= {str(record.get("id")) for record in page if isinstance(record, dict)}
                yield {shape.resource: guard.admit(shape, page)}
            yield self._gone(shape, listed)

    def _gone(self, shape: Shape, listed: set[str]) -> dict[str, pa.Table]:
        """Return what was loaded once and is no longer in the shop, as deleted rows."""
        rows = self._session.known(shape.resource, [shape.key[0]], "not is_deleted")
        alive = {row[0] for row in rows}
        self._session.guard.counts(shape.resource).server_total = len(listed)
        self._session.refuse_shrinking(shape.resource, len(alive & listed), len(alive))
        gone = self._session.known_rows(
            shape, sorted(alive - listed), is_deleted=True, deleted_at=self._session.as_of
        )
        return {shape.resource: gone}

    def _named(self, order: Any) -> Any:
        """Return an order with the number it is known by outside the shop, and its account."""
        if not isinstance(order, dict):
            return order
        account = order.get("customer_id")
        return order | {
            "_name": f"{self._site}-{order.get('number')}",
            "_account": account or None,
        }

    def _api(self) -> WooCommerce:
        return WooCommerce(self._session, login(self._base, self._token))


def _lines(order: Any, known: set[str]) -> list[Any]:
    if not isinstance(order, dict) or str(order.get("id")) not in known:
        return []
    found = order.get("line_items")
    lines = found if isinstance(found, list) else []
    return [li | {"_order": order["id"]} if isinstance(li, dict) else li for li in lines]
