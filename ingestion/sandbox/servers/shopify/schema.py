"""The Admin API schema the sandbox answers: a subset of Shopify's own, in ``schema/*.graphql``.

Types, arguments, defaults and deprecations are those of version 2026-01; whole types that no loader
reads are left out, and currencies and countries are shortened to those the company deals in.
"""

from functools import lru_cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07", "2026-10")
# GraphQL type -> kind of document in the store.
KINDS = {
    "Customer": "customers",
    "Order": "orders",
    "Product": "products",
    "ProductVariant": "productVariants",
    "InventoryItem": "inventoryItems",
    "Location": "locations",
    "Refund": "refunds",
    "AbandonedCheckout": "abandonedCheckouts",
}
ROOTS = {kind: name for name, kind in KINDS.items()}


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """Return the parsed schema."""
    folder = Path(__file__).parent / "schema"
    texts = [path.read_text() for path in sorted(folder.glob("*.graphql"))]
    return build_schema("\n".join(texts), assume_valid_sdl=True)
