"""Erasure beside people who have something in common with the one who goes."""

import pytest

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
    hub.settle()
    return hub


def test_an_address_that_ends_a_longer_one_goes_and_the_longer_one_stays(hub: SmallHub) -> None:
    receipt = hub.erase(ANN)
    assert receipt.content["persons"] == 1
    assert receipt.content["values_that_longer_ones_of_others_contain"] == 1
    assert hub.guard().is_erased("email", ANN.email)
    assert not hub.guard().is_erased("email", JOANN.email)
    assert "vault.contact_values" in hub.places_with(JOANN.email)
    with hub.warehouse.connect() as connection:
        known = "select from vault.contact_values where value = %s"
        assert connection.execute(known, [ANN.email]).rowcount == 0


def test_a_number_in_a_neighbours_record_in_any_spelling_stays_with_them(hub: SmallHub) -> None:
    receipt = hub.erase(FATHER)
    assert receipt.content["persons"] == 1
    assert receipt.content["shared_values_left_for_review"] == 1
    assert hub.guard().is_erased("email", FATHER.email)
    assert not hub.guard().is_erased("phone", FATHER.phone)
    with hub.warehouse.connect() as connection:
        rows = connection.execute(
            "select field from vault.contact_values where value = '+49 (30) 12345603'"
        ).fetchall()
    assert rows == [("shipping_phone",)]


def test_a_telephone_of_two_accounts_is_left_for_review(hub: SmallHub) -> None:
    receipt = hub.erase(MOTHER)
    assert receipt.content["shared_identifiers_left_for_review"] == 1
    assert hub.places_with(MOTHER.email) == []
    with hub.warehouse.connect() as connection:
        theirs = closure(connection, DAUGHTER.email)
    assert theirs.person_ids == (DAUGHTER.person_id,)
    assert "vault.contact_values" in hub.places_with(DAUGHTER.email)
    assert hub.guard().is_erased("email", MOTHER.email)
    assert not hub.guard().is_erased("phone", SHARED)
