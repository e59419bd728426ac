"""Mutations on customers and orders: what a merchant or a customer does to them."""

from collections.abc import Callable
from typing import Any

import orjson

from ingestion.sandbox.company.clock import iso
from ingestion.sandbox.servers.shopify.plan import Document
from ingestion.sandbox.servers.talk import Call

_FIRST_NEW = 7_900_000_000_000


def _number(gid: str) -> int:
    return int(gid.rsplit("/", 1)[-1])


def get(call: Call, kind: str, gid: str) -> Document | None:
    """Return a stored document by global id."""
    return call.state.document(
        "select doc from shopify_objects where kind = ? and id = ?", kind, _number(gid)
    )


def put(call: Call, kind: str, document: Document) -> Document:
    """Store a changed document with a new ``updatedAt`` and keep the simulation off it."""
    now = call.state.tick()
    document["updatedAt"] = iso(now)
    number = _number(document["id"])
    row = call.state.row(
        "select created, sort from shopify_objects where kind = ? and id = ?", kind, number
    )
    created, sort = row or (now, now)
    call.state.rows(
        "insert or replace into shopify_objects (kind, id, created, updated, sort, doc)"
        " values (?, ?, ?, ?, ?, ?)",
        kind,
        number,
        created,
        now,
        sort,
        orjson.dumps(document).decode(),
    )
    call.state.touch(kind, number)
    return document


def _errors(*messages: str, field: str = "id") -> list[dict[str, Any]]:
    return [{"field": [field], "message": message, "code": None} for message in messages]


def _fill(document: Document, given: dict[str, Any]) -> Document:
    """Lay the fields of a customer input over a customer."""
    for name in ("firstName", "lastName", "note", "locale", "tags", "taxExempt"):
        if name in given:
            document[name] = given[name]
    if "email" in given:
        document["email"] = given["email"]
        document["defaultEmailAddress"] = given["email"] and {
            "emailAddress": given["email"],
            "marketingState": "NOT_SUBSCRIBED",
            "marketingOptInLevel": None,
            "marketingUpdatedAt": None,
            "validFormat": True,
            "openTrackingLevel": "UNKNOWN",
        }
    if "phone" in given:
        document["phone"] = given["phone"]
        document["defaultPhoneNumber"] = given["phone"] and {
            "phoneNumber": given["phone"],
            "marketingState": "NOT_SUBSCRIBED",
            "marketingOptInLevel": None,
            "marketingUpdatedAt": None,
            "marketingCollectedFrom": None,
        }
    names = (document.get("firstName"), document.get("lastName"))
    document["displayName"] = " ".join(name for name in names if name)
    return document


def _taken(call: Call, email: str | None, but: str = "") -> bool:
    if not email:
        return False
    found = call.state.row(
        "select json_extract(doc, '$.id') from shopify_objects where kind = 'customers'"
        " and json_extract(doc, '$.email') = ? collate nocase",
        email,
    )
    return found is not None and found[0] != but


