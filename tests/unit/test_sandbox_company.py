"""The sandbox company: reproducible, moving in time, and full of what real data is full of."""

import hashlib
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import phonenumbers
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from email_validator import validate_email

from ingestion.sandbox import CompanyError, advance, create, plant
from ingestion.sandbox.company.company import database, facts

SEED, PEOPLE = 7, 800
_ORDERED = {
    "hubspot_objects": "type, id", "hubspot_merged": "type, merged_id",
    "hubspot_history": "type, id, property, at", "matomo_visits": "id", "matomo_growth": "id",
    "hubspot_associations": "from_type, from_id, to_type, to_id, type_id",
    "hubspot_subscriptions": "email, subscription_id", "shopify_objects": "kind, id",
}  # fmt: skip


def _fingerprints(folder: Path) -> dict[str, str]:
    """Return a checksum per table that the servers answer from, and per truth table."""
    sums = {}
    with closing(sqlite3.connect(database(folder))) as connection:
        for table, order in _ORDERED.items():
            rows = connection.execute(f"select * from {table} order by {order}")  # noqa: S608
            sums[table] = hashlib.sha256(repr(rows.fetchall()).encode()).hexdigest()
    for path in sorted((folder / "truth").glob("*.parquet")):
        sums[path.stem] = hashlib.sha256(repr(pq.read_table(path).to_pydict()).encode()).hexdigest()
    visits = ds.dataset(folder / "truth" / "visits").to_table().sort_by("visit_id")
    return sums | {"visits": hashlib.sha256(repr(visits.to_pylist()).encode()).hexdigest()}


def _documents(folder: Path, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(database(folder))) as connection:
        return [orjson.loads(row[0]) for row in connection.execute(sql)]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company") / "made"
    create(folder, PEOPLE, SEED)
    return folder


