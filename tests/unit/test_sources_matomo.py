"""Matomo's traps, and what the vectorised guard does to visits."""

from datetime import date
from typing import Any

import pytest

from ingestion.guard.reasons import Reason
from ingestion.sources.web.matomo_api import Matomo
from ingestion.sources.web.matomo_events import EventReader, Page
from tests.unit.guard_memory import memory_guard, tombstone

DAY = date(2026, 9, 1)
NOON = 1_788_264_000  # 2026-09-01T12:00:00Z
GRANTED = "analytics_storage=granted;ad_storage=denied;ad_user_data=denied;gpc=0"


def action(position: int = 0, **members: Any) -> dict[str, Any]:
    """An action as a site two hours east of Greenwich tells it."""
    return {
        "type": "action",
        "url": "https://shop.example/products/shoe",
        "pageTitle": "Shoe",
        "timestamp": NOON + 7_200 + 60 * position,
    } | members


def visit(number: Any = 1, actions: list[Any] | None = None, **members: Any) -> dict[str, Any]:
    details = [action()] if actions is None else actions
    return {
        "idVisit": number,
        "visitorId": "00a1b2c3d4e5f607",  # pragma: allowlist secret
        "userId": None,
        "visitIp": "203.0.113.9",
        "firstActionTimestamp": NOON,
        "lastActionTimestamp": NOON + 60,
        "serverTimestamp": NOON + 60,
        "visitDuration": 60,
        "referrerType": "direct",
        "countryCode": "de",
        "languageCode": "de-at",
        "deviceType": "Desktop",
        "browserName": "Firefox",
        "operatingSystemName": "Mac",
        "dimension1": GRANTED,
        "actionDetails": details,
    } | members


def read(*visits: Any, tombstones: frozenset[str] = frozenset()) -> tuple[Page, Any]:
    guard, store = memory_guard("raw_matomo", tombstones)
    return EventReader(guard).read([(DAY, each) for each in visits]), store


def test_action_times_lose_the_offset_of_the_site() -> None:
    page, _ = read(visit(actions=[action(0), action(1)]))
    times = [t.strftime("%H:%M") for t in page.actions["occurred_at"].to_pylist()]
    assert times == ["12:00", "12:01"]


def test_right_action_times_stay_as_they_are() -> None:
    page, _ = read(visit(actions=[action(timestamp=NOON + 3)]))
    assert page.actions["occurred_at"].to_pylist()[0].strftime("%H:%M:%S") == "12:00:03"


def test_a_visit_without_permission_is_counted_and_forgotten() -> None:
    refused = visit(
        2,
        [action(), action(1)],
        dimension1="analytics_storage=denied",
        userId="7000000032768",
        referrerType="campaign",
    )
    page, store = read(visit(1), refused, visit(3, dimension1=None))
    assert page.visits["visit_id"].to_pylist() == ["1"]
    assert page.actions.num_rows == 1
    assert page.refused[0] == (("2026-09-01", "/products", "DE", "campaign"), 2)
    assert len(page.refused) == 2
    assert not store.vault


def test_nothing_readable_is_left_of_the_landing_page() -> None:
    url = (
        "https://shop.example/u/jane%2540example.org?utm_source=news&email=jane@example.org"
        "&fbclid=IwAR0abc#jane@example.org"
    )
    page, _ = read(
        visit(
            actions=[action(url=url, pageTitle="Hello jane@example.org")],
            referrerUrl="https://mail.example/?to=jane@example.org",
        )
    )
    kept = str(page.visits.to_pylist()) + str(page.actions.to_pylist())
    assert "jane" not in kept
    assert "203.0.113" not in kept
    row = page.visits.to_pylist()[0]
    assert (row["campaign_source"], row["click_id_type"]) == ("news", "fbclid")
    assert row["landing_page_path"] == "/u/:redacted"
    assert row["referrer_host"] == "mail.example"


