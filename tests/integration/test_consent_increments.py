"""Consent states built by increment say what computing everything anew says, whatever changed.

*Anew* is the models' own SQL as one query over the ledger, links, places and rules as they stand.
"""

from dataclasses import astuple
from datetime import datetime, timedelta
from random import Random

import pytest

from orchestration.consent.algebra import query
from orchestration.consent.ledger import Act, submit
from orchestration.consent.preview import RULES
from orchestration.consent.replay import history
from tests.conftest import Warehouse
from tests.integration.transform_world import ALWAYS, AS_OF, World, found

MODELS = {
    "consent_history": "core.consent_history",
    "consent_current": "core.consent_current",
    "int_consent__subject_intervals": "intermediate.int_consent__subject_intervals",
}
ENDS = ("consent_history", "consent_current", "int_consent__person_states")
BUILT = (*(f"+{model}" for model in ENDS), "int_consent__subject_intervals")
STATED = ("stg_hubspot__contacts", "stg_shopify__customers")
ACTIONS = ["grant", "grant", "confirm", "pending", "deny", "withdraw", "object", "gpc"]
PURPOSES = [("email_marketing", "email"), ("analytics", "web"), ("ads", "web")]
PEOPLE = 40


@pytest.fixture(scope="module")
def world(fresh_database: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = found(fresh_database, tmp_path_factory.mktemp("dbt"))
    random = Random(5)  # noqa: S311 - nothing secret
    for number in range(PEOPLE):
        keys = {f"email-{number}": "email", f"contact-{number}": "hubspot_contact_id"}
        if number % 2:
            keys[f"browser-{number}"] = "anonymous_id"
        made.person(f"p{number}", keys)
        country = random.choice(["DE", "FR", "GB", "US", None])
        made.add(
            "staging.stg_hubspot__contacts",
            {"subject_key": f"contact-{number}", "country_code": country},
        )
    moments = [AS_OF - timedelta(days=random.randrange(1, 900)) for _ in range(300)]
    acts = [
        said(random.choice(ACTIONS), at, f"{kind}-{random.randrange(PEOPLE)}", random)
        for at in moments
        for kind in ("email", "browser")
    ]
    submit(made.warehouse.url("loader"), acts)
    refresh(made, "--full-refresh")
    return made


def said(action: str, at: datetime, key: str, random: Random | None = None) -> Act:
    """One act by a key; told by ``random`` for which purpose, until when, how surely."""
    purpose, channel = random.choice(PURPOSES) if random else PURPOSES[0]
    is_personal = bool(random) and random.random() < 0.1
    return Act(
        subject_key=key,
        subject_scope="person" if is_personal else "contact_point",
        purpose=purpose,
        channel=channel,
        action=action,
        occurred_at=at,
        received_at=at + timedelta(hours=1),
        expires_at=at + timedelta(days=700) if random and random.random() < 0.2 else None,
        is_authenticated=is_personal,
        legal_basis="implied_purchase" if random and random.random() < 0.1 else "consent",
        jurisdiction="DE",
    )


def say(world: World, action: str, at: datetime, key: str) -> None:
    submit(world.warehouse.url("loader"), [said(action, at, key)])


def refresh(world: World, *extra: str) -> None:
    world.dbt("run", "--select", *BUILT, "--exclude", "fqn:tandem.staging", *extra)


def differences(world: World) -> dict[str, int]:
    """Return how many rows of each model differ from computing it anew."""
    stored = {name: f"select * from rules.{name}" for name in (*RULES, "identity_rules")}
    stored |= {name: f"select * from staging.{name}" for name in STATED}
    counted = {}
    for model, table in MODELS.items():
        columns = ", ".join(
            name
            for (name,) in world.query(
                f"select attname from pg_attribute where attrelid = '{table}'::regclass "
                "and attnum > 0 and not attisdropped order by 1"
            )
        )
        anew, built = f"select {columns} from {model}", f"select {columns} from {table}"
        differing = f"({anew} except all {built}) union all ({built} except all {anew})"
        text = query(model, stored, f"select count(*) from ({differing}) as differing")
        [(counted[model],)] = world.query(text.replace("%", "%%"))
    return counted


def same(world: World) -> bool:
    return set(differences(world).values()) == {0}


def rows(
    world: World, model: str = "consent_history", where: str = "true"
) -> set[tuple[object, ...]]:
    return set(world.query(f"select * from {MODELS[model]} where {where}"))


def test_nothing_new_writes_nothing(world: World) -> None:
    written = "select xmin::text, ctid::text from intermediate.int_consent__person_intervals"
    before = world.query(written)
    refresh(world)
    assert world.query(written) == before
    assert len(before) > PEOPLE
    assert same(world)


def test_new_late_and_contradicting_events_restate_only_whom_they_are_about(world: World) -> None:
    others = (
        "select xmin::text, ctid::text from intermediate.int_consent__person_intervals "
        "where person_id not in ('p1', 'p2', 'p3') order by ctid"
    )
    before, untouched = rows(world), world.query(others)
    say(world, "withdraw", AS_OF - timedelta(hours=3), "email-1")
    say(world, "grant", AS_OF - timedelta(days=950), "email-2")
    say(world, "grant", AS_OF - timedelta(days=20), "email-3")
    say(world, "deny", AS_OF - timedelta(days=20), "email-3")
    refresh(world)
    assert rows(world) != before
    assert world.query(others) == untouched
    assert same(world)


def test_a_merge_and_a_split_restate_both_sides(world: World) -> None:
    before = rows(world)
    world.execute("update identity.person_links set person_id = 'p5' where person_id = 'p4'")
    world.execute("delete from identity.persons where person_id = 'p4'")
    refresh(world)
    assert rows(world) != before
    assert rows(world, where="person_id = 'p4'") == set()
    assert same(world)
    world.add("identity.persons", {"person_id": "p4", "created_at": AS_OF, "standing_key": "p4"})
    world.execute("update identity.person_links set person_id = 'p4' where subject_key like '%-4'")
    refresh(world)
    assert rows(world) == before
    assert same(world)


def test_a_key_that_changed_hands_restates_the_next_holder_too(world: World) -> None:
    handed_on = AS_OF - timedelta(days=300)
    world.execute(
        f"update identity.person_links set valid_to = '{handed_on}' where subject_key = 'browser-7'"
    )
    world.link("browser-7", "anonymous_id", "p8", handed_on, ALWAYS[1])
    refresh(world)
    assert same(world)
    earlier = AS_OF - timedelta(days=500)
    world.execute(
        f"update identity.person_links set valid_to = '{earlier}' "
        "where subject_key = 'browser-7' and person_id = 'p7'"
    )
    refresh(world)
    assert same(world)


def test_somebody_who_moved_gets_the_policy_of_the_new_country(world: World) -> None:
    world.execute(
        "update staging.stg_hubspot__contacts set country_code = 'US', region = 'CA' "
        "where subject_key in ('contact-9', 'contact-10')"
    )
    refresh(world)
    where = "person_id = 'p9' and purpose = 'analytics'"
    assert {row[5] for row in rows(world, "consent_current", where)} == {"US-CA"}
    assert same(world)


@pytest.mark.parametrize(
    "edit",
    [
        "update rules.consent_policy set validity_days = 200 where purpose = 'email_marketing'",
        "update rules.consent_policy set implied_validity_days = 90",
        "update rules.consent_actions set is_sticky = true where action = 'withdraw'",
        "update rules.consent_jurisdictions set policy_code = 'US-CA' where jurisdiction = 'FR'",
    ],
)
def test_an_edited_rule_restates_everybody(world: World, edit: str) -> None:
    before = [rows(world, model) for model in MODELS]
    world.execute(edit)
    refresh(world)
    assert [rows(world, model) for model in MODELS] != before
    assert same(world)


def test_what_ends_by_itself_ends_when_the_clock_passes_it(world: World) -> None:
    past, before = rows(world), rows(world, "consent_current")
    world.execute(f"update ops.clock set as_of = '{AS_OF + timedelta(days=400)}'")
    refresh(world)
    assert rows(world, "consent_current") != before
    assert rows(world) == past
    assert same(world)
    world.execute(f"update ops.clock set as_of = '{AS_OF}'")
    refresh(world)
    assert rows(world, "consent_current") == before


def replayed(
    world: World, person: str, known_on: datetime | None = None
) -> set[tuple[object, ...]]:
    with world.warehouse.connect() as connection:
        states = history(connection, person, known_on=known_on)
    return {(person, *astuple(state)) for state in states}


def test_what_was_known_at_a_moment_is_told_again_exactly(world: World) -> None:
    refresh(world)
    for person in ("p7", "p8", "p20"):
        assert replayed(world, person) == rows(world, where=f"person_id = '{person}'")
    before = replayed(world, "p20")
    [(moment,)] = world.query("select clock_timestamp() at time zone 'UTC'")
    say(world, "object", AS_OF - timedelta(days=1_200), "email-20")
    assert replayed(world, "p20", known_on=moment) == before
    assert replayed(world, "p20") != before


@pytest.fixture(scope="module")
def complete(world: World) -> str:
    """Return SQL whose rows are the histories that do not fill time, as the project checks it."""
    [checked] = world.dbt("compile", "--select", "intervals_tile_int_consent__person_intervals*")
    return str(checked.node.compiled_code)


@pytest.mark.parametrize(
    "fault",
    [
        "update {history} set valid_to = valid_to + interval '1 second' where {earlier}",
        "update {history} set valid_to = valid_to - interval '1 second' where {earlier}",
        "update {history} set valid_from = valid_to, valid_to = valid_from where {earlier}",
        "update {history} set valid_to = valid_from where {earlier}",
        "delete from {history} where {earlier}",
        "delete from {history} where ctid = (select min(ctid) from {history} where {last})",
        "insert into {history} select * from {history} where {earlier}",
        "insert into {history} select * from {history} where person_id = 'p1'",
    ],
)
def test_a_history_with_a_gap_or_an_overlap_does_not_pass(
    world: World, complete: str, fault: str
) -> None:
    history = "intermediate.int_consent__person_intervals"
    last = "valid_to = '9999-12-31'"
    earlier = f"ctid = (select max(ctid) from {history} where not {last})"
    assert world.query(complete) == []
    with (
        world.warehouse.connect() as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute(fault.format(history=history, earlier=earlier, last=last).encode())
        assert connection.execute(complete.encode()).fetchall() != []


def test_nothing_is_left_of_somebody_who_was_erased(world: World) -> None:
    keys = "array['email-11', 'browser-11', 'contact-11']"
    assert rows(world, where="person_id = 'p11'")
    world.execute(f"select consent.redact({keys}, 'erasure-11')")
    world.execute("delete from identity.person_links where person_id = 'p11'")
    world.execute("delete from identity.persons where person_id = 'p11'")
    world.execute("delete from staging.stg_hubspot__contacts where subject_key = 'contact-11'")
    refresh(world)
    tables = world.query(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'intermediate' and table_name like 'int_consent%%' "
        "and column_name in ('person_id', 'holder_id', 'subject_key')"
    )
    for table, column in tables:
        [(left,)] = world.query(
            f"select count(*) from intermediate.{table} where {column} in "
            "('p11', 'email-11', 'browser-11', 'contact-11') "
        )
        assert (table, left) == (table, 0)
    assert same(world)


def test_a_full_refresh_in_the_end_changes_nothing(world: World) -> None:
    tables = (*MODELS.values(), "intermediate.int_consent__person_states")
    before = [world.fingerprint(table) for table in tables]
    refresh(world, "--full-refresh")
    assert [world.fingerprint(table) for table in tables] == before
