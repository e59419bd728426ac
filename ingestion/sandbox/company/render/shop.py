"""Shopify customers and orders in the shape of the GraphQL Admin API, as they stand at an instant.

Connections are stored as plain lists; the server wraps them. Money is EUR (shop) and, for orders in
foreign currency, the buyer's currency at the company's fixed rate (presentment).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson

from ingestion.sandbox.company.accounts import DOUBLE_OPT_IN, INVALID, NOT_SUBSCRIBED
from ingestion.sandbox.company.clock import NEVER, iso
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.render.hubspot import latest
from ingestion.sandbox.company.render.naming import Naming, customer_id
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

ShopRow = tuple[int, int, int, int, bytes]


def gid(kind: str, number: int) -> str:
    """Return a global id as Shopify writes it."""
    return f"gid://shopify/{kind}/{number}"


def customer_changes(world: World, now: int) -> Ints:
    """Return when each customer last changed; an order changes its customer."""
    customers, orders = world.customers, world.orders
    names = (
        "created_at",
        "touched_at",
        "next_email_at",
        "email_confirm_at",
        "email_unsubscribe_at",
        "sms_unsubscribe_at",
    )
    changed = latest([customers[name] for name in names], now)
    bought = np.flatnonzero((orders["customer"] >= 0) & (orders["ordered_at"] <= now))
    np.maximum.at(changed, orders["customer"][bought], orders["ordered_at"][bought])
    return np.maximum(changed, customers["created_at"])


def address(
    world_person: dict[str, list[int]], naming: Naming, person: int, phone: str | None
) -> dict[str, Any]:
    """Return a mailing address of a person."""
    country = COUNTRIES[world_person["country"][person]]
    city, region, postcode = country.cities[world_person["city"][person]]
    first, last = naming.first_name(person), naming.last_name(person)
    return {
        "id": gid("MailingAddress", 9_100_000_000 + person),
        "firstName": first,
        "lastName": last,
        "name": f"{first} {last}",
        "company": None,
        "address1": f"{person % 180 + 1} Example Street",
        "address2": None,
        "city": city,
        "province": region,
        "provinceCode": region,
        "zip": postcode,
        "country": country.name,
        "countryCodeV2": country.code,
        "phone": phone,
    }


def email_consent(customer: dict[str, int], now: int) -> tuple[str, str | None, int | None]:
    """Return marketing state, opt-in level and the time of the last change of an address."""
    state = customer["email_state"]
    if state == NOT_SUBSCRIBED:
        return "NOT_SUBSCRIBED", None, None
    if state == INVALID:
        return "INVALID", None, None
    double = state == DOUBLE_OPT_IN
    level = "CONFIRMED_OPT_IN" if double else "SINGLE_OPT_IN"
    if customer["email_unsubscribe_at"] <= now:
        return "UNSUBSCRIBED", level, customer["email_unsubscribe_at"]
    if double and customer["email_confirm_at"] > now:
        return "PENDING", level, customer["email_at"]
    return "SUBSCRIBED", level, customer["email_confirm_at"]


def sms_consent(customer: dict[str, int], now: int) -> tuple[str, str | None, int | None]:
    """Return marketing state, opt-in level and the time of the last change of a number."""
    if customer["sms_at"] == NEVER:
        return "NOT_SUBSCRIBED", None, None
    if customer["sms_unsubscribe_at"] <= now:
        return "UNSUBSCRIBED", "SINGLE_OPT_IN", customer["sms_unsubscribe_at"]
    return "SUBSCRIBED", "SINGLE_OPT_IN", customer["sms_at"]


def customer_rows(world: World, naming: Naming, rows: Ints, now: int) -> Iterator[ShopRow]:
    """Yield customers (id, created, updated, sort, JSON)."""
    changed = customer_changes(world, now)[rows].tolist()
    orders = world.orders
    bought = (orders["customer"] >= 0) & (orders["ordered_at"] <= now) & ~orders["is_test"]
    counts = np.bincount(orders["customer"][bought], minlength=len(world.customers))
    spent = np.bincount(
        orders["customer"][bought], weights=orders["total"][bought], minlength=len(world.customers)
    ).astype(np.int64)
    columns = {name: world.customers[name][rows].tolist() for name in world.customers.columns}
    people = {name: world.people[name].tolist() for name in ("country", "city", "has_gpc")}
    for at, row in enumerate(rows.tolist()):
        customer = {name: column[at] for name, column in columns.items()}
        person, number = customer["person"], customer_id(row)
        moved = customer["next_email_at"] <= now
        email = (
            naming.email(customer["next_email"])
            if moved
            else naming.email(customer["email"], customer["email_form"])
        )
        phone = naming.phone(customer["phone"])
        state, level, since = email_consent(customer, now)
        sms, sms_level, sms_since = sms_consent(customer, now)
        first, last = naming.first_name(person), naming.last_name(person)
        home = address(people, naming, person, phone)
        document = {
            "id": gid("Customer", number),
            "legacyResourceId": str(number),
            "firstName": first,
            "lastName": last,
            "displayName": f"{first} {last}",
            "email": email,
            "phone": phone,
            "defaultEmailAddress": {
                "emailAddress": email,
                "marketingState": state,
                "marketingOptInLevel": level,
                "marketingUpdatedAt": iso(since) if since else None,
                "validFormat": True,
                "openTrackingLevel": "UNKNOWN",
            }
            if email
            else None,
            "defaultPhoneNumber": {
                "phoneNumber": phone,
                "marketingState": sms,
                "marketingOptInLevel": sms_level,
                "marketingUpdatedAt": iso(sms_since) if sms_since else None,
                "marketingCollectedFrom": "SHOPIFY" if sms_since else None,
            }
            if phone
            else None,
            "emailMarketingConsent": {
                "marketingState": state,
                "marketingOptInLevel": level,
                "consentUpdatedAt": iso(since) if since else None,
            },
            "smsMarketingConsent": {
                "marketingState": sms,
                "marketingOptInLevel": sms_level or "UNKNOWN",
                "consentUpdatedAt": iso(sms_since) if sms_since else None,
                "consentCollectedFrom": "SHOPIFY",
            }
            if phone
            else None,
            "defaultAddress": home,
            "addresses": [home],
            "addressesV2": [home],
            "locale": COUNTRIES[people["country"][person]].locale,
            "state": "ENABLED",
            "tags": ["vip"] if counts[row] >= 4 else [],
            "note": None,
            "taxExempt": False,
            "verifiedEmail": True,
            "dataSaleOptOut": bool(people["has_gpc"][person]),
            "numberOfOrders": str(counts[row]),
            "amountSpent": {"amount": f"{spent[row] / 100:.2f}", "currencyCode": "EUR"},
            "createdAt": iso(customer["created_at"]),
            "updatedAt": iso(changed[at]),
        }
        yield (
            number,
            customer["created_at"],
            changed[at],
            customer["created_at"],
            orjson.dumps(document),
        )
