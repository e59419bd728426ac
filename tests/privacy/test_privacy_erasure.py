"""Erasure: everything, everywhere, for good, and only theirs."""

import psycopg
import pytest

from ingestion.guard.keys import KeyRing
from ingestion.working import working_folders
from orchestration.consent import ledger
from orchestration.privacy import erase, holds, receipts, replay, scan, tombstones
from orchestration.privacy.errors import PrivacyError
from orchestration.privacy.subjects import closure
from tests.conftest import Warehouse
from tests.privacy.small_hub import Person, SmallHub

PEOPLE = [Person(200 + n, f"person{n}.someone@example.org", f"+493012345{n:02}") for n in range(12)]


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> SmallHub:
    hub = SmallHub(fresh_database, PEOPLE)
    hub.settle()
    return hub


def people_left(hub: SmallHub) -> int:
    with hub.warehouse.connect() as connection:
        row = connection.execute("select count(*) from identity.persons").fetchone()
    return row[0] if row else 0


def test_nothing_of_an_erased_person_is_left_and_everybody_else_is_untouched(
    hub: SmallHub,
) -> None:
    person, other = PEOPLE[0], PEOPLE[1]
    before = people_left(hub)
    assert "vault.contact_values" in hub.places_with(person.email)
    receipt = hub.erase(person)
    assert hub.places_with(person.email) == []
    assert hub.places_with(hub.key("email", person.email)) == []
    assert hub.places_with(hub.key("hubspot_contact_id", str(person.number))) == []
    assert hub.places_with(person.person_id) == []
    assert people_left(hub) == before - 1
    assert "vault.contact_values" in hub.places_with(other.email)
    assert receipt.content["persons"] == 1
    assert person.email not in hub.sendable()
    assert other.email in hub.sendable()


def test_statistics_forget_too(hub: SmallHub) -> None:
    person = PEOPLE[1]
    with hub.warehouse.connect() as connection:
        connection.execute("analyze vault.contact_values")
    assert any("statistics" in place for place in hub.places_with(person.email))
    hub.erase(person)
    assert hub.places_with(person.email) == []


def test_the_receipt_holds_counts_and_nothing_of_the_person(hub: SmallHub) -> None:
    person = PEOPLE[2]
    receipt = hub.erase(person)
    own = hub.key("hubspot_contact_id", str(person.number))
    text = str(receipt)
    for value in (person.email, person.phone, person.person_id, own):
        assert value not in text
    with hub.warehouse.connect("auditor") as connection:
        assert receipts.verify(connection) == []


def test_a_changed_receipt_is_found(hub: SmallHub) -> None:
    hub.erase(PEOPLE[3])
    with hub.warehouse.connect() as connection:
        connection.execute("alter table privacy.receipts disable trigger user")
        query = "update privacy.receipts set content = replace(content, %s, %s) where seq = 1"
        connection.execute(query, ['"persons": 1', '"persons": 2'])
        assert receipts.verify(connection)
        connection.execute(query, ['"persons": 2', '"persons": 1'])
        connection.execute("alter table privacy.receipts enable trigger user")
        assert receipts.verify(connection) == []
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("delete from privacy.receipts")


def test_an_invoice_stays_under_a_key_that_leads_nowhere(hub: SmallHub) -> None:
    person = PEOPLE[4]
    hub.erase(person)
    with hub.warehouse.connect() as connection:
        row = connection.execute(
            "select subject_key, order_key, customer_key, shopify_customer_id, email_key, "
            "total_amount from raw_shopify.orders where shopify_order_id = %s",
            [f"o{person.number}"],
        ).fetchone()
    assert row is not None
    assert row[5] == 10
    assert row[2:5] == (None, None, None)
    known = {hub.key("hubspot_contact_id", str(person.number)), f"k{person.number}"}
    assert not known & {row[0], row[1]}
    assert row[0] != row[1]


def test_an_erased_person_stays_out_however_they_come_back(hub: SmallHub) -> None:
    person = PEOPLE[5]
    hub.erase(person)
    ring = KeyRing.from_secret("k_supp.key")
    assert hub.guard(ring).is_erased("email", person.email)
    assert hub.guard(ring).is_erased("phone", person.phone)
    assert hub.guard(ring).is_erased("hubspot_contact_id", str(person.number))
    assert not hub.guard(ring).is_erased("email", PEOPLE[11].email)
    rotated = KeyRing("2", {**ring.versions, "2": b"x" * 32})
    assert hub.guard(rotated).is_erased("email", person.email)


def test_an_id_that_is_somebody_elses_at_another_vendor_names_nobody(hub: SmallHub) -> None:
    one, other = PEOPLE[9], PEOPLE[10]
    number = str(one.number)
    assert erase_scope(hub, number) == [one.person_id]
    with hub.warehouse.connect() as connection:
        connection.execute(
            "insert into identity.persons (person_id, created_at) values (%s, now())"
            " on conflict do nothing",
            [other.person_id],
        )
        connection.execute(
            "insert into identity.person_links values"
            " (%s, 'woocommerce_customer_id', %s, '1900-01-01', '9999-12-31')",
            [hub.key("woocommerce_customer_id", number), other.person_id],
        )
    with pytest.raises(PrivacyError, match="several vendors know different people"):
        erase_scope(hub, number)
    assert erase_scope(hub, one.email) == [one.person_id]


