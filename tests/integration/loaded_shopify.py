"""Compares what was loaded from Shopify with the server's own state, record by record."""

from typing import Any

from ingestion.guard import normalise
from ingestion.guard.values import to_decimal, to_gid, to_timestamp
from tests.integration.sandbox_company import Company, by, keyer, rows


def assert_same(company: Company) -> None:
    """Compare customers, orders with everything below them, and stock."""
    _customers(company)
    orders = company.documents("shopify", "orders")
    _orders(orders)
    _below_orders(list(orders.values()))
    _returns(list(orders.values()))
    _abandoned(company)


def _customers(company: Company) -> None:
    truth = company.documents("shopify", "customers")
    loaded = by("shopify_customer_id", rows("raw_shopify.customers", "not is_deleted"))
    assert loaded.keys() == truth.keys()
    keys = keyer()
    for number, told in truth.items():
        row = loaded[number]
        email, phone = told["defaultEmailAddress"] or {}, told["defaultPhoneNumber"] or {}
        address = normalise.email(email["emailAddress"]) if email.get("emailAddress") else None
        expected = {
            "subject_key": keys.key("shopify_customer_id", number),
            "user_key": keys.key("user_id", number),
            "email_key": keys.key("email", address),
            "email_marketing_state": email.get("marketingState"),
            "email_marketing_level": email.get("marketingOptInLevel"),
            "email_marketing_at": to_timestamp(email.get("marketingUpdatedAt")),
            "sms_marketing_state": phone.get("marketingState"),
            "sms_marketing_at": to_timestamp(phone.get("marketingUpdatedAt")),
            "created_at": to_timestamp(told["createdAt"]),
            "updated_at": to_timestamp(told["updatedAt"]),
        }
        assert {name: row[name] for name in expected} == expected


def _shop(bag: dict[str, Any]) -> Any:
    return to_decimal(bag["shopMoney"]["amount"])


def _orders(truth: dict[str, dict[str, Any]]) -> None:
    loaded = by("shopify_order_id", rows("raw_shopify.orders", "not is_deleted"))
    assert loaded.keys() == truth.keys()
    keys = keyer()
    for number, told in truth.items():
        row = loaded[number]
        address = normalise.email(told["email"]) if told["email"] else None
        customer = to_gid(told["customer"]["id"]) if told["customer"] else None
        expected = {
            "order_key": keys.key("order_id", number),
            "email_key": keys.key("email", address),
            "shopify_customer_id": customer,
            "total_amount": _shop(told["totalPriceSet"]),
            "subtotal_amount": _shop(told["subtotalPriceSet"]),
            "tax_amount": _shop(told["totalTaxSet"]),
            "currency": "EUR",
            "presentment_currency": told["presentmentCurrencyCode"],
            "financial_status": told["displayFinancialStatus"],
            "fulfillment_status": told["displayFulfillmentStatus"],
            "sales_channel": told["sourceName"],
            "is_test": told["test"],
            "ordered_at": to_timestamp(told["processedAt"]),
            "updated_at": to_timestamp(told["updatedAt"]),
            "cancelled_at": to_timestamp(told["cancelledAt"]),
        }
        assert {name: row[name] for name in expected} == expected


def _below_orders(orders: list[dict[str, Any]]) -> None:
    lines = {
        (to_gid(line["id"]), to_gid(order["id"]), line["sku"], line["quantity"],
         _shop(line["originalUnitPriceSet"]), _shop(line["totalDiscountSet"]))
        for order in orders for line in order["lineItems"]
    }  # fmt: skip
    assert lines == {
        (r["order_line_id"], r["shopify_order_id"], r["sku"], r["quantity"],
         r["unit_price_amount"], r["discount_amount"])
        for r in rows("raw_shopify.order_lines")
    }  # fmt: skip
    refunds = {
        (to_gid(refund["id"]), to_gid(order["id"]), to_timestamp(refund["createdAt"]),
         _shop(refund["totalRefundedSet"]))
        for order in orders for refund in order["refunds"]
    }  # fmt: skip
    assert refunds == {
        (r["refund_id"], r["shopify_order_id"], r["refunded_at"], r["amount"])
        for r in rows("raw_shopify.refunds")
    }
    back = {
        (to_gid(refund["id"]), to_gid(line["lineItem"]["id"]), line["quantity"],
         _shop(line["subtotalSet"]))
        for order in orders for refund in order["refunds"] for line in refund["refundLineItems"]
    }  # fmt: skip
    assert back == {
        (r["refund_id"], r["order_line_id"], r["quantity"], r["amount"])
        for r in rows("raw_shopify.refund_lines")
    }
    parcels = {
        (to_gid(p["id"]), to_gid(order["id"]), to_timestamp(p["createdAt"]),
         to_timestamp(p["estimatedDeliveryAt"]), to_timestamp(p["deliveredAt"]))
        for order in orders for p in order["fulfillments"]
    }  # fmt: skip
    assert parcels == {
        (r["fulfillment_id"], r["shopify_order_id"], r["created_at"], r["promised_delivery_at"],
         r["delivered_at"])
        for r in rows("raw_shopify.fulfillments")
    }  # fmt: skip


def _returns(orders: list[dict[str, Any]]) -> None:
    told = [(order, back) for order in orders for back in order["returns"]]
    assert {
        (to_gid(back["id"]), to_gid(order["id"]), back["status"], back["totalQuantity"],
         to_timestamp(back["createdAt"]), to_timestamp(back["closedAt"]))
        for order, back in told
    } == {
        (r["return_id"], r["shopify_order_id"], r["status"], r["quantity"], r["requested_at"],
         r["closed_at"])
        for r in rows("raw_shopify.returns")
    }  # fmt: skip
    lines = rows("raw_shopify.return_lines")
    assert {
        (to_gid(line["id"]), to_gid(line["fulfillmentLineItem"]["lineItem"]["id"]),
         line["quantity"], line["refundedQuantity"], line["returnReason"])
        for _, back in told for line in back["returnLineItems"]
    } == {
        (r["return_line_id"], r["order_line_id"], r["quantity"], r["refunded_quantity"],
         r["reason"])
        for r in lines
    }  # fmt: skip
    assert "ring me" not in repr(lines)


def _abandoned(company: Company) -> None:
    truth = company.documents("shopify", "abandonedCheckouts")
    loaded = by("abandoned_checkout_id", rows("raw_shopify.abandoned_checkouts"))
    assert truth
    assert {
        to_gid(told["id"]): (to_timestamp(told["completedAt"]), _shop(told["totalPriceSet"]),
                             to_gid(told["customer"]["id"]))
        for told in truth.values()
    } == {
        number: (row["completed_at"], row["total_amount"], row["shopify_customer_id"])
        for number, row in loaded.items() if number in truth
    }  # fmt: skip
    lines = rows("raw_shopify.abandoned_checkout_lines")
    assert {line["abandoned_checkout_id"] for line in lines} == loaded.keys()
    assert "recover?token" not in repr(list(loaded.values()))
