"""Plants given strings into the records of a company, for tests that look for them downstream.

Each place is one field of one vendor that a person's data could hide in. A planted record is marked
as changed now, so that a full load and an increment both meet it, and the simulation leaves it
alone.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from ingestion.sandbox.company import store
from ingestion.sandbox.company.clock import iso, iso_ms
from ingestion.sandbox.company.folder import database, facts

Document = dict[str, Any]
Planter = Callable[[Document, str], None]


def _field(*path: str) -> Planter:
    """Return a planter that sets a field; numbers in the path are positions in lists."""

    def plant(document: Document, value: str) -> None:
        at: Any = document
        for step in path[:-1]:
            at = at[int(step)] if step.isdigit() else at.setdefault(step, {})
        at[path[-1]] = value

    return plant


def _url(template: str) -> Planter:
    def plant(document: Document, value: str) -> None:
        first = document["actionDetails"][0]
        first["url"] = first["url"].partition("?")[0] + template.format(value)

    return plant


def _journey(document: Document) -> Document:
    visit: Document = {"landingPage": None, "referrerUrl": None, "utmParameters": None}
    journey = document.get("customerJourneySummary") or {"firstVisit": dict(visit)}
    document["customerJourneySummary"] = journey | {"lastVisit": dict(visit)}
    last: Document = document["customerJourneySummary"]["lastVisit"]
    return last


def _landing(document: Document, value: str) -> None:
    _journey(document)["landingPage"] = f"https://shop.tandem-sandbox.example/?c={value}"


def _order_utm(document: Document, value: str) -> None:
    utm = {"source": value, "medium": value, "campaign": value, "content": value, "term": value}
    _journey(document)["utmParameters"] = utm


def _key(document: Document, value: str) -> None:
    document[value] = "property name"


def _campaign(document: Document, value: str) -> None:
    document |= {"campaignName": value, "referrerName": value, "campaignSource": value}


def _attribute(document: Document, value: str) -> None:
    document["customAttributes"] = [{"key": value, "value": value}]


def _tags(document: Document, value: str) -> None:
    document["tags"] = [value]


def _address(document: Document, value: str) -> None:
    document["email"] = value
    if "defaultEmailAddress" in document:
        document["defaultEmailAddress"] = (document["defaultEmailAddress"] or {}) | {
            "emailAddress": value,
            "marketingState": "NOT_SUBSCRIBED",
        }


PLACES: Mapping[str, tuple[str, Planter]] = {
    "contact.email": ("contacts", _field("email")),
    "contact.firstname": ("contacts", _field("firstname")),
    "contact.phone": ("contacts", _field("phone")),
    "contact.address": ("contacts", _field("address")),
    "contact.jobtitle": ("contacts", _field("jobtitle")),
    "contact.message": ("contacts", _field("message")),
    "contact.lead_source": ("contacts", _field("hs_analytics_source")),
    "contact.unknown_property": ("contacts", _field("nickname")),
    "contact.property_key": ("contacts", _key),
    "company.name": ("companies", _field("name")),
    "deal.dealname": ("deals", _field("dealname")),
    "customer.email": ("customers", _address),
    "customer.note": ("customers", _field("note")),
    "customer.tag": ("customers", _tags),
    "customer.address": ("customers", _field("defaultAddress", "address1")),
    "order.email": ("orders", _address),
    "order.note": ("orders", _field("note")),
    "order.tag": ("orders", _tags),
    "order.custom_attribute": ("orders", _attribute),
    "order.landing_page": ("orders", _landing),
    "order.utm": ("orders", _order_utm),
    "order.line_title": ("orders", _field("lineItems", "0", "title")),
    "product.title": ("products", _field("title")),
    "visit.user_id": ("visits", _field("userId")),
    "visit.campaign": ("visits", _campaign),
    "visit.referrer": ("visits", _field("referrerUrl")),
    "visit.keyword": ("visits", _field("referrerKeyword")),
    "visit.url_query": ("visits", _url("?utm_source=news&x={}")),
    "visit.url_path": ("visits", _url("/{}/page")),
    "visit.url_fragment": ("visits", _url("#{}")),
    "visit.page_title": ("visits", _field("actionDetails", "0", "pageTitle")),
    "visit.event_name": ("visits", _field("actionDetails", "0", "eventName")),
    "visit.search_keyword": ("visits", _field("actionDetails", "0", "siteSearchKeyword")),
    "visit.nested": ("visits", _field("formConversions", "lastForm", "answer")),
    "visit.property_key": ("visits", _key),
}
_PICKS = {
    "contacts": "select id, doc from hubspot_objects where type = 'contacts' and archived = 0"
    " and json_extract(doc, '$.email') is not null",
    "companies": "select id, doc from hubspot_objects where type = 'companies'",
    "deals": "select id, doc from hubspot_objects where type = 'deals' and archived = 0",
    "customers": "select id, doc from shopify_objects where kind = 'customers'",
    "orders": "select id, doc from shopify_objects where kind = 'orders'",
    "products": "select id, doc from shopify_objects where kind = 'products'",
    "visits": "select id, cast(doc as blob) from matomo_visits",
}


def plant(folder: Path, canaries: Mapping[str, str]) -> dict[str, str]:
    """Put each string in its place (see :data:`PLACES`), every place in a record of its own.

    Returns the id of the record behind each place.

    Raises:
        KeyError: for a place that does not exist.
        LookupError: when the company has too few records of a kind.
    """
    unknown = sorted(canaries.keys() - PLACES.keys())
    if unknown:
        raise KeyError(f"no such place to plant in: {', '.join(unknown)}")
    planted: dict[str, str] = {}
    used: dict[str, set[int]] = {}
    now = int(facts(folder).as_of().timestamp())
    with closing(store.connect(database(folder))) as connection:
        connection.execute("begin immediate")
        for place, value in canaries.items():
            kind, planter = PLACES[place]
            number, document = _pick(connection, kind, used.setdefault(kind, set()))
            planter(document, value)
            _put(connection, kind, number, document, now)
            planted[place] = str(number)
        _define(connection, canaries)
        connection.execute("commit")
    return planted


def _define(connection: sqlite3.Connection, canaries: Mapping[str, str]) -> None:
    """Declare planted properties, since HubSpot shows only properties it knows."""
    names = [canaries["contact.property_key"]] if "contact.property_key" in canaries else []
    if "contact.unknown_property" in canaries:
        names.append("nickname")
    known = store.get_meta(connection, "properties.contacts").split(",")
    store.put_meta(connection, "properties.contacts", ",".join(filter(None, [*known, *names])))


def _pick(connection: sqlite3.Connection, kind: str, used: set[int]) -> tuple[int, Document]:
    """Return the latest record of a kind that is not used yet."""
    rows: Iterable[tuple[int, bytes]] = connection.execute(_PICKS[kind] + " order by id desc")
    for number, stored in rows:
        if number in used:
            continue
        document = store.unpacked(stored) if kind == "visits" else stored
        if kind != "visits" or b"analytics_storage=granted" in document:
            used.add(number)
            return number, orjson.loads(document)
    raise LookupError(f"the company has too few {kind} to plant in")


def _put(
    connection: sqlite3.Connection, kind: str, number: int, document: Document, now: int
) -> None:
    if kind == "visits":
        connection.execute(
            "update matomo_visits set doc = ? where id = ?",
            (orjson.dumps(document).decode(), number),
        )
        connection.execute("insert or ignore into touched values ('visit', ?)", (number,))
        return
    connection.execute("insert or ignore into touched values (?, ?)", (kind, number))
    if kind in ("contacts", "companies", "deals"):
        document["lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"] = iso_ms(now)
        connection.execute(
            "update hubspot_objects set modified = ?, doc = ? where type = ? and id = ?",
            (now * 1000, orjson.dumps(document).decode(), kind, number),
        )
        return
    document["updatedAt"] = iso(now)
    connection.execute(
        "update shopify_objects set updated = ?, doc = ? where kind = ? and id = ?",
        (now, orjson.dumps(document).decode(), kind, number),
    )
