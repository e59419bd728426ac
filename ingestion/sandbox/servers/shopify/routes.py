"""Shopify's one address: GraphQL over POST, with its cost budget; and the files of bulk operations.

Errors of a query are HTTP 200 with ``errors``; a bad token is 401; an unknown version is 404.
"""

import time
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.shopify import bulk, mutating, ordering
from ingestion.sandbox.servers.shopify.plan import Document
from ingestion.sandbox.servers.shopify.querying import Reader, RefusedError, cost
from ingestion.sandbox.servers.shopify.schema import VERSIONS, schema
from ingestion.sandbox.servers.talk import Call, Endpoint, reply

QUERY_LIMIT, BUDGET, RESTORE = 1_000, 20_000, 1_000
_DOCS = "https://shopify.dev/api/usage/rate-limits"
_MUTATIONS = {
    "customerCreate": mutating.customer_create,
    "customerUpdate": mutating.customer_update,
    "customerDelete": mutating.customer_delete,
    "customerMerge": mutating.customer_merge,
    "customerRequestDataErasure": mutating.erase,
    "customerEmailMarketingConsentUpdate": mutating.email_consent,
    "customerSmsMarketingConsentUpdate": mutating.sms_consent,
    "refundCreate": ordering.refund_create,
    "orderCancel": ordering.order_cancel,
    "orderUpdate": ordering.order_update,
    "inventoryAdjustQuantities": ordering.adjust_stock,
}


def too_many(call: Call) -> Reply:
    """Return the 429 that comes before GraphQL is even looked at."""
    answer = reply(
        {
            "errors": "Exceeded 2 calls per second for api client. Reduce request rates to "
            "resume uninterrupted service."
        },
        429,
    )
    settings = call.fault.settings if call.fault else {}
    answer.headers["Retry-After"] = str(settings.get("retry_after", 0))
    return answer


def graphql(call: Call) -> Reply:
    """Answer one GraphQL request."""
    if call.path["version"] not in VERSIONS:
        return reply({"errors": "Not Found"}, 404)
    token = call.headers.get("x-shopify-access-token")
    if token != call.state.tokens.shopify or call.meant("expired"):
        return reply(
            {
                "errors": "[API] Invalid API key or access token (unrecognized login or wrong "
                "password)"
            },
            401,
        )
    body = call.json()
    answer = _executed(call, str(body.get("query") or ""), body.get("variables") or {})
    return Reply(orjson.dumps(answer), 200, {"X-Shopify-API-Version": call.path["version"]})


def _failed(message: str, code: str, **more: Any) -> Document:
    return {"errors": [{"message": message, "extensions": {"code": code, **more}}]}


def _executed(call: Call, query: str, variables: dict[str, Any]) -> Document:
    try:
        document = parse(query)
    except GraphQLError as error:
        return _failed(error.message, "PARSE_ERROR")
    if errors := validate(schema(), document):
        return {
            "errors": [
                {
                    "message": each.message,
                    "locations": [
                        {"line": at.line, "column": at.column} for at in each.locations or []
                    ],
                    "extensions": {
                        "code": "undefinedField"
                        if "Cannot query field" in each.message
                        else "argumentLiteralsIncompatible"
                    },
                }
                for each in errors
            ]
        }
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    values = get_variable_values(schema(), operation.variable_definitions, variables)
    if isinstance(values, list):
        return _failed(values[0].message, "INVALID_VARIABLE")
    return _answered(call, document, operation, values)


def _answered(
    call: Call, document: DocumentNode, operation: OperationDefinitionNode, values: dict[str, Any]
) -> Document:
    fragments = {
        d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
    }
    reader = Reader(call, values, fragments)
    mutates = operation.operation == OperationType.MUTATION
    root = "Mutation" if mutates else "QueryRoot"
    nodes = reader.planner.fields(root, operation.selection_set)
    price = 10 if mutates else max(1, cost(reader.planner, nodes))
    if price > QUERY_LIMIT:
        return _failed(
            f"Query cost is {price}, which exceeds the single query max cost limit "
            f"({QUERY_LIMIT}). To query larger amounts of data with fewer limits, bulk operations "
            "should be used instead.",
            "MAX_COST_EXCEEDED",
            cost=price,
            maxCost=QUERY_LIMIT,
            documentation=_DOCS,
        )
    budget = call.state.budget
    budget.refill(time.monotonic(), BUDGET, RESTORE)
    throttled = call.meant("throttled") is not None
    if throttled or budget.left < price:
        answer = _failed("Throttled", "THROTTLED", documentation=_DOCS)
        return answer | {"extensions": _cost(price, None, 0 if throttled else budget.left)}
    if (fault := call.meant("missing_scope")) is not None:
        field = nodes[0].name.value
        scope = str(fault.settings.get("scope", f"read_{field}"))
        return _failed(
            f"Access denied for {field} field. Required access: `{scope}` access scope.",
            "ACCESS_DENIED",
            requiredAccess=f"`{scope}` access scope.",
        ) | {"data": None}
    budget.left -= price
    try:
        data = {
            node.alias.value if node.alias else node.name.value: _mutated(call, reader, node)
            if mutates
            else reader.answer(node)
            for node in nodes
        }
    except RefusedError as refusal:
        return {"errors": [{"message": str(refusal), "extensions": refusal.extensions}]}
    extensions = _cost(price, price, budget.left)
    if reader.warnings:
        extensions["search"] = [
            {
                "warnings": [
                    {
                        "field": name,
                        "message": "Invalid search field for this query.",
                        "code": "invalid_field",
                    }
                    for name in reader.warnings
                ]
            }
        ]
    return {"data": data, "extensions": extensions}


def _cost(requested: int, actual: int | None, left: float) -> Document:
    return {
        "cost": {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": float(BUDGET),
                "currentlyAvailable": int(left),
                "restoreRate": float(RESTORE),
            },
        }
    }


def _mutated(call: Call, reader: Reader, node: FieldNode) -> Document:
    name = node.name.value
    arguments = reader.planner.arguments("Mutation", node)
    if name == "bulkOperationRunQuery":
        payload = bulk.run(call, arguments["query"], bool(arguments.get("groupObjects")))
    elif name == "bulkOperationCancel":
        payload = bulk.cancel(call, arguments["id"])
    else:
        call.state.connection.execute("begin")
        try:
            payload = _MUTATIONS[name](call, arguments)
        finally:
            call.state.connection.execute("commit")
    kind = name[0].upper() + name[1:] + "Payload"
    return reader.planner.plan(kind, node.selection_set).cut(payload)


ENDPOINTS = (
    Endpoint("shopify.graphql", "/admin/api/{version}/graphql.json", ("POST",), graphql),
    Endpoint("shopify.file", "/bulk/{name}", ("GET",), bulk.file),
)
