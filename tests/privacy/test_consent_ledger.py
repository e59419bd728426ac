"""The ledger keeps everything, once, and shows every other hand."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import psycopg
import pytest

from orchestration.consent import ledger
from orchestration.consent.ledger import Act
from tests.conftest import Warehouse

START = datetime(2026, 1, 1)  # noqa: DTZ001
SHAPE = """
select
    'e' || n as event_id, 'key' || n as subject_key, 'device' as subject_scope,
    'ads' as purpose, 'web' as channel, 'deny' as action, 'state_observation' as kind,
    null::text as legal_basis, 'DE' as jurisdiction, 'test' as jurisdiction_source,
    null::text as age_band, 'matomo' as source, 'v' || n as source_key,
    'ad_storage' as capture_method, null::text as notice_version, null::text as proof_sha256,
    null::text as consent_string, 1 as key_version, false as is_authenticated,
    timestamp '2026-01-01' + n * interval '1 hour' as occurred_at,
    timestamp '2026-01-02' as received_at, null::timestamp as expires_at,
    null::timestamp as double_opt_in_at
from generate_series(1, {count}) as n
"""


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> Warehouse:
    return fresh_database


@pytest.fixture(autouse=True)
def _empty_ledger(hub: Warehouse) -> None:
    """Start each test with nothing in the ledger: only its owner's superior can do that."""
    with hub.connect() as connection:
        connection.execute("alter table consent.events disable trigger user")
        connection.execute("truncate consent.events, activation.suppressions")
        connection.execute("alter table consent.events enable trigger user")
        connection.execute("update consent.chain_head set seq = 0, hash = repeat('0', 64)")
        connection.execute("drop view if exists intermediate.int_consent__observed_events")


def act(key: str, action: str, hour: int, **rest: object) -> Act:
    at = START + timedelta(hours=hour)
    return Act(key, "contact_point", "email_marketing", "email", action, at, at, **rest)  # type: ignore[arg-type]


def observe(hub: Warehouse, count: int, edit: str = "") -> None:
    with hub.connect() as connection:
        connection.execute(
            f"create or replace view intermediate.int_consent__observed_events as "
            f"{SHAPE.format(count=count)} {edit}".encode()
        )
        owner = f"{hub.dbname}_owner"
        connection.execute(f'grant usage on schema intermediate to "{owner}"'.encode())
        connection.execute(
            f'grant select on intermediate.int_consent__observed_events to "{owner}"'.encode()
        )


def test_an_append_before_anything_was_observed_adds_nothing(hub: Warehouse) -> None:
    assert ledger.append(hub.url("loader")).count == 0


def test_three_replays_leave_one_row_each(hub: Warehouse) -> None:
    observe(hub, 50)
    counts = [ledger.append(hub.url("loader")).count for _ in range(3)]
    assert counts == [50, 0, 0]
    assert ledger.verify(hub.url("auditor")) == ledger.Verified(
        50, 0, ledger.append(hub.url("loader")).head, ()
    )


def test_only_what_is_new_is_added(hub: Warehouse) -> None:
    observe(hub, 50)
    ledger.append(hub.url("loader"))
    observe(hub, 60)
    assert ledger.append(hub.url("loader")).count == 10


def test_a_load_tells_what_its_own_source_observed(hub: Warehouse) -> None:
    observe(hub, 50)
    assert ledger.append(hub.url("loader"), "nobody").count == 0
    assert ledger.append(hub.url("loader"), "matomo").count == 50


