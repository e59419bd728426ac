"""The resolution against a warehouse: persons that stay, increments that equal a full run."""

import random
from collections.abc import Iterator

import pytest

from orchestration.identity import resolve
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at
from tests.unit.identity_world import record


@pytest.fixture
def hub(fresh_database: Warehouse) -> Iterator[Warehouse]:
    at.build(fresh_database)
    at.forget(fresh_database)
    yield fresh_database


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
    random.Random(4).shuffle(records)
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


@pytest.mark.parametrize("seed", range(6))
def test_increments_equal_a_full_resolution(hub, seed):
    rng = random.Random(seed)
    records = [
        record(
            *rng.sample([f"{t}{rng.randrange(60)}" for t in "usceepod"], rng.randrange(1, 4)),
            first=n,
            name=f"r{n}",
        )
        for n in range(220)
    ]
    at.add(hub, records[:150])
    run(hub)
    modes = set()
    for start in range(150, 220, 7):
        at.add(hub, records[start : start + 7])
        modes.add(run(hub).mode)
    by_increments = at.links(hub)
    assert "increment" in modes
    full = run(hub, full=True)
    assert full.links_written == 0
    assert at.links(hub) == by_increments
    at.forget(hub)
    run(hub)
    assert at.persons(hub) == {
        frozenset(keys) for keys in _persons(by_increments)
    }


def _persons(links):
    found = {}
    for subject_key, _, person, start, end in links:
        found.setdefault(person, set()).add(f"{subject_key}|{start}|{end}")
    return found.values()