@pytest.fixture(scope="module")
def advanced(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same company thirty days later, in uneven steps."""
    folder = tmp_path_factory.mktemp("company") / "advanced"
    shutil.copytree(company, folder)
    for days in (1, 1, 0, 8, 20):
        advance(folder, days)
    return folder


def _visits(folder: Path) -> list[dict[str, Any]]:
    return _documents(folder, "select doc from matomo_visits order by id")


def test_the_same_seed_gives_the_same_company(company: Path, tmp_path: Path) -> None:
    create(tmp_path / "again", PEOPLE, SEED)
    assert _fingerprints(tmp_path / "again") == _fingerprints(company)


def test_another_seed_gives_another_company(company: Path, tmp_path: Path) -> None:
    create(tmp_path / "other", PEOPLE, SEED + 1)
    mine, other = _fingerprints(company), _fingerprints(tmp_path / "other")
    assert all(mine[name] != other[name] for name in ("hubspot_objects", "matomo_visits", "orders"))


def test_a_month_in_steps_equals_a_month_at_once(
    company: Path, advanced: Path, tmp_path: Path
) -> None:
    shutil.copytree(company, tmp_path / "at_once")
    advance(tmp_path / "at_once", 30)
    assert _fingerprints(tmp_path / "at_once") == _fingerprints(advanced)


def test_advancing_moves_the_present_by_whole_days(company: Path, advanced: Path) -> None:
    assert (facts(advanced).as_of() - facts(company).as_of()).days == 30


def test_time_does_not_move_backwards(company: Path) -> None:
    with pytest.raises(ValueError, match="forward"):
        advance(company, -1)


def test_a_missing_company_says_so(tmp_path: Path) -> None:
    with pytest.raises(CompanyError, match="create one first"):
        advance(tmp_path / "nowhere", 1)


def test_advancing_changes_old_records_too(company: Path, advanced: Path) -> None:
    sql = "select doc from shopify_objects where kind = 'orders'"
    before = {order["id"]: order for order in _documents(company, sql)}
    after = {order["id"]: order for order in _documents(advanced, sql)}
    assert after.keys() > before.keys()
    assert any(len(after[key]["refunds"]) > len(before[key]["refunds"]) for key in before)
    assert any(after[key]["updatedAt"] != before[key]["updatedAt"] for key in before)
    contacts = "select id from hubspot_objects where type = 'contacts' and archived = 0"
    with (
        closing(sqlite3.connect(database(company))) as old,
        closing(sqlite3.connect(database(advanced))) as new,
    ):
        gone = set(old.execute(contacts)) - set(new.execute(contacts))
    assert gone, "a month should merge, archive or erase somebody"


def test_a_visit_over_midnight_grows_after_it_was_read(company: Path, advanced: Path) -> None:
    before = {visit["idVisit"]: visit for visit in _visits(company)}
    after = {visit["idVisit"]: visit for visit in _visits(advanced)}
    with closing(sqlite3.connect(database(company))) as connection:
        growing = [row[0] for row in connection.execute("select id from matomo_growth")]
    for number in growing:
        assert after[number]["actions"] > before[number]["actions"]
        known = len(before[number]["actionDetails"])
        urls = [[action["url"] for action in visit[number]["actionDetails"][:known]]
                for visit in (before, after)]  # fmt: skip
        assert urls[0] == urls[1]


def test_contacts_are_unique_by_address(company: Path) -> None:
    sql = "select doc from hubspot_objects where type = 'contacts'"
    addresses = Counter(c["email"] for c in _documents(company, sql) if c["email"])
    assert addresses.most_common(1)[0][1] == 1


def test_customers_are_unique_by_address(company: Path) -> None:
    sql = "select doc from shopify_objects where kind = 'customers'"
    addresses = Counter(c["email"].lower() for c in _documents(company, sql))
    assert addresses.most_common(1)[0][1] == 1


def test_good_addresses_and_numbers_are_accepted_by_the_usual_validators(company: Path) -> None:
    customers = _documents(company, "select doc from shopify_objects where kind = 'customers'")
    for customer in customers:
        validate_email(customer["email"], check_deliverability=False)
        if customer["phone"]:
            assert phonenumbers.is_valid_number(phonenumbers.parse(customer["phone"]))
    assert any(customer["phone"] for customer in customers)


def test_all_addresses_are_in_domains_reserved_for_examples(company: Path) -> None:
    table = pq.read_table(company / "truth" / "identifiers.parquet").to_pylist()
    domains = {row["canonical_value"].rpartition("@")[2] for row in table
               if row["identifier_type"] == "email"}  # fmt: skip
    reserved = (".example", "example.com", "example.org", "example.net")
    assert all(domain.endswith(reserved) for domain in domains)


def test_refused_browsers_cannot_be_told_again(company: Path) -> None:
    refused = [v for v in _visits(company) if "analytics_storage=denied" in v["dimension1"]]
    assert refused
    assert all(visit["userId"] is None for visit in refused)
    keys = Counter(visit["visitorId"] for visit in refused)
    assert keys.most_common(1)[0][1] == 1


def test_a_gpc_signal_denies_advertising_whatever_the_banner_said(company: Path) -> None:
    signalled = [v["dimension1"] for v in _visits(company) if v["dimension1"].endswith("gpc=1")]
    assert signalled
    assert all("ad_storage=denied;ad_user_data=denied" in text for text in signalled)


def test_action_times_are_off_by_the_offset_of_the_site(company: Path) -> None:
    offsets = {v["actionDetails"][0]["timestamp"] - v["firstActionTimestamp"]
               for v in _visits(company)}  # fmt: skip
    assert offsets == {7_200}  # summer time in Berlin, all through this company's history


def test_orders_on_the_web_are_seen_by_both_systems(company: Path) -> None:
    orders = {order["legacyResourceId"]: order for order in _documents(
        company, "select doc from shopify_objects where kind = 'orders'")}  # fmt: skip
    seen = [action for visit in _visits(company) for action in visit["actionDetails"]
            if action["type"] == "ecommerceOrder"]  # fmt: skip
    assert len(seen) > 50
    for action in seen:
        total = float(orders[action["orderId"]]["totalPriceSet"]["shopMoney"]["amount"])
        assert action["revenue"] == pytest.approx(total)


def test_money_of_an_order_adds_up(company: Path) -> None:
    def cents(bag: dict[str, Any]) -> int:
        return round(float(bag["shopMoney"]["amount"]) * 100)

    for order in _documents(company, "select doc from shopify_objects where kind = 'orders'"):
        lines = sum(cents(line["discountedTotalSet"]) for line in order["lineItems"])
        assert lines == cents(order["subtotalPriceSet"])
        assert cents(order["totalPriceSet"]) == lines + cents(order["totalShippingPriceSet"])
        refunded = sum(cents(refund["totalRefundedSet"]) for refund in order["refunds"])
        assert refunded == cents(order["totalRefundedSet"]) <= cents(order["totalPriceSet"])


def test_planted_strings_reach_every_place(company: Path, tmp_path: Path) -> None:
    shutil.copytree(company, tmp_path / "planted")
    canaries = {"contact.message": "canary-1", "order.note": "canary-2", "visit.nested": "canary-3",
                "visit.url_path": "canary-4", "contact.property_key": "canary-5"}  # fmt: skip
    planted = plant(tmp_path / "planted", canaries)
    assert planted.keys() == canaries.keys()
    with closing(sqlite3.connect(database(tmp_path / "planted"))) as connection:
        text = "\n".join(row[0] for table in ("hubspot_objects", "shopify_objects", "matomo_visits")
                         for row in connection.execute(f"select doc from {table}"))  # noqa: S608 # fmt: skip
    assert all(text.count(canary) == 1 for canary in canaries.values())
    advance(tmp_path / "planted", 2)
    with closing(sqlite3.connect(database(tmp_path / "planted"))) as connection:
        held = connection.execute(
            "select count(*) from hubspot_objects where doc like '%canary-1%'").fetchone()  # fmt: skip
    assert held[0] == 1


def test_planting_in_an_unknown_place_is_refused(company: Path) -> None:
    with pytest.raises(KeyError, match=r"contact\.shoe_size"):
        plant(company, {"contact.shoe_size": "x"})