def test_two_appends_at_once_keep_one_chain(hub: Warehouse) -> None:
    observe(hub, 200)
    threads = [threading.Thread(target=ledger.append, args=(hub.url("loader"),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ledger.verify(hub.url("auditor"))
    assert (found.rows, found.is_intact) == (200, True)


def test_an_append_that_dies_leaves_nothing(hub: Warehouse) -> None:
    observe(hub, 50)
    with closing(psycopg.connect(hub.url("loader"))) as dying:
        assert ledger.append(dying).count == 50
        with hub.connect() as connection:
            connection.execute("select pg_terminate_backend(%s)", [dying.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            dying.commit()
    assert ledger.verify(hub.url("auditor")).rows == 0
    assert ledger.append(hub.url("loader")).count == 50


def test_a_repeated_undated_state_is_no_news_until_something_else_was_said(hub: Warehouse) -> None:
    def nightly(hour: int, action: str) -> int:
        at = START + timedelta(hours=hour)
        state = Act(
            "k", "contact_point", "email_marketing", "email", action, at,
            kind="state_observation", source="crm",
        )  # fmt: skip
        return ledger.submit(hub.url("loader"), [state]).count

    assert nightly(1, "withdraw") == 1
    assert nightly(2, "withdraw") == 0
    assert nightly(3, "grant") == 1
    assert nightly(4, "withdraw") == 1


def test_a_grant_carried_over_to_a_new_address_of_the_record_is_not_taken(hub: Warehouse) -> None:
    old = act("old", "grant", 1, kind="state_observation", source="shop", source_key="7")
    new = act("new", "grant", 1, kind="state_observation", source="shop", source_key="7")
    asked = act("new", "grant", 9, kind="state_observation", source="shop", source_key="7")
    refused = act("third", "withdraw", 1, kind="state_observation", source="shop", source_key="7")
    assert [ledger.submit(hub.url("loader"), [each]).count for each in (old, new)] == [1, 0]
    # The refusal is one for both addresses under which the record permitted, too.
    assert [ledger.submit(hub.url("loader"), [each]).count for each in (asked, refused)] == [1, 3]


@pytest.mark.parametrize("role", ["loader", "builder", "builder_pii", "dsr", "auditor", "analyst"])
@pytest.mark.parametrize(
    "statement",
    [
        "update consent.events set action = 'grant'",
        "delete from consent.events",
        "truncate consent.events",
        "insert into consent.events select * from consent.events",
        "update consent.chain_head set hash = 'x'",
    ],
)
def test_no_role_may_write_around_the_ledgers_functions(
    hub: Warehouse, role: str, statement: str
) -> None:
    with hub.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "update consent.events set action = 'grant'",
        "delete from consent.events",
        "truncate consent.events",
    ],
)
def test_even_its_owner_cannot_change_the_ledger(hub: Warehouse, statement: str) -> None:
    ledger.submit(hub.url("loader"), [act("k", "deny", 1)])
    with hub.connect() as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("update consent.events set action = 'deny' where seq = 5", "row 5"),
        ("update consent.events set occurred_at = '2020-01-01' where seq = 5", "row 5"),
        ("update consent.events set notice_version = 'v2' where seq = 5", "row 5"),
        ("delete from consent.events where seq = 5", "row 6"),
        ("delete from consent.events where seq = 10", "rows 10 to 10"),
        ("update consent.events set redaction_id = 'r', nonce = null, source_key = null, "
         "subject_key = 'redacted' where seq = 5", "redaction r"),
    ],
)  # fmt: skip
def test_a_tampered_row_is_found(hub: Warehouse, tampering: str, found: str) -> None:
    ledger.submit(hub.url("loader"), [act(f"k{n}", "grant", n) for n in range(10)])
    assert ledger.verify(hub.url("auditor")).is_intact
    with hub.connect() as connection:
        connection.execute("alter table consent.events disable trigger user")
        connection.execute(tampering.encode())
        connection.execute("alter table consent.events enable trigger user")
    problems = ledger.verify(hub.url("auditor")).problems
    assert any(problem.startswith(found) for problem in problems), problems


def test_a_chain_rewritten_as_a_whole_is_found_by_a_head_kept_elsewhere(hub: Warehouse) -> None:
    kept = ledger.submit(hub.url("loader"), [act(f"k{n}", "grant", n) for n in range(5)]).head
    ledger.submit(hub.url("loader"), [act("k9", "grant", 9)])
    assert ledger.verify(hub.url("auditor"), known_head=kept).is_intact
    with hub.connect() as connection:
        connection.execute("alter table consent.events disable trigger user")
        connection.execute("truncate consent.events")
        connection.execute("alter table consent.events enable trigger user")
        connection.execute("update consent.chain_head set seq = 0, hash = repeat('0', 64)")
    ledger.submit(hub.url("loader"), [act(f"k{n}", "grant", n + 1) for n in range(5)])
    assert ledger.verify(hub.url("auditor")).is_intact
    assert not ledger.verify(hub.url("auditor"), known_head=kept).is_intact


def test_a_redaction_keeps_the_chain_and_takes_the_person_out(hub: Warehouse) -> None:
    ledger.submit(
        hub.url("loader"), [act(f"k{n}", "grant", n, source_key=f"s{n}") for n in range(5)]
    )
    with hub.connect("dsr") as connection:
        connection.execute("select consent.redact(array['k2'], 'r1')")
        rows = connection.execute("select events::text from consent.events").fetchall()
    assert not any("k2" in row[0] or "s2" in row[0] for row in rows)
    found = ledger.verify(hub.url("auditor"))
    assert (found.rows, found.redacted, found.problems) == (6, 1, ())


def rows_read(hub: Warehouse) -> int:
    """Return how many rows whole scans of what was observed have read."""
    with hub.connect() as connection:
        row = connection.execute(
            "select pg_stat_get_tuples_returned('raw_matomo.said'::regclass)"
        ).fetchone()
    return int(row[0]) if row else 0


@pytest.fixture
def said(hub: Warehouse) -> Iterator[Warehouse]:
    """A loaded table with what one source says, and the views over it."""
    with hub.connect() as connection:
        owner = f"{hub.dbname}_owner"
        for statement in (
            "create schema if not exists raw_matomo",
            f"create table raw_matomo.said as {SHAPE.format(count=20)}",
            "create view intermediate.int_consent__matomo_events as select * from raw_matomo.said",
            "create view intermediate.int_consent__observed_events as "
            "select * from intermediate.int_consent__matomo_events",
            f'grant usage on schema intermediate, raw_matomo to "{owner}"',
            f'grant select on all tables in schema intermediate to "{owner}"',
        ):
            connection.execute(statement.encode())
        connection.execute("truncate consent.heard")
    yield hub
    with hub.connect() as connection:
        connection.execute("drop table raw_matomo.said cascade")


def write(hub: Warehouse, statement: str) -> None:
    with hub.connect() as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize("source", [None, "matomo"])
def test_what_nobody_wrote_to_since_it_held_no_news_is_not_read(
    said: Warehouse, source: str | None
) -> None:
    counts = [ledger.append(said.url("loader"), source).count for _ in range(2)]
    read = rows_read(said)
    counts.append(ledger.append(said.url("loader"), source).count)
    assert counts == [20, 0, 0]
    assert rows_read(said) == read
    write(said, "update raw_matomo.said set event_id = 'new' where event_id = 'e7'")
    assert ledger.append(said.url("loader"), source).count == 1


def test_a_row_of_the_same_transaction_is_heard(said: Warehouse) -> None:
    for _ in range(2):
        ledger.append(said.url("loader"))
    with psycopg.connect(said.url()) as connection:
        connection.execute("update raw_matomo.said set event_id = 'new' where event_id = 'e7'")
        assert ledger.append(connection).count == 1


def test_a_loader_that_is_still_there_has_everything_read(said: Warehouse) -> None:
    for _ in range(2):
        ledger.append(said.url("loader"))
    with said.connect() as writer:
        for name in ("new", "newer"):  # the server counts the first at once and the second later
            writer.execute(
                "update raw_matomo.said set event_id = %s where source_key = 'v7'", [name]
            )
        assert ledger.append(said.url("loader")).count == 1


def test_an_event_that_an_erasure_took_out_is_looked_for_again(said: Warehouse) -> None:
    for _ in range(2):
        ledger.append(said.url("loader"))
    with said.connect("dsr") as connection:
        connection.execute("select consent.redact(array['key7'], 'r1')")
    assert ledger.append(said.url("loader")).count == 1
