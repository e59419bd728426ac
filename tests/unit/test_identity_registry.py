"""Person ids stay with those they were given to, whatever is joined and parted in between."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.identity.graph import END
from orchestration.identity.partition import NOBODY
from orchestration.identity.registry import Registry, assign
from tests.unit.identity_world import RuleSet, resolve, rule_set, tie
from tests.unit.test_identity_properties import records

NONE = np.empty(0, np.int64)
WIDE = rule_set(users=50, emails=50, phones=50)


class Recorded:
    """Persons as the warehouse records them, resolution after resolution of the same evidence."""

    def __init__(self, evidence, rules: RuleSet = WIDE) -> None:
        self.evidence, self.rules, self.turn = evidence, rules, 0
        self.registry: Registry | None = None

    def resolve(self, ties=()) -> dict[bytes, bytes]:
        """Resolve, record, and return the person id of each identifier that has one."""
        self.turn += 1
        world = resolve(self.evidence, self.rules, ties)
        links = world.outcome.links
        before = self.registry or Registry(
            np.empty(0, "S36"), NONE, NONE.astype(np.int32), NONE.astype(bool),
            np.full(len(world.nodes), -1, np.int32),
        )  # fmt: skip
        known = len(before.person)
        found = assign(
            before,
            world.outcome,
            world.nodes,
            world.seen,
            lambda count: np.array([f"{self.turn}-{n}" for n in range(count)], "S36"),
        )
        ids = found.all_ids(before)
        now = links.end == END
        member = np.full(len(world.nodes), -1, np.int32)
        member[links.node[now]] = found.of_group[links.owner[now]]
        holds = np.isin(np.arange(len(ids)), found.of_group)
        self.registry = Registry(
            ids,
            np.concatenate([before.created, np.full(len(ids) - known, self.turn)]),
            np.array([found.standing_of(p, before) for p in range(len(ids))], np.int32),
            ~holds,
            member,
        )
        keys = world.nodes.keys(slice(None)).tolist()
        group = world.outcome.group
        return {keys[n]: ids[found.of_group[group[n]]] for n in np.flatnonzero(group != NOBODY)}


def pairs_of(evidence):
    words = sorted({word for each in evidence for word in each.words})
    return st.lists(
        st.tuples(st.sampled_from(words), st.sampled_from(words)).filter(lambda p: p[0] != p[1]),
        max_size=3,
    )


some = records.filter(lambda found: len({word for each in found for word in each.words}) > 1)


@pytest.mark.parametrize("decision", ["allow", "deny"])
@settings(max_examples=200, deadline=None)
@given(drawn=some.flatmap(lambda evidence: st.tuples(st.just(evidence), pairs_of(evidence))))
def test_a_join_or_split_that_is_taken_back_gives_everybody_the_id_of_before(decision, drawn):
    evidence, pairs = drawn
    recorded = Recorded(evidence)
    before = recorded.resolve()
    recorded.resolve([tie(a, b, decision) for a, b in pairs])
    assert recorded.resolve() == before


@settings(max_examples=100, deadline=None)
@given(some)
def test_resolving_again_changes_no_id(evidence):
    recorded = Recorded(evidence)
    assert recorded.resolve() == recorded.resolve()
