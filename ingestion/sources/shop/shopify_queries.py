"""The GraphQL that is sent to Shopify, and nothing else.

Bulk queries obey Shopify's rules for bulk operations: at most five connections, two levels deep,
none inside a list (which is why refund lines are read by id afterwards). Marketing states are
read from the address and the number, where Shopify moved them.
"""

API_VERSION = "2026-01"
CHANGED_SINCE = "(query: \"updated_at:>='%sZ'\")"

_MONEY = "{ shopMoney { amount currencyCode } }"

CUSTOMERS = """
{
  customers%(filter)s {
    edges { node {
      id createdAt updatedAt locale firstName lastName note tags dataSaleOptOut
      defaultEmailAddress {
        emailAddress marketingState marketingOptInLevel marketingUpdatedAt
      }
      defaultPhoneNumber {
        phoneNumber marketingState marketingOptInLevel marketingUpdatedAt
      }
      defaultAddress { address1 address2 city zip provinceCode countryCodeV2 phone }
    } }
  }
}
"""

ORDERS = (
    """
{
  orders%(filter)s {
    edges { node {
      id createdAt processedAt updatedAt cancelledAt test email phone note sourceName
      currencyCode presentmentCurrencyCode displayFinancialStatus displayFulfillmentStatus
      customer { id }
      shippingAddress { name address1 address2 city zip phone countryCodeV2 }
      billingAddress { name address1 address2 city zip phone countryCodeV2 }
      customerJourneySummary {
        lastVisit { landingPage referrerUrl utmParameters { source medium campaign } }
      }
      subtotalPriceSet MONEY
      totalDiscountsSet MONEY
      totalShippingPriceSet MONEY
      totalTaxSet MONEY
      totalPriceSet MONEY
      refunds { id createdAt totalRefundedSet MONEY }
      fulfillments { id status displayStatus createdAt estimatedDeliveryAt deliveredAt }
      lineItems {
        edges { node {
          id title sku quantity
          product { id }
          variant { id }
          originalUnitPriceSet MONEY
          totalDiscountSet MONEY
        } }
      }
      %(returns)s
    } }
  }
}
"""
).replace("MONEY", _MONEY)

RETURNS = """
returns {
  edges { node {
    id status totalQuantity createdAt requestApprovedAt closedAt
    returnLineItems { edges { node {
      id quantity refundedQuantity returnReason
      ... on ReturnLineItem { fulfillmentLineItem { lineItem { id } } }
    } } }
  } }
}
"""

ABANDONED_CHECKOUTS = (
    """
{
  abandonedCheckouts%(filter)s {
    edges { node {
      id createdAt updatedAt completedAt
      customer { id }
      shippingAddress { countryCodeV2 }
      subtotalPriceSet MONEY
      totalDiscountSet MONEY
      totalPriceSet MONEY
      lineItems {
        edges { node {
          id title sku quantity
          product { id }
          variant { id }
          originalUnitPriceSet MONEY
        } }
      }
    } }
  }
}
"""
).replace("MONEY", _MONEY)

PRODUCTS = """
{
  products%(filter)s {
    edges { node {
      id title productType vendor status updatedAt
      variants { edges { node { id sku price inventoryItem { id } } } }
    } }
  }
}
"""

INVENTORY = """
{
  inventoryItems {
    edges { node {
      id
      variant { id }
      inventoryLevels { edges { node {
        id updatedAt
        location { id }
        quantities(names: ["available"]) { name quantity }
      } } }
    } }
  }
}
"""

CUSTOMER_IDS = "{ customers { edges { node { id } } } }"
ORDER_IDS = "{ orders { edges { node { id } } } }"
PRODUCT_IDS = "{ products { edges { node { id } } } }"

RUN_BULK = """
mutation RunBulk($query: String!) {
  bulkOperationRunQuery(query: $query) {
    bulkOperation { id status }
    userErrors { field message }
  }
}
"""

BULK_STATE = """
query BulkState($id: ID!) {
  node(id: $id) {
    ... on BulkOperation { id status errorCode objectCount url partialDataUrl }
  }
}
"""

REFUND_LINES = (
    """
query RefundLines($ids: [ID!]!, $first: Int!) {
  nodes(ids: $ids) {
    ... on Refund {
      id
      order { id }
      refundLineItems(first: $first) {
        nodes { quantity lineItem { id } subtotalSet MONEY }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
).replace("MONEY", _MONEY)

MORE_REFUND_LINES = (
    """
query MoreRefundLines($id: ID!, $first: Int!, $after: String) {
  node(id: $id) {
    ... on Refund {
      id
      order { id }
      refundLineItems(first: $first, after: $after) {
        nodes { quantity lineItem { id } subtotalSet MONEY }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
).replace("MONEY", _MONEY)

ORDER_OWNERS = """
query OrderOwners($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Order { id customer { id } }
  }
}
"""

COUNTS = """
query Counts {
  customersCount(limit: null) { count }
  ordersCount(limit: null) { count }
}
"""

SCOPES = "query Scopes { currentAppInstallation { accessScopes { handle } } }"

# Every document as it is sent, for validation against Shopify's published schema.
_SINCE = {"filter": CHANGED_SINCE % "2026-01-01T00:00:00"}
DOCUMENTS = {
    "CUSTOMERS": CUSTOMERS % _SINCE,
    "ORDERS": ORDERS % (_SINCE | {"returns": RETURNS}),
    "ABANDONED_CHECKOUTS": ABANDONED_CHECKOUTS % _SINCE,
    "PRODUCTS": PRODUCTS % _SINCE,
    "INVENTORY": INVENTORY,
    "CUSTOMER_IDS": CUSTOMER_IDS,
    "ORDER_IDS": ORDER_IDS,
    "PRODUCT_IDS": PRODUCT_IDS,
    "RUN_BULK": RUN_BULK,
    "BULK_STATE": BULK_STATE,
    "REFUND_LINES": REFUND_LINES,
    "MORE_REFUND_LINES": MORE_REFUND_LINES,
    "ORDER_OWNERS": ORDER_OWNERS,
    "COUNTS": COUNTS,
    "SCOPES": SCOPES,
}
