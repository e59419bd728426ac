"""CRM search: filters, one sort, 200 a page, nothing past 10,000 results, archived never shown."""

from datetime import UTC, datetime
from typing import Any

from ingestion.sandbox.company.clock import iso_ms
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.hubspot import common, properties
from ingestion.sandbox.servers.talk import Call

PAGE_LIMIT, RESULT_LIMIT = 200, 10_000
GROUPS, FILTERS = 5, 6
_COUNT = "select count(*) from hubspot_objects where "
_COMPARE = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


class _FilterError(ValueError):
    """A filter that HubSpot does not take."""


def search(call: Call) -> Reply:
    """Answer POST /crm/v3/objects/{type}/search."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind = common.object_type(call)
    if kind is None:
        return common.unknown_type(call)
    body = call.json()
    try:
        limit, after = int(body.get("limit") or 10), int(body.get("after") or 0)
        where, values = _where(call, kind, body)
        order = _order(kind, body.get("sorts") or [])
    except ValueError as error:
        return common.invalid(f"There was a problem with the request. {error}")
    if not 0 < limit <= PAGE_LIMIT:
        return common.invalid(f"limit must be between 1 and {PAGE_LIMIT}")
    if after + limit > RESULT_LIMIT:
        return common.invalid(
            f"Paging too deep: the search endpoints are limited to {RESULT_LIMIT} total results "
            "for any given query.",
            context={"after": [str(after)]},
        )
    condition = "type = ? and archived = 0 and hidden_from_search = 0" + where
    values = [kind, *values]
    if call.meant("late_commit"):
        condition += " and id % 11 <> 0"
    total = call.state.row(_COUNT + condition, *values)[0]
    skipped = max(0, after - 1) if call.meant("insert_between") else after
    rows = call.state.rows(
        f"{common.ROWS} where {condition} order by {order} limit ? offset ?",
        *values,
        limit,
        skipped,
    )
    names = list(body.get("properties") or [])
    answer: dict[str, Any] = {
        "total": total,
        "results": [common.record(call, kind, row, names, []) for row in rows],
    }
    if after + len(rows) < total and rows:
        following = after if call.meant("repeat_cursor") else after + len(rows)
        answer["paging"] = {"next": {"after": str(following)}}
    return common.answered(answer)


def _where(call: Call, kind: str, body: dict[str, Any]) -> tuple[str, list[Any]]:
    groups = body.get("filterGroups") or []
    if len(groups) > GROUPS:
        raise _FilterError(f"Too many filterGroups: at most {GROUPS} are allowed")
    texts, values = [], []
    for group in groups:
        filters = group.get("filters") or []
        if len(filters) > FILTERS:
            raise _FilterError(f"Too many filters in a group: at most {FILTERS} are allowed")
        parts = []
        for each in filters:
            text, more = _condition(call, kind, each)
            parts.append(text)
            values += more
        if parts:
            texts.append("(" + " and ".join(parts) + ")")
    if query := body.get("query"):
        return " and doc like ?" + (f" and ({' or '.join(texts)})" if texts else ""), [
            f"%{query}%",
            *values,
        ]
    return (f" and ({' or '.join(texts)})" if texts else ""), values


def _column(kind: str, name: str) -> str | None:
    """Return the store's column behind a property, when there is one."""
    columns = {
        "hs_object_id": "id",
        common.CREATED.get(kind, "hs_createdate"): "created",
        common.MODIFIED[kind]: "modified",
    }
    return columns.get(name)


def _condition(call: Call, kind: str, each: dict[str, Any]) -> tuple[str, list[Any]]:
    name, operator = str(each.get("propertyName", "")), str(each.get("operator", ""))
    column = _column(kind, name)
    if column is None and name not in properties.names(call.state, kind):
        if name in ("lastmodifieddate", "hs_lastmodifieddate"):
            return "0", []
        raise _FilterError(f"property '{name}' does not exist")
    is_date = properties.types(kind).get(name) in properties.DATES
    left = column or "json_extract(doc, ?)"
    path: list[Any] = [] if column else [f"$.{name}"]

    def operand(raw: Any) -> Any:
        if column:
            return _milliseconds(raw) if column != "id" else int(raw)
        if is_date:
            stamp = _milliseconds(raw)
            return iso_ms(stamp // 1000, stamp % 1000)
        return str(raw)

    if operator in _COMPARE:
        fold = "" if column or is_date else " collate nocase"
        return f"{left} {_COMPARE[operator]} ?{fold}", [*path, operand(each.get("value"))]
    if operator == "BETWEEN":
        ends = [operand(each.get("value")), operand(each.get("highValue"))]
        return f"{left} between ? and ?", [*path, *ends]
    if operator in ("IN", "NOT_IN"):
        listed = [operand(raw) for raw in each.get("values") or []]
        marks = ", ".join("?" * len(listed))
        negate = "not " if operator == "NOT_IN" else ""
        return f"{left} {negate}in ({marks})", [*path, *listed]
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return f"{left} is {'not ' if operator == 'HAS_PROPERTY' else ''}null", path
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        word = str(each.get("value", "")).replace("*", "%")
        negate = "not " if operator.startswith("NOT") else ""
        return f"{left} {negate}like ?", [*path, f"%{word}%"]
    raise _FilterError(f"operator '{operator}' is not supported")


def _milliseconds(raw: Any) -> int:
    text = str(raw)
    if text.lstrip("-").isdigit():
        return int(text)
    parsed = datetime.fromisoformat(text)
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)


def _order(kind: str, sorts: list[Any]) -> str:
    if not sorts:
        return "created, id"
    if len(sorts) > 1:
        raise _FilterError("Only one sort is allowed")
    sort = sorts[0]
    if isinstance(sort, str):
        sort = {
            "propertyName": sort.lstrip("-"),
            "direction": "DESCENDING" if sort.startswith("-") else "ASCENDING",
        }
    name = str(sort.get("propertyName", ""))
    if not name.replace("_", "").isalnum():
        raise _FilterError(f"property '{name}' does not exist")
    way = "desc" if sort.get("direction") == "DESCENDING" else "asc"
    return f"{_column(kind, name) or f'''json_extract(doc, '$.{name}')'''} {way}, id"
