"""Medusa's objects as the guard expects them; names are those of the Admin API, version 2.

Amounts are decimal numbers in the order's own currency; there is no currency of the shop.
"""

from ingestion.guard import derive
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment

SOURCE = "raw_medusa"
_VAULT, _INPUT = Treatment.VAULT, Treatment.INPUT
_DELETED = (
    Derived("is_deleted", "bool", lambda _: False),
    Derived("deleted_at", "timestamp", lambda _: None),
)
_TIMES = (
    Field("created_at", "created_at", "timestamp"),
    Field("updated_at", "updated_at", "timestamp", required=True),
)

CUSTOMERS = Shape(
    source=SOURCE,
    resource="customers",
    key=("medusa_customer_id",),
    dedup="updated_at",
    subject="subject_key",
    misfit_paths=("metadata",),
    fields=(
        Field("medusa_customer_id", "id", "id", required=True),
        Field("email", "email", treatment=_VAULT),
        Field("first_name", "first_name", treatment=_VAULT),
        Field("last_name", "last_name", treatment=_VAULT),
        Field("phone", "phone", treatment=_VAULT),
        Field("has_account", "has_account", "bool"),
        *_TIMES,
    ),
    identifiers=(
        Identifier("subject_key", "medusa_customer_id", ("medusa_customer_id",), required=True),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone",)),
    ),
    derived=_DELETED,
)

ORDERS = Shape(
    source=SOURCE,
    resource="orders",
    key=("medusa_order_id",),
    dedup="updated_at",
    subject="subject_key",
    fields=(
        Field("medusa_order_id", "id", "id", required=True),
        Field("order_number", "_name", "id", _INPUT, required=True),
        Field("medusa_customer_id", "customer_id", "id"),
        Field("email", "email", treatment=_VAULT),
        Field("name", "shipping_address.last_name", treatment=_VAULT),
        Field("street", "shipping_address.address_1", treatment=_VAULT),
        Field("phone", "shipping_address.phone", treatment=_VAULT),
        Field("country", "shipping_address.country_code", treatment=_INPUT),
        Field("status", "status"),
        Field("payment_status", "payment_status"),
        Field("fulfillment_status", "fulfillment_status"),
        Field("currency", "_currency", required=True, scrubbed=False),
        Field("subtotal_amount", "item_subtotal", "decimal"),
        Field("discount_amount", "discount_total", "decimal"),
        Field("shipping_amount", "shipping_total", "decimal"),
        Field("tax_amount", "tax_total", "decimal"),
        Field("total_amount", "total", "decimal", required=True),
        Field("cancelled_at", "canceled_at", "timestamp"),
        *_TIMES,
    ),
    identifiers=(
        Identifier("order_key", "order_id", ("order_number",), required=True),
        Identifier("customer_key", "medusa_customer_id", ("medusa_customer_id",)),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone",), country="country"),
    ),
    derived=(
        Derived(
            "subject_key", "id", lambda v: v["customer_key"] or v["email_key"] or v["order_key"]
        ),
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        *_DELETED,
    ),
)

ORDER_LINES = Shape(
    source=SOURCE,
    resource="order_lines",
    key=("order_line_id",),
    merge_key="medusa_order_id",
    fields=(
        Field("order_line_id", "id", "id", required=True),
        Field("medusa_order_id", "_order", "id", required=True),
        Field("product_id", "product_id", "id"),
        Field("variant_id", "variant_id", "id"),
        Field("sku", "variant_sku"),
        Field("product_title", "product_title"),
        Field("quantity", "quantity", "bigint"),
        Field("unit_price_amount", "unit_price", "decimal"),
    ),
)

REFUNDS = Shape(
    source=SOURCE,
    resource="refunds",
    key=("refund_id",),
    fields=(
        Field("refund_id", "id", "id", required=True),
        Field("medusa_order_id", "_order", "id", required=True),
        Field("amount", "amount", "decimal", required=True),
        Field("refunded_at", "created_at", "timestamp"),
    ),
)

FULFILLMENTS = Shape(
    source=SOURCE,
    resource="fulfillments",
    key=("fulfillment_id",),
    fields=(
        Field("fulfillment_id", "id", "id", required=True),
        Field("medusa_order_id", "_order", "id", required=True),
        Field("created_at", "created_at", "timestamp"),
        Field("shipped_at", "shipped_at", "timestamp"),
        Field("delivered_at", "delivered_at", "timestamp"),
        Field("cancelled_at", "canceled_at", "timestamp"),
    ),
)

PRODUCTS = Shape(
    source=SOURCE,
    resource="products",
    key=("product_id",),
    dedup="updated_at",
    fields=(
        Field("product_id", "id", "id", required=True),
        Field("title", "title"),
        Field("status", "status"),
        *_TIMES,
    ),
    derived=_DELETED,
)

PRODUCT_VARIANTS = Shape(
    source=SOURCE,
    resource="product_variants",
    key=("variant_id",),
    merge_key="product_id",
    fields=(
        Field("variant_id", "id", "id", required=True),
        Field("product_id", "product_id", "id", required=True),
        Field("title", "title"),
        Field("sku", "sku"),
    ),
)
SHAPES = (CUSTOMERS, ORDERS, ORDER_LINES, REFUNDS, FULFILLMENTS, PRODUCTS, PRODUCT_VARIANTS)
