"""Requests as vendors pass them on, read into kind, keys and what tells one from another.

Shopify's mandatory compliance webhooks (shopify.dev, "Privacy law compliance"): topics
``customers/redact``, ``customers/data_request``. HubSpot's webhook ``contact.privacyDeletion``
(developers.hubspot.com, "Webhooks API"): a list of events. Whoever receives the webhook has checked
its signature; only its body comes here, and no value of it is kept.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orchestration.privacy.errors import PrivacyError

TOPICS = ("customers/redact", "customers/data_request", "contact.privacyDeletion")


@dataclass(frozen=True)
class Told:
    """One request in a vendor's body."""

    kind: str
    source: str
    source_key: str
    subject_keys: tuple[str, ...]
    received_at: datetime | None = None


def read(topic: str, body: bytes) -> list[Told]:
    """Return the requests of one webhook body.

    Raises:
        PrivacyError: for another topic, or a body that is not what the vendor documents.
    """
    readers: dict[str, Callable[[Any], Iterator[Told]]] = {
        "customers/redact": lambda content: _shopify(content, "erase"),
        "customers/data_request": lambda content: _shopify(content, "access"),
        "contact.privacyDeletion": _hubspot,
    }
    if topic not in readers:
        raise PrivacyError(f"no such topic: choose of {', '.join(TOPICS)}")
    try:
        return list(readers[topic](json.loads(body)))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PrivacyError(f"the body is not what {topic} documents; it was not kept") from None


def _shopify(content: dict[str, Any], kind: str) -> Iterator[Told]:
    customer = content["customer"]
    number = str(customer["id"])
    asked = str((content.get("data_request") or {}).get("id") or "")
    named = [
        ("shopify_customer_id", number),
        ("user_id", number),
        ("email", customer.get("email")),
        ("phone", customer.get("phone")),
    ]
    yield Told(kind, "shopify", f"{content['shop_id']}/{number}/{asked}", _keys(named))


def _hubspot(content: list[dict[str, Any]]) -> Iterator[Told]:
    for event in content:
        if event["subscriptionType"] != "contact.privacyDeletion":
            continue
        at = datetime.fromtimestamp(event["occurredAt"] / 1000, UTC).replace(tzinfo=None)
        number = str(event["objectId"])
        keys = _keys([("hubspot_contact_id", number)])
        yield Told("erase", "hubspot", f"{event.get('portalId')}/{number}", keys, at)


def _keys(named: list[tuple[str, str | None]]) -> tuple[str, ...]:
    from ingestion.guard.keys import Keyer, KeyRing, normalised

    keyer = Keyer(KeyRing.from_secret("k_match.key"))
    pairs = [(kind, normalised(kind, value)) for kind, value in named if value]
    return tuple(key for kind, plain in pairs if (key := keyer.key(kind, plain)) is not None)
