"""Communication preferences: definitions v3 and v4, statuses v4 by e-mail address."""

from typing import Any
from urllib.parse import unquote

from ingestion.sandbox.company.clock import START, iso_ms
from ingestion.sandbox.company.places import SUBSCRIPTIONS
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.hubspot import common
from ingestion.sandbox.servers.talk import Call

BATCH_LIMIT = 100
_STATES = ("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED")


def definitions(call: Call) -> Reply:
    """Answer GET /communication-preferences/v3/definitions and its v4 sister."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    listed = [
        {
            "id": str(number),
            "name": name,
            "description": text,
            "purpose": purpose,
            "communicationMethod": method,
            "isActive": True,
            "isDefault": number == 301,
            "isInternal": False,
            "createdAt": iso_ms(START - 10**7),
            "updatedAt": iso_ms(START - 10**7),
        }
        for number, name, text, purpose, method in SUBSCRIPTIONS
    ]
    if "v3" in call.endpoint:
        return common.answered({"subscriptionDefinitions": listed})
    now = iso_ms(call.state.now())
    return common.answered(
        {"status": "COMPLETE", "results": listed, "startedAt": now, "completedAt": now}
    )


def _statuses(call: Call, email: str) -> list[dict[str, Any]]:
    known = {
        row[0]: row[1:]
        for row in call.state.rows(
            "select subscription_id, status, legal_basis, source, at from hubspot_subscriptions"
            " where email = ?",
            email.lower(),
        )
    }
    shown = []
    for number, name, _, _, _ in SUBSCRIPTIONS:
        status, basis, source, at = known.get(number, ("NOT_SPECIFIED", None, "", 0))
        each: dict[str, Any] = {
            "subscriberIdString": email,
            "channel": "EMAIL",
            "subscriptionId": number,
            "subscriptionName": name,
            "status": status,
            "source": source,
            "legalBasis": basis,
            "legalBasisExplanation": None,
            "businessUnitId": 0,
            "setStatusSuccessReason": None,
            "timestamp": iso_ms(at // 1000, at % 1000) if at else None,
        }
        shown.append(each)
    return shown


def batch(call: Call) -> Reply:
    """Answer POST /communication-preferences/v4/statuses/batch/read?channel=EMAIL."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    if call.query.get("channel") != "EMAIL":
        return common.invalid("Some required fields were not set: [channel]")
    inputs = call.json().get("inputs") or []
    if len(inputs) > BATCH_LIMIT:
        return common.invalid(f"Batch size limit exceeded: at most {BATCH_LIMIT} inputs")
    now = iso_ms(call.state.now())
    results = [
        {"subscriberIdString": str(email), "statuses": _statuses(call, str(email))}
        for email in inputs
    ]
    return common.answered(
        {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    )


def status(call: Call) -> Reply:
    """Answer GET and POST /communication-preferences/v4/statuses/{email}."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    email = unquote(call.path["email"])
    if call.method == "POST":
        body = call.json()
        state = body.get("statusState")
        if state not in _STATES or body.get("channel") != "EMAIL":
            return common.invalid(
                "Some required fields were not set or not valid: [channel, statusState]"
            )
        at = call.state.tick() * 1000
        call.state.rows(
            "insert or replace into hubspot_subscriptions values (?, ?, ?, ?, ?, ?)",
            email.lower(),
            int(body["subscriptionId"]),
            state,
            body.get("legalBasis"),
            "API",
            at,
        )
    now = iso_ms(call.state.now())
    return common.answered(
        {
            "status": "COMPLETE",
            "results": _statuses(call, email),
            "startedAt": now,
            "completedAt": now,
        }
    )
