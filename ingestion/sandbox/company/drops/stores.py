"""Sales of the franchise stores: a day at their tills, returns included.

Only people who have bought before come here with a name, so that a first purchase stays a matter
of the shop's own records. Money in cents of the store's currency.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ingestion.sandbox.company.accounts import HOUR, address_at
from ingestion.sandbox.company.catalogue import catalogue
from ingestion.sandbox.company.clock import DAY, NEVER, day_start
from ingestion.sandbox.company.draws import Ints, generator
from ingestion.sandbox.company.drops.kept import Line, Ref, as_int
from ingestion.sandbox.company.render.naming import customer_id
from ingestion.sandbox.company.visiting import season
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

FEED = "pos"
_VISITS_PER_DAY, _PASSERS_BY, _RETURNS = 0.004, 0.6, 0.05
_ASKED, _AGREE = 0.6, 0.65


@dataclass(frozen=True)
class Store:
    """One franchise store."""

    code: str
    country: str
    zone: str
    currency: str
    tax: float


STORES = (
    Store("AMS", "NL", "Europe/Amsterdam", "EUR", 0.21),
    Store("LON", "GB", "Europe/London", "GBP", 0.20),
)


def sell(world: World, seed: int, day: int) -> list[Line]:
    """Return the receipts of one day, and the returns that will come of them."""
    made: list[Line] = []
    for store in STORES:
        made += _store(world, seed, day, store)
    return made


def _store(world: World, seed: int, day: int, store: Store) -> list[Line]:
    rng = generator(seed, day, f"franchise {store.code}")
    people, now = world.people, day_start(day)
    country = next(i for i, each in enumerate(COUNTRIES) if each.code == store.country)
    regulars = np.flatnonzero(
        (people["country"] == country)
        & (people["arrival"] <= day)
        & (people["erased_at"] > now + DAY)
        & (people["first_order_at"] < now)
    )
    known = int(rng.poisson(len(regulars) * _VISITS_PER_DAY * season(day)))
    known = known if len(regulars) else 0
    strangers = int(rng.poisson(_PASSERS_BY * max(1.0, known)))
    person = np.concatenate(
        [
            regulars[rng.integers(0, max(1, len(regulars)), known)],
            np.full(strangers, -1, dtype=np.int64),
        ]
    )
    at = now + rng.integers(9 * HOUR, 17 * HOUR, len(person))
    mails = as_int(address_at(world, np.maximum(person, 0), at)) if len(people) else []
    tells = rng.random((len(person), 3))
    sizes = rng.integers(1, 4, len(person))
    variants = catalogue()[1]
    answers = _answers(world, seed, day, store, person)
    made = []
    for number, who in enumerate(as_int(person)):
        chosen = rng.integers(0, len(variants), int(sizes[number]))
        counts = rng.integers(1, 3, int(sizes[number]))
        cut = rng.random() < 0.15
        goods: list[dict[str, Any]] = [
            {
                "sku": variants[v].sku,
                "quantity": int(n),
                "price": variants[v].price,
                "discount": variants[v].price * int(n) // 10 if cut else 0,
            }
            for v, n in zip(chosen.tolist(), counts.tolist(), strict=True)
        ]
        customer = int(people["customer"][who]) if who >= 0 else -1
        has_card = customer >= 0 and tells[number, 0] < 0.55
        leaves_mail = who >= 0 and not has_card and tells[number, 1] < 0.7
        leaves_phone = who >= 0 and tells[number, 2] < 0.15
        receipt = f"{store.code}-{day:05d}-{number:04d}"
        doc: dict[str, Any] = {
            "type": "sale",
            "receipt": receipt,
            "goods": goods,
            "card": str(customer_id(customer)) if has_card else None,
            "email": Ref("email", mails[number]) if leaves_mail else None,
            "phone": Ref("phone", int(people["phone"][who])) if leaves_phone else None,
            "offers": answers[number] if leaves_mail else None,
            "original": None,
        }
        sold_at = int(at[number])
        made.append(Line(FEED, store.code, receipt, sold_at, who if who >= 0 else None, doc))
        if rng.random() < _RETURNS:
            first = goods[0]
            taken = {**first, "quantity": -first["quantity"], "discount": -first["discount"]}
            own = {"type": "return", "receipt": f"{receipt}-R", "original": receipt, "offers": None}
            back = {**doc, **own, "goods": [taken]}
            later = sold_at + int(rng.integers(2, 40)) * DAY
            person_or_none = who if who >= 0 else None
            made.append(Line(FEED, store.code, f"{receipt}-R", later, person_or_none, back))
    return made


def _answers(world: World, seed: int, day: int, store: Store, person: Ints) -> list[bool | None]:
    """Return what each said to offers by e-mail; None where nobody asked.

    Who will ask to be forgotten is not asked: a franchise store would not hear of it.
    """
    rng = generator(seed, day, f"offers {store.code}")
    stays = world.people["erased_at"][np.maximum(person, 0)] == NEVER
    asked = (rng.random(len(person)) < _ASKED) & stays
    agrees = rng.random(len(person)) < _AGREE
    return [bool(a) if q else None for q, a in zip(asked, agrees, strict=True)]
