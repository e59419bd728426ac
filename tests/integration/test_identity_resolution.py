"""The resolution against a warehouse: persons that stay, increments that equal a full run."""

import random

import pytest

from orchestration.identity import IdentityError, resolve
from orchestration.identity.decisions import decide
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at
from tests.unit.identity_world import day, key, record, rule_set


@pytest.fixture
def hub(fresh_database: Warehouse) -> Warehouse:
    at.build(fresh_database)
    at.forget(fresh_database)
    return fresh_database


def run(hub: Warehouse, **options: object):
    return resolve(hub.url("resolver"), **options)


def test_a_first_resolution_makes_persons_and_a_second_changes_nothing(hub):
    at.add(hub, [record("u1", "e1"), record("c1", "e1"), record("c2", "e2"), record("d1")])
    first = run(hub)
    assert (first.mode, first.persons, first.created) == ("full", 3, 3)
    before = at.links(hub)
    assert run(hub).mode == "unchanged"
    again = run(hub, full=True)
    assert (again.mode, again.links_written, again.created) == ("full", 0, 0)
    assert at.links(hub) == before


def test_an_increment_touches_only_what_new_evidence_reaches(hub):
    at.add(hub, [record(f"u{n}", f"e{n}") for n in range(40)])
    run(hub)
    at.add(hub, [record("c1", "e1"), record("c99", "e99")])
    summary = run(hub)
    assert (summary.mode, summary.persons, summary.created) == ("increment", 2, 1)
    assert at.person_of(hub, "c1") == at.person_of(hub, "u1")


def test_the_person_recorded_first_survives_a_merge_and_a_split_restores_the_other(hub):
    at.add(hub, [record("c1", "e1")])
    run(hub)
    at.add(hub, [record("u2", "e2")])
    run(hub, full=True)
    elder, younger = at.person_of(hub, "c1"), at.person_of(hub, "u2")
    bridge = record("p1", "e1", "e2")
    at.add(hub, [bridge])
    assert run(hub, full=True).merged == 1
    assert at.person_of(hub, "u2") == elder
    at.remove(hub, bridge)
    assert run(hub).restored == 1
    assert (at.person_of(hub, "c1"), at.person_of(hub, "u2")) == (elder, younger)
    kinds = [kind for _, _, kind in at.history(hub)]
    assert kinds == ["created", "created", "merged", "restored"]


def test_ids_survive_a_rebuild_of_the_evidence_in_another_order(hub):
    records = [record(f"u{n % 7}", f"e{n % 11}", f"p{n}", first=n) for n in range(60)]
    at.add(hub, records)
    run(hub)
    before = at.links(hub)
    at.build(hub)
    random.Random(4).shuffle(records)  # noqa: S311
    at.add(hub, records)
    summary = run(hub)
    assert (summary.mode, summary.links_written) == ("full", 0)
    assert at.links(hub) == before


def test_a_person_whose_founding_identifier_vanished_stays_with_most_of_its_identifiers(hub):
    founding = record("u1", "e1")
    at.add(hub, [founding, record("e1", "p1"), record("p1", "o1")])
    run(hub)
    person = at.person_of(hub, "p1")
    at.remove(hub, founding)
    run(hub)
    assert at.person_of(hub, "p1") == person
    assert at.person_of(hub, "u1") is None


def test_a_join_taken_back_restores_both_persons_as_they_were(hub):
    at.add(hub, [record("u1", "e1", "p1"), record("c2", "e2"), record("u1", "d1")])
    run(hub)
    before = at.links(hub)
    with hub.connect("resolver") as connection:
        decide(connection, "allow", key("c2"), key("u1"), "tester", "same household card")
        assert run(hub).merged == 1
        assert at.person_of(hub, "e2") == at.person_of(hub, "u1")
        decide(connection, "withdrawn", key("c2"), key("u1"), "tester", "they are neighbours")
        assert run(hub).restored == 1
    assert at.links(hub) == before


def test_a_split_part_that_never_was_a_person_becomes_one_and_its_rejoining_is_a_merge(hub):
    at.add(hub, [record("u1", "e1"), record("c2", "e1", first=2)])
    run(hub)
    whole = at.person_of(hub, "u1")
    with hub.connect("resolver") as connection:
        decide(connection, "deny", key("c2"), None, "tester", "two people, one address")
        summary = run(hub)
        assert (summary.mode, summary.split) == ("increment", 1)
        part = at.person_of(hub, "c2")
        assert at.person_of(hub, "u1") == whole != part
        decide(connection, "withdrawn", key("c2"), key("u1"), "tester", "one person after all")
        assert run(hub).merged == 1
    assert at.person_of(hub, "c2") == whole
    assert (part, whole, "merged") in at.history(hub)


def test_a_vendor_merge_and_unmerge_join_and_part(hub):
    at.add(hub, [record("c1", "e1"), record("c2", "e2")])
    run(hub)
    before = at.links(hub)
    at.merge(hub, "c2", "c1", "vendor_merge", 3)
    assert (run(hub).mode, at.person_of(hub, "c2")) == ("increment", at.person_of(hub, "c1"))
    at.merge(hub, "c2", "c1", "vendor_unmerge", 4)
    run(hub)
    assert at.links(hub) == before


