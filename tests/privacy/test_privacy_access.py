"""Access: everything of one person, and nothing of anybody else."""

import pytest

from orchestration.privacy.access import access
from tests.conftest import Warehouse
from tests.privacy.small_hub import Person, SmallHub

ADA = Person(200, "ada.someone@example.org", "+49301234500")
# The next two share a telephone.
PEOPLE = [
    ADA,
    Person(201, "mother.family@example.org", "+49301239999"),
    Person(202, "daughter.family@example.org", "+49301239999"),
]


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> SmallHub:
    hub = SmallHub(fresh_database, PEOPLE)
    hub.settle()
    return hub


def test_access_shows_everything_of_one_person_and_nobody_else(hub: SmallHub) -> None:
    copy = access(hub.warehouse.url("dsr"), ADA.email)
    text = copy.as_json()
    for relation in ("vault.contact_values", "raw_hubspot.contacts", "consent.events",
                     "raw_shopify.orders", "identity.person_links"):  # fmt: skip
        assert relation in copy.relations
    assert ADA.email in text
    for other in PEOPLE:
        if other is not ADA:
            for value in (other.email, other.person_id, hub.key("email", other.email)):
                assert value not in text
    assert ADA.email in copy.as_html()


def test_access_escapes_what_people_typed(hub: SmallHub) -> None:
    with hub.warehouse.connect() as connection:
        connection.execute(
            "update vault.contact_values set value = '<script>alert(1)</script>' "
            "where field = 'first_name' and subject_key = %s",
            [hub.key("hubspot_contact_id", str(ADA.number))],
        )
    assert "<script>" not in access(hub.warehouse.url("dsr"), ADA.email).as_html()
