"""Who may be reached, at this very moment: withdrawals count at commit, before any rebuild."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest

from orchestration.consent import acts
from orchestration.consent.ledger import Act, submit
from tests.conftest import Warehouse
from tests.privacy.small_hub import AS_OF, Person, SmallHub

ADA = Person(101, "ada.lovelace@example.org", "+4930123456")
BOB = Person(102, "bob.kahn@example.org")
EVE = Person(103, "eve.noyes@example.org")
EARLIER = AS_OF - timedelta(days=30)
Later = Callable[[], datetime]


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> SmallHub:
    hub = SmallHub(fresh_database, [ADA, BOB, EVE])
    for person in (ADA, BOB):
        hub.say(person, "grant", EARLIER)
    hub.build()
    return hub


@pytest.fixture
def later(hub: SmallHub) -> Later:
    """Return moments after everything that was said so far."""

    def moment() -> datetime:
        with hub.warehouse.connect("dsr") as connection:
            return acts.hub_now(connection)

    return moment


def granted_again(hub: SmallHub, person: Person, at: datetime) -> None:
    """Undo what a test did, the way a person would."""
    key = hub.key("email", person.email)
    again = Act(
        key, "person", "email_marketing", "email", "grant", at, at, is_authenticated=True
    )  # fmt: skip
    submit(hub.warehouse.url("loader"), [again])
    hub.build()


def test_only_granted_addresses_are_sendable(hub: SmallHub) -> None:
    assert hub.sendable() == {ADA.email, BOB.email}


@pytest.mark.parametrize("action", ["withdraw", "object"])
def test_a_withdrawal_counts_at_commit(hub: SmallHub, later: Later, action: str) -> None:
    with psycopg.connect(hub.warehouse.url("dsr")) as connection:
        acts.record(connection, ADA.email, action, ["email_marketing"])
        assert hub.sendable() == {ADA.email, BOB.email}
    assert hub.sendable() == {BOB.email}
    hub.build()
    assert hub.sendable() == {BOB.email}
    granted_again(hub, ADA, later())
    assert hub.sendable() == {ADA.email, BOB.email}


def test_a_withdrawal_by_telephone_stops_the_persons_e_mail(hub: SmallHub, later: Later) -> None:
    with psycopg.connect(hub.warehouse.url("dsr")) as connection:
        acts.record(connection, ADA.phone, "withdraw", ["marketing"])
    assert hub.sendable() == {BOB.email}
    hub.build()
    assert hub.sendable() == {BOB.email}
    granted_again(hub, ADA, later())


def test_a_grant_after_a_withdrawal_waits_for_the_rebuild(hub: SmallHub, later: Later) -> None:
    hub.say(ADA, "withdraw", later())
    hub.say(ADA, "grant", later())
    assert hub.sendable() == {BOB.email}
    hub.build()
    assert hub.sendable() == {ADA.email, BOB.email}


def test_an_unfinished_double_opt_in_stops_at_once(hub: SmallHub, later: Later) -> None:
    hub.say(BOB, "pending", later())
    assert hub.sendable() == {ADA.email}
    hub.build()
    assert hub.sendable() == {ADA.email}
    hub.say(BOB, "confirm", later())
    hub.build()
    assert hub.sendable() == {ADA.email, BOB.email}


def test_a_withdrawal_by_a_key_linked_since_the_build_counts(hub: SmallHub, later: Later) -> None:
    with hub.warehouse.connect() as connection:
        connection.execute(
            "insert into identity.person_links values "
            "('newkey', 'email', %s, '1900-01-01', '9999-12-31')",
            [BOB.person_id],
        )
    at = later()
    act = Act("newkey", "contact_point", "email_marketing", "email", "withdraw", at, at)
    submit(hub.warehouse.url("loader"), [act])
    assert hub.sendable() == {ADA.email}
    granted_again(hub, BOB, later())


def test_a_grant_for_one_address_makes_no_other_sendable(hub: SmallHub) -> None:
    second = "bob.second@example.org"
    with hub.warehouse.connect() as connection:
        connection.execute(
            "update vault.contact_values set value = %s where field = 'email' and subject_key = %s",
            [second, hub.key("hubspot_contact_id", str(BOB.number))],
        )
    moved = Person(BOB.number, second)
    hub.people[1] = moved
    try:
        hub.build()
        assert hub.sendable() == {ADA.email}
    finally:
        hub.people[1] = BOB
        with hub.warehouse.connect() as connection:
            connection.execute(
                "update vault.contact_values set value = %s where field = 'email' and value = %s",
                [BOB.email, second],
            )
        hub.build()


def test_an_overdue_source_of_consent_stops_everything(hub: SmallHub) -> None:
    with hub.warehouse.connect() as connection:
        connection.execute(
            "insert into ops.load_counts (run_id, source, resource, loaded_at) "
            "values ('r', 'raw_hubspot', 'subscription_statuses', %s)",
            [AS_OF - timedelta(hours=73)],
        )
        assert hub.sendable() == set()
        connection.execute("update ops.load_counts set loaded_at = %s", [AS_OF])
        assert hub.sendable() == {ADA.email, BOB.email}


def test_a_cheap_function_in_the_condition_sees_nobody_hidden(hub: SmallHub, later: Later) -> None:
    hub.say(BOB, "withdraw", later())
    with hub.warehouse.connect() as connection:
        connection.execute(
            "create or replace function public.spy(text) returns boolean language plpgsql "
            "cost 0.0001 as $$ begin raise notice 'seen %', $1; return true; end $$"
        )
        seen: list[str] = []
        connection.add_notice_handler(lambda diag: seen.append(diag.message_primary or ""))
        connection.execute(
            "select * from activation.sendable_email_marketing_email where public.spy(email)"
        )
        connection.execute("drop function public.spy")
    assert seen
    assert not any(BOB.email in line for line in seen)
    granted_again(hub, BOB, later())
