"""Shopify products, variants, stock and places in the shape of the GraphQL Admin API."""

from collections.abc import Iterator

import orjson

from ingestion.sandbox.company.catalogue import LOCATIONS, catalogue
from ingestion.sandbox.company.clock import DAY, START, iso
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.render.shop import ShopRow, gid
from ingestion.sandbox.company.world import World

_BORN = START - 400 * DAY


def product_rows() -> Iterator[ShopRow]:
    """Yield products with their variants."""
    products, variants = catalogue()
    for product in products:
        own = [_variant(variants[at].variant_id) for at in product.variants]
        document = {
            "id": gid("Product", product.product_id),
            "legacyResourceId": str(product.product_id),
            "title": product.title,
            "handle": product.handle,
            "productType": product.product_type,
            "vendor": product.vendor,
            "status": "ACTIVE",
            "tags": [product.product_type.lower()],
            "createdAt": iso(_BORN),
            "updatedAt": iso(_BORN),
            "publishedAt": iso(_BORN),
            "variants": own,
            "totalInventory": 0,
        }
        yield product.product_id, _BORN, _BORN, 0, orjson.dumps(document)


def _variant(variant_id: int) -> dict[str, object]:
    products, variants = catalogue()
    position = next(at for at, each in enumerate(variants) if each.variant_id == variant_id)
    variant = variants[position]
    product = products[variant.product]
    return {
        "id": gid("ProductVariant", variant_id),
        "legacyResourceId": str(variant_id),
        "title": variant.title,
        "displayName": f"{product.title} - {variant.title}",
        "sku": variant.sku,
        "price": f"{variant.price / 100:.2f}",
        "compareAtPrice": None,
        "barcode": None,
        "position": product.variants.index(position) + 1,
        "taxable": True,
        "availableForSale": True,
        "inventoryQuantity": 0,
        "inventoryPolicy": "DENY",
        "createdAt": iso(_BORN),
        "updatedAt": iso(_BORN),
        "product": {"id": gid("Product", product.product_id)},
        "inventoryItem": {
            "id": gid("InventoryItem", variant.inventory_item_id),
            "sku": variant.sku,
            "tracked": True,
        },
    }


def variant_rows() -> Iterator[ShopRow]:
    """Yield variants."""
    for variant in catalogue()[1]:
        yield variant.variant_id, _BORN, _BORN, 0, orjson.dumps(_variant(variant.variant_id))


def location_rows() -> Iterator[ShopRow]:
    """Yield places where stock is kept."""
    for number, name in LOCATIONS:
        document = {
            "id": gid("Location", number),
            "legacyResourceId": str(number),
            "name": name,
            "isActive": True,
            "fulfillsOnlineOrders": number == LOCATIONS[0][0],
            "createdAt": iso(_BORN),
            "updatedAt": iso(_BORN),
        }
        yield number, _BORN, _BORN, 0, orjson.dumps(document)


def inventory_rows(world: World, rows: Ints) -> Iterator[ShopRow]:
    """Yield inventory items, each with its level in every place.

    ``rows`` are levels; an item is yielded when one of its levels is among them.
    """
    variants = catalogue()[1]
    shelf = world.inventory
    places = len(LOCATIONS)
    for item in sorted({row // places for row in rows.tolist()}):
        variant = variants[item]
        levels = []
        for place, (location, name) in enumerate(LOCATIONS):
            row = item * places + place
            updated = iso(int(shelf["updated_at"][row]))
            available = int(shelf["available"][row])
            level_id = f"{location}{item:06d}"
            levels.append(
                {
                    "id": f"gid://shopify/InventoryLevel/{level_id}?inventory_item_id="
                    f"{variant.inventory_item_id}",
                    "createdAt": iso(_BORN),
                    "updatedAt": updated,
                    "canDeactivate": True,
                    "location": {"id": gid("Location", location), "name": name},
                    "item": {"id": gid("InventoryItem", variant.inventory_item_id)},
                    "quantities": [
                        {
                            "id": gid("InventoryQuantity", int(level_id)),
                            "name": "available",
                            "quantity": available,
                            "updatedAt": updated,
                        },
                        {
                            "id": gid("InventoryQuantity", int(level_id) + 1),
                            "name": "on_hand",
                            "quantity": available,
                            "updatedAt": updated,
                        },
                    ],
                }
            )
        changed = int(shelf["updated_at"][item * places : (item + 1) * places].max())
        document = {
            "id": gid("InventoryItem", variant.inventory_item_id),
            "sku": variant.sku,
            "legacyResourceId": str(variant.inventory_item_id),
            "tracked": True,
            "createdAt": iso(_BORN),
            "updatedAt": iso(changed),
            "requiresShipping": True,
            "inventoryLevels": levels,
            "variant": {"id": gid("ProductVariant", variant.variant_id)},
        }
        yield variant.inventory_item_id, _BORN, changed, 0, orjson.dumps(document)