def erase_scope(hub: SmallHub, identifier: str) -> list[str]:
    """Return whom an identifier names."""
    with psycopg.connect(hub.warehouse.url("dsr")) as connection:
        return list(closure(connection, identifier).person_ids)


def test_who_registers_anew_is_let_in_by_a_decision(hub: SmallHub) -> None:
    person = PEOPLE[5]
    with psycopg.connect(hub.warehouse.url("dsr")) as connection:
        # One of the value, one of its key.
        assert tombstones.lift(connection, "email", person.email.upper()) == 2
        assert tombstones.lift(connection, "email", person.email) == 0


def test_an_erasure_killed_in_the_middle_is_finished_by_the_next_run(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = PEOPLE[6]

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(scan, "scan_tables", die)
        with pytest.raises(KeyboardInterrupt):
            hub.erase(person)
    assert "vault.contact_values" in hub.places_with(person.email)
    with hub.warehouse.connect("dsr") as connection:
        row = connection.execute(
            "select count(*) from privacy.tombstones join privacy.erasures using (erasure_id) "
            "where state = 'tombstoned'"
        ).fetchone()
    assert row is not None
    assert row[0] >= 4
    assert [receipt.content["persons"] for receipt in erase.resume(hub.warehouse.url("dsr"))] == [1]
    assert hub.places_with(person.email) == []


def test_an_erasure_killed_after_the_cascade_still_gets_its_receipt(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = PEOPLE[7]

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(receipts, "issue", die)
        with pytest.raises(KeyboardInterrupt):
            hub.erase(person)
    assert hub.places_with(person.email) == []
    assert len(erase.resume(hub.warehouse.url("dsr"))) == 1
    assert erase.resume(hub.warehouse.url("dsr")) == []


def test_rows_that_a_killed_load_left_go_too(hub: SmallHub) -> None:
    person = PEOPLE[11]
    left = working_folders() / "raw_hubspot" / "contacts.csv"
    left.parent.mkdir(parents=True)
    left.write_text(person.email)
    assert hub.erase(person).content["persons"] == 1
    assert not left.exists()


def test_erasing_somebody_twice_finds_nobody(hub: SmallHub) -> None:
    assert hub.erase(PEOPLE[7]).content["rows"] == {}


def test_a_value_left_anywhere_fails_the_proof_and_nothing_is_done(hub: SmallHub) -> None:
    person = PEOPLE[8]
    with hub.warehouse.connect() as connection:
        connection.execute("create table rules.leak as select %s::text as note", [person.email])
        connection.execute(f'grant select on rules.leak to "{hub.warehouse.dbname}_dsr"'.encode())
        before = people_left(hub)
        with pytest.raises(PrivacyError, match=r"rules\.leak") as failure:
            hub.erase(person)
        assert person.email not in str(failure.value)
        assert people_left(hub) == before
        connection.execute("drop table rules.leak")
    hub.erase(person)
    assert people_left(hub) == before - 1


def test_a_table_nobody_registered_stops_an_erasure(hub: SmallHub) -> None:
    with hub.warehouse.connect() as connection:
        connection.execute("create table core.forgotten (person_id text)")
        with pytest.raises(PrivacyError, match=r"core\.forgotten is not in pii_registry"):
            hub.erase(PEOPLE[9])
        connection.execute("drop table core.forgotten")


def test_a_hold_keeps_everything_until_it_is_released(hub: SmallHub) -> None:
    person = PEOPLE[9]
    with psycopg.connect(hub.warehouse.url("dsr")) as connection:
        theirs = closure(connection, person.email)
        hold = holds.place(
            connection, theirs, category="all", reason="court order", placed_by="counsel"
        )
    with pytest.raises(PrivacyError, match="a hold keeps everything"):
        hub.erase(person)
    assert "vault.contact_values" in hub.places_with(person.email)
    with psycopg.connect(hub.warehouse.url("dsr")) as connection:
        assert holds.release(connection, hold) == len(theirs.subject_keys)
    hub.erase(person)
    assert hub.places_with(person.email) == []


def test_a_restored_backup_does_not_bring_them_back(hub: SmallHub) -> None:
    person = PEOPLE[10]  # the last one of all: ANALYZE alone keeps what it knew of emptied tables
    own = hub.key("hubspot_contact_id", str(person.number))
    with hub.warehouse.connect() as connection:
        kept = connection.execute(
            "select * from vault.contact_values where subject_key = %s", [own]
        ).fetchall()
    hub.erase(person)
    with hub.warehouse.connect() as connection:
        for row in kept:
            connection.execute(
                "insert into vault.contact_values values (%s, %s, %s, %s, %s, %s, %s)", row
            )
        assert hub.places_with(person.email) == ["vault.contact_values"]
        replay.replay(connection)
    assert hub.places_with(person.email) == []


def test_the_ledger_stays_whole_through_all_of_this(hub: SmallHub) -> None:
    found = ledger.verify(hub.warehouse.url("auditor"))
    assert found.is_intact
    assert found.redacted >= 9
