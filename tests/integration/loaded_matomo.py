"""Compares what was loaded from Matomo with the server's own state, visit by visit."""

from collections import Counter
from typing import Any

from ingestion.guard.normalise import token
from ingestion.guard.values import to_epoch_seconds
from tests.integration.sandbox_company import Company, by, keyer, rows

_GRANTED = "analytics_storage=granted"


def assert_same(company: Company) -> None:
    """Compare visits and actions with permission, and the counts of the others."""
    told = company.records("matomo", "visits")
    allowed = {str(v["idVisit"]): v for v in told if _GRANTED in (v["dimension1"] or "")}
    loaded = by("visit_id", rows("raw_matomo.visits"))
    assert loaded.keys() == allowed.keys()
    actions: dict[str, list[dict[str, Any]]] = {}
    for action in rows("raw_matomo.actions"):
        actions.setdefault(action["visit_id"], []).append(action)
    keys = keyer()
    for number, visit in allowed.items():
        row = loaded[number]
        user = token(visit["userId"]) if visit["userId"] else None
        expected = {
            "subject_key": keys.key("anonymous_id", visit["visitorId"]),
            "user_key": keys.key("user_id", user),
            "started_at": to_epoch_seconds(visit["firstActionTimestamp"]),
            "ended_at": to_epoch_seconds(visit["lastActionTimestamp"]),
            "duration_seconds": visit["visitDuration"],
            "action_count": len(visit["actionDetails"]),
            "referrer_type": visit["referrerType"],
        }
        assert {name: row[name] for name in expected} == expected
        mine = sorted(actions.pop(number, []), key=lambda a: a["action_position"])
        assert [a["action_type"] for a in mine] == [a["type"] for a in visit["actionDetails"]]
        if mine:
            assert mine[0]["occurred_at"] == row["started_at"]
            assert mine[-1]["occurred_at"] == row["ended_at"]
        orders = [a["orderId"] for a in visit["actionDetails"] if a.get("orderId")]
        assert [a["order_id"] for a in mine if a["order_id"]] == orders
    assert not actions
    _counts([v for v in told if _GRANTED not in (v["dimension1"] or "")])


def _counts(refused: list[dict[str, Any]]) -> None:
    daily = rows("raw_matomo.unconsented_daily")
    keys = Counter((r["activity_date"], r["page_group"], r["country_code"], r["source_class"])
                   for r in daily)  # fmt: skip
    assert max(keys.values()) == 1
    assert sum(r["visit_count"] for r in daily) == len(refused)
    assert sum(r["action_count"] for r in daily) == sum(len(v["actionDetails"]) for v in refused)
