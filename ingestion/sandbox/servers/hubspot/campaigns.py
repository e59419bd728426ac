"""Marketing campaigns: the list, and the report of contacts each campaign touched."""

from typing import Any

import orjson

from ingestion.sandbox.company.clock import iso_ms
from ingestion.sandbox.company.render.campaigns import TOUCHES, campaign_guid
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.hubspot import common, reading
from ingestion.sandbox.servers.talk import Call

PAGE_LIMIT = 100


def listed(call: Call) -> Reply:
    """Answer GET /marketing/v3/campaigns; without ``properties`` none are shown."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    limit, after = int(call.query.get("limit", 50)), int(call.query.get("after", 0))
    if not 0 < limit <= PAGE_LIMIT:
        return common.invalid(f"limit must be between 1 and {PAGE_LIMIT}")
    rows = call.state.rows(
        f"{common.ROWS} where type = 'campaigns' and archived = 0 and id > ? order by id limit ?",
        after,
        limit + 1,
    )
    names = common.split(call.query.get("properties", ""))
    shown = []
    for number, created, modified, _, _, document in rows[:limit]:
        properties = orjson.loads(document)
        shown.append(
            {
                "id": campaign_guid(number),
                "properties": {name: properties.get(name) for name in names},
                "createdAt": iso_ms(created // 1000, created % 1000),
                "updatedAt": iso_ms(modified // 1000, modified % 1000),
            }
        )
    return common.answered(_page(call, shown, rows[limit - 1][0] if len(rows) > limit else None))


def contacts(call: Call) -> Reply:
    """Answer GET /marketing/v3/campaigns/{guid}/reports/contacts/{contactType}: ids only."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    if call.path["touch"] not in TOUCHES:
        return common.invalid(f"Invalid contact type: {call.path['touch']}")
    number = _number(call)
    if number is None:
        return reading.missing()
    limit, after = int(call.query.get("limit", PAGE_LIMIT)), int(call.query.get("after", 0))
    rows = call.state.rows(
        "select distinct to_id from hubspot_associations where from_type = 'campaigns'"
        " and from_id = ? and to_type = 'contacts' and label = ? and to_id > ?"
        " order by to_id limit ?",
        number,
        call.path["touch"],
        after,
        min(limit, PAGE_LIMIT) + 1,
    )
    shown = [{"id": str(row[0])} for row in rows[: min(limit, PAGE_LIMIT)]]
    return common.answered(_page(call, shown, rows[len(shown) - 1][0] if rows[limit:] else None))


def delete(call: Call) -> Reply:
    """Answer DELETE /marketing/v3/campaigns/{guid}: gone without a trace."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    number = _number(call)
    if number is not None:
        call.state.tick()
        call.state.rows("delete from hubspot_objects where type = 'campaigns' and id = ?", number)
    return Reply(b"", 204)


def _number(call: Call) -> int | None:
    rows = call.state.rows("select id from hubspot_objects where type = 'campaigns'")
    return next((n for (n,) in rows if campaign_guid(n) == call.path["guid"]), None)


def _page(call: Call, shown: list[Any], following: int | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"results": shown}
    if following is not None and shown:
        after = call.query.get("after", "0") if call.meant("repeat_cursor") else str(following)
        answer["paging"] = {"next": {"after": after, "link": "?after=" + after}}
    return answer
