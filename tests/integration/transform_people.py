"""Made-up visits, customers and orders for tests that compare two ways to the same result."""

import random
from datetime import datetime, timedelta
from typing import Any

from tests.integration.transform_world import AS_OF, World

REFERRERS: tuple[dict[str, Any], ...] = (
    {"referrer_type": "direct"},
    {"referrer_type": "search", "referrer_host": "www.google.com"},
    {
        "referrer_type": "campaign",
        "campaign_name": "spring",
        "campaign_source": "google",
        "campaign_medium": "cpc",
    },
    {"referrer_type": "website", "referrer_host": "blog.example.org"},
)
PATHS = ("/", "/products/coat", "/products/shoe", "/help", "/account", "/business")


def visit(
    world: World,
    number: int | str,
    device: str,
    started: datetime,
    actions: int = 3,
    *,
    user: str | None = None,
    seed: int = 0,
) -> None:
    """Add one Matomo visit with ``actions`` page views, seconds to half an hour apart."""
    chance = random.Random(f"{number}-{seed}")  # noqa: S311 - nothing secret
    at, rows = started, []
    for position in range(1, actions + 1):
        rows.append(
            {
                "visit_id": str(number),
                "action_position": position,
                "subject_key": device,
                "user_key": user,
                "occurred_at": at,
                "action_type": "action",
                "page_path": chance.choice(PATHS),
            }
        )
        at += timedelta(seconds=chance.choice((20, 300, 2_000)))
    world.add(
        "staging.stg_matomo__visits",
        {
            "visit_id": str(number),
            "subject_key": device,
            "user_key": user,
            "started_at": started,
            "ended_at": rows[-1]["occurred_at"],
            "action_count": actions,
            "is_bot": False,
            "analytics_consent": "granted",
            "country_code": "de",
            "observed_at": at,
            **chance.choice(REFERRERS),
        },
    )
    world.add("staging.stg_matomo__actions", *rows)


def order(world: World, number: int | str, customer: str, at: datetime, amount: float) -> None:
    """Add one Shopify order of one line."""
    world.add(
        "staging.stg_shopify__orders",
        {
            "shopify_order_id": str(number),
            "order_key": f"order-{number}",
            "shopify_customer_id": customer,
            "subject_key": f"customer-{customer}",
            "ordered_at": at,
            "updated_at": at,
            "currency": "EUR",
            "subtotal_amount": amount,
            "discount_amount": 0,
            "shipping_amount": 5,
            "tax_amount": 0,
            "total_amount": amount + 5,
            "financial_status": "PAID",
            "fulfillment_status": "FULFILLED",
            "sales_channel": "web",
            "is_test": False,
        },
    )
    world.add(
        "staging.stg_shopify__order_lines",
        {
            "order_line_id": f"line-{number}",
            "shopify_order_id": str(number),
            "product_id": "1",
            "variant_id": "1",
            "sku": "S1",
            "quantity": 1,
            "unit_price_amount": amount,
            "discount_amount": 0,
            "currency": "EUR",
        },
    )


def customer(world: World, name: str, created: datetime, extra: str | None = None) -> None:
    """Add one Shopify customer record."""
    world.add(
        "staging.stg_shopify__customers",
        {
            "shopify_customer_id": name,
            "subject_key": f"customer-{name}",
            "user_key": f"user-{name}",
            "country_code": "DE",
            "email_marketing_state": "NOT_SUBSCRIBED",
            "created_at": created,
            "updated_at": created,
            "is_deleted": False,
            "extra": extra,
        },
    )


def crowd(world: World, people: int, seed: int = 1) -> None:
    """Add people with a device each, half of them customers with orders, over 120 days."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    for number in range(people):
        name = f"p{number}"
        world.person(
            name,
            {
                f"device-{name}": "anonymous_id",
                f"customer-{name}": "shopify_customer_id",
                f"user-{name}": "user_id",
            },
        )
        begun = AS_OF - timedelta(days=chance.uniform(10, 120))
        if number % 2:
            customer(world, name, begun)
            for count in range(chance.randrange(4)):
                at = begun + (AS_OF - begun) * chance.random()
                order(world, f"{name}-{count}", name, at, round(chance.uniform(10, 200), 2))
        for count in range(1 + chance.randrange(4)):
            at = begun + (AS_OF - begun) * chance.random()
            user = f"user-{name}" if number % 2 and chance.random() < 0.5 else None
            visit(world, f"{name}-{count}", f"device-{name}", at, chance.randrange(1, 8), user=user)
