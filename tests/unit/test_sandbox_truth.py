"""Ground truth: consistent in itself and with what the servers show."""

import itertools
import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from ingestion.sandbox import prepared
from ingestion.sandbox.company.folder import database
from tests.unit.sandbox_vendors import PEOPLE, SEED


@pytest.fixture(scope="module")
def company() -> Path:
    return prepared(PEOPLE, SEED)


def _table(company: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(company / "truth" / f"{name}.parquet").to_pylist()
    return rows


def _served(company: Path, sql: str) -> dict[int, dict[str, Any]]:
    with closing(sqlite3.connect(database(company))) as connection:
        return {row[0]: orjson.loads(row[1]) for row in connection.execute(sql)}


def test_evidence_never_joins_two_people(company: Path) -> None:
    people = defaultdict(set)
    for record in _table(company, "records"):
        if record["person_id"] is not None:
            people[record["supported_id"]].add(record["person_id"])
    assert max(map(len, people.values())) == 1


def test_evidence_joins_most_people_with_several_records(company: Path) -> None:
    components, records = defaultdict(set), defaultdict(int)
    for record in _table(company, "records"):
        if record["person_id"] is not None:
            components[record["person_id"]].add(record["supported_id"])
            records[record["person_id"]] += 1
    several = [person for person, count in records.items() if count > 1]
    whole = sum(len(components[person]) == 1 for person in several)
    assert 0.5 < whole / len(several) < 1.0


def test_records_are_those_that_are_served(company: Path) -> None:
    records = _table(company, "records")
    customers = {r["record_id"] for r in records if r["record_type"] == "customer"}
    served = _served(company, "select id, doc from shopify_objects where kind = 'customers'")
    assert customers == {str(number) for number in served}
    contacts = {r["record_id"] for r in records if r["record_type"] == "contact"}
    live = _served(company, "select id, doc from hubspot_objects where type = 'contacts'")
    merged = _served(company, "select merged_id, '{}' from hubspot_merged")
    assert contacts == {str(number) for number in {**live, **merged}}


def test_identifiers_are_what_the_records_show(company: Path) -> None:
    served = _served(company, "select id, doc from hubspot_objects where type = 'contacts'")
    known = {
        (row["record_id"], row["identifier_type"]): row["canonical_value"]
        for row in _table(company, "identifiers")
        if row["record_type"] == "contact"
    }
    for number, contact in served.items():
        assert known.get((str(number), "email")) == contact["email"]


def test_order_truth_equals_served_orders(company: Path) -> None:
    served = _served(company, "select id, doc from shopify_objects where kind = 'orders'")
    truth = {int(row["order_id"]): row for row in _table(company, "orders")}
    assert truth.keys() == served.keys()
    for number, order in served.items():
        total = round(float(order["totalPriceSet"]["shopMoney"]["amount"]) * 100)
        refunded = round(float(order["totalRefundedSet"]["shopMoney"]["amount"]) * 100)
        assert (total, refunded) == (truth[number]["total_cents"], truth[number]["refunded_cents"])
        assert (order["cancelledAt"] is None) == (truth[number]["cancelled_at"] is None)


def test_visit_truth_equals_served_visits(company: Path) -> None:
    served = _served(company, "select id, doc from matomo_visits")
    truth = {
        int(row["visit_id"]): row
        for row in ds.dataset(company / "truth" / "visits").to_table().to_pylist()
    }
    assert truth.keys() == served.keys()
    for number, visit in served.items():
        row = truth[number]
        assert visit["visitorId"] == row["visitor_id"]
        assert ("analytics_storage=granted" in visit["dimension1"]) == row["analytics_granted"]
        started = (row["started_at"] - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001
        assert visit["firstActionTimestamp"] == started
        orders = [a["orderId"] for a in visit["actionDetails"] if a["type"] == "ecommerceOrder"]
        assert len(visit["actionDetails"]) < row["action_count"] or orders == (
            [row["order_id"]] if row["order_id"] else []
        )


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("stage_history", ("person_id",)),
        ("consent_states", ("person_id", "purpose", "channel")),
        ("consent_subjects", ("subject", "purpose", "channel")),
        ("consent_shown", ("subject", "purpose", "channel")),
    ],
)
def test_intervals_do_not_overlap(company: Path, name: str, key: tuple[str, ...]) -> None:
    spans = defaultdict(list)
    for row in _table(company, name):
        assert row["valid_from"] < row["valid_to"]
        spans[tuple(row[column] for column in key)].append((row["valid_from"], row["valid_to"]))
    for intervals in spans.values():
        intervals.sort()
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(intervals))


def test_a_person_with_a_denied_subject_is_denied(company: Path) -> None:
    denied = {
        (row["person_id"], row["purpose"], row["channel"])
        for row in _table(company, "consent_subjects")
        if row["state"] == "denied" and row["valid_to"].year == 9999
    }
    state = {
        (row["person_id"], row["purpose"], row["channel"]): row["state"]
        for row in _table(company, "consent_states")
        if row["valid_to"].year == 9999
    }
    assert denied
    assert all(state[key] == "denied" for key in denied)


def test_consents_contradict_each_other_across_systems(company: Path) -> None:
    latest = defaultdict(dict)
    for act in sorted(_table(company, "consent_acts"), key=lambda act: act["occurred_at"]):
        if act["purpose"] == "email_marketing":
            latest[act["person_id"]][act["source"]] = act["action"]
    assert any(
        "withdraw" in states.values() and {"confirm", "grant"} & set(states.values())
        for states in latest.values()
    )


def test_an_address_that_is_no_longer_shown_is_on_no_record_and_no_order() -> None:
    # Large enough for an account that left an address without ever ordering with it.
    company = prepared(1_000, 20260930)
    shown = defaultdict(set)
    for kind in ("customers", "orders"):
        for document in _served(
            company, f"select id, doc from shopify_objects where kind = '{kind}'"
        ).values():
            account = document if kind == "customers" else document["customer"]
            if account is not None:
                values = (document["email"] or "").lower(), document["phone"]
                shown[account["legacyResourceId"]].update(values)
    acts = [
        act
        for act in _table(company, "consent_acts")
        if act["source"] == "shopify" and act["source_key"] in shown
    ]
    assert {act["is_shown"] for act in acts} == {True, False}
    for act in acts:
        assert act["is_shown"] == (act["subject"] in shown[act["source_key"]])
