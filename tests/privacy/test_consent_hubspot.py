"""What the CRM's statuses of addresses become."""

from datetime import datetime

import pytest

from orchestration.consent.algebra import query
from orchestration.consent.preview import seed_sql
from tests.conftest import Warehouse
from tests.privacy.consent_world import rows_sql

ASKED = datetime(2026, 3, 1, 12)  # noqa: DTZ001
STATUS = {
    "hubspot_contact_id": "text", "subject_key": "text", "subscription_id": "text",
    "subscription_name": "text", "status": "text", "legal_basis": "text",
    "status_at": "timestamp", "observed_at": "timestamp",
}  # fmt: skip
CONTACT = {
    "hubspot_contact_id": "text", "email_key": "text", "country_code": "text", "region": "text",
    "age_band": "text",
}  # fmt: skip
SEEDS = ("consent_mappings", "consent_legal_bases", "purposes")


def actions(warehouse: Warehouse, address: str, status: str) -> list[str]:
    """Return what a status becomes of an address of a contact that is known as *present*."""
    told = {
        "hubspot_contact_id": "7", "subject_key": address, "subscription_id": "301",
        "subscription_name": "Marketing Information", "status": status,
        "status_at": ASKED, "observed_at": ASKED,
    }  # fmt: skip
    contact = {"hubspot_contact_id": "7", "email_key": "present", "country_code": "DE"}
    given = {
        "stg_hubspot__subscription_statuses": rows_sql([told], STATUS),
        "stg_hubspot__contacts": rows_sql([contact], CONTACT),
        **{name: seed_sql(name) for name in SEEDS},
    }
    text = query(
        "int_consent__hubspot_events", given, "select action from int_consent__hubspot_events"
    )
    with warehouse.connect() as connection:
        return [row[0] for row in connection.execute(text.encode()).fetchall()]


@pytest.mark.parametrize(
    ("address", "status", "expected"),
    [
        ("present", "SUBSCRIBED", ["grant"]),
        ("present", "UNSUBSCRIBED", ["withdraw"]),
        ("former", "UNSUBSCRIBED", ["withdraw"]),
        ("former", "SUBSCRIBED", []),
    ],
)
def test_a_former_address_can_refuse_but_not_permit(
    warehouse: Warehouse, address: str, status: str, expected: list[str]
) -> None:
    assert actions(warehouse, address, status) == expected
