"""Requests as vendors, forms and clerks pass them on: taken in once, served, forgotten."""

import json
from datetime import timedelta

import dagster as dg
import pytest

from ingestion.guard.keys import Keyer, KeyRing
from ingestion.settings import home
from orchestration.defs.hub import Hub
from orchestration.defs.requests import requests_came, serve_requests
from orchestration.privacy import holds, requests, vendor_requests
from orchestration.privacy.errors import PrivacyError
from orchestration.privacy.subjects import closure
from tests.conftest import Warehouse
from tests.privacy.small_hub import AS_OF, Person, SmallHub

PEOPLE = [Person(500 + n, f"asker{n}.someone@example.org", f"+493055544{n:02}") for n in range(6)]


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> SmallHub:
    hub = SmallHub(fresh_database, PEOPLE)
    for person in PEOPLE:
        hub.say(person, "grant", AS_OF - timedelta(days=9))
    hub.build()
    return hub


def take_in(hub: SmallHub, topic: str, body: object) -> int:
    told = vendor_requests.read(topic, json.dumps(body).encode())
    with hub.warehouse.connect("dsr") as connection:
        return sum(
            requests.add(
                connection, each.kind, each.source, each.subject_keys, source_key=each.source_key
            )
            for each in told
        )


def shopify(person: Person, **more: object) -> dict[str, object]:
    customer = {"id": 9_000_000_000 + person.number, "email": person.email, "phone": person.phone}
    return {"shop_id": 1, "shop_domain": "shop.example", "customer": customer, **more}


def hubspot(person: Person) -> list[dict[str, object]]:
    at = 1_790_000_000_000
    kind = "contact.privacyDeletion"
    return [{"objectId": person.number, "portalId": 7, "subscriptionType": kind, "occurredAt": at}]


def serve(hub: SmallHub) -> dict[str, str]:
    return {each.kind: each.status for each in requests.serve(hub.warehouse.url("dsr"))}


def test_a_redaction_passed_on_twice_is_one_request_and_erases_the_person(hub: SmallHub) -> None:
    person, other = PEOPLE[0], PEOPLE[1]
    body = shopify(person, orders_to_redact=[1, 2])
    assert take_in(hub, "customers/redact", body) == 1
    assert take_in(hub, "customers/redact", body) == 0
    assert serve(hub) == {"erase": "done"}
    hub.build()
    assert person.email not in hub.sendable()
    assert other.email in hub.sendable()
    with hub.warehouse.connect("dsr") as connection:
        assert closure(connection, person.email).person_ids == ()
        row = connection.execute(
            "select status, subject_keys from privacy.requests where source = 'shopify'"
        ).fetchone()
    assert row == ("done", [])
    assert take_in(hub, "customers/redact", body) == 0
    assert serve(hub) == {}


def test_a_person_whom_the_hub_does_not_know_yet_is_kept_out_when_they_come(hub: SmallHub) -> None:
    stranger = Person(599, "stranger.unknown@example.org")
    assert take_in(hub, "contact.privacyDeletion", hubspot(stranger)) == 1
    assert serve(hub) == {"erase": "done"}
    with hub.warehouse.connect("loader") as connection:
        rows = connection.execute("select subject_key_supp from privacy.tombstones").fetchall()
    keyer = Keyer(
        KeyRing.from_secret("k_match.key"),
        KeyRing.from_secret("k_supp.key"),
        frozenset(row[0] for row in rows),
    )
    assert keyer.is_erased("hubspot_contact_id", "599")
    assert not keyer.is_erased("hubspot_contact_id", str(PEOPLE[1].number))


def test_a_data_request_leaves_a_copy_that_goes_with_the_person(hub: SmallHub) -> None:
    person = PEOPLE[2]
    take_in(hub, "customers/data_request", shopify(person, data_request={"id": 5}))
    with hub.warehouse.connect("dsr") as connection:
        [request] = requests.open_requests(connection)
    assert serve(hub) == {"access": "done"}
    copy = requests.folder(request.request_id) / "data.json"
    assert copy.is_relative_to(home())
    assert copy.stat().st_mode & 0o077 == 0
    assert person.email in copy.read_text()
    assert PEOPLE[1].email not in copy.read_text()
    take_in(hub, "contact.privacyDeletion", hubspot(person))
    assert serve(hub) == {"erase": "done"}
    assert not copy.exists()


def test_an_objection_in_the_table_suppresses_at_once(hub: SmallHub) -> None:
    person = PEOPLE[3]
    assert person.email in hub.sendable()
    with hub.warehouse.connect("dsr") as connection:
        requests.add(
            connection, "object", "form", [hub.key("email", person.email)], source_key="ticket 9"
        )
    assert serve(hub) == {"object": "done"}
    assert person.email not in hub.sendable()


def test_a_hold_keeps_the_request_open_for_a_person_to_decide(hub: SmallHub) -> None:
    person = PEOPLE[4]
    with hub.warehouse.connect("dsr") as connection:
        theirs = closure(connection, person.email)
        kept = holds.place(
            connection, theirs, category="all", reason="lawsuit", placed_by="counsel", until_at=None
        )
    take_in(hub, "contact.privacyDeletion", hubspot(person))
    assert serve(hub) == {"erase": "held"}
    with hub.warehouse.connect("dsr") as connection:
        assert [each.status for each in requests.open_requests(connection)] == ["held"]
        holds.release(connection, kept)
        connection.execute("update privacy.requests set status = 'open' where status = 'held'")
    assert serve(hub) == {"erase": "done"}


def test_the_sensor_launches_the_job_once_and_the_job_serves(hub: SmallHub) -> None:
    person = PEOPLE[5]
    skipped = requests_came(dg.build_sensor_context())
    assert isinstance(skipped, dg.SensorResult)
    assert skipped.skip_reason is not None
    take_in(hub, "contact.privacyDeletion", hubspot(person))
    first, second = (requests_came(dg.build_sensor_context()) for _ in range(2))
    assert isinstance(first, dg.SensorResult)
    assert isinstance(second, dg.SensorResult)
    assert first.run_requests
    assert second.run_requests
    assert first.run_requests[0].run_key == second.run_requests[0].run_key
    result = serve_requests.execute_in_process(resources={"hub": Hub()})
    assert result.success
    assert person.email not in str([event.message for event in result.all_events])
    with hub.warehouse.connect("dsr") as connection:
        assert requests.open_requests(connection) == []


@pytest.mark.parametrize("topic", vendor_requests.TOPICS)
def test_a_body_that_is_no_request_is_refused_without_showing_it(topic: str) -> None:
    with pytest.raises(PrivacyError) as refusal:
        vendor_requests.read(topic, b'["asker.secret@example.org"]')
    assert "secret" not in str(refusal.value)
