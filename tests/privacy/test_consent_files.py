"""What answers at tills and lists of forms, letters and calls become in the ledger."""

from datetime import datetime, timedelta
from typing import Any

from orchestration.consent.algebra import query
from orchestration.consent.preview import seed_sql
from tests.conftest import Warehouse
from tests.privacy.consent_world import rows_sql

ASKED = datetime(2026, 3, 1, 12)  # noqa: DTZ001
SALE = {
    "receipt_id": "text", "email_key": "text", "country_code": "text",
    "has_agreed_to_email": "boolean", "sold_at": "timestamp", "observed_at": "timestamp",
}  # fmt: skip
LISTED = {
    "consent_id": "text", "subject_key": "text", "user_key": "text", "office": "text",
    "purpose": "text", "channel": "text", "action": "text", "legal_basis": "text",
    "country_code": "text", "capture_method": "text", "notice_version": "text",
    "proof_sha256": "text", "occurred_at": "timestamp", "observed_at": "timestamp",
}  # fmt: skip
COLUMNS = (
    "subject_key", "subject_scope", "purpose", "channel", "action", "kind", "jurisdiction",
    "notice_version", "proof_sha256", "occurred_at", "received_at", "event_id",
)  # fmt: skip


def events(
    warehouse: Warehouse,
    sale: dict[str, Any] | None = None,
    listed: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return what one receipt and one line of a list become."""
    receipt = {"receipt_id": "AMS-1", "email_key": "mine", "country_code": "NL", "sold_at": ASKED}
    line = {
        "consent_id": "P1", "subject_key": "mine", "office": "fairs", "legal_basis": "consent",
        "purpose": "phone_marketing", "channel": "phone", "action": "grant",
    }  # fmt: skip
    told = {"observed_at": ASKED + timedelta(days=1)}
    given = {
        "stg_files__pos_sales": rows_sql([] if sale is None else [receipt | told | sale], SALE),
        "stg_files__consents": rows_sql([] if listed is None else [line | told | listed], LISTED),
        **{name: seed_sql(name) for name in ("consent_mappings", "purposes")},
    }
    wanted = f"select {', '.join(COLUMNS)} from int_consent__files_events"
    with warehouse.connect() as connection:
        rows = connection.execute(query("int_consent__files_events", given, wanted).encode())
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows.fetchall()]


def test_an_answer_at_the_till_is_about_the_address_left_for_the_receipt(
    warehouse: Warehouse,
) -> None:
    (yes,) = events(warehouse, {"has_agreed_to_email": True})
    told = ("mine", "contact_point", "email_marketing", "email", "grant", "act", "NL")
    assert tuple(yes.values())[:7] == told
    assert (yes["occurred_at"], yes["received_at"]) == (ASKED, ASKED + timedelta(days=1))
    (no,) = events(warehouse, {"has_agreed_to_email": False})
    assert no["action"] == "deny"


def test_a_till_that_did_not_ask_or_has_no_address_says_nothing(warehouse: Warehouse) -> None:
    assert events(warehouse, {"has_agreed_to_email": None}) == []
    assert events(warehouse, {"has_agreed_to_email": True, "email_key": None}) == []


def test_a_line_of_a_list_keeps_its_notice_and_its_proof(warehouse: Warehouse) -> None:
    proof = {"notice_version": "v2", "proof_sha256": "0" * 64}
    (found,) = events(warehouse, listed=proof | {"occurred_at": ASKED})
    assert {name: found[name] for name in proof} == proof
    assert (found["purpose"], found["channel"], found["action"]) == (
        "phone_marketing", "phone", "grant",
    )  # fmt: skip


def test_a_refusal_by_customer_number_is_the_accounts(warehouse: Warehouse) -> None:
    line = {"subject_key": "account", "user_key": "account", "action": "withdraw"}
    (found,) = events(warehouse, listed=line)
    assert (found["subject_scope"], found["occurred_at"]) == ("account", None)


def test_a_line_that_is_loaded_again_is_the_same_event(warehouse: Warehouse) -> None:
    later = {"observed_at": ASKED + timedelta(days=9)}
    (found,) = events(warehouse, listed={"occurred_at": ASKED})
    (again,) = events(warehouse, listed={"occurred_at": ASKED, **later})
    assert found["event_id"] == again["event_id"]
