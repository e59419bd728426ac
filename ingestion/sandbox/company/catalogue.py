"""What the shop sells and what the site consists of: products, variants, places, pages.

Fixed for all seeds and sizes, so that ids can be recognised across companies. Prices in EUR cents.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ingestion.sandbox.company.draws import Ints

LOCATIONS = ((90001, "Warehouse Leipzig"), (90002, "Store Berlin"), (90003, "Store Paris"))

_KINDS = (
    ("Tent", "Camping", 18_900),
    ("Sleeping Bag", "Camping", 11_900),
    ("Stove", "Camping", 6_900),
    ("Backpack", "Packs", 12_900),
    ("Daypack", "Packs", 7_900),
    ("Jacket", "Clothing", 15_900),
    ("Fleece", "Clothing", 7_900),
    ("Trousers", "Clothing", 8_900),
    ("Boots", "Footwear", 16_900),
    ("Trail Shoes", "Footwear", 12_900),
    ("Headlamp", "Gear", 4_900),
    ("Bottle", "Gear", 2_400),
    ("Rope", "Climbing", 13_900),
    ("Helmet", "Climbing", 6_400),
    ("Workwear Set", "Business", 9_900),
)
_LINES = ("Aurora", "Brenner", "Cairn", "Dolomit")
_SIZES = ("S", "M", "L")


@dataclass(frozen=True)
class Product:
    """One product with the positions of its variants."""

    product_id: int
    title: str
    product_type: str
    vendor: str
    handle: str
    price: int
    variants: tuple[int, ...]


@dataclass(frozen=True)
class Variant:
    """One purchasable variant; ``inventory_item_id`` is what stock hangs on."""

    variant_id: int
    product: int
    title: str
    sku: str
    price: int
    inventory_item_id: int


@lru_cache(maxsize=1)
def catalogue() -> tuple[tuple[Product, ...], tuple[Variant, ...]]:
    """Return all products and variants."""
    products: list[Product] = []
    variants: list[Variant] = []
    for kind, (name, product_type, base) in enumerate(_KINDS):
        for line, label in enumerate(_LINES):
            number = len(products)
            price = base + line * base // 5
            sizes = (
                _SIZES if product_type in ("Clothing", "Footwear", "Business") else ("Standard",)
            )
            rows = []
            for size in sizes:
                rows.append(len(variants))
                serial = len(variants)
                sku = f"{name[:3].upper()}-{label[:2].upper()}-{size[:2].upper()}-{serial:03d}"
                variants.append(
                    Variant(
                        46_000_000_000_000 + serial * 32_768,
                        number,
                        size,
                        sku,
                        price,
                        48_000_000_000_000 + serial * 32_768,
                    )
                )
            products.append(
                Product(
                    8_000_000_000_000 + number * 32_768,
                    f"{label} {name}",
                    product_type,
                    ("Nordwind", "Kestrel")[kind % 2],
                    f"{label}-{name}".lower().replace(" ", "-"),
                    price,
                    tuple(rows),
                )
            )
    return tuple(products), tuple(variants)


@lru_cache(maxsize=1)
def variant_columns() -> tuple[Ints, Ints]:
    """Return price (EUR cents) and product number of every variant as arrays."""
    _, variants = catalogue()
    return (
        np.array([variant.price for variant in variants]),
        np.array([variant.product for variant in variants]),
    )


@dataclass(frozen=True)
class Page:
    """One page of the site; ``group`` steers who looks at it."""

    path: str
    title: str
    group: str


_FIXED = (
    Page("/", "Home", "home"),
    Page("/collections/camping", "Camping", "category"),
    Page("/collections/packs", "Packs", "category"),
    Page("/collections/clothing", "Clothing", "category"),
    Page("/collections/footwear", "Footwear", "category"),
    Page("/collections/climbing", "Climbing", "category"),
    Page("/cart", "Your cart", "cart"),
    Page("/checkout", "Checkout", "checkout"),
    Page("/checkout/thank-you", "Thank you", "thanks"),
    Page("/account", "Your account", "account"),
    Page("/account/login", "Log in", "account"),
    Page("/account/register", "Register", "signup"),
    Page("/newsletter/thanks", "Welcome to the newsletter", "signup"),
    Page("/business", "For companies", "business"),
    Page("/business/pricing", "Prices", "business"),
    Page("/business/demo", "Ask for an offer", "business"),
    Page("/business/case-studies", "Case studies", "business"),
    Page("/blog/choosing-a-tent", "Choosing a tent", "blog"),
    Page("/blog/first-via-ferrata", "Your first via ferrata", "blog"),
    Page("/blog/care-for-boots", "How to care for boots", "blog"),
    Page("/blog/packing-light", "Packing light", "blog"),
    Page("/help/returns", "Returns", "help"),
    Page("/help/shipping", "Shipping", "help"),
    Page("/refer-a-friend", "Refer a friend", "advocacy"),
    Page("/stores", "Our stores", "help"),
)


@lru_cache(maxsize=1)
def pages() -> tuple[Page, ...]:
    """Return every page; product pages come last, in the order of the products."""
    products, _ = catalogue()
    shown = tuple(Page(f"/products/{p.handle}", p.title, "product") for p in products)
    return _FIXED + shown


@lru_cache(maxsize=32)
def pages_in(*groups: str) -> Ints:
    """Return the positions of the pages in the given groups."""
    return np.array([at for at, page in enumerate(pages()) if page.group in groups])
