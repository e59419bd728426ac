"""What an edit of the rules would change, counted before anything is published."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from ingestion.settings import project_root
from orchestration.consent import preview
from tests.conftest import Warehouse
from tests.privacy.consent_world import PLACE_TYPES, rows_sql, seed_sql
from tests.privacy.small_hub import AS_OF, Person, SmallHub

PEOPLE = [Person(700 + n, f"voter{n}.someone@example.org") for n in range(6)]


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> SmallHub:
    hub = SmallHub(fresh_database, PEOPLE)
    for person in PEOPLE[:4]:
        hub.say(person, "grant", AS_OF - timedelta(days=100))
    hub.say(PEOPLE[4], "withdraw", AS_OF - timedelta(days=9))
    hub.build()
    places = [
        {
            "subject_key": hub.key("hubspot_contact_id", str(person.number)),
            "jurisdiction": "DE",
            "lowest_age": None,
        }
        for person in PEOPLE
    ]
    with fresh_database.connect() as connection:
        for name, text in (
            ("int_consent__ledger_events", "select * from consent.events"),
            ("int_consent__subject_places", rows_sql(places, PLACE_TYPES)),
        ):
            connection.execute(f"create table intermediate.{name} as {text}".encode())
    return hub


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    shutil.copytree(project_root() / preview.FOLDER, folder)
    return folder


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "consent_policy.csv"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def changes(hub: SmallHub, folder: Path) -> list[preview.Change]:
    with hub.warehouse.connect() as connection:
        return preview.preview(connection, folder)


def test_rules_as_they_were_built_with_change_nobody(hub: SmallHub, rules: Path) -> None:
    assert changes(hub, rules) == []
    assert preview.told([]) == "nobody's state changes"


def test_a_shorter_validity_is_counted_for_whoever_it_ends(hub: SmallHub, rules: Path) -> None:
    before = preview.fingerprint(rules)
    edit(
        rules,
        "EU,email_marketing,email,unknown,consent,,",
        "EU,email_marketing,email,unknown,consent,30,",
    )
    assert changes(hub, rules) == [preview.Change("email_marketing", "granted", "unknown", 4)]
    assert preview.fingerprint(rules) != before


def test_a_default_changes_those_who_never_said_anything(hub: SmallHub, rules: Path) -> None:
    edit(rules, "EU,ads,web,unknown,", "EU,ads,web,granted,")
    assert changes(hub, rules) == [preview.Change("ads", "unknown", "granted", 6)]
    edit(rules, "EU,email_marketing,email,unknown,", "EU,email_marketing,email,granted,")
    assert changes(hub, rules)[1] == preview.Change("email_marketing", "unknown", "granted", 1)


def test_before_the_first_build_there_is_nobody_to_count(warehouse: Warehouse, rules: Path) -> None:
    with warehouse.connect() as connection:
        assert preview.preview(connection, rules) == []


def test_the_files_are_read_with_the_types_that_dbt_gives_them(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        for name in preview.RULES:
            typed = connection.execute(preview.seed_sql(name).encode()).fetchall()
            assert typed == connection.execute(seed_sql(name).encode()).fetchall()
