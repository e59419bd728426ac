"""Associations v4: batch read with paging inside a record's links, and writing links."""

from typing import Any

from ingestion.sandbox.company import store
from ingestion.sandbox.company.clock import iso_ms
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.hubspot import common
from ingestion.sandbox.servers.talk import Call

BATCH_LIMIT, DEFAULT_PAGE = 1_000, 500
# Ids of the unlabelled links HubSpot makes by default, there and back.
_TYPE_IDS = {
    ("contacts", "companies"): (279, 280),
    ("deals", "contacts"): (3, 4),
    ("deals", "companies"): (341, 342),
    ("tickets", "contacts"): (16, 15),
    ("calls", "contacts"): (194, 193),
    ("emails", "contacts"): (198, 197),
    ("meetings", "contacts"): (200, 199),
    ("notes", "contacts"): (202, 201),
    ("leads", "contacts"): (578, 579),
}


def _page(call: Call) -> int:
    return int(store.get_meta(call.state.connection, "association_page", str(DEFAULT_PAGE)))


def _links(
    call: Call, kind: str, number: int, other: str, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return linked records with the types of each link, and where the next page begins."""
    rows = call.state.rows(
        "select to_id, type_id, label, category from hubspot_associations where from_type = ?"
        " and from_id = ? and to_type = ? order by to_id, type_id",
        kind,
        number,
        other,
    )
    links: dict[int, list[dict[str, Any]]] = {}
    for to_id, type_id, label, category in rows:
        links.setdefault(to_id, []).append(
            {"category": category, "typeId": type_id, "label": label}
        )
    shown = [
        {"toObjectId": to_id, "associationTypes": types}
        for to_id, types in list(links.items())[after : after + limit]
    ]
    following = after + limit
    return shown, following if following < len(links) else None


def batch(call: Call) -> Reply:
    """Answer POST /crm/v4/associations/{from}/{to}/batch/read."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind, other = common.object_type(call), common.TYPES.get(call.path["to"])
    if kind is None or other is None:
        return common.unknown_type(call)
    inputs = call.json().get("inputs") or []
    if len(inputs) > BATCH_LIMIT:
        return common.invalid(f"Batch size limit exceeded: at most {BATCH_LIMIT} inputs")
    results, errors = [], []
    for each in inputs:
        number, after = int(each["id"]), int(each.get("after") or 0)
        if call.meant("repeat_cursor"):
            after = 0
        shown, following = _links(call, kind, number, other, after, _page(call))
        if not shown:
            errors.append(
                {
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": f"No {other} is associated with {kind} {number}.",
                    "context": {"fromObjectId": [str(number)]},
                }
            )
            continue
        result: dict[str, Any] = {"from": {"id": str(number)}, "to": shown}
        if following is not None:
            result["paging"] = {
                "next": {"after": str(following), "link": "?after=" + str(following)}
            }
        results.append(result)
    now = iso_ms(call.state.now())
    answer: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": now,
        "completedAt": now,
    }
    if not errors:
        return common.answered(answer)
    return common.answered(answer | {"numErrors": len(errors), "errors": errors}, 207)


def listed(call: Call) -> Reply:
    """Answer GET /crm/v4/objects/{type}/{id}/associations/{to}."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind, other = common.object_type(call), common.TYPES.get(call.path["to"])
    if kind is None or other is None:
        return common.unknown_type(call)
    limit = min(int(call.query.get("limit", DEFAULT_PAGE)), DEFAULT_PAGE)
    after = int(call.query.get("after", 0))
    shown, following = _links(call, kind, int(call.path["id"]), other, after, limit)
    answer: dict[str, Any] = {"results": shown}
    if following is not None:
        answer["paging"] = {"next": {"after": str(following)}}
    return common.answered(answer)


def change(call: Call) -> Reply:
    """Answer PUT and DELETE on …/associations/{to}/{to_id}: neither touches the two records."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind, other = common.object_type(call), common.TYPES.get(call.path["to"])
    if kind is None or other is None:
        return common.unknown_type(call)
    here, there = int(call.path["id"]), int(call.path["to_id"])
    call.state.tick()
    if call.method == "DELETE":
        for left in ((kind, here, other, there), (other, there, kind, here)):
            call.state.rows(
                "delete from hubspot_associations where from_type = ? and from_id = ?"
                " and to_type = ? and to_id = ?",
                *left,
            )
        return Reply(b"", 204)
    forth, back = _TYPE_IDS.get((kind, other)) or _TYPE_IDS[other, kind][::-1]
    for row in ((kind, here, other, there, forth), (other, there, kind, here, back)):
        call.state.rows(
            "insert or replace into hubspot_associations values"
            " (?, ?, ?, ?, ?, null, 'HUBSPOT_DEFINED')",
            *row,
        )
    return common.answered(
        {
            "fromObjectTypeId": kind,
            "fromObjectId": here,
            "toObjectTypeId": other,
            "toObjectId": there,
            "labels": [],
        }
    )