def test_positions_count_from_one_in_every_visit() -> None:
    page, _ = read(visit(1, [action(n) for n in range(3)]), visit(2, []), visit(3, [action()]))
    rows = list(
        zip(
            page.actions["visit_id"].to_pylist(),
            page.actions["action_position"].to_pylist(),
            strict=True,
        )
    )
    assert rows == [("1", 1), ("1", 2), ("1", 3), ("3", 1)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (visit(2, userId={"id": 1}), Reason.TYPE_CHANGED),
        (visit(2, visitorId=None), Reason.MISSING_KEY),
        (visit(2, referrerName="a\x00b"), Reason.NUL),
        (visit(2, referrerName="a\ud800b"), Reason.LONE_SURROGATE),
        (visit(2, firstActionTimestamp=10**15), Reason.DATE_RANGE),
        (visit(2, firstActionTimestamp=2**70), Reason.INTEGER_RANGE),
        (visit(2, [action(timestamp=10**15)]), Reason.DATE_RANGE),
        (visit(2, [action(revenue=float("nan"))]), Reason.NOT_FINITE),
        (visit(2, [action(pageTitle="x" * 2_000_000)]), Reason.TOO_LARGE),
        (visit(2, actionDetails="none"), Reason.TYPE_CHANGED),
        (visit(2, user_id="7"), Reason.AMBIGUOUS_KEY),
        (visit("two words"), Reason.ID_FORMAT),
        ("no visit", Reason.NOT_AN_OBJECT),
    ],
    ids=lambda value: value if isinstance(value, Reason) else "visit",
)
def test_a_bad_visit_is_turned_away_and_its_neighbours_go_on(bad: Any, reason: Reason) -> None:
    page, store = read(visit(1), bad, visit(3))
    assert page.visits["visit_id"].to_pylist() == ["1", "3"]
    assert [row.reason for row in store.rejected] == [reason]


@pytest.mark.parametrize(
    "erased", [("anonymous_id", "00a1b2c3d4e5f607"), ("user_id", "77"), ("order_id", "5500")]
)
def test_visits_of_an_erased_subject_are_dropped(erased: tuple[str, str]) -> None:
    hers = visit(1, [action(orderId="5500", type="ecommerceOrder")], userId="77")
    page, _ = read(
        hers, visit(2, visitorId="ffff000011112222"), tombstones=frozenset({tombstone(*erased)})
    )
    assert page.visits["visit_id"].to_pylist() == ["2"]
    assert page.actions["visit_id"].to_pylist() == ["2"]


def test_placeholder_logins_identify_nobody() -> None:
    page, _ = read(visit(1, userId="undefined"), visit(2, userId="0"), visit(3, userId="7000"))
    assert [key is None for key in page.visits["user_key"].to_pylist()] == [True, True, False]


def test_orders_are_keyed_as_the_shop_keys_them() -> None:
    page, _ = read(visit(actions=[action(type="ecommerceOrder", orderId=5500, revenue=129.5)]))
    guard, _ = memory_guard()
    row = page.actions.to_pylist()[0]
    assert row["order_key"] == guard.keyer.key("order_id", "5500")
    assert str(row["revenue_amount"]) == "129.50"


def test_a_new_member_is_kept_and_reported() -> None:
    guard, store = memory_guard("raw_matomo")
    page = EventReader(guard).read([(DAY, visit(dimension2="blue", contactEmail="j@example.org"))])
    guard.finish("visits")
    assert page.visits["extra"].to_pylist() == ['{"dimension2":"blue"}']
    assert set(store.drifted) == {"dimension2", "contactEmail"}


class Site:
    """A site whose day is read in pages while visits come in."""

    def __init__(self, count: int) -> None:
        self.visits = [{"idVisit": n} for n in range(count, 0, -1)]
        self.transport = self

    def json(self, method: str, path: str, data: dict[str, Any]) -> Any:
        assert method == "POST"
        limit, offset = data["filter_limit"], data["filter_offset"]
        return self.visits if limit < 0 else self.visits[offset : offset + limit]


class Shrinking(Site):
    """Loses its newest visit after the first page, so that offset paging skips one."""

    def json(self, method: str, path: str, data: dict[str, Any]) -> Any:
        answer = super().json(method, path, data)
        if data["filter_offset"] == 0 and data["filter_limit"] > 0:
            self.visits = self.visits[1:]
        return answer


class Cyclic(Site):
    """Ignores the offset."""

    def json(self, method: str, path: str, data: dict[str, Any]) -> Any:
        return super().json(method, path, data | {"filter_offset": 0})


def visits_of(site: Site) -> list[int]:
    api = Matomo(site, "token", 1, page_size=10)  # type: ignore[arg-type]
    return [v["idVisit"] for page in api.visits(DAY) for v in page]


@pytest.mark.parametrize("count", [0, 9, 10, 11, 35])
def test_a_day_is_read_whole_whatever_its_size(count: int) -> None:
    assert sorted(visits_of(Site(count))) == list(range(1, count + 1))


def test_a_visit_that_paging_skipped_is_found_by_comparing_ids() -> None:
    assert set(visits_of(Shrinking(35))) == set(range(1, 36))


def test_pages_in_a_circle_fail_loudly() -> None:
    from ingestion.sources.errors import WrongAnswerError

    with pytest.raises(WrongAnswerError, match="circle"):
        visits_of(Cyclic(35))
