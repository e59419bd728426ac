"""What the shop's marketing states become: a date that was carried over proves no address."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestration.consent import ledger
from orchestration.consent.algebra import query
from orchestration.consent.ledger import Act
from orchestration.consent.preview import seed_sql
from tests.conftest import Warehouse
from tests.privacy.consent_world import rows_sql

ASKED = datetime(2026, 3, 1, 12)  # noqa: DTZ001
CUSTOMER = {
    "shopify_customer_id": "text", "email_key": "text", "phone_key": "text",
    "email_marketing_state": "text", "email_marketing_level": "text",
    "email_marketing_at": "timestamp", "sms_marketing_state": "text",
    "sms_marketing_level": "text", "sms_marketing_at": "timestamp", "country_code": "text",
    "region_code": "text", "age_band": "text", "updated_at": "timestamp",
    "subject_key": "text", "has_data_sale_opt_out": "boolean",
}  # fmt: skip
ORDER = {"shopify_customer_id": "text", "email_key": "text", "phone_key": "text",
         "ordered_at": "timestamp"}  # fmt: skip
SEEDS = ("consent_mappings", "purposes", "consent_sources")


def actions(
    warehouse: Warehouse,
    *,
    changed: timedelta = timedelta(0),
    ordered: timedelta | None = None,
    order_email: str = "mine",
    **rest: Any,
) -> list[str]:
    """Return what becomes of one customer whose record changed some time after the opt-in."""
    customer = {
        "shopify_customer_id": "7", "email_key": "mine", "email_marketing_state": "SUBSCRIBED",
        "email_marketing_level": "SINGLE_OPT_IN", "email_marketing_at": ASKED,
        "country_code": "DE", "updated_at": ASKED + changed, **rest,
    }  # fmt: skip
    order = {"shopify_customer_id": "7", "email_key": order_email}
    orders = [] if ordered is None else [{**order, "ordered_at": ASKED + ordered}]
    given = {
        "stg_shopify__customers": rows_sql([customer], CUSTOMER),
        "stg_shopify__orders": rows_sql(orders, ORDER),
        **{name: seed_sql(name) for name in SEEDS},
    }
    wanted = "select action from int_consent__shopify_events order by 1"
    text = query("int_consent__shopify_events", given, wanted)
    with warehouse.connect() as connection:
        return [row[0] for row in connection.execute(text.encode()).fetchall()]


def test_a_grant_as_new_as_its_record_counts(warehouse: Warehouse) -> None:
    assert actions(warehouse) == ["grant"]
    assert actions(warehouse, email_marketing_level="CONFIRMED_OPT_IN") == ["confirm"]


@pytest.mark.parametrize("level", ["SINGLE_OPT_IN", "CONFIRMED_OPT_IN"])
def test_a_grant_older_than_the_records_last_change_waits_for_proof_of_its_address(
    warehouse: Warehouse, level: str
) -> None:
    later = timedelta(days=9)
    assert actions(warehouse, changed=later, email_marketing_level=level) == ["pending"]
    proven = actions(warehouse, changed=later, ordered=timedelta(minutes=5))
    assert proven == ["grant"]
    assert actions(warehouse, changed=later, ordered=timedelta(days=2)) == ["pending"]
    other = actions(warehouse, changed=later, ordered=timedelta(0), order_email="another")
    assert other == ["pending"]


def test_a_refusal_needs_no_proof(warehouse: Warehouse) -> None:
    state = {"email_marketing_state": "UNSUBSCRIBED"}
    assert actions(warehouse, changed=timedelta(days=9), **state) == ["withdraw"]


def test_a_refusal_is_about_every_address_that_the_accounts_orders_show(
    warehouse: Warehouse,
) -> None:
    before: dict[str, Any] = {
        "changed": timedelta(days=9),
        "ordered": timedelta(days=2),
        "order_email": "former",
    }

    def told(state: str) -> list[str]:
        return actions(warehouse, email_marketing_state=state, **before)

    assert told("UNSUBSCRIBED") == ["withdraw"] * 2
    assert told("SUBSCRIBED") == ["pending"]
    assert told("INVALID") == ["pending"]


def test_an_opt_out_of_the_sale_of_data_is_an_objection_and_its_absence_says_nothing(
    warehouse: Warehouse,
) -> None:
    silent = {"email_marketing_state": "NOT_SUBSCRIBED", "subject_key": "account"}
    opted_out = actions(warehouse, has_data_sale_opt_out=True, **silent)
    assert opted_out == ["object"] * 3
    assert actions(warehouse, has_data_sale_opt_out=False, **silent) == []
    assert actions(warehouse, has_data_sale_opt_out=None, **silent) == []


def test_a_refusal_reaches_the_addresses_under_which_the_record_permitted_before(
    fresh_database: Warehouse,
) -> None:
    def told(key: str, source_key: str, action: str, at: datetime) -> int:
        act = Act(
            key, "contact_point", "email_marketing", "email", action, at, at,
            kind="state_observation", source="shopify", source_key=source_key,
        )  # fmt: skip
        return ledger.submit(fresh_database.url("loader"), [act]).count

    told("former", "9", "grant", ASKED)
    told("somebody-else", "8", "grant", ASKED)
    later = ASKED + timedelta(days=30)
    assert told("present", "9", "withdraw", later) == 2
    assert told("present", "9", "withdraw", later) == 0
    with fresh_database.connect() as connection:
        refused = connection.execute(
            "select subject_key, occurred_at from consent.events where action = 'withdraw'"
        ).fetchall()
        suppressed = connection.execute("select subject_key from activation.suppressions")
        assert {row[0] for row in suppressed} >= {"former", "present"}
    assert sorted(refused) == [("former", later), ("present", later)]


def test_a_doubt_that_comes_later_takes_nothing_back(fresh_database: Warehouse) -> None:
    def told(action: str) -> int:
        act = Act(
            "key", "contact_point", "email_marketing", "email", action, ASKED, ASKED,
            kind="state_observation", source="shopify", source_key="7",
        )  # fmt: skip
        return ledger.submit(fresh_database.url("loader"), [act]).count

    assert [told("grant"), told("pending"), told("withdraw")] == [1, 0, 1]
