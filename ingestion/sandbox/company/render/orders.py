"""Shopify orders with lines, fulfilments and refunds, as they stand at an instant."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import orjson

from ingestion.sandbox.company.catalogue import LOCATIONS, SITE, catalogue
from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.clicks import landing_page
from ingestion.sandbox.company.clock import NEVER, iso
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.ordering import POS, REFUND_ALL, REFUND_LINE
from ingestion.sandbox.company.render.hubspot import latest
from ingestion.sandbox.company.render.naming import Naming, customer_id, order_id
from ingestion.sandbox.company.render.shop import ShopRow, address, gid
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

Money = Callable[[int], dict[str, Any]]
_TIMES = ("ordered_at", "paid_at", "cancel_at", "ship_at", "ship2_at", "deliver_at", "refund_at",
          "touched_at")  # fmt: skip


def order_changes(world: World, now: int) -> Ints:
    """Return when each order last changed, erasure of its customer included."""
    orders, customers = world.orders, world.customers
    columns = [orders[name] for name in _TIMES]
    if len(customers):
        erased = customers["erase_at"][orders["customer"]]
        columns.append(np.where(orders["customer"] >= 0, erased, 0))
    return np.maximum(latest(columns, now), orders["ordered_at"])


def money_bag(rate: float, currency: str) -> Money:
    """Return a function that writes EUR cents as a money bag."""

    def bag(cents: int) -> dict[str, Any]:
        shown = {"amount": f"{cents / 100:.2f}", "currencyCode": "EUR"}
        if currency == "EUR":
            return {"shopMoney": shown, "presentmentMoney": shown}
        paid = {"amount": f"{round(cents * rate) / 100:.2f}", "currencyCode": currency}
        return {"shopMoney": shown, "presentmentMoney": paid}

    return bag


def order_rows(world: World, naming: Naming, rows: Ints, now: int) -> Iterator[ShopRow]:
    """Yield orders (id, created, updated, sort, JSON)."""
    changed = order_changes(world, now)[rows].tolist()
    columns = {name: world.orders[name][rows].tolist() for name in world.orders.columns}
    people = {name: world.people[name].tolist() for name in ("country", "city")}
    erase = world.customers["erase_at"].tolist()
    for at, row in enumerate(rows.tolist()):
        order = {name: column[at] for name, column in columns.items()}
        country = COUNTRIES[order["country"]]
        currency = country.currency if order["is_presentment"] else "EUR"
        bag = money_bag(country.rate, currency)
        customer = order["customer"]
        erased = customer >= 0 and erase[customer] <= now
        number = order_id(row)
        lines = _lines(world, order, number, bag)
        refunds = _refunds(order, number, lines, bag, now)
        refunded = refunds[0]["cents"] if refunds else 0
        for refund in refunds:
            del refund["cents"]
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
            "id": gid("Order", number), "legacyResourceId": str(number), "name": f"#{1001 + row}",
            "number": 1001 + row, "email": email, "phone": phone,
            "createdAt": created, "processedAt": created, "updatedAt": iso(changed[at]),
            "cancelledAt": iso(order["cancel_at"]) if order["cancel_at"] <= now else None,
            "cancelReason": "CUSTOMER" if order["cancel_at"] <= now else None,
            "closedAt": None, "closed": False, "confirmed": True, "test": order["is_test"],
            "currencyCode": "EUR", "presentmentCurrencyCode": currency, "taxesIncluded": True,
            "displayFinancialStatus": _financial(order, refunded, now),
            "displayFulfillmentStatus": _fulfilled(order, now),
            "sourceName": "pos" if is_pos else "web", "customerLocale": country.locale,
            "note": "Leave at the door, please" if row % 40 == 0 and not is_pos else None,
            "tags": [], "customAttributes": [], "discountCodes": ["HIKE10"] * (order["discount"] > 0),
            "customer": ({"id": gid("Customer", customer_id(customer)),
                          "legacyResourceId": str(customer_id(customer))}
                         if customer >= 0 and not erased else None),
            "subtotalPriceSet": bag(order["subtotal"]), "totalDiscountsSet": bag(order["discount"]),
            "totalShippingPriceSet": bag(order["shipping"]), "totalTaxSet": bag(order["tax"]),
            "totalPriceSet": bag(order["total"]), "originalTotalPriceSet": bag(order["total"]),
            "currentTotalPriceSet": bag(order["total"] - refunded),
            "currentSubtotalPriceSet": bag(max(0, order["subtotal"] - refunded)),
            "totalRefundedSet": bag(refunded),
            "totalReceivedSet": bag(order["total"] if order["paid_at"] <= now else 0),
            "billingAddress": ships_to, "shippingAddress": ships_to,
            "retailLocation": ({"id": gid("Location", location[0]), "name": location[1]}
                               if is_pos else None),
            "customerJourneySummary": _journey(order, created),
            "lineItems": lines, "refunds": refunds,
            "fulfillments": _fulfilments(order, number, lines, now),
        }  # fmt: skip
        yield number, order["ordered_at"], changed[at], order["ordered_at"], orjson.dumps(document)


def _financial(order: dict[str, int], refunded: int, now: int) -> str:
    if order["paid_at"] > now:
        return "VOIDED" if order["cancel_at"] <= now else "PENDING"
    if refunded:
        return "REFUNDED" if refunded >= order["total"] else "PARTIALLY_REFUNDED"
    return "PAID"


def _fulfilled(order: dict[str, int], now: int) -> str:
    if order["origin"] == POS:
        return "FULFILLED"
    if order["ship_at"] > now:
        return "UNFULFILLED"
    return "PARTIALLY_FULFILLED" if now < order["ship2_at"] < NEVER else "FULFILLED"


def _lines(world: World, order: dict[str, int], number: int, bag: Money) -> list[dict[str, Any]]:
    products, variants = catalogue()
    lines = world.lines
    found = []
    for row in range(order["first_line"], order["first_line"] + order["lines"]):
        variant = variants[lines["variant"][row]]
        product = products[variant.product]
        quantity, price = int(lines["quantity"][row]), int(lines["price"][row])
        discount = int(lines["discount"][row])
        found.append({
            "id": gid("LineItem", 14_000_000_000_000 + row), "title": product.title,
            "name": f"{product.title} - {variant.title}", "variantTitle": variant.title,
            "sku": variant.sku, "vendor": product.vendor, "quantity": quantity,
            "currentQuantity": quantity, "requiresShipping": True, "taxable": True,
            "isGiftCard": False, "customAttributes": [],
            "product": {"id": gid("Product", product.product_id)},
            "variant": {"id": gid("ProductVariant", variant.variant_id)},
            "originalUnitPriceSet": bag(price), "originalTotalSet": bag(price * quantity),
            "totalDiscountSet": bag(discount),
            "discountedTotalSet": bag(price * quantity - discount),
            "discountedUnitPriceSet": bag(price - discount // quantity),
            "cents": price * quantity - discount,
        })  # fmt: skip
    return found


def _refunds(
    order: dict[str, int], number: int, lines: list[dict[str, Any]], bag: Money, now: int
) -> list[dict[str, Any]]:
    if order["refund_at"] > now:
        return []
    back = lines if order["refund_kind"] == REFUND_ALL else (
        lines[:1] if order["refund_kind"] == REFUND_LINE else [])  # fmt: skip
    cents = refund_cents(order, [line["cents"] for line in back])
    at = iso(order["refund_at"])
    refund_id = 900_000_000_000 + number % 100_000_000_000
    return [{
        "id": gid("Refund", refund_id), "legacyResourceId": str(refund_id), "createdAt": at,
        "processedAt": at, "updatedAt": at, "note": None, "totalRefundedSet": bag(cents),
        "refundLineItems": [
            {"id": gid("RefundLineItem", refund_id * 10 + position), "lineItem": {"id": line["id"]},
             "quantity": line["quantity"], "restockType": "RETURN", "restocked": True,
             "priceSet": line["discountedUnitPriceSet"], "subtotalSet": bag(line["cents"]),
             "totalTaxSet": bag(0)}
            for position, line in enumerate(back)
        ],
        "cents": cents,
    }]  # fmt: skip


def refund_cents(order: dict[str, int], returned: list[int]) -> int:
    """Return what a refund amounts to, given the net amounts of the lines that come back."""
    return sum(returned) if order["refund_kind"] == REFUND_LINE else order["refund_amount"]


def _fulfilments(
    order: dict[str, int], number: int, lines: list[dict[str, Any]], now: int
) -> list[dict[str, Any]]:
    parcels = []
    for position, column in enumerate(("ship_at", "ship2_at")):
        shipped = order[column]
        if shipped > now:
            continue
        delivered = order["deliver_at"]
        arrived = delivered <= now
        fulfilment_id = (number * 10 + position) % 10_000_000_000_000
        parcels.append({
            "id": gid("Fulfillment", fulfilment_id), "legacyResourceId": str(fulfilment_id),
            "name": f"#{number}.{position + 1}", "status": "SUCCESS",
            "displayStatus": "DELIVERED" if arrived else "IN_TRANSIT",
            "createdAt": iso(shipped), "updatedAt": iso(delivered if arrived else shipped),
            "inTransitAt": iso(shipped), "estimatedDeliveryAt": iso(order["promised_at"]),
            "deliveredAt": iso(delivered) if arrived else None,
            "totalQuantity": sum(line["quantity"] for line in lines),
            "trackingInfo": [{"company": "DHL", "number": f"00340{fulfilment_id}", "url": None}],
        })  # fmt: skip
    return parcels


def _journey(order: dict[str, int], at: str) -> dict[str, Any] | None:
    if order["source"] < 0:
        return None
    source = SOURCES[order["source"]]
    utm = None
    if source.campaign:
        utm = {"source": source.utm_source, "medium": source.utm_medium,
               "campaign": source.campaign, "content": None, "term": None}  # fmt: skip
    visit = {"id": gid("CustomerVisit", 1), "landingPage": SITE + landing_page(order["landing"]).path,
             "referrerUrl": source.referrer_url or None, "source": source.referrer_name or "direct",
             "sourceType": None, "occurredAt": at, "utmParameters": utm}  # fmt: skip
    return {"ready": True, "customerOrderIndex": 0, "daysToConversion": 0, "firstVisit": visit,
            "lastVisit": visit, "momentsCount": {"count": 1, "precision": "EXACT"}}  # fmt: skip
