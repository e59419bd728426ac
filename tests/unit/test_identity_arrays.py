"""Keys as arrays, agreement of groupings, and what a rule change would do."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.identity import graph
from orchestration.identity.graph import hex_of, intern, words
from orchestration.identity.ids import new_ids
from orchestration.identity.measures import Contingency, b_cubed, pairwise
from orchestration.identity.preview import compare
from tests.unit.identity_world import record, resolve, rule_set


@given(st.lists(st.binary(min_size=16, max_size=16)))
def test_keys_survive_the_way_through_arrays(raw):
    keys = [each.hex() for each in raw]
    assert [k.decode() for k in hex_of(*words(pa.array(keys, pa.string())))] == keys


def test_a_slice_of_keys_is_read_as_such():
    keys = [hashlib.sha256(bytes([n])).hexdigest()[:32] for n in range(9)]
    assert [k.decode() for k in hex_of(*words(pa.array(keys)[3:7]))] == keys[3:7]


def test_a_key_of_another_length_is_refused():
    with pytest.raises(ValueError, match="32 hex"):
        words(pa.array(["abc"]))


def test_two_keys_with_the_same_first_half_stay_two():
    keys = ["a" * 16 + "b" * 16, "a" * 16 + "c" * 16, "a" * 16 + "b" * 16]
    high, low = words(pa.array(keys))
    nodes, index = intern(high, low, np.zeros(3, np.int8))
    assert len(nodes) == 2
    assert index[0] == index[2] != index[1]
    assert nodes.find(high, low).tolist() == index.tolist()


def test_an_unknown_key_is_not_found():
    high, low = words(pa.array(["0" * 31 + "1"]))
    nodes, _ = intern(high, low, np.zeros(1, np.int8))
    assert nodes.find(*words(pa.array(["f" * 32]))).tolist() == [-1]


def test_more_keys_than_fit_one_share_are_numbered_once_each_and_found(monkeypatch):
    monkeypatch.setattr(graph, "_SHARE", 7)
    monkeypatch.setattr(graph, "PIECE", 5)
    keys = [hashlib.sha256(bytes([n % 40])).hexdigest()[:32] for n in range(100)]
    high, low = words(pa.array(keys))
    nodes, index = intern(high, low, np.zeros(100, np.int8))
    assert sorted(k.decode() for k in nodes.keys(slice(None))) == sorted(set(keys))
    assert [k.decode() for k in nodes.keys(index)] == keys
    assert nodes.find(high, low).tolist() == index.tolist()
    assert nodes.find(high[:3], low[:3]).tolist() == index[:3].tolist()


def test_new_ids_are_distinct_and_ascending():
    ids = [i.decode() for i in new_ids(1000)]
    assert len(set(ids)) == 1000
    assert ids == sorted(ids)
    assert {i[14] for i in ids} == {"7"}


labels = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=40)


@given(labels)
def test_agreement_equals_counting_every_pair(rows):
    found, true = np.array(rows).T
    n = len(rows)
    pairs = [(i, j) for i in range(n) for j in range(i)]
    f = {p for p in pairs if found[p[0]] == found[p[1]]}
    t = {p for p in pairs if true[p[0]] == true[p[1]]}
    result = pairwise(Contingency.of(found, true))
    assert result.precision == pytest.approx(len(f & t) / len(f) if f else 1)
    assert result.recall == pytest.approx(len(f & t) / len(t) if t else 1)
    groups = [
        ({j for j in range(n) if found[j] == found[i]}, {j for j in range(n) if true[j] == true[i]})
        for i in range(n)
    ]
    cubed = b_cubed(Contingency.of(found, true))
    assert cubed.precision == pytest.approx(sum(len(a & b) / len(a) for a, b in groups) / n)
    assert cubed.recall == pytest.approx(sum(len(a & b) / len(b) for a, b in groups) / n)


def test_a_preview_counts_merged_split_and_moved():
    records = [record("c1", "e1", "p1"), record("c2", "e2", "p1"), record("c3", "e3")]
    loose, strict = resolve(records), resolve(records, rule_set(yields="email"))

    def order(world):
        return np.argsort(world.nodes.high, kind="stable")

    tighter = compare(order(loose), loose.outcome, order(strict), strict.outcome)
    assert (tighter.persons_before, tighter.persons_after) == (2, 3)
    assert (tighter.persons_split, tighter.persons_merged) == (1, 0)
    assert tighter.cuts_after == {"yields_to:email": 1}
    looser = compare(order(strict), strict.outcome, order(loose), loose.outcome)
    assert (looser.persons_split, looser.persons_merged) == (0, 2)
    assert looser.identifiers_moved == 0
