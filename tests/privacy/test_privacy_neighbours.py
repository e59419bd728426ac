"""Erasure beside people who have something in common with the one who goes."""

import pytest

from ingestion.guard.keys import Keyer, KeyRing
from orchestration.privacy import erase, scan
from orchestration.privacy.receipts import Receipt
from orchestration.privacy.subjects import closure
from tests.conftest import Warehouse
from tests.privacy.small_hub import Person, SmallHub

ANN = Person(300, "ann@example.org", "+493012345601")
JOANN = Person(301, "joann@example.org", "+493012345602")
FATHER = Person(302, "father@example.org", "+493012345603")
SON = Person(303, "son@example.org", "+493012345604")
SHARED = "+49301239999"
MOTHER = Person(304, "mother.family@example.org", SHARED)
DAUGHTER = Person(305, "daughter.family@example.org", SHARED)


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> SmallHub:
    hub = SmallHub(fresh_database, [ANN, JOANN, FATHER, SON, MOTHER, DAUGHTER])
    with fresh_database.connect() as connection:
        # The son's order goes to the father's number, as he typed it: nothing keyed it.
        connection.execute(
            "insert into vault.contact_values (subject_key, source, record_key, field, value, "
            "observed_at, load_id) values (%s, 'raw_shopify', 'orders/9', 'shipping_phone', "
            "'+49 (30) 12345603', now(), 'test')",
            [hub.key("hubspot_contact_id", str(SON.number))],
        )
        connection.execute(
            "update vault.contact_values set value = '+49 (30) 12345603' where value = %s",
            [FATHER.phone],
        )
    hub.load()
    hub.build()
    return hub


def run(hub: SmallHub, person: Person) -> Receipt:
    return erase.erase(hub.warehouse.url("dsr"), person.email, verified_by="letter, clerk 7")


def places_with(hub: SmallHub, value: str) -> list[str]:
    with hub.warehouse.connect() as connection:
        return [finding.place for finding in scan.scan_tables(connection, [value])]


def guard(hub: SmallHub) -> Keyer:
    with hub.warehouse.connect("loader") as connection:
        rows = connection.execute("select subject_key_supp from privacy.tombstones").fetchall()
    stones = frozenset(row[0] for row in rows)
    return Keyer(KeyRing.from_secret("k_match.key"), KeyRing.from_secret("k_supp.key"), stones)


def test_an_address_that_ends_a_longer_one_goes_and_the_longer_one_stays(hub: SmallHub) -> None:
    receipt = run(hub, ANN)
    assert receipt.content["persons"] == 1
    assert receipt.content["values_that_longer_ones_of_others_contain"] == 1
    assert guard(hub).is_erased("email", ANN.email)
    assert not guard(hub).is_erased("email", JOANN.email)
    assert "vault.contact_values" in places_with(hub, JOANN.email)
    with hub.warehouse.connect() as connection:
        known = "select from vault.contact_values where value = %s"
        assert connection.execute(known, [ANN.email]).rowcount == 0


def test_a_number_in_a_neighbours_record_in_any_spelling_stays_with_them(hub: SmallHub) -> None:
    receipt = run(hub, FATHER)
    assert receipt.content["persons"] == 1
    assert receipt.content["shared_values_left_for_review"] == 1
    assert guard(hub).is_erased("email", FATHER.email)
    assert not guard(hub).is_erased("phone", FATHER.phone)
    with hub.warehouse.connect() as connection:
        rows = connection.execute(
            "select field from vault.contact_values where value = '+49 (30) 12345603'"
        ).fetchall()
    assert rows == [("shipping_phone",)]


def test_a_telephone_of_two_accounts_is_left_for_review(hub: SmallHub) -> None:
    receipt = run(hub, MOTHER)
    assert receipt.content["shared_identifiers_left_for_review"] == 1
    assert places_with(hub, MOTHER.email) == []
    with hub.warehouse.connect() as connection:
        theirs = closure(connection, DAUGHTER.email)
    assert theirs.person_ids == (DAUGHTER.person_id,)
    assert "vault.contact_values" in places_with(hub, DAUGHTER.email)
    assert guard(hub).is_erased("email", MOTHER.email)
    assert not guard(hub).is_erased("phone", SHARED)
