"""An audience of one, and differencing: what marketing sees tells of no small group."""

from typing import Any

import pytest

from orchestration.consent.algebra import query
from tests.conftest import Warehouse
from tests.privacy.consent_world import rows_sql, seed_sql

SEGMENT = {
    "segment": "text", "purpose": "text", "channel": "text", "owner": "text",
    "description": "text", "member_count": "int", "permitted_member_count": "int",
}  # fmt: skip


def shown(warehouse: Warehouse, members: int, visible: int) -> tuple[Any, ...]:
    """Return total and visible members of a segment as marketing sees them."""
    segment = {"segment": "s", "purpose": "email_marketing", "channel": "email",
               "member_count": members, "permitted_member_count": visible}  # fmt: skip
    people = [{"segment": "s", "person_id": f"p{number}"} for number in range(visible)]
    given = {
        "segments": rows_sql([segment], SEGMENT),
        "marketing__segment_members": rows_sql(people, {"segment": "text", "person_id": "text"}),
        "settings": seed_sql("settings"),
    }
    wanted = "select member_count, permitted_member_count from marketing__segments"
    with warehouse.connect() as connection:
        row = connection.execute(query("marketing__segments", given, wanted).encode()).fetchone()
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize("hidden", [1, 2, 9])
def test_a_total_beside_a_list_tells_of_no_small_rest(warehouse: Warehouse, hidden: int) -> None:
    assert shown(warehouse, 100 + hidden, 100) == (None, 100)


def test_an_audience_of_one_is_not_told_of_those_who_are_not_in_it(warehouse: Warehouse) -> None:
    assert shown(warehouse, 1, 0) == (None, 0)


@pytest.mark.parametrize("hidden", [0, 10, 500])
def test_a_total_over_enough_people_is_shown(warehouse: Warehouse, hidden: int) -> None:
    assert shown(warehouse, 40 + hidden, 40) == (40 + hidden, 40)
