"""What privacy costs: the guard, the live suppression, an erasure; ratios of one run, and seconds.

Run with ``pytest -m volume -s tests/benchmarks/test_privacy_speed.py``; ``TANDEM_PEOPLE`` sets the
size. Limits are generous, since machines are shared: they catch a lost index, not a slow hour.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from ingestion.guard import scrub
from ingestion.guard.keys import Keyer
from ingestion.sources.crm import hubspot_shapes
from orchestration.privacy import cascade, erase
from tests.conftest import Warehouse
from tests.privacy.small_hub import Person, SmallHub
from tests.unit.guard_memory import memory_guard

pytestmark = pytest.mark.volume

PEOPLE = int(os.environ.get("TANDEM_PEOPLE", "200000"))
ERASED = 100
RECORDS = 20_000
# A crowd in the tables that an erasure, an access request and an export go through.
CROWD = """
insert into identity.persons (person_id, created_at)
select 'p' || n, now() from generate_series(1, {people}) as n;
insert into identity.person_links
select md5('record' || n), 'hubspot_contact_id', 'p' || n, '1900-01-01', '9999-12-31'
from generate_series(1, {people}) as n;
insert into identity.person_links
select md5('email' || n), 'email', 'p' || n, '1900-01-01', '9999-12-31'
from generate_series(1, {people}) as n;
insert into identity.identifiers
select 'hubspot', 'contacts/' || n, kind, md5(name || n), now(), now(), 1
from generate_series(1, {people}) as n,
    (values ('hubspot_contact_id', 'record'), ('email', 'email')) as kinds (kind, name);
insert into vault.contact_values
    (subject_key, source, record_key, field, value, observed_at, load_id)
select md5('record' || n), 'raw_hubspot', 'contacts/' || n, 'email',
    'person' || n || '@crowd.example', now(), 'bench'
from generate_series(1, {people}) as n;
insert into raw_hubspot.contacts
select n::text, md5('record' || n), md5('email' || n), null from generate_series(1, {people}) as n;
"""


def seconds(
    work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter, repeats: int = 3
) -> float:
    """Return the shortest of some runs; by ``process_time`` others on the machine count less."""
    taken = []
    for _ in range(repeats):
        started = clock()
        work()
        taken.append(clock() - started)
    return min(taken)


def told(**figures: float) -> None:
    """Print figures of one line."""
    line = json.dumps({name: round(value, 3) for name, value in figures.items()})
    sys.stdout.write(f"\n{line}\n")


def test_keying_and_scrubbing_cost_little_beside_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [
        {
            "id": str(number),
            "properties": {
                "email": f"person{number}@crowd.example",
                "phone": f"+4930{number:08}",
                "firstname": "Ada",
                "lastname": "Lovelace",
                "message": f"please call back about order {number}, thanks",
                "jobtitle": "engineer",
                "country": "Germany",
                "createdate": "2026-01-01T00:00:00.000Z",
                "lastmodifieddate": "2026-01-02T00:00:00.000Z",
            },
            "archived": False,
        }
        for number in range(1, RECORDS + 1)
    ]

    def admit() -> int:
        guard, _ = memory_guard("raw_hubspot")
        return int(guard.admit(hubspot_shapes.CONTACTS, records).num_rows)

    assert admit() == RECORDS
    whole = seconds(admit, time.process_time)
    monkeypatch.setattr(Keyer, "key", lambda self, kind, value: value)
    monkeypatch.setattr(scrub, "free_text", lambda value: value)
    bare = seconds(admit, time.process_time)
    told(guard_rows_per_second=RECORDS / whole, guard_ratio=whole / bare)
    assert whole / bare < 3


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> SmallHub:
    ada = Person(9_000_000, "ada.only@example.org")
    hub = SmallHub(fresh_database, [ada])
    hub.build()
    with fresh_database.connect() as connection:
        connection.execute(CROWD.format(people=PEOPLE).encode())
        columns = "person_id, point_key, purpose, value, ledger_seq"
        connection.execute(
            f"insert into restricted.sendable_contact_points ({columns}) "
            "select 'p' || n, md5('email' || n), 'email_marketing', "
            f"'person' || n || '@crowd.example', 0 from generate_series(1, {PEOPLE}) as n".encode()
        )
        connection.execute(
            b"insert into restricted.sendable_keys (person_id, subject_key) "
            b"select person_id, subject_key from identity.person_links"
        )
        # As the models declare them.
        connection.execute(
            b"create index on restricted.sendable_contact_points (purpose, person_id);"
            b"create index on restricted.sendable_contact_points (ledger_seq);"
            b"create index on restricted.sendable_keys (subject_key)"
        )
        connection.execute(b"create index on raw_hubspot.contacts (subject_key)")
        connection.execute(b"create index on identity.identifiers (subject_key)")
        connection.execute(b"vacuum analyze")
    return hub


def test_a_live_audience_costs_little_beside_its_table(hub: SmallHub) -> None:
    with hub.warehouse.connect() as connection:

        def count(relation: str) -> int:
            row = connection.execute(f"select count(value) from {relation}".encode()).fetchone()
            return row[0] if row else 0

        view = "(select email as value from activation.sendable_email_marketing_email) as live"
        plain = seconds(lambda: count("restricted.sendable_contact_points"))
        live = seconds(lambda: count(view))
        told(people=PEOPLE, sendable_view_seconds=live, sendable_ratio=live / plain)
        assert count(view) >= PEOPLE
    assert live / plain < 20


def test_erasing_a_hundred_people_takes_seconds(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    cascades: list[float] = []

    def timed(*arguments: Any) -> Any:
        before = time.perf_counter()
        counts = whole(*arguments)
        cascades.append(time.perf_counter() - before)
        return counts

    whole = cascade.cascade
    monkeypatch.setattr(cascade, "cascade", timed)
    started = time.perf_counter()
    receipt = erase.erase_persons(
        hub.warehouse.url("dsr"), [f"p{number}" for number in range(1, ERASED + 1)],
        verified_by="benchmark",
    )  # fmt: skip
    taken = time.perf_counter() - started
    told(people=PEOPLE, erased=ERASED, cascade_seconds=cascades[0], erasure_seconds=taken)
    assert receipt.content["persons"] == ERASED
    assert cascades[0] < 20
    assert taken < 120
