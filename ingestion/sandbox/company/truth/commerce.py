"""Truth about orders: who placed them, what they came to, what was given back when."""

import numpy as np
import pyarrow as pa

from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.clock import NEVER
from ingestion.sandbox.company.ordering import POS, REFUND_LINE
from ingestion.sandbox.company.render.naming import customer_id, order_id
from ingestion.sandbox.company.truth.columns import instants
from ingestion.sandbox.company.world import World

_CHANNEL = np.array([source.channel for source in SOURCES])


def tables(world: World, now: int) -> dict[str, pa.Table]:
    """Return orders; money in EUR cents."""
    orders, lines = world.orders, world.lines
    rows = np.flatnonzero(orders["ordered_at"] <= now)
    first = orders["first_line"][rows]
    first_net = lines["price"][first] * lines["quantity"][first] - lines["discount"][first]
    refund = np.where(
        orders["refund_kind"][rows] == REFUND_LINE, first_net, orders["refund_amount"][rows]
    )
    done = orders["refund_at"][rows] <= now
    source = orders["source"][rows]
    late = (orders["deliver_at"][rows] < NEVER) & (
        orders["deliver_at"][rows] > orders["promised_at"][rows]
    )
    return {
        "orders": pa.table(
            {
                "order_id": [str(order_id(row)) for row in rows.tolist()],
                "person_id": pa.array(orders["person"][rows], mask=orders["person"][rows] < 0),
                "shopify_customer_id": [
                    str(customer_id(row)) if row >= 0 else None
                    for row in orders["customer"][rows].tolist()
                ],
                "ordered_at": instants(orders["ordered_at"][rows]),
                "sales_channel": np.where(orders["origin"][rows] == POS, "pos", "web"),
                "channel": pa.array(np.where(source >= 0, _CHANNEL[source], ""), mask=source < 0),
                "subtotal_cents": orders["subtotal"][rows],
                "discount_cents": orders["discount"][rows],
                "shipping_cents": orders["shipping"][rows],
                "tax_cents": orders["tax"][rows],
                "total_cents": orders["total"][rows],
                "refunded_cents": np.where(done, refund, 0),
                "refunded_at": instants(orders["refund_at"][rows], now),
                "cancelled_at": instants(orders["cancel_at"][rows], now),
                "promised_at": instants(orders["promised_at"][rows]),
                "delivered_at": instants(orders["deliver_at"][rows], now),
                "is_late": late & (orders["deliver_at"][rows] <= now),
                "is_test": orders["is_test"][rows],
            }
        )
    }
