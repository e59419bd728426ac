"""The parts of a Shopify order: states, lines, refunds, parcels, journey, money."""

from collections.abc import Callable
from typing import Any

from ingestion.sandbox.company.catalogue import catalogue
from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.clicks import landing_page
from ingestion.sandbox.company.clock import NEVER, iso
from ingestion.sandbox.company.ordering import POS, REFUND_ALL, REFUND_LINE
from ingestion.sandbox.company.places import SITE
from ingestion.sandbox.company.render.shop import gid
from ingestion.sandbox.company.world import World

Money = Callable[[int], dict[str, Any]]


def money_bag(rate: float, currency: str) -> Money:
    """Return a function that writes EUR cents as a money bag."""

    def bag(cents: int) -> dict[str, Any]:
        shown = {"amount": f"{cents / 100:.2f}", "currencyCode": "EUR"}
        if currency == "EUR":
            return {"shopMoney": shown, "presentmentMoney": shown}
        paid = {"amount": f"{round(cents * rate) / 100:.2f}", "currencyCode": currency}
        return {"shopMoney": shown, "presentmentMoney": paid}

    return bag


def financial(order: dict[str, int], refunded: int, now: int) -> str:
    """Return the financial status."""
    if order["paid_at"] > now:
        return "VOIDED" if order["cancel_at"] <= now else "PENDING"
    if refunded:
        return "REFUNDED" if refunded >= order["total"] else "PARTIALLY_REFUNDED"
    return "PAID"


def fulfilled(order: dict[str, int], now: int) -> str:
    """Return the fulfilment status."""
    if order["origin"] == POS:
        return "FULFILLED"
    if order["ship_at"] > now:
        return "UNFULFILLED"
    return "PARTIALLY_FULFILLED" if now < order["ship2_at"] < NEVER else "FULFILLED"


def lines(world: World, order: dict[str, int], number: int, bag: Money) -> list[dict[str, Any]]:
    """Return the lines; ``cents`` is the net amount, for the caller."""
    products, variants = catalogue()
    lines = world.lines
    found = []
    for row in range(order["first_line"], order["first_line"] + order["lines"]):
        variant = variants[lines["variant"][row]]
        product = products[variant.product]
        quantity, price = int(lines["quantity"][row]), int(lines["price"][row])
        discount = int(lines["discount"][row])
        found.append(
            {
                "id": gid("LineItem", 14_000_000_000_000 + row),
                "title": product.title,
                "name": f"{product.title} - {variant.title}",
                "variantTitle": variant.title,
                "sku": variant.sku,
                "vendor": product.vendor,
                "quantity": quantity,
                "currentQuantity": quantity,
                "requiresShipping": True,
                "taxable": True,
                "isGiftCard": False,
                "customAttributes": [],
                "product": {"id": gid("Product", product.product_id)},
                "variant": {"id": gid("ProductVariant", variant.variant_id)},
                "originalUnitPriceSet": bag(price),
                "originalTotalSet": bag(price * quantity),
                "totalDiscountSet": bag(discount),
                "discountedTotalSet": bag(price * quantity - discount),
                "discountedUnitPriceSet": bag(price - discount // quantity),
                "cents": price * quantity - discount,
            }
        )
    return found


def refunds(
    order: dict[str, int], number: int, lines: list[dict[str, Any]], bag: Money, now: int
) -> list[dict[str, Any]]:
    """Return the refunds by ``now``; ``cents`` is the amount, for the caller."""
    if order["refund_at"] > now:
        return []
    back = (
        lines
        if order["refund_kind"] == REFUND_ALL
        else (lines[:1] if order["refund_kind"] == REFUND_LINE else [])
    )
    cents = refund_cents(order, [line["cents"] for line in back])
    at = iso(order["refund_at"])
    refund_id = 900_000_000_000 + number % 100_000_000_000
    return [
        {
            "id": gid("Refund", refund_id),
            "legacyResourceId": str(refund_id),
            "createdAt": at,
            "processedAt": at,
            "updatedAt": at,
            "note": None,
            "totalRefundedSet": bag(cents),
            "refundLineItems": [
                {
                    "id": gid("RefundLineItem", refund_id * 10 + position),
                    "lineItem": {"id": line["id"]},
                    "quantity": line["quantity"],
                    "restockType": "RETURN",
                    "restocked": True,
                    "priceSet": line["discountedUnitPriceSet"],
                    "subtotalSet": bag(line["cents"]),
                    "totalTaxSet": bag(0),
                }
                for position, line in enumerate(back)
            ],
            "cents": cents,
        }
    ]


def refund_cents(order: dict[str, int], returned: list[int]) -> int:
    """Return what a refund amounts to, given the net amounts of the lines that come back."""
    return sum(returned) if order["refund_kind"] == REFUND_LINE else order["refund_amount"]


def fulfilments(
    order: dict[str, int], number: int, lines: list[dict[str, Any]], now: int
) -> list[dict[str, Any]]:
    """Return the parcels sent by ``now``."""
    parcels = []
    for position, column in enumerate(("ship_at", "ship2_at")):
        shipped = order[column]
        if shipped > now:
            continue
        delivered = order["deliver_at"]
        arrived = delivered <= now
        fulfilment_id = (number * 10 + position) % 10_000_000_000_000
        parcels.append(
            {
                "id": gid("Fulfillment", fulfilment_id),
                "legacyResourceId": str(fulfilment_id),
                "name": f"#{number}.{position + 1}",
                "status": "SUCCESS",
                "displayStatus": "DELIVERED" if arrived else "IN_TRANSIT",
                "createdAt": iso(shipped),
                "updatedAt": iso(delivered if arrived else shipped),
                "inTransitAt": iso(shipped),
                "estimatedDeliveryAt": iso(order["promised_at"]),
                "deliveredAt": iso(delivered) if arrived else None,
                "totalQuantity": sum(line["quantity"] for line in lines),
                "trackingInfo": [
                    {"company": "DHL", "number": f"00340{fulfilment_id}", "url": None}
                ],
            }
        )
    return parcels


def journey(order: dict[str, int], at: str) -> dict[str, Any] | None:
    """Return the visit that led to the order; none for orders without a website."""
    if order["source"] < 0:
        return None
    source = SOURCES[order["source"]]
    utm = None
    if source.campaign:
        utm = {
            "source": source.utm_source,
            "medium": source.utm_medium,
            "campaign": source.campaign,
            "content": None,
            "term": None,
        }
    visit = {
        "id": gid("CustomerVisit", 1),
        "landingPage": SITE + landing_page(order["landing"]).path,
        "referrerUrl": source.referrer_url or None,
        "source": source.referrer_name or "direct",
        "sourceType": None,
        "occurredAt": at,
        "utmParameters": utm,
    }
    return {
        "ready": True,
        "customerOrderIndex": 0,
        "daysToConversion": 0,
        "firstVisit": visit,
        "lastVisit": visit,
        "momentsCount": {"count": 1, "precision": "EXACT"},
    }
