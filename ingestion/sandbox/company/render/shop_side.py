"""Shopify's returns and abandoned checkouts: what comes back, and what was nearly bought.

Both follow from the times that orders and customers already have.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson

from ingestion.sandbox.company.catalogue import catalogue
from ingestion.sandbox.company.clock import DAY, NEVER, iso
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.ordering import REFUND_ALL, REFUND_LINE
from ingestion.sandbox.company.render.naming import customer_id
from ingestion.sandbox.company.render.order_parts import money_bag
from ingestion.sandbox.company.render.shop import ShopRow, gid
from ingestion.sandbox.company.tables import Table
from ingestion.sandbox.company.world import World

_FIRST_CHECKOUT = 33_000_000_000_000
_REASONS = ("SIZE_TOO_SMALL", "SIZE_TOO_LARGE", "UNWANTED", "DEFECTIVE")


def return_requests(orders: Table) -> Ints:
    """Return when each order's return was asked for: between delivery and refund, or never."""
    goods = (orders["refund_kind"] == REFUND_ALL) | (orders["refund_kind"] == REFUND_LINE)
    sent = (orders["ship_at"] < NEVER) & (orders["deliver_at"] < orders["refund_at"])
    comes = goods & sent & (orders["refund_at"] < NEVER) & (orders["cancel_at"] == NEVER)
    asked: Ints = np.where(comes, (orders["deliver_at"] + orders["refund_at"]) // 2, NEVER)
    return asked


def returns(
    order: dict[str, int], asked: int, number: int, lines: list[dict[str, Any]], now: int
) -> list[dict[str, Any]]:
    """Return the return of an order, once asked for; open until the money went back."""
    if asked > now:
        return []
    back = lines if order["refund_kind"] == REFUND_ALL else lines[:1]
    done = order["refund_at"] <= now
    return_id = 700_000_000_000 + number % 100_000_000_000
    return [
        {
            "id": gid("Return", return_id),
            "name": f"#{number}-R1",
            "status": "CLOSED" if done else "OPEN",
            "totalQuantity": sum(line["quantity"] for line in back),
            "createdAt": iso(asked),
            "requestApprovedAt": iso(asked),
            "closedAt": iso(order["refund_at"]) if done else None,
            "returnLineItems": [
                {
                    "id": gid("ReturnLineItem", return_id * 10 + position),
                    "quantity": line["quantity"],
                    "refundedQuantity": line["quantity"] if done else 0,
                    "returnReason": _REASONS[(number + position) % len(_REASONS)],
                    "returnReasonNote": "Too tight, please ring me at +49 30 901820",
                    "customerNote": None,
                    "fulfillmentLineItem": {
                        "id": gid("FulfillmentLineItem", return_id * 10 + position),
                        "lineItem": {"id": line["id"]},
                    },
                }
                for position, line in enumerate(back)
            ],
        }
    ]


def checkout_times(world: World) -> tuple[Ints, Ints]:
    """Return when each customer left a checkout behind, and when they finished it after all."""
    customers = world.customers
    number = np.arange(len(customers))
    left = np.where(number % 6 == 0, customers["created_at"] + (number % 40 + 3) * DAY, NEVER)
    done = np.where(number % 18 == 0, left + DAY, NEVER)
    return left, done


def checkout_id(row: int) -> int:
    """Return the Shopify id of a customer's abandoned checkout."""
    return _FIRST_CHECKOUT + row


def checkout_rows(world: World, rows: Ints, now: int) -> Iterator[ShopRow]:
    """Yield abandoned checkouts (id, created, updated, sort, JSON)."""
    left, done = checkout_times(world)
    products, variants = catalogue()
    bag = money_bag(1.0, "EUR")
    for row in rows.tolist():
        at, finished = int(left[row]), int(done[row]) <= now
        changed = int(done[row]) if finished else at
        number, variant = checkout_id(row), variants[row % len(variants)]
        product, quantity = products[variant.product], row % 3 + 1
        price = variant.price
        document = {
            "id": gid("AbandonedCheckout", number),
            "name": f"#C{number}",
            "createdAt": iso(at),
            "updatedAt": iso(changed),
            "completedAt": iso(changed) if finished else None,
            "abandonedCheckoutUrl": f"https://shop.example/recover?token={number}",
            "note": "",
            "customer": {"id": gid("Customer", customer_id(row))},
            "shippingAddress": None,
            "subtotalPriceSet": bag(price * quantity),
            "totalDiscountSet": bag(0),
            "totalPriceSet": bag(price * quantity),
            "lineItems": [
                {
                    "id": gid("AbandonedCheckoutLineItem", number),
                    "title": product.title,
                    "sku": variant.sku,
                    "quantity": quantity,
                    "product": {"id": gid("Product", product.product_id)},
                    "variant": {"id": gid("ProductVariant", variant.variant_id)},
                    "originalUnitPriceSet": bag(price),
                }
            ],
        }
        yield number, at, changed, at, orjson.dumps(document)