def test_a_value_that_more_people_come_to_share_is_refused_and_let_go_by_an_increment(hub):
    rules = rule_set(shared=4)
    at.add(hub, [record(f"c{n}", "e1") for n in range(4)])
    run(hub, rules=rules)
    assert at.person_of(hub, "e1") is not None
    at.add(hub, [record("c4", "e1")])
    summary = run(hub, rules=rules)
    assert (summary.mode, summary.refused, summary.persons) == ("increment", 1, 5)
    assert at.person_of(hub, "e1") is None
    assert at.cuts(hub) == [(key("e1"), None, "max_persons_per_value")]
    at.add(hub, [record("c5", "e1")])
    run(hub, rules=rules)
    by_increment = at.links(hub)
    assert run(hub, rules=rules, full=True).links_written == 0
    assert at.links(hub) == by_increment


def test_cause_and_time_of_a_merge_are_those_of_the_connecting_evidence(hub):
    at.add(hub, [record("c1", "e1"), record("u2", "e2", first=1)])
    run(hub)
    at.add(hub, [record("p1", "e1", "e2", first=30)])
    run(hub)
    with hub.connect() as connection:
        (effective, cause), *rest = connection.execute(
            "select effective_at, cause from identity.history where kind = 'merged'"
        ).fetchall()
    assert not rest
    assert effective == day(30)
    assert {word.split()[0] for word in cause.split(" - ")} <= {"email", "phone"}


@pytest.mark.parametrize("seed", range(8))
def test_increments_equal_a_full_resolution(hub, seed):
    rng = random.Random(seed)  # noqa: S311
    tight = rule_set(emails=2, phones=3, shared=4, size=30, devices=3, yields="email")
    rules = tight if seed % 2 else rule_set()
    records = [
        record(
            *{
                f"{t}{min(rng.randrange(90), rng.randrange(90))}"
                for t in rng.choices("usceepood", k=rng.randrange(1, 4))
            },
            first=n % 50,
            source=rng.choice(["shopify", "hubspot", "matomo"]),
            name=f"r{n}",
        )
        for n in range(230)
    ]
    at.add(hub, records[:160])
    run(hub, rules=rules)
    modes = []
    for start in range(160, 230, 5):
        at.add(hub, records[start : start + 5])
        if start % 3 == 0:
            at.remove(hub, records[rng.randrange(start)])
        if start % 4 == 0:
            at.merge(hub, f"c{rng.randrange(9)}", f"c{rng.randrange(9, 20)}", "vendor_merge", start)
        modes.append(run(hub, rules=rules).mode)
    by_increments, cuts = at.links(hub), at.cuts(hub)
    full = run(hub, rules=rules, full=True)
    assert full.links_written == 0
    assert (at.links(hub), at.cuts(hub)) == (by_increments, cuts)
    grouping = at.persons(hub)
    at.forget(hub)
    run(hub, rules=rules)
    assert at.persons(hub) == grouping
    assert modes.count("increment") >= 4


def test_a_changed_rule_resolves_everything_again(hub):
    at.add(hub, [record("c1", "e1"), record("c2", "e1")])
    run(hub, rules=rule_set())
    assert run(hub, rules=rule_set(emails=4)).mode == "full"
    assert run(hub, rules=rule_set(emails=4)).mode == "unchanged"


def test_a_type_without_a_rule_stops_the_resolution_and_nothing_is_written(hub):
    at.add(hub, [record("c1", "e1")])
    with hub.connect("builder") as connection:
        connection.execute("update identity.identifiers set identifier_type = 'shoe_size'")
    with pytest.raises(IdentityError, match=r"identity_rules\.csv does not name"):
        run(hub)
    assert not at.links(hub)


def test_a_malformed_key_stops_the_resolution_without_being_shown(hub):
    with hub.connect("builder") as connection:
        connection.execute(
            "insert into identity.identifiers values"
            " ('hubspot', 'contact/1', 'email', 'jane@example.org', now(), now(), 1)"
        )
    with pytest.raises(IdentityError, match="32 hex characters") as error:
        run(hub)
    assert "jane" not in str(error.value)


def test_an_erased_person_never_comes_back_under_its_id(hub):
    at.add(hub, [record("u1", "e1")])
    run(hub)
    erased = at.person_of(hub, "u1")
    with hub.connect("dsr") as connection:
        connection.execute("delete from identity.person_links")
        connection.execute("update identity.persons set standing_key = null, retired_at = now()")
    run(hub, full=True)
    assert at.person_of(hub, "u1") not in (None, erased)


def test_a_bridge_identity_erased_splits_the_person(hub):
    at.add(hub, [record("c1", "e1"), record("s1", "e2"), record("p1", "e1", "e2", name="bridge")])
    run(hub)
    with hub.connect("builder") as connection:
        connection.execute("delete from identity.identifiers where record_key = 'bridge'")
    run(hub)
    assert at.person_of(hub, "c1") != at.person_of(hub, "s1")
