"""Mutations on orders and stock: refund, cancel, edit, adjust."""

from typing import Any

import orjson

from ingestion.sandbox.company.clock import iso
from ingestion.sandbox.servers.shopify.mutating import get, put
from ingestion.sandbox.servers.shopify.plan import Document
from ingestion.sandbox.servers.talk import Call


def _cents(bag: Document) -> int:
    return round(float(bag["shopMoney"]["amount"]) * 100)


def _bag(cents: int, like: Document) -> Document:
    """Return a money bag at the exchange rate of another bag."""
    base = _cents(like)
    shown = float(like["presentmentMoney"]["amount"])
    rate = shown * 100 / base if base else 1.0
    return {
        "shopMoney": {
            "amount": f"{cents / 100:.2f}",
            "currencyCode": like["shopMoney"]["currencyCode"],
        },
        "presentmentMoney": {
            "amount": f"{round(cents * rate) / 100:.2f}",
            "currencyCode": like["presentmentMoney"]["currencyCode"],
        },
    }


def _add_refund(
    call: Call, order: Document, lines: list[Document], cents: int, note: str | None
) -> Document:
    """Append a refund to an order and bring its totals up to date."""
    now = iso(call.state.tick())
    top = call.state.row("select max(id) from shopify_objects where kind = 'refunds'")[0] or 0
    number = max(top, 990_000_000_000) + 1
    refund: Document = {
        "id": f"gid://shopify/Refund/{number}",
        "legacyResourceId": str(number),
        "createdAt": now,
        "processedAt": now,
        "updatedAt": now,
        "note": note,
        "totalRefundedSet": _bag(cents, order["totalPriceSet"]),
        "refundLineItems": lines,
    }
    for position, line in enumerate(lines):
        line["id"] = f"gid://shopify/RefundLineItem/{number * 10 + position}"
    order["refunds"] = [*order["refunds"], refund]
    refunded = _cents(order["totalRefundedSet"]) + cents
    total = _cents(order["totalPriceSet"])
    order |= {
        "totalRefundedSet": _bag(refunded, order["totalPriceSet"]),
        "currentTotalPriceSet": _bag(max(0, total - refunded), order["totalPriceSet"]),
        "displayFinancialStatus": "REFUNDED" if refunded >= total else "PARTIALLY_REFUNDED",
    }
    put(call, "orders", order)
    put(call, "refunds", refund | {"order": {"id": order["id"]}})
    return refund


def refund_create(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Refund lines and shipping of an order."""
    given = arguments["input"]
    order = get(call, "orders", given["orderId"])
    if order is None:
        return {
            "refund": None,
            "order": None,
            "userErrors": [{"field": ["orderId"], "message": "Order does not exist"}],
        }
    known = {line["id"]: line for line in order["lineItems"]}
    cents, lines = 0, []
    for wanted in given.get("refundLineItems") or []:
        line = known.get(wanted["lineItemId"])
        if line is None or wanted["quantity"] > line["quantity"]:
            return {
                "refund": None,
                "order": order,
                "userErrors": [
                    {"field": ["refundLineItems"], "message": "Refund quantity is not valid"}
                ],
            }
        part = _cents(line["discountedTotalSet"]) * wanted["quantity"] // line["quantity"]
        cents += part
        lines.append(
            {
                "lineItem": {"id": line["id"]},
                "quantity": wanted["quantity"],
                "restockType": wanted.get("restockType") or "NO_RESTOCK",
                "restocked": False,
                "priceSet": line["discountedUnitPriceSet"],
                "subtotalSet": _bag(part, order["totalPriceSet"]),
                "totalTaxSet": _bag(0, order["totalPriceSet"]),
            }
        )
    shipping = given.get("shipping") or {}
    if shipping.get("fullRefund"):
        cents += _cents(order["totalShippingPriceSet"])
    elif shipping.get("amount"):
        cents += round(float(shipping["amount"]) * 100)
    refund = _add_refund(call, order, lines, cents, given.get("note"))
    return {"refund": refund, "order": order, "userErrors": []}


def order_cancel(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Cancel an order, with a refund of everything when asked."""
    order = get(call, "orders", arguments["orderId"])
    if order is None or order["cancelledAt"]:
        problem = [
            {"field": ["orderId"], "message": "Order cannot be cancelled", "code": "INVALID"}
        ]
        return {"orderCancelUserErrors": problem, "userErrors": problem}
    order |= {"cancelledAt": iso(call.state.now()), "cancelReason": arguments["reason"]}
    if arguments.get("refund"):
        _add_refund(call, order, [], _cents(order["currentTotalPriceSet"]), None)
    else:
        put(call, "orders", order)
    return {"orderCancelUserErrors": [], "userErrors": []}


def order_update(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Change an order's note, address of contact or tags."""
    given = arguments["input"]
    order = get(call, "orders", given["id"])
    if order is None:
        return {"order": None, "userErrors": [{"field": ["id"], "message": "Order does not exist"}]}
    order |= {name: given[name] for name in ("note", "email", "tags", "phone") if name in given}
    return {"order": put(call, "orders", order), "userErrors": []}


def adjust_stock(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Add to (or take from) levels of stock."""
    for change in arguments["input"]["changes"]:
        item = get(call, "inventoryItems", change["inventoryItemId"])
        levels = (
            []
            if item is None
            else [
                level
                for level in item["inventoryLevels"]
                if level["location"]["id"] == change["locationId"]
            ]
        )
        if item is None or not levels:
            return {
                "userErrors": [{"field": ["input"], "message": "The item is not stocked there"}]
            }
        now = iso(call.state.now())
        for quantity in levels[0]["quantities"]:
            quantity["quantity"] += change["delta"]
            quantity["updatedAt"] = now
        levels[0]["updatedAt"] = now
        put(call, "inventoryItems", item)
    return {"userErrors": []}


def add_order(call: Call, changes: Document) -> Document:
    """Copy the latest order as a new one (for tests); ``changes`` are laid over the copy."""
    raw = call.state.row(
        "select doc from shopify_objects where kind = 'orders' order by id desc limit 1"
    )[0]
    order: Document = orjson.loads(raw)
    number = int(order["legacyResourceId"]) + 32_768
    order |= {
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "name": f"#{number % 1_000_000}",
        "createdAt": iso(call.state.now()),
        "processedAt": iso(call.state.now()),
        "refunds": [],
        "fulfillments": [],
        **changes,
    }
    for position, line in enumerate(order["lineItems"]):
        line["id"] = f"gid://shopify/LineItem/{number * 10 + position}"
    return put(call, "orders", order)
