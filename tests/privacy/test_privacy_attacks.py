"""Attacks on the wall that no other file makes: probes by readers, withdrawals during an export,
what errors tell, audiences of one. README.md beside this file lists them all."""

import hashlib
from datetime import timedelta

import psycopg
import pytest

from orchestration.operations.failures import StepFailed, without_values
from orchestration.privacy import erase
from tests.conftest import Warehouse
from tests.privacy.small_hub import AS_OF, Person, SmallHub

ADA = Person(801, "ada.visible@example.org")
BOB = Person(802, "bob.hidden@example.org")
CROWD = [Person(810 + number, f"crowd{number}.many@example.org") for number in range(5)]
FUTURE = Person(830, "future.dated@example.org")
VIEW = "activation.sendable_email_marketing_email"
SEEN = "current_setting('spy.seen', true)"


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> SmallHub:
    hub = SmallHub(fresh_database, [ADA, BOB, FUTURE, *CROWD])
    for person in hub.people:
        hub.say(person, "grant", AS_OF - timedelta(days=30))
    hub.build()
    hub.say(BOB, "withdraw", AS_OF - timedelta(days=1))
    return hub


def exporter(hub: SmallHub) -> psycopg.Connection:
    return hub.warehouse.connect("activator")


def test_an_error_that_only_a_hidden_row_could_cause_does_not_come(hub: SmallHub) -> None:
    for probe, error in (
        ("1 / (length(email) - length(email)) = 1", psycopg.errors.DivisionByZero),
        ("cast(email as int) = 1", psycopg.errors.InvalidTextRepresentation),
    ):
        query = f"select 1 from {VIEW} where case when email = %s then {probe} else false end"
        with exporter(hub) as connection:
            assert connection.execute(query.encode(), [BOB.email]).fetchall() == []
            with pytest.raises(error):
                connection.execute(query.encode(), [ADA.email])


def test_a_setting_is_no_side_channel_for_hidden_rows(hub: SmallHub) -> None:
    with exporter(hub) as connection:
        connection.execute(
            f"select 1 from {VIEW} where "
            f"set_config('spy.seen', coalesce({SEEN}, '') || email, false) = ''".encode()
        )
        row = connection.execute(f"select {SEEN}".encode()).fetchone()
    assert row is not None
    assert ADA.email in row[0]
    assert BOB.email not in row[0]


def test_statistics_of_walled_tables_show_readers_nothing(hub: SmallHub) -> None:
    query = b"select count(*) from pg_stats where schemaname in ('vault', 'restricted', 'core')"
    with hub.warehouse.connect() as admin:
        admin.execute("analyze vault.contact_values")
        known = admin.execute(query).fetchone()
    assert known is not None
    assert known[0] > 0
    for role in ("activator", "analyst", "marketer"):
        with hub.warehouse.connect(role) as connection:
            assert connection.execute(query).fetchone() == (0,)


def test_the_view_of_an_exporter_is_a_barrier_after_every_rebuild(hub: SmallHub) -> None:
    with hub.warehouse.connect() as admin:
        views = admin.execute(
            "select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
            "where nspname in ('activation', 'restricted') and relkind = 'v' "
            "and not coalesce(reloptions @> array['security_barrier=true'], false)"
        ).fetchall()
    assert views == []


def test_a_withdrawal_during_an_export_keeps_the_person_out_of_the_next_batch(
    hub: SmallHub,
) -> None:
    last = sorted(CROWD, key=lambda person: person.email)[-1]
    batch = f"select email from {VIEW} where email > %s order by email limit 2".encode()
    with exporter(hub) as connection:
        sent = [row[0] for row in connection.execute(batch, [""]).fetchall()]
        assert last.email not in sent
        hub.say(last, "withdraw", AS_OF)
        while rows := connection.execute(batch, [sent[-1]]).fetchall():
            sent += [row[0] for row in rows]
    assert len(sent) > 2
    assert last.email not in sent


@pytest.mark.parametrize(
    "statement",
    [
        "insert into privacy.tombstones values ('{value}', '1', 'e'), ('{value}', '1', 'e')",
        "select cast('{value}' as int)",
        "select '{value}'::timestamp",
        "select 1 / 0 from vault.contact_values where value = '{value}'",
        "insert into vault.contact_values (subject_key) values ('{value}')",
    ],
)
def test_what_leaves_a_failed_step_shows_no_value(hub: SmallHub, statement: str) -> None:
    with pytest.raises(StepFailed) as failed, without_values(), hub.warehouse.connect() as admin:
        admin.execute(statement.format(value=ADA.email).encode())
    told = repr(failed.value) + repr(failed.value.__cause__)
    assert ADA.email not in told
    assert failed.value.__suppress_context__
    assert "SQLSTATE" in told


def test_events_dated_in_the_future_go_with_the_person(hub: SmallHub) -> None:
    key = hub.key("email", FUTURE.email)
    hub.say(FUTURE, "grant", AS_OF + timedelta(days=3_650))
    with hub.warehouse.connect() as admin:
        before = admin.execute("select count(*) from consent.events where subject_key = %s", [key])
        assert before.fetchone() == (2,)
    erase.erase(hub.warehouse.url("dsr"), FUTURE.email, verified_by="letter")
    with hub.warehouse.connect() as admin:
        after = admin.execute("select count(*) from consent.events where subject_key = %s", [key])
        assert after.fetchone() == (0,)


def test_a_subject_key_is_no_unkeyed_hash_of_what_it_stands_for(hub: SmallHub) -> None:
    key = hub.key("email", ADA.email)
    for text in (ADA.email, f"email|{ADA.email}", f"tandem|email|{ADA.email}"):
        for name in ("md5", "sha1", "sha256"):
            digest = hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
            assert key != digest[:32]