def customer_create(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Create a customer; addresses are unique."""
    given = arguments["input"]
    if _taken(call, given.get("email")):
        return {
            "customer": None,
            "userErrors": _errors("Email has already been taken", field="email"),
        }
    top = call.state.row("select max(id) from shopify_objects where kind = 'customers'")[0] or 0
    number = max(top, _FIRST_NEW) + 32_768
    document: Document = {
        "id": f"gid://shopify/Customer/{number}",
        "legacyResourceId": str(number),
        "firstName": None,
        "lastName": None,
        "displayName": "",
        "email": None,
        "phone": None,
        "defaultEmailAddress": None,
        "defaultPhoneNumber": None,
        "defaultAddress": None,
        "addresses": [],
        "addressesV2": [],
        "locale": "en",
        "state": "DISABLED",
        "tags": [],
        "note": None,
        "taxExempt": False,
        "verifiedEmail": False,
        "dataSaleOptOut": False,
        "numberOfOrders": "0",
        "amountSpent": {"amount": "0.00", "currencyCode": "EUR"},
        "createdAt": iso(call.state.now()),
        "emailMarketingConsent": None,
        "smsMarketingConsent": None,
    }
    return {"customer": put(call, "customers", _fill(document, given)), "userErrors": []}


def customer_update(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Change a customer's own fields; a new address starts without consent."""
    given = arguments["input"]
    document = get(call, "customers", given["id"]) if given.get("id") else None
    if document is None:
        return {"customer": None, "userErrors": _errors("Customer does not exist")}
    if _taken(call, given.get("email"), given["id"]):
        return {
            "customer": None,
            "userErrors": _errors("Email has already been taken", field="email"),
        }
    return {"customer": put(call, "customers", _fill(document, given)), "userErrors": []}


def _remove(call: Call, gid: str) -> None:
    number = _number(gid)
    call.state.rows("delete from shopify_objects where kind = 'customers' and id = ?", number)
    call.state.touch("customers", number)


def _orders_of(call: Call, gid: str) -> list[Document]:
    rows = call.state.rows(
        "select doc from shopify_objects where kind = 'orders'"
        " and json_extract(doc, '$.customer.id') = ?",
        gid,
    )
    return [orjson.loads(row[0]) for row in rows]


def customer_delete(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Delete a customer without orders."""
    gid = arguments["input"]["id"]
    if get(call, "customers", gid) is None:
        return {"deletedCustomerId": None, "userErrors": _errors("Customer can't be found")}
    if _orders_of(call, gid):
        return {
            "deletedCustomerId": None,
            "userErrors": _errors("Customer can't be deleted because they have associated orders"),
        }
    call.state.tick()
    _remove(call, gid)
    return {"deletedCustomerId": gid, "userErrors": []}


def erase(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Carry out a data erasure at once: the customer goes, orders stay without a person."""
    gid = arguments["customerId"]
    if get(call, "customers", gid) is None:
        return {"customerId": None, "userErrors": _errors("Customer does not exist")}
    for order in _orders_of(call, gid):
        order |= {
            "customer": None,
            "email": None,
            "phone": None,
            "billingAddress": None,
            "shippingAddress": None,
            "note": None,
        }
        put(call, "orders", order)
    call.state.tick()
    _remove(call, gid)
    return {"customerId": gid, "userErrors": []}


def customer_merge(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Make the second customer part of the first; its orders move."""
    first = get(call, "customers", arguments["customerOneId"])
    second = get(call, "customers", arguments["customerTwoId"])
    if first is None or second is None or first["id"] == second["id"]:
        return {
            "resultingCustomerId": None,
            "userErrors": _errors("Customers can't be merged", field="customerOneId"),
        }
    for order in _orders_of(call, second["id"]):
        order["customer"] = {"id": first["id"], "legacyResourceId": first["legacyResourceId"]}
        put(call, "orders", order)
    _remove(call, second["id"])
    put(call, "customers", first)
    return {"resultingCustomerId": first["id"], "userErrors": []}


def _consent(field: str, old: str) -> Callable[[Call, dict[str, Any]], dict[str, Any]]:
    def change(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        given = arguments["input"]
        consent = given.get("emailMarketingConsent") or given.get("smsMarketingConsent") or {}
        document = get(call, "customers", given["customerId"])
        if document is None or not document.get(field):
            return {"customer": None, "userErrors": _errors("Customer does not exist")}
        at = consent.get("consentUpdatedAt") or iso(call.state.now())
        level = consent.get("marketingOptInLevel")
        document[field] |= {
            "marketingState": consent["marketingState"],
            "marketingOptInLevel": level,
            "marketingUpdatedAt": at,
        }
        document[old] = (document.get(old) or {}) | {
            "marketingState": consent["marketingState"],
            "marketingOptInLevel": level,
            "consentUpdatedAt": at,
        }
        return {"customer": put(call, "customers", document), "userErrors": []}

    return change


email_consent = _consent("defaultEmailAddress", "emailMarketingConsent")
sms_consent = _consent("defaultPhoneNumber", "smsMarketingConsent")
