"""Bulk operations: started by a mutation, polled, and fetched as a JSONL file.

Rules as Shopify's: one root connection, at most five connections nested two deep, none inside a
list, five operations at a time. Children carry ``__parentId``; unless ``groupObjects`` asks for it
they come after all their parents, not next to their own.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    validate,
)

from ingestion.sandbox.company.clock import iso
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.shopify.plan import Child, Document, Plan
from ingestion.sandbox.servers.shopify.schema import ROOTS, schema
from ingestion.sandbox.servers.talk import Call

AT_ONCE, CONNECTIONS, DEPTH = 5, 5, 2
_DOCUMENTS = "select doc from shopify_objects where kind = ?"
_UNFINISHED = ("CREATED", "RUNNING", "CANCELING")


def run(call: Call, query: str, grouped: bool) -> dict[str, Any]:
    """Answer ``bulkOperationRunQuery``."""
    if problem := _problem(query):
        return _payload(None, problem, "INVALID")
    waiting = [
        row
        for row in call.state.rows("select doc from shopify_bulk")
        if orjson.loads(row[0])["status"] in _UNFINISHED
    ]
    if len(waiting) >= AT_ONCE or call.meant("busy"):
        return _payload(
            None,
            "A bulk query operation for this app and shop is already in progress.",
            "OPERATION_IN_PROGRESS",
        )
    number = (call.state.row("select max(id) from shopify_bulk")[0] or 1_000) + 1
    document = {
        "id": f"gid://shopify/BulkOperation/{number}",
        "status": "CREATED",
        "errorCode": None,
        "createdAt": iso(call.state.now()),
        "completedAt": None,
        "objectCount": "0",
        "rootObjectCount": "0",
        "fileSize": None,
        "url": None,
        "partialDataUrl": None,
        "type": "QUERY",
        "query": query,
        "grouped": grouped,
    }
    _keep(call, number, document)
    return _payload(document, None, None)


def _payload(document: Document | None, problem: str | None, code: str | None) -> dict[str, Any]:
    errors = [] if problem is None else [{"field": ["query"], "message": problem, "code": code}]
    return {"bulkOperation": document, "userErrors": errors}


def _keep(call: Call, number: int, document: Document) -> None:
    call.state.rows(
        "insert or replace into shopify_bulk (id, created, doc) values (?, ?, ?)",
        number,
        call.state.now(),
        orjson.dumps(document).decode(),
    )


def _problem(query: str) -> str | None:
    """Return why a bulk query is refused, or none."""
    try:
        parsed = parse(query)
    except GraphQLError as error:
        return f"Invalid bulk query: {error.message}"
    if errors := validate(schema(), parsed):
        return f"Invalid bulk query: {errors[0].message}"
    operations = [d for d in parsed.definitions if isinstance(d, OperationDefinitionNode)]
    roots = [each for each in operations[0].selection_set.selections if isinstance(each, FieldNode)]
    if len(operations) != 1 or len(roots) != 1:
        return "Bulk queries must contain exactly one top-level field."
    if roots[0].name.value not in ROOTS:
        return "Bulk queries must contain at least one connection field."
    count, depth, in_list = _walk("QueryRoot", operations[0].selection_set, 0, False)
    if in_list:
        return "Queries that contain a connection field within a list field are not supported."
    if count > CONNECTIONS:
        return f"Bulk queries cannot contain more than {CONNECTIONS} connections."
    if depth > DEPTH + 1:
        return f"Bulk queries cannot contain connections with a nesting depth greater than {DEPTH}."
    return None


def _walk(
    type_name: str, selection: SelectionSetNode | None, depth: int, within_list: bool
) -> tuple[int, int, bool]:
    """Return number and depth of connections below, and whether one sits inside a list."""
    kind = schema().type_map[type_name]
    count, deepest, bad = 0, depth, False
    for each in selection.selections if selection else ():
        if not isinstance(each, FieldNode) or not isinstance(kind, GraphQLObjectType):
            continue
        if each.name.value not in kind.fields:
            continue
        declared = kind.fields[each.name.value].type
        bare = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
        named = get_named_type(declared)
        is_connection = named.name.endswith("Connection")
        is_list = isinstance(bare, GraphQLList) and not type_name.endswith("Connection")
        more, deep, worse = _walk(
            named.name, each.selection_set, depth + is_connection, within_list or is_list
        )
        count += more + is_connection
        deepest = max(deepest, deep)
        bad = bad or worse or (is_connection and within_list)
    return count, deepest, bad


def operation(call: Call, gid: str) -> Document | None:
    """Return an operation as it stands; every look moves it one step on."""
    number = int(gid.rsplit("/", 1)[-1])
    document = call.state.document("select doc from shopify_bulk where id = ?", number)
    if document is None or document["status"] not in _UNFINISHED:
        return document
    if document["status"] == "CREATED":
        document["status"] = "RUNNING"
    elif document["status"] == "CANCELING":
        document["status"] = "CANCELED"
    else:
        _complete(call, number, document)
    _keep(call, number, document)
    return document


def latest(call: Call) -> Document | None:
    """Return the operation that was started last."""
    row = call.state.row("select max(id) from shopify_bulk")
    return None if row[0] is None else operation(call, f"gid://shopify/BulkOperation/{row[0]}")


def cancel(call: Call, gid: str) -> dict[str, Any]:
    """Answer ``bulkOperationCancel``."""
    number = int(gid.rsplit("/", 1)[-1])
    document = call.state.document("select doc from shopify_bulk where id = ?", number)
    if document is None or document["status"] not in _UNFINISHED:
        return {
            "bulkOperation": document,
            "userErrors": [
                {
                    "field": ["id"],
                    "message": "A bulk operation cannot be canceled when it is completed",
                }
            ],
        }
    document["status"] = "CANCELING"
    _keep(call, number, document)
    return {"bulkOperation": document, "userErrors": []}


def _complete(call: Call, number: int, document: Document) -> None:
    fault = call.state.faults.take(
        "shopify.bulk", "bulk_failed", "bulk_canceled", "bulk_expired", "bulk_denied"
    )
    url = f"{call.base}/shopify/bulk/{number}.jsonl?Expires=604800&Signature=sandbox"
    document["completedAt"] = iso(call.state.now())
    if fault is not None and fault.kind in ("bulk_canceled", "bulk_denied"):
        document["status"] = "CANCELED" if fault.kind == "bulk_canceled" else "FAILED"
        document["errorCode"] = None if fault.kind == "bulk_canceled" else "ACCESS_DENIED"
        return
    lines, roots = _lines(call, document["query"], bool(document["grouped"]))
    if fault is not None:
        failed = fault.kind == "bulk_failed"
        call.state.files[number] = b"".join(lines[: len(lines) // 2])
        document |= {
            "status": "FAILED" if failed else "EXPIRED",
            "errorCode": "INTERNAL_SERVER_ERROR" if failed else None,
            "partialDataUrl": url if failed else None,
        }
        return
    content = b"".join(lines)
    call.state.files[number] = content
    for old in sorted(call.state.files)[:-8]:
        del call.state.files[old]
    document |= {
        "status": "COMPLETED",
        "objectCount": str(len(lines)),
        "rootObjectCount": str(roots),
        "fileSize": str(len(content)),
        "url": url if lines else None,
    }


def _lines(call: Call, query: str, grouped: bool) -> tuple[list[bytes], int]:
    """Return the lines of a bulk query's file and the number of root objects."""
    from ingestion.sandbox.servers.shopify.querying import Reader, drifted

    parsed = parse(query)
    fragments = {
        d.name.value: d for d in parsed.definitions if isinstance(d, FragmentDefinitionNode)
    }
    root = next(d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))
    node = next(each for each in root.selection_set.selections if isinstance(each, FieldNode))
    reader = Reader(call, {}, fragments, in_bulk=True)
    kind = node.name.value
    found = reader.condition(kind, reader.planner.arguments("QueryRoot", node).get("query"))
    holder = reader.planner.plan("QueryRoot", SelectionSetNode(selections=(node,)))
    child: Child = holder.children[0]
    parents: list[bytes] = []
    below: list[bytes] = []
    cursor = call.state.connection.execute(
        _DOCUMENTS + found.text + " order by id",
        (kind, *found.values),
    )
    roots = 0
    for (raw,) in cursor:
        document = drifted(call, orjson.loads(raw))
        roots += 1
        parents.append(orjson.dumps(child.plan.cut(document), option=orjson.OPT_APPEND_NEWLINE))
        target = parents if grouped else below
        for line in _descendants(child.plan, document, document["id"]):
            target.append(line)
    return parents + below, roots


def _descendants(plan: Plan, document: Document, parent: str) -> Iterator[bytes]:
    for child in plan.children:
        for item in document.get(child.name) or []:
            shown = child.plan.cut(item) | {"__parentId": parent}
            yield orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)
            yield from _descendants(child.plan, item, item.get("id", ""))


def file(call: Call) -> Reply:
    """Answer the download of a result; the address is the permission."""
    number = str(call.path["name"]).removesuffix(".jsonl")
    content = call.state.files.get(int(number)) if number.isdigit() else None
    if content is None or call.query.get("Signature") != "sandbox":
        return Reply(
            b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
            403,
            content_type="application/xml",
        )
    return Reply(content, 200, content_type="application/jsonl")
