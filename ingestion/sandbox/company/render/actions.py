"""Matomo's ``actionDetails`` as JSON text, written column by column for a whole day at once."""

from functools import lru_cache

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.company.catalogue import catalogue
from ingestion.sandbox.company.clicks import CART, ORDER, Clicks, page_url, vocabulary
from ingestion.sandbox.company.clock import DAY, START
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.places import SITE
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.world import World

_ICONS = "plugins/Morpheus/images/"


def _inner(fields: dict[str, object]) -> str:
    """Return a JSON object without its braces."""
    return orjson.dumps(fields).decode()[1:-1]


@lru_cache(maxsize=1)
def _heads() -> pa.Array:
    """Return the part of each vocabulary entry that is the same whenever it happens."""
    heads = []
    for number, entry in enumerate(vocabulary()[0]):
        url = page_url(entry.path)
        fields: dict[str, object] = {"type": entry.kind, "url": url}
        if entry.kind == "action":
            fields |= {"pageTitle": entry.title, "title": entry.title, "subtitle": url}
        elif entry.kind == "event":
            fields |= {
                "eventCategory": entry.category,
                "eventAction": entry.action,
                "eventName": entry.name,
                "eventValue": None,
                "title": "Event",
                "subtitle": f'Category: "{entry.category}", Action: "{entry.action}"',
            }
        elif entry.kind == "search":
            fields |= {
                "url": f"{SITE}/search",
                "pageTitle": "Search results",
                "siteSearchKeyword": entry.title,
                "siteSearchCategory": None,
                "siteSearchCount": 1 + number % 17,
                "title": "Site Search",
                "subtitle": entry.title,
            }
        elif entry.kind == "goal":
            fields |= {
                "goalName": entry.name,
                "goalId": entry.goal,
                "revenue": 0,
                "goalPageId": "",
                "title": "Goal",
                "subtitle": entry.name,
            }
        else:
            fields |= {"pageTitle": None, "title": entry.kind.title(), "subtitle": url}
        fields |= {"pageIdAction": number + 1, "icon": None, "iconSVG": f"{_ICONS}{entry.kind}.svg"}
        heads.append(_inner(fields))
    return pa.array(heads)


def landing_head(kind: int, query: str) -> str:
    """Return the head of a page view whose address carries a query string."""
    entry = vocabulary()[0][kind]
    url = f"{page_url(entry.path)}?{query}"
    return _inner(
        {
            "type": "action",
            "url": url,
            "pageTitle": entry.title,
            "title": entry.title,
            "subtitle": url,
            "pageIdAction": kind + 1,
            "icon": None,
            "iconSVG": f"{_ICONS}action.svg",
        }
    )


def cart_head(world: World, order: int, order_id: str | None) -> str:
    """Return the head of an order, or of a left cart when ``order_id`` is none."""
    if order_id is None:
        return _inner(
            {
                "type": "ecommerceAbandonedCart",
                "revenue": 129,
                "items": 1,
                "url": "",
                "itemDetails": [],
                "title": "Abandoned Cart",
                "subtitle": "1 item",
                "icon": "plugins/Morpheus/images/ecommerceAbandonedCart.svg",
            }
        )
    orders, lines = world.orders, world.lines
    products, variants = catalogue()
    items = []
    for line in range(
        orders["first_line"][order], orders["first_line"][order] + orders["lines"][order]
    ):
        variant = variants[lines["variant"][line]]
        items.append(
            {
                "itemSKU": variant.sku,
                "itemName": products[variant.product].title,
                "itemCategory": products[variant.product].product_type,
                "price": int(lines["price"][line]) / 100,
                "quantity": int(lines["quantity"][line]),
            }
        )
    return _inner(
        {
            "type": "ecommerceOrder",
            "orderId": order_id,
            "url": "",
            "revenue": int(orders["total"][order]) / 100,
            "revenueSubTotal": int(orders["subtotal"][order]) / 100,
            "revenueTax": int(orders["tax"][order]) / 100,
            "revenueShipping": int(orders["shipping"][order]) / 100,
            "revenueDiscount": int(orders["discount"][order]) / 100,
            "items": len(items),
            "itemDetails": items,
            "title": "Ecommerce order",
            "subtitle": order_id,
            "icon": "plugins/Morpheus/images/ecommerceOrder.svg",
        }
    )


@lru_cache(maxsize=1)
def clock_words() -> tuple[pa.Array, pa.Array]:
    """Return ``HH:MM:SS`` for every second of a day, and hexadecimal page view tails."""
    seconds = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(DAY)]
    return pa.array(seconds), pa.array([f"{value:04x}" for value in range(65_536)])


@lru_cache(maxsize=1)
def date_words() -> pa.Array:
    """Return ``Sep 29, 2026`` for every day from a year before the history to nine after."""
    days = pa.array([START // DAY - 365 + at for at in range(3_650)], pa.int32()).cast(pa.date32())
    return pc.strftime(days.cast(pa.timestamp("s")), format="%b %d, %Y")


def day_number(local: Ints) -> Ints:
    """Return the position of a local second's date in :func:`date_words`."""
    return local // DAY - (START // DAY - 365)


def action_json(
    clicks: Clicks, visits: Visits, special: dict[int, str], offset: int, page_base: int
) -> pa.Array:
    """Return one JSON object per action.

    ``special`` holds the heads of actions that are not in the vocabulary, by action number;
    ``offset`` is the site's UTC offset, by which Matomo's action ``timestamp`` is off.
    """
    size = len(clicks.visit)
    heads = _heads().take(pa.array(clicks.kind.clip(0)))
    if special:
        where = np.array(sorted(special))
        mask = np.zeros(size, dtype=np.bool_)
        mask[where] = True
        texts = pa.array([special[at] for at in where.tolist()])
        heads = pc.replace_with_mask(heads, pa.array(mask), texts)
    position = _positions(clicks)
    local = clicks.at + offset
    following = clicks.at.copy()
    following[:-1] = clicks.at[1:]
    spent = following - clicks.at
    spent[clicks.first + clicks.count - 1] = 0
    clock, hexes = clock_words()
    page_id = pa.array(page_base + np.arange(size))

    def text(values: Ints) -> pa.Array:
        return pc.cast(pa.array(values), pa.string())

    return pc.binary_join_element_wise(
        "{",
        heads,
        ',"idpageview":"',
        hexes.take(pa.array((clicks.at * 31 + position) & 0xFFFF)),
        '7c","serverTimePretty":"',
        date_words().take(pa.array(day_number(local))),
        " ",
        clock.take(pa.array(local % DAY)),
        '","pageId":',
        pc.cast(page_id, pa.string()),
        ',"timeSpent":',
        text(spent),
        ',"pageviewPosition":',
        text(position + 1),
        ',"timestamp":',
        text(local),
        "}",
        "",
    )


def _positions(clicks: Clicks) -> Ints:
    return np.arange(len(clicks.visit)) - clicks.first[clicks.visit]


def is_special(kind: int) -> bool:
    """Tell whether an action is written individually (a cart or an order)."""
    return kind in (ORDER, CART)
