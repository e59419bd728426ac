"""The outlet: a second brand with a WooCommerce shop of its own, and what it sells a day.

As with the franchise stores, only people who have bought from the main shop come here, so that a
first purchase stays a matter of the shop's own records. Money in EUR cents. Order numbers and
customer numbers are small, as WordPress counts; customer 0 is everybody without an account.
"""

from typing import Any

import numpy as np

from ingestion.sandbox.company.accounts import HOUR, address_at
from ingestion.sandbox.company.catalogue import catalogue
from ingestion.sandbox.company.clock import DAY, NEVER, day_start
from ingestion.sandbox.company.draws import generator
from ingestion.sandbox.company.drops.kept import Line, Ref, as_int
from ingestion.sandbox.company.visiting import season
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

FEED = "outlet"
ORDERS_A_DAY = 500
_RATE, _REFUNDED = 0.0012, 0.08


def order_number(day: int, position: int) -> int:
    """Return the number of an order; a day has at most `ORDERS_A_DAY` of them at default size."""
    return 100_000 + day * 100_000 + position * 7


def customer_number(person: int) -> int:
    """Return the number of a person's account."""
    return 2_000 + person * 3


def sell(world: World, seed: int, day: int) -> list[Line]:
    """Return the orders of one day."""
    rng = generator(seed, day, "outlet")
    people, now = world.people, day_start(day)
    regulars = np.flatnonzero(
        (people["arrival"] <= day)
        & (people["erased_at"] > now + DAY)
        & (people["first_order_at"] < now)
    )
    count = int(rng.poisson(len(regulars) * _RATE * season(day))) if len(regulars) else 0
    person = regulars[rng.integers(0, max(1, len(regulars)), count)] if count else regulars[:0]
    at = now + rng.integers(6 * HOUR, 22 * HOUR, count)
    mails = as_int(address_at(world, person, at))
    variants = catalogue()[1]
    made = []
    for position, who in enumerate(as_int(person)):
        goods: list[dict[str, Any]] = []
        for variant in rng.integers(0, len(variants), int(rng.integers(1, 4))).tolist():
            price = variants[variant].price * 6 // 10
            goods.append({"variant": variant, "sku": variants[variant].sku, "price": price})
            goods[-1]["quantity"] = int(rng.integers(1, 3))
        has_account = who % 3 != 0
        refunded = rng.random() < _REFUNDED
        later = int(at[position]) + int(rng.integers(3, 30)) * DAY
        doc: dict[str, Any] = {
            "number": order_number(day, position),
            "customer": customer_number(who) if has_account else 0,
            "role": "subscriber" if who % 11 == 1 else "customer",
            "email": Ref("email", mails[position]),
            "name": Ref("name", who),
            "phone": Ref("phone", int(people["phone"][who])) if rng.random() < 0.5 else None,
            "country": COUNTRIES[int(people["country"][who])].code,
            "goods": goods,
            "shipping": 590,
            "refund_at": later if refunded else NEVER,
        }
        made.append(Line(FEED, FEED, str(doc["number"]), int(at[position]), who, doc))
    return made
