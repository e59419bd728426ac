"""WooCommerce's objects as the guard expects them; names are those of the REST API, version 3.

Times: only the ``_gmt`` ones; the others are the site's clock without saying so. Line totals are
without tax, an order's total with it. Customer 0 is everybody without an account.
"""

from ingestion.guard import derive
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment, Values

SOURCE = "raw_woocommerce"
_VAULT, _INPUT = Treatment.VAULT, Treatment.INPUT
_DELETED = (
    Derived("is_deleted", "bool", lambda _: False),
    Derived("deleted_at", "timestamp", lambda _: None),
)


def _account(values: Values) -> str | None:
    number = values["customer_number"]
    return None if number in (None, "0") else str(number)


CUSTOMERS = Shape(
    source=SOURCE,
    resource="customers",
    key=("woocommerce_customer_id",),
    dedup="updated_at",
    subject="subject_key",
    fields=(
        Field("woocommerce_customer_id", "id", "id", required=True),
        Field("email", "email", treatment=_VAULT),
        Field("first_name", "first_name", treatment=_VAULT),
        Field("last_name", "last_name", treatment=_VAULT),
        Field("phone", "billing.phone", treatment=_VAULT),
        Field("country", "billing.country", treatment=_INPUT),
        Field("role", "role"),
        Field("created_at", "date_created_gmt", "timestamp"),
        Field("updated_at", "date_modified_gmt", "timestamp"),
    ),
    identifiers=(
        Identifier(
            "subject_key", "woocommerce_customer_id", ("woocommerce_customer_id",), required=True
        ),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone",), country="country"),
    ),
    derived=(
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        *_DELETED,
    ),
)

ORDERS = Shape(
    source=SOURCE,
    resource="orders",
    key=("woocommerce_order_id",),
    dedup="updated_at",
    subject="subject_key",
    fields=(
        Field("woocommerce_order_id", "id", "id", required=True),
        Field("order_number", "_name", "id", _INPUT, required=True),
        Field("customer_number", "customer_id", "id", _INPUT),
        Field("account", "_account", "id", _INPUT),
        Field("email", "billing.email", treatment=_VAULT),
        Field("first_name", "billing.first_name", treatment=_VAULT),
        Field("last_name", "billing.last_name", treatment=_VAULT),
        Field("phone", "billing.phone", treatment=_VAULT),
        Field("street", "billing.address_1", treatment=_VAULT),
        Field("note", "customer_note", treatment=_VAULT),
        Field("country", "billing.country", treatment=_INPUT),
        Field("status", "status"),
        Field("currency", "currency", required=True, scrubbed=False),
        Field("discount_amount", "discount_total", "decimal"),
        Field("shipping_amount", "shipping_total", "decimal"),
        Field("shipping_tax", "shipping_tax", "decimal", _INPUT),
        Field("tax_amount", "total_tax", "decimal"),
        Field("total_amount", "total", "decimal", required=True),
        Field("ordered_at", "date_created_gmt", "timestamp"),
        Field("updated_at", "date_modified_gmt", "timestamp", required=True),
    ),
    identifiers=(
        Identifier("order_key", "order_id", ("order_number",), required=True),
        Identifier("customer_key", "woocommerce_customer_id", ("account",)),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone",), country="country"),
    ),
    derived=(
        Derived("woocommerce_customer_id", "id", _account),
        Derived(
            "subject_key", "id", lambda v: v["customer_key"] or v["email_key"] or v["order_key"]
        ),
        Derived(
            "subtotal_amount",
            "decimal",
            lambda v: v["total_amount"] - (v["shipping_amount"] or 0) - (v["shipping_tax"] or 0),
        ),
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        *_DELETED,
    ),
)

ORDER_LINES = Shape(
    source=SOURCE,
    resource="order_lines",
    key=("order_line_id",),
    merge_key="woocommerce_order_id",
    fields=(
        Field("order_line_id", "id", "id", required=True),
        Field("woocommerce_order_id", "_order", "id", required=True),
        Field("product_id", "product_id", "id"),
        Field("sku", "sku"),
        Field("product_title", "name"),
        Field("quantity", "quantity", "bigint"),
        Field("subtotal_amount", "subtotal", "decimal"),
        Field("total_amount", "total", "decimal"),
        Field("tax_amount", "total_tax", "decimal"),
    ),
)

REFUNDS = Shape(
    source=SOURCE,
    resource="refunds",
    key=("refund_id",),
    fields=(
        Field("refund_id", "id", "id", required=True),
        Field("woocommerce_order_id", "parent_id", "id", required=True),
        Field("amount", "amount", "decimal", required=True),
        Field("refunded_at", "date_created_gmt", "timestamp"),
    ),
    derived=_DELETED,
)
SHAPES = (CUSTOMERS, ORDERS, ORDER_LINES, REFUNDS)
