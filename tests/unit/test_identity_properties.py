"""Properties of identity resolution that hold for any evidence."""

import random
from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.identity.limits import most_in_window
from tests.unit.identity_world import Record, kind, resolve, rule_set, tie

RULES = rule_set(emails=2, phones=2, shared=3, size=12, devices=2, yields="email")
LIMITS = {"user_id": 1, "email": 2, "phone": 2}
COMPARED = ("persons", "nobody", "owners", "cuts")

words = st.builds(lambda letter, n: f"{letter}{n}", st.sampled_from("usceepood"), st.integers(0, 7))
records = st.lists(
    st.builds(
        lambda found, first, length, source, name: Record(
            tuple(found), first, first + length, source, name
        ),
        st.lists(words, min_size=1, max_size=4, unique=True),
        st.integers(0, 40),
        st.integers(0, 10),
        st.sampled_from(["shopify", "hubspot", "matomo"]),
        st.integers(0, 10_000).map(str),
    ),
    max_size=25,
)
denials = st.lists(st.tuples(words, words).filter(lambda pair: pair[0] != pair[1]), max_size=3)


def outcome(evidence, ties=()):
    world = resolve(evidence, RULES, ties)
    return [getattr(world, name) for name in COMPARED]


@settings(max_examples=150, deadline=None)
@given(records, denials, st.integers(0, 2**32))
def test_the_order_of_arrival_does_not_matter(evidence, denied, seed):
    ties = [tie(a, b, "deny") for a, b in denied]
    shuffled = list(evidence)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    assert outcome(evidence, ties) == outcome(shuffled, ties)


@settings(max_examples=150, deadline=None)
@given(records)
def test_no_person_exceeds_a_limit(evidence):
    world = resolve(evidence, RULES)
    for person in world.persons:
        assert len(person) <= 12
        counts = Counter(kind(word) for word in person)
        assert all(counts[name] <= limit for name, limit in LIMITS.items())


@settings(max_examples=100, deadline=None)
@given(records, denials)
def test_denied_pairs_are_never_of_one_person(evidence, denied):
    world = resolve(evidence, RULES, [tie(a, b, "deny") for a, b in denied])
    assert not any(world.together(a, b) for a, b in denied)


@settings(max_examples=100, deadline=None)
@given(records)
def test_every_identifier_has_one_owner_at_a_time_or_none_ever(evidence):
    world = resolve(evidence, RULES)
    for spans in world.owners.values():
        ends = sorted((start, end) for _, start, end in spans)
        assert all(a[1] == b[0] for a, b in pairwise(ends))
        assert ends[0][0] < -40_000
        assert ends[-1][1] > 2_000_000


@settings(max_examples=100, deadline=None)
@given(records)
def test_only_evidence_joins(evidence):
    world = resolve(evidence, RULES)
    seen = {frozenset((a, b)) for r in evidence for a in r.words for b in r.words if a < b}
    by_record: dict[tuple[str, str], set[str]] = {}
    for each in evidence:
        by_record.setdefault((each.source, each.record_key), set()).update(each.words)
    seen |= {
        frozenset((a, b)) for found in by_record.values() for a in found for b in found if a < b
    }
    for person in world.persons:
        reached = {min(person)}
        while grown := {
            w for w in person - reached if any(frozenset((w, r)) in seen for r in reached)
        }:
            reached |= grown
        assert reached == person


@given(st.lists(st.integers(0, 1000)), st.integers(1, 100))
def test_the_fullest_window_is_what_counting_finds(days, window):
    day = 86_400_000_000
    expected = max((sum(d <= e <= d + window for e in days) for d in days), default=0)
    assert most_in_window([d * day for d in days], window) == expected
