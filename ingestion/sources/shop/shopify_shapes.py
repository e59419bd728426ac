"""Shopify's objects as the guard expects them; names are those of the GraphQL Admin API.

Money: the shop's own currency (`shopMoney`) throughout; what the customer saw is told by the
presentment currency. A customer's id is also the login id the shop's site gives to web analytics.
"""

import orjson

from ingestion.guard import derive, scrub
from ingestion.guard.misfits import extra_of
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment, Values
from ingestion.sources.shop import shopify_side_shapes as side

SOURCE = "raw_shopify"
_VAULT = Treatment.VAULT
_INPUT = Treatment.INPUT


def _tags(values: Values) -> str | None:
    return extra_of({"tags": orjson.loads(values["tags"])}) if values["tags"] else None


def _amount(name: str, path: str) -> Field:
    return Field(name, f"{path}.shopMoney.amount", "decimal")


CUSTOMERS = Shape(
    source=SOURCE,
    resource="customers",
    key=("shopify_customer_id",),
    dedup="updated_at",
    subject="subject_key",
    fields=(
        Field("shopify_customer_id", "id", "gid", required=True),
        Field("first_name", "firstName", treatment=_VAULT),
        Field("last_name", "lastName", treatment=_VAULT),
        Field("email", "defaultEmailAddress.emailAddress", treatment=_VAULT),
        Field("phone", "defaultPhoneNumber.phoneNumber", treatment=_VAULT),
        Field("street", "defaultAddress.address1", treatment=_VAULT),
        Field("street_2", "defaultAddress.address2", treatment=_VAULT),
        Field("city", "defaultAddress.city", treatment=_VAULT),
        Field("postal_code", "defaultAddress.zip", treatment=_VAULT),
        Field("address_phone", "defaultAddress.phone", treatment=_VAULT),
        Field("note", "note", treatment=_VAULT),
        Field("tags", "tags", "json", treatment=_INPUT),
        Field("locale", "locale", treatment=_INPUT),
        Field("country", "defaultAddress.countryCodeV2", treatment=_INPUT),
        Field("region_code", "defaultAddress.provinceCode"),
        Field("email_marketing_state", "defaultEmailAddress.marketingState"),
        Field("email_marketing_level", "defaultEmailAddress.marketingOptInLevel"),
        Field("sms_marketing_state", "defaultPhoneNumber.marketingState"),
        Field("sms_marketing_level", "defaultPhoneNumber.marketingOptInLevel"),
        Field("has_data_sale_opt_out", "dataSaleOptOut", "bool"),
        Field("email_marketing_at", "defaultEmailAddress.marketingUpdatedAt", "timestamp"),
        Field("sms_marketing_at", "defaultPhoneNumber.marketingUpdatedAt", "timestamp"),
        Field("created_at", "createdAt", "timestamp"),
        Field("updated_at", "updatedAt", "timestamp"),
    ),
    identifiers=(
        Identifier("subject_key", "shopify_customer_id", ("shopify_customer_id",), required=True),
        Identifier("user_key", "user_id", ("shopify_customer_id",)),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone",), country="country"),
    ),
    derived=(
        Derived(
            "email_domain_class",
            "text",
            lambda v: derive.email_domain_class(v["email_key.normalised"]),
        ),
        Derived("email_domain", "text", lambda v: derive.email_domain(v["email_key.normalised"])),
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        Derived("language_code", "text", lambda v: derive.language_code(v["locale"])),
        Derived("extra", "json", _tags),
        Derived("is_deleted", "bool", lambda _: False),
        Derived("deleted_at", "timestamp", lambda _: None),
    ),
)

ORDERS = Shape(
    source=SOURCE,
    resource="orders",
    key=("shopify_order_id",),
    dedup="updated_at",
    subject="subject_key",
    fields=(
        Field("shopify_order_id", "id", "gid", required=True),
        Field("shopify_customer_id", "customer.id", "gid"),
        Field("email", "email", treatment=_VAULT),
        Field("phone", "phone", treatment=_VAULT),
        Field("note", "note", treatment=_VAULT),
        Field("shipping_name", "shippingAddress.name", treatment=_VAULT),
        Field("shipping_street", "shippingAddress.address1", treatment=_VAULT),
        Field("shipping_street_2", "shippingAddress.address2", treatment=_VAULT),
        Field("shipping_city", "shippingAddress.city", treatment=_VAULT),
        Field("shipping_postal_code", "shippingAddress.zip", treatment=_VAULT),
        Field("shipping_phone", "shippingAddress.phone", treatment=_VAULT),
        Field("billing_name", "billingAddress.name", treatment=_VAULT),
        Field("billing_street", "billingAddress.address1", treatment=_VAULT),
        Field("billing_street_2", "billingAddress.address2", treatment=_VAULT),
        Field("billing_city", "billingAddress.city", treatment=_VAULT),
        Field("billing_postal_code", "billingAddress.zip", treatment=_VAULT),
        Field("billing_phone", "billingAddress.phone", treatment=_VAULT),
        Field("ship_country", "shippingAddress.countryCodeV2", treatment=_INPUT),
        Field("bill_country", "billingAddress.countryCodeV2", treatment=_INPUT),
        Field("landing_page", "customerJourneySummary.lastVisit.landingPage", treatment=_INPUT),
        Field("referrer", "customerJourneySummary.lastVisit.referrerUrl", treatment=_INPUT),
        Field("currency", "currencyCode"),
        Field("presentment_currency", "presentmentCurrencyCode"),
        Field("financial_status", "displayFinancialStatus"),
        Field("fulfillment_status", "displayFulfillmentStatus"),
        Field("sales_channel", "sourceName"),
        Field("utm_source", "customerJourneySummary.lastVisit.utmParameters.source"),
        Field("utm_medium", "customerJourneySummary.lastVisit.utmParameters.medium"),
        Field("utm_campaign", "customerJourneySummary.lastVisit.utmParameters.campaign"),
        _amount("subtotal_amount", "subtotalPriceSet"),
        _amount("discount_amount", "totalDiscountsSet"),
        _amount("shipping_amount", "totalShippingPriceSet"),
        _amount("tax_amount", "totalTaxSet"),
        _amount("total_amount", "totalPriceSet"),
        Field("is_test", "test", "bool"),
        Field("created_at", "createdAt", "timestamp", treatment=_INPUT),
        Field("processed_at", "processedAt", "timestamp", treatment=_INPUT),
        Field("updated_at", "updatedAt", "timestamp"),
        Field("cancelled_at", "cancelledAt", "timestamp"),
    ),
    identifiers=(
        Identifier("order_key", "order_id", ("shopify_order_id",), required=True),
        Identifier("customer_key", "shopify_customer_id", ("shopify_customer_id",)),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone", "shipping_phone"), country="ship_country"),
    ),
    derived=(
        Derived(
            "subject_key",
            "id",
            lambda v: v["customer_key"] or v["email_key"] or v["order_key"],
        ),
        Derived("ordered_at", "timestamp", lambda v: v["processed_at"] or v["created_at"]),
        Derived("landing_path", "text", lambda v: scrub.url(v["landing_page"]).path),
        Derived("referrer_host", "text", lambda v: scrub.url(v["referrer"]).host),
        Derived(
            "country_code",
            "text",
            lambda v: derive.country_code(v["ship_country"] or v["bill_country"]),
        ),
        Derived("is_deleted", "bool", lambda _: False),
        Derived("deleted_at", "timestamp", lambda _: None),
    ),
)

