"""Shopify orders with lines, fulfilments and refunds, as they stand at an instant."""

from collections.abc import Iterator

import numpy as np
import orjson

from ingestion.sandbox.company.catalogue import LOCATIONS
from ingestion.sandbox.company.clock import iso
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.ordering import POS
from ingestion.sandbox.company.render import order_parts, shop_side
from ingestion.sandbox.company.render.hubspot import latest
from ingestion.sandbox.company.render.naming import Naming, customer_id, order_id
from ingestion.sandbox.company.render.shop import ShopRow, address, gid
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

_TIMES = (
    "ordered_at",
    "paid_at",
    "cancel_at",
    "ship_at",
    "ship2_at",
    "deliver_at",
    "refund_at",
    "touched_at",
)


def order_changes(world: World, now: int) -> Ints:
    """Return when each order last changed, erasure of its customer included."""
    orders, customers = world.orders, world.customers
    columns = [orders[name] for name in _TIMES] + [shop_side.return_requests(orders)]
    if len(customers):
        erased = customers["erase_at"][orders["customer"]]
        columns.append(np.where(orders["customer"] >= 0, erased, 0))
    return np.maximum(latest(columns, now), orders["ordered_at"])


def order_rows(
    world: World, naming: Naming, rows: Ints, now: int, refund_rows: list[ShopRow]
) -> Iterator[ShopRow]:
    """Yield orders (id, created, updated, sort, JSON); their refunds go to ``refund_rows``."""
    changed = order_changes(world, now)[rows].tolist()
    asked = shop_side.return_requests(world.orders)[rows].tolist()
    columns = {name: world.orders[name][rows].tolist() for name in world.orders.columns}
    people = {name: world.people[name].tolist() for name in ("country", "city")}
    erase = world.customers["erase_at"].tolist()
    for at, row in enumerate(rows.tolist()):
        order = {name: column[at] for name, column in columns.items()}
        country = COUNTRIES[order["country"]]
        currency = country.currency if order["is_presentment"] else "EUR"
        bag = order_parts.money_bag(country.rate, currency)
        customer = order["customer"]
        erased = customer >= 0 and erase[customer] <= now
        number = order_id(row)
        lines = order_parts.lines(world, order, number, bag)
        refunds = order_parts.refunds(order, number, lines, bag, now)
        refunded = refunds[0]["cents"] if refunds else 0
        for refund in refunds:
            del refund["cents"]
            refund_rows.append(
                (
                    int(refund["legacyResourceId"]),
                    order["refund_at"],
                    order["refund_at"],
                    0,
                    orjson.dumps(refund | {"order": {"id": gid("Order", number)}}),
                )
            )
        for line in lines:
            del line["cents"]
        email = None if erased else naming.email(order["email"], order["email_form"])
        phone = None if erased else naming.phone(order["phone"])
        is_pos = order["origin"] == POS
        ships_to = None
        if order["person"] >= 0 and not is_pos and not erased:
            ships_to = address(people, naming, order["person"], phone)
        created = iso(order["ordered_at"])
        location = LOCATIONS[order["location"]]
        document = {
            "id": gid("Order", number),
            "legacyResourceId": str(number),
            "name": f"#{1001 + row}",
            "number": 1001 + row,
            "email": email,
            "phone": phone,
            "createdAt": created,
            "processedAt": created,
            "updatedAt": iso(changed[at]),
            "cancelledAt": iso(order["cancel_at"]) if order["cancel_at"] <= now else None,
            "cancelReason": "CUSTOMER" if order["cancel_at"] <= now else None,
            "closedAt": None,
            "closed": False,
            "confirmed": True,
            "test": order["is_test"],
            "currencyCode": "EUR",
            "presentmentCurrencyCode": currency,
            "taxesIncluded": True,
            "displayFinancialStatus": order_parts.financial(order, refunded, now),
            "displayFulfillmentStatus": order_parts.fulfilled(order, now),
            "sourceName": "pos" if is_pos else "web",
            "customerLocale": country.locale,
            "note": "Leave at the door, please" if row % 40 == 0 and not is_pos else None,
            "tags": [],
            "customAttributes": [],
            "discountCodes": ["HIKE10"] * (order["discount"] > 0),
            "customer": (
                {
                    "id": gid("Customer", customer_id(customer)),
                    "legacyResourceId": str(customer_id(customer)),
                }
                if customer >= 0 and not erased
                else None
            ),
            "subtotalPriceSet": bag(order["subtotal"]),
            "totalDiscountsSet": bag(order["discount"]),
            "totalShippingPriceSet": bag(order["shipping"]),
            "totalTaxSet": bag(order["tax"]),
            "totalPriceSet": bag(order["total"]),
            "originalTotalPriceSet": bag(order["total"]),
            "currentTotalPriceSet": bag(order["total"] - refunded),
            "currentSubtotalPriceSet": bag(max(0, order["subtotal"] - refunded)),
            "totalRefundedSet": bag(refunded),
            "totalReceivedSet": bag(order["total"] if order["paid_at"] <= now else 0),
            "billingAddress": ships_to,
            "shippingAddress": ships_to,
            "retailLocation": (
                {"id": gid("Location", location[0]), "name": location[1]} if is_pos else None
            ),
            "customerJourneySummary": order_parts.journey(order, created),
            "lineItems": lines,
            "refunds": refunds,
            "returns": shop_side.returns(order, asked[at], number, lines, now),
            "fulfillments": order_parts.fulfilments(order, number, lines, now),
        }
        yield number, order["ordered_at"], changed[at], order["ordered_at"], orjson.dumps(document)
