"""Reading CRM objects: list, one by id, batch. Archived records only in passes of their own."""

from typing import Any

from ingestion.sandbox.company.clock import iso_ms
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.hubspot import common
from ingestion.sandbox.servers.talk import Call

LIST_LIMIT, HISTORY_LIMIT, BATCH_LIMIT = 100, 50, 100


def listed(call: Call) -> Reply:
    """Answer GET /crm/v3/objects/{type}: by id, ``after`` naming the first id of the next page."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind = common.object_type(call)
    if kind is None:
        return common.unknown_type(call)
    history = common.split(call.query.get("propertiesWithHistory", ""))
    try:
        limit, after = int(call.query.get("limit", 10)), int(call.query.get("after", 0))
    except ValueError:
        return common.invalid("Invalid input: limit and after must be numbers")
    most = HISTORY_LIMIT if history else LIST_LIMIT
    if not 0 < limit <= most:
        return common.invalid(
            f"limit must be between 1 and {most}", context={"limit": [str(limit)]}
        )
    archived = int(call.query.get("archived") == "true")
    rows = call.state.rows(
        common.ROWS
        + " where type = ? and id >= ? and archived = ?"
        + _uncommitted(call)
        + " order by id limit ?",
        kind,
        after,
        archived,
        limit + 1,
    )
    names = common.split(call.query.get("properties", ""))
    shown = [common.record(call, kind, row, names, history) for row in rows[:limit]]
    for wanted in common.split(call.query.get("associations", "")):
        for each in shown:
            linked = _linked(call, kind, int(each["id"]), wanted)
            if linked:
                each.setdefault("associations", {})[wanted] = {"results": linked}
    answer: dict[str, Any] = {"results": shown}
    if len(rows) > limit:
        following = rows[limit][0]
        if call.meant("repeat_cursor"):
            following = rows[0][0]
        answer["paging"] = {
            "next": {
                "after": str(following),
                "link": f"{call.base}/hubspot/crm/v3/objects/{kind}"
                f"?limit={limit}&after={following}",
            }
        }
    return common.answered(answer)


def _uncommitted(call: Call) -> str:
    """Return the condition that hides rows which commit late."""
    return " and id % 11 <> 0" if call.meant("late_commit") else ""


def _linked(call: Call, kind: str, number: int, wanted: str) -> list[dict[str, str]]:
    other = common.TYPES.get(wanted, "")
    rows = call.state.rows(
        "select to_id, type_id from hubspot_associations where from_type = ? and from_id = ?"
        " and to_type = ? order by to_id",
        kind,
        number,
        other,
    )
    names = f"{common.TYPES[kind].rstrip('s')}_to_{other}"
    return [{"id": str(to_id), "type": names} for to_id, _ in rows]


def one(call: Call) -> Reply:
    """Answer GET /crm/v3/objects/{type}/{id}; a merged-away id shows the record it became."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind = common.object_type(call)
    if kind is None:
        return common.unknown_type(call)
    archived = int(call.query.get("archived") == "true")
    row = find(call, kind, call.path["id"], call.query.get("idProperty"), archived)
    if row is None:
        return missing()
    names = common.split(call.query.get("properties", ""))
    history = common.split(call.query.get("propertiesWithHistory", ""))
    return common.answered(common.record(call, kind, row, names, history))


def missing() -> Reply:
    """Return the 404 for a record that is not there."""
    return common.error(404, "resource not found", "OBJECT_NOT_FOUND")


def find(call: Call, kind: str, key: str, id_property: str | None = None, archived: int = 0) -> Any:
    """Return the stored row behind an id or another unique property, or none."""
    if id_property and id_property != "hs_object_id":
        return call.state.row(
            common.ROWS + " where type = ? and archived = ? and json_extract(doc, ?) = ?",
            kind,
            archived,
            f"$.{id_property}",
            key.lower(),
        )
    if not key.isdigit():
        return None
    number = int(key)
    for _ in range(16):
        became = call.state.row(
            "select into_id from hubspot_merged where type = ? and merged_id = ?", kind, number
        )
        if became is None:
            break
        number = became[0]
    return call.state.row(
        common.ROWS + " where type = ? and id = ? and archived = ?",
        kind,
        number,
        archived,
    )


def batch(call: Call) -> Reply:
    """Answer POST /crm/v3/objects/{type}/batch/read; what is missing makes it a 207."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind = common.object_type(call)
    if kind is None:
        return common.unknown_type(call)
    body = call.json()
    inputs = [str(each.get("id", "")) for each in body.get("inputs", [])]
    history = list(body.get("propertiesWithHistory") or [])
    most = HISTORY_LIMIT if history else BATCH_LIMIT
    if len(inputs) > most:
        return common.invalid(f"Batch size limit exceeded: the maximum number of inputs is {most}")
    names = list(body.get("properties") or [])
    archived = int(call.query.get("archived") == "true")
    found, lost = {}, []
    for key in inputs:
        row = find(call, kind, key, body.get("idProperty"), archived)
        if row is None:
            lost.append(key)
        else:
            found[row[0]] = common.record(call, kind, row, names, history)
    now = iso_ms(call.state.now())
    answer: dict[str, Any] = {
        "status": "COMPLETE",
        "results": list(found.values()),
        "startedAt": now,
        "completedAt": now,
    }
    if not lost:
        return common.answered(answer)
    answer |= {
        "numErrors": 1,
        "errors": [
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": f"Could not get some {kind.upper()} objects, they may be deleted or not"
                " exist. Check that ids are valid.",
                "context": {"ids": lost},
            }
        ],
    }
    return common.answered(answer, 207)