ORDER_LINES = Shape(
    source=SOURCE,
    resource="order_lines",
    key=("order_line_id",),
    fields=(
        Field("order_line_id", "id", "gid", required=True),
        Field("shopify_order_id", "__parentId", "gid", required=True),
        Field("product_id", "product.id", "gid"),
        Field("variant_id", "variant.id", "gid"),
        Field("sku", "sku"),
        Field("product_title", "title"),
        Field("quantity", "quantity", "bigint"),
        _amount("unit_price_amount", "originalUnitPriceSet"),
        _amount("discount_amount", "totalDiscountSet"),
        Field("currency", "originalUnitPriceSet.shopMoney.currencyCode"),
    ),
)

REFUNDS = Shape(
    source=SOURCE,
    resource="refunds",
    key=("refund_id",),
    fields=(
        Field("refund_id", "id", "gid", required=True),
        Field("shopify_order_id", "order", "gid", required=True),
        Field("refunded_at", "createdAt", "timestamp"),
        _amount("amount", "totalRefundedSet"),
        Field("currency", "totalRefundedSet.shopMoney.currencyCode"),
    ),
)

REFUND_LINES = Shape(
    source=SOURCE,
    resource="refund_lines",
    key=("refund_id", "order_line_id"),
    fields=(
        Field("refund_id", "refund", "gid", required=True),
        Field("order_line_id", "line.lineItem.id", "gid", required=True),
        Field("shopify_order_id", "order", "gid", required=True),
        Field("quantity", "line.quantity", "bigint"),
        _amount("amount", "line.subtotalSet"),
    ),
)

FULFILLMENTS = Shape(
    source=SOURCE,
    resource="fulfillments",
    key=("fulfillment_id",),
    fields=(
        Field("fulfillment_id", "id", "gid", required=True),
        Field("shopify_order_id", "order", "gid", required=True),
        Field("status", "displayStatus"),
        Field("created_at", "createdAt", "timestamp"),
        Field("promised_delivery_at", "estimatedDeliveryAt", "timestamp"),
        Field("delivered_at", "deliveredAt", "timestamp"),
    ),
)

PRODUCTS = Shape(
    source=SOURCE,
    resource="products",
    key=("product_id",),
    dedup="updated_at",
    fields=(
        Field("product_id", "id", "gid", required=True),
        Field("title", "title"),
        Field("product_type", "productType"),
        Field("vendor", "vendor"),
        Field("status", "status"),
        Field("updated_at", "updatedAt", "timestamp"),
    ),
)

PRODUCT_VARIANTS = Shape(
    source=SOURCE,
    resource="product_variants",
    key=("variant_id",),
    fields=(
        Field("variant_id", "id", "gid", required=True),
        Field("product_id", "__parentId", "gid", required=True),
        Field("inventory_item_id", "inventoryItem.id", "gid"),
        Field("sku", "sku"),
        Field("price_amount", "price", "decimal"),
    ),
)

INVENTORY_LEVELS = Shape(
    source=SOURCE,
    resource="inventory_levels",
    key=("inventory_item_id", "location_id"),
    dedup="updated_at",
    fields=(
        Field("inventory_item_id", "__parentId", "gid", required=True),
        Field("location_id", "location.id", "gid", required=True),
        Field("variant_id", "variant", "gid"),
        Field("available", "available", "bigint"),
        Field("updated_at", "updatedAt", "timestamp"),
    ),
)

SHAPES = (
    CUSTOMERS,
    ORDERS,
    ORDER_LINES,
    REFUNDS,
    REFUND_LINES,
    FULFILLMENTS,
    PRODUCTS,
    PRODUCT_VARIANTS,
    INVENTORY_LEVELS,
    *side.SHAPES,
)
