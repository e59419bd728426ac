"""Orders: what is bought, what it costs, and what will happen to it afterwards.

Money is in EUR cents, the shop's currency. Payment, shipping, delivery, cancellation and refund are
drawn with the order and become visible when their time comes.
"""

import numpy as np

from ingestion.sandbox.company.catalogue import variant_columns
from ingestion.sandbox.company.clock import DAY, NEVER
from ingestion.sandbox.company.draws import Bools, Ints, pick
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

HOUR = 3_600
WEB, POS, PHONE_ORDER = range(3)
REFUND_ALL, REFUND_LINE, REFUND_AMOUNT = 1, 2, 3
_TAX = np.array([country.tax for country in COUNTRIES])
_FOREIGN = np.array([country.currency != "EUR" for country in COUNTRIES])


def place_orders(
    world: World,
    rng: np.random.Generator,
    *,
    person: Ints,
    customer: Ints,
    email: Ints,
    email_form: Ints,
    phone: Ints,
    at: Ints,
    origin: Ints,
    country: Ints,
    source: Ints,
    landing: Ints,
    location: Ints,
) -> Ints:
    """Append one order per entry with its lines; returns the new rows."""
    count = len(person)
    sizes = pick(rng, [0.56, 0.26, 0.12, 0.06], count) + 1
    first_line = len(world.lines) + np.cumsum(sizes) - sizes
    order_of = np.repeat(len(world.orders) + np.arange(count), sizes)
    gross, rebate = _add_lines(world, rng, order_of)
    at_order = order_of - len(world.orders)
    subtotal = np.bincount(at_order, weights=gross - rebate, minlength=count).astype(np.int64)
    discount = np.bincount(at_order, weights=rebate, minlength=count).astype(np.int64)
    is_web = origin != POS
    shipping = np.where(is_web & (subtotal < 10_000), 495, 0)
    total = subtotal + shipping
    tax = np.rint(total * (_TAX / (1 + _TAX))[country]).astype(np.int64)
    fate = _fate(rng, at, is_web, sizes, subtotal, total)
    world.orders.append(
        count,
        person=person,
        customer=customer,
        email=email,
        email_form=email_form,
        phone=phone,
        ordered_at=at,
        origin=origin,
        country=country,
        is_presentment=_FOREIGN[country] & (rng.random(count) < 0.75) & is_web,
        source=source,
        landing=landing,
        first_line=first_line,
        lines=sizes,
        subtotal=subtotal,
        discount=discount,
        shipping=shipping,
        tax=tax,
        total=total,
        is_test=rng.random(count) < 0.004,
        location=location,
        **fate,
    )
    rows = np.arange(len(world.orders) - count, len(world.orders))
    known = person >= 0
    np.add.at(world.people["orders"], person[known], 1)
    np.minimum.at(world.people["first_order_at"], person[known], at[known])
    return rows


def _add_lines(world: World, rng: np.random.Generator, order_of: Ints) -> tuple[Ints, Ints]:
    prices, _ = variant_columns()
    count = len(order_of)
    variant = (rng.random(count) ** 1.4 * len(prices)).astype(np.int64)
    quantity = pick(rng, [0.82, 0.13, 0.05], count) + 1
    gross = prices[variant] * quantity
    has_code = (rng.random(int(order_of[-1]) + 1 if count else 1) < 0.2)[order_of]
    rebate = np.where(has_code, gross // 10, 0)
    world.lines.append(
        count,
        order=order_of,
        variant=variant,
        quantity=quantity,
        price=prices[variant],
        discount=rebate,
    )
    return gross, rebate


def _fate(
    rng: np.random.Generator, at: Ints, is_web: Bools, sizes: Ints, subtotal: Ints, total: Ints
) -> dict[str, Ints]:
    """Draw payment, shipping, delivery, cancellation and refund of each order."""
    count = len(at)
    slow = rng.random(count) < 0.06
    paid_at = np.where(slow & is_web, at + rng.integers(DAY, 3 * DAY, count), at)
    cancels = (rng.random(count) < 0.02) & is_web
    cancel_at = np.where(cancels, at + rng.integers(HOUR, 20 * HOUR, count), NEVER)
    ships = is_web & ~cancels
    ship_at = paid_at + rng.integers(22 * HOUR, 60 * HOUR, count)
    promised_at = (at // DAY + 5) * DAY + 18 * HOUR
    transit = rng.integers(20 * HOUR, 60 * HOUR, count)
    late = rng.random(count) < 0.12
    deliver_at = ship_at + transit + np.where(late, rng.integers(3 * DAY, 9 * DAY, count), 0)
    lost = rng.random(count) < 0.004
    splits = ships & (sizes > 1) & (rng.random(count) < 0.16)
    ship2_at = np.where(splits, ship_at + rng.integers(DAY, 4 * DAY, count), NEVER)
    deliver_at = np.where(splits, np.maximum(deliver_at, ship2_at + DAY), deliver_at)
    has_refund = rng.random(count) < np.where(is_web, 0.1, 0.04)
    kind = np.where(has_refund, pick(rng, [0.45, 0.4, 0.15], count) + 1, 0)
    base = np.where(is_web, deliver_at, at)
    refund_at = base + (rng.gamma(1.6, 9, count) * DAY).astype(np.int64) + 3 * HOUR
    kind = np.where(cancels, REFUND_ALL, kind)
    refund_at = np.where(cancels, cancel_at, refund_at)
    amount = np.where(kind == REFUND_ALL, total, np.where(kind == REFUND_AMOUNT, subtotal // 10, 0))
    return {
        "paid_at": paid_at,
        "cancel_at": cancel_at,
        "ship_at": np.where(ships, ship_at, NEVER),
        "ship2_at": ship2_at,
        "promised_at": np.where(ships, promised_at, NEVER),
        "deliver_at": np.where(ships & ~lost, deliver_at, NEVER),
        "refund_at": np.where(kind > 0, refund_at, NEVER),
        "refund_kind": kind,
        "refund_amount": amount,
        "touched_at": np.where(
            rng.random(count) < 0.03, at + rng.integers(DAY, 60 * DAY, count), 0
        ),
    }
