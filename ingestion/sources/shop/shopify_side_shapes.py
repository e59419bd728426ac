"""Shopify's abandoned checkouts, returns and merges as the guard expects them.

Field names are those of the GraphQL Admin API. The address under which a checkout can be taken up
again is a login by itself and is never asked for; nor is what customers wrote about a return.
"""

from ingestion.guard import derive
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment

SOURCE = "raw_shopify"
_INPUT = Treatment.INPUT


def _amount(name: str, path: str) -> Field:
    return Field(name, f"{path}.shopMoney.amount", "decimal")


ABANDONED_CHECKOUTS = Shape(
    source=SOURCE,
    resource="abandoned_checkouts",
    key=("abandoned_checkout_id",),
    dedup="updated_at",
    fields=(
        Field("abandoned_checkout_id", "id", "gid", required=True),
        Field("shopify_customer_id", "customer.id", "gid"),
        Field("country", "shippingAddress.countryCodeV2", treatment=_INPUT),
        Field("currency", "totalPriceSet.shopMoney.currencyCode"),
        _amount("subtotal_amount", "subtotalPriceSet"),
        _amount("discount_amount", "totalDiscountSet"),
        _amount("total_amount", "totalPriceSet"),
        Field("completed_at", "completedAt", "timestamp"),
        Field("created_at", "createdAt", "timestamp"),
        Field("updated_at", "updatedAt", "timestamp"),
    ),
    identifiers=(Identifier("subject_key", "shopify_customer_id", ("shopify_customer_id",)),),
    derived=(Derived("country_code", "text", lambda v: derive.country_code(v["country"])),),
)

ABANDONED_CHECKOUT_LINES = Shape(
    source=SOURCE,
    resource="abandoned_checkout_lines",
    key=("checkout_line_id",),
    fields=(
        Field("checkout_line_id", "id", "gid", required=True),
        Field("abandoned_checkout_id", "__parentId", "gid", required=True),
        Field("product_id", "product.id", "gid"),
        Field("variant_id", "variant.id", "gid"),
        Field("sku", "sku"),
        Field("product_title", "title"),
        Field("quantity", "quantity", "bigint"),
        _amount("unit_price_amount", "originalUnitPriceSet"),
        Field("currency", "originalUnitPriceSet.shopMoney.currencyCode"),
    ),
)

RETURNS = Shape(
    source=SOURCE,
    resource="returns",
    key=("return_id",),
    fields=(
        Field("return_id", "id", "gid", required=True),
        Field("shopify_order_id", "__parentId", "gid", required=True),
        Field("status", "status"),
        Field("quantity", "totalQuantity", "bigint"),
        Field("requested_at", "createdAt", "timestamp"),
        Field("approved_at", "requestApprovedAt", "timestamp"),
        Field("closed_at", "closedAt", "timestamp"),
    ),
)

RETURN_LINES = Shape(
    source=SOURCE,
    resource="return_lines",
    key=("return_line_id",),
    fields=(
        Field("return_line_id", "id", "gid", required=True),
        Field("return_id", "__parentId", "gid", required=True),
        Field("order_line_id", "fulfillmentLineItem.lineItem.id", "gid"),
        Field("quantity", "quantity", "bigint"),
        Field("refunded_quantity", "refundedQuantity", "bigint"),
        Field("reason", "returnReason"),
    ),
)

CUSTOMER_MERGES = Shape(
    source=SOURCE,
    resource="customer_merges",
    key=("surviving_customer_id", "merged_customer_id"),
    subject="surviving_key",
    fields=(
        Field("surviving_customer_id", "survivor", "id", required=True),
        Field("merged_customer_id", "merged", "id", required=True),
        Field("merged_at", "at", "timestamp"),
    ),
    identifiers=(
        Identifier("surviving_key", "shopify_customer_id", ("surviving_customer_id",)),
        Identifier("merged_key", "shopify_customer_id", ("merged_customer_id",)),
        Identifier("surviving_user_key", "user_id", ("surviving_customer_id",)),
        Identifier("merged_user_key", "user_id", ("merged_customer_id",)),
    ),
)

SHAPES = (ABANDONED_CHECKOUTS, ABANDONED_CHECKOUT_LINES, RETURNS, RETURN_LINES, CUSTOMER_MERGES)
