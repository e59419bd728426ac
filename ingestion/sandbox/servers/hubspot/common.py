"""HubSpot's manners: authentication, error bodies, rate limits, object types, projection."""

import uuid
from typing import Any

import orjson

from ingestion.sandbox.company.clock import iso_ms
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.talk import Call, reply

# Object type ids as HubSpot numbers them.
_NUMBERED = {
    "contacts": "0-1",
    "companies": "0-2",
    "deals": "0-3",
    "tickets": "0-5",
    "notes": "0-46",
    "meetings": "0-47",
    "calls": "0-48",
    "emails": "0-49",
    "leads": "0-136",
}
_SINGULAR = {"companies": "company"}
TYPES = (
    {kind: kind for kind in _NUMBERED}
    | {number: kind for kind, number in _NUMBERED.items()}
    | {_SINGULAR.get(kind, kind[:-1]): kind for kind in _NUMBERED}
)
CREATED = {"contacts": "createdate", "companies": "createdate", "deals": "createdate",
           "tickets": "createdate"}  # fmt: skip
DEFAULTS = {
    "contacts": (
        "createdate",
        "email",
        "firstname",
        "hs_object_id",
        "lastmodifieddate",
        "lastname",
    ),
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "deals": (
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
}
MODIFIED = dict.fromkeys(_NUMBERED, "hs_lastmodifieddate") | {"contacts": "lastmodifieddate"}
_LIMITS = {
    "X-HubSpot-RateLimit-Daily": "650000",
    "X-HubSpot-RateLimit-Daily-Remaining": "649000",
    "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    "X-HubSpot-RateLimit-Max": "190",
    "X-HubSpot-RateLimit-Remaining": "189",
}
_LONGEST_URL = 8_000
ROWS = "select id, created, modified, archived, archived_at, doc from hubspot_objects"


def error(status: int, message: str, category: str, **more: Any) -> Reply:
    """Return an error as HubSpot writes it."""
    return reply(
        {
            "status": "error",
            "message": message,
            "correlationId": str(uuid.uuid4()),
            "category": category,
            **more,
        },
        status,
    )


def invalid(message: str, **more: Any) -> Reply:
    """Return the 400 for a request that doesn't validate."""
    return error(400, message, "VALIDATION_ERROR", **more)


def too_many(call: Call) -> Reply:
    """Return the 429 of a rate limit; the policy is a setting of the fault."""
    settings = call.fault.settings if call.fault else {}
    policy = str(settings.get("policy", "TEN_SECONDLY_ROLLING"))
    limit = {"DAILY": "daily limit", "SECONDLY": "secondly limit"}.get(
        policy, "ten_secondly_rolling limit"
    )
    answer = error(
        429,
        f"You have reached your {limit}.",
        "RATE_LIMITS",
        errorType="RATE_LIMIT",
        policyName=policy,
        requestId=str(uuid.uuid4()),
    )
    answer.headers["Retry-After"] = str(settings.get("retry_after", 0))
    return answer


def refused(call: Call) -> Reply | None:
    """Return the answer to a request that is not authenticated or too long, or none."""
    if call.meant("expired"):
        return error(
            401,
            "The OAuth token used to make this call expired 1 hour(s) ago.",
            "EXPIRED_AUTHENTICATION",
        )
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token != call.state.tokens.hubspot:
        return error(
            401,
            "Authentication credentials not found. This API supports OAuth 2.0 "
            "authentication and you can find more details at "
            "https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            "INVALID_AUTHENTICATION",
        )
    if call.meant("missing_scope"):
        return error(
            403,
            "This app hasn't been granted all required scopes to make this call. "
            "Read more about required scopes here: https://developers.hubspot.com/scopes.",
            "MISSING_SCOPES",
            errors=[
                {
                    "message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": ["crm.read"]},
                }
            ],
        )
    if sum(len(name) + len(text) + 2 for name, text in call.query.items()) > _LONGEST_URL:
        return Reply(
            b"<html><body><h1>414 Request-URI Too Large</h1></body></html>",
            414,
            content_type="text/html",
        )
    return None


def answered(value: object, status: int = 200) -> Reply:
    """Return a good answer with HubSpot's rate limit headers."""
    return Reply(orjson.dumps(value), status, dict(_LIMITS))


def object_type(call: Call) -> str | None:
    """Return the canonical object type of a path, or none."""
    return TYPES.get(call.path.get("type", ""))


def unknown_type(call: Call) -> Reply:
    """Return the 400 for an object type that does not exist."""
    return invalid(f"Unable to infer object type from: {call.path.get('type')}")


def record(
    call: Call, kind: str, row: tuple[Any, ...], names: list[str], history: list[str]
) -> dict[str, Any]:
    """Return a stored row as HubSpot shows it, with the wanted properties only."""
    number, created, modified, archived, archived_at, document = row
    properties = orjson.loads(document)
    always = (CREATED.get(kind, "hs_createdate"), MODIFIED[kind], "hs_object_id")
    defined = known(call, kind)
    wanted = dict.fromkeys([*(names or DEFAULTS.get(kind, ())), *always])
    shown: dict[str, Any] = {
        "id": str(number),
        "properties": {
            name: properties.get(name) for name in wanted if name in properties or name in defined
        },
        "createdAt": iso_ms(created // 1000, created % 1000),
        "updatedAt": iso_ms(modified // 1000, modified % 1000),
        "archived": bool(archived),
    }
    if archived:
        shown["archivedAt"] = iso_ms(archived_at // 1000, archived_at % 1000)
    if history:
        shown["propertiesWithHistory"] = {
            name: _history(call, kind, number, name, properties.get(name), modified)
            for name in history
        }
    if call.meant("drift"):
        shown["properties"]["new_by_sales"] = "yes"
        shown["dataSource"] = {"origin": "import"}
    return shown


def _history(
    call: Call, kind: str, number: int, name: str, value: Any, modified: int
) -> list[dict[str, Any]]:
    rows = call.state.rows(
        "select at, value from hubspot_history where type = ? and id = ? and property = ?"
        " order by at desc",
        kind,
        number,
        name,
    )
    if not rows and value is not None:
        rows = [(modified, value)]
    return [
        {
            "value": text,
            "timestamp": iso_ms(at // 1000, at % 1000),
            "sourceType": "CRM_UI",
            "sourceId": "userId:1",
        }
        for at, text in rows
    ]


def known(call: Call, kind: str) -> frozenset[str]:
    """Return the property names of an object type."""
    from ingestion.sandbox.servers.hubspot.properties import names

    return names(call.state, kind)


def split(text: str) -> list[str]:
    """Return the parts of a comma-separated query value."""
    return [part.strip() for part in text.split(",") if part.strip()]
