"""Cut the weakest edges of components that break a rule.

Edges are taken strongest first: declared by a merge or an operator, then by the priority of the
weaker end, the source's trust, recency, number of sightings, and last by key. An edge that would
make a person break a rule is cut, and the rest is tried on. What is cut thus depends on the
evidence alone, never on row order, and no person exceeds a limit.
"""

from dataclasses import dataclass, field

import numpy as np

from orchestration.identity.graph import Edges, Int, Nodes, Small
from orchestration.identity.limits import Limits, limits_of, most_in_window, violators
from orchestration.identity.rules import RuleSet

DENIED = "denied"
SIZE = "max_identifiers_per_person"


@dataclass
class _Part:
    """A part of a component while it grows."""

    size: int
    values: dict[int, dict[int, int]]
    """Type code → value → first seen, for limited types."""
    denied: set[tuple[int, int]] = field(default_factory=set)
    """(number of the denied pair, side) of members."""


@dataclass(frozen=True)
class Cuts:
    """Edges that were cut, by position, and why."""

    edge: Int
    reason: tuple[str, ...]


def strongest_first(edges: Edges, nodes: Nodes) -> Int:
    """Return the order of edges from strongest to weakest; total, and free of row order."""
    weaker_end = np.maximum(nodes.kind[edges.left], nodes.kind[edges.right])
    low = np.minimum(nodes.high[edges.left], nodes.high[edges.right])
    high = np.maximum(nodes.high[edges.left], nodes.high[edges.right])
    keys = (high, low, -edges.count, -edges.last, -edges.trust, weaker_end, ~edges.binding)
    return np.lexsort(keys)


class _Forest:
    """Union-find whose parts know what they hold; nodes enter with their first edge."""

    def __init__(self, nodes: Nodes, limits: Limits) -> None:
        self.nodes = nodes
        self.limits = limits
        self.parent: dict[int, int] = {}
        self.parts: dict[int, _Part] = {}
        self.counted = {c for c, r in enumerate(limits.rules.types) if r.max_values_per_person}
        self.counted |= set(limits.rules.yields.values())
        self.sides: dict[int, set[tuple[int, int]]] = {}
        for number, pair in enumerate(limits.denied):
            for side, node in enumerate(pair):
                self.sides.setdefault(node, set()).add((number, side))

    def clear(self) -> None:
        """Forget all parts: the edges to come are of another component."""
        self.parent.clear()
        self.parts.clear()

    def _enter(self, node: int) -> None:
        code = int(self.nodes.kind[node])
        values: dict[int, dict[int, int]] = {}
        if code in self.counted:
            values[code] = {int(self.limits.value[node]): int(self.limits.first[node])}
        self.parent[node] = node
        self.parts[node] = _Part(1, values, set(self.sides.get(node, ())))

    def root(self, node: int) -> int:
        if node not in self.parent:
            self._enter(node)
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def obstacle(self, a: _Part, b: _Part, weaker: int) -> str | None:
        """Return the rule that joining both parts by an edge would break.

        ``weaker`` is the type of the edge's weaker end, -1 for a merge or a permission.
        """
        if any((number, 1 - side) in b.denied for number, side in a.denied):
            return DENIED
        rules = self.limits.rules
        stronger = rules.yields.get(weaker)
        if stronger is not None and a.values.get(stronger) and b.values.get(stronger):
            return f"yields_to:{rules.types[stronger].identifier_type}"
        if a.size + b.size > rules.max_identifiers_per_person:
            return SIZE
        for code in a.values.keys() & b.values.keys():
            rule = rules.types[code]
            limit = rule.max_values_per_person
            together = a.values[code] | b.values[code]
            if limit is None or len(together) <= limit:
                continue
            if most_in_window(together.values(), rule.window_days) > limit:
                return f"max_values_per_person:{rule.identifier_type}"
        return None

    def join(self, left: int, right: int, weaker: int) -> str | None:
        """Join two nodes' parts, or return the rule that forbids it."""
        a, b = self.root(left), self.root(right)
        if a == b:
            return None
        if self.parts[a].size < self.parts[b].size:
            a, b = b, a
        big, small = self.parts[a], self.parts[b]
        if reason := self.obstacle(small, big, weaker):
            return reason
        self.parent[b] = a
        big.size += small.size
        big.denied |= small.denied
        for code, values in small.values.items():
            mine = big.values.setdefault(code, {})
            for value, first in values.items():
                mine[value] = min(first, mine.get(value, first))
        del self.parts[b]
        return None


def cut(
    edges: Edges,
    labels: Small,
    nodes: Nodes,
    rules: RuleSet,
    denied: tuple[tuple[int, int], ...],
) -> Cuts:
    """Return the edges to cut so that every person keeps every rule."""
    bad = violators(labels, edges, nodes, rules, denied)
    if not bad.any():
        return Cuts(np.empty(0, np.int64), ())
    affected = np.flatnonzero(bad[labels[edges.left]])
    forest = _Forest(nodes, limits_of(nodes, edges, rules, denied))
    order = affected[strongest_first(edges.take(affected), nodes)]
    # One component after the other, so that few parts are held at a time.
    order = order[np.argsort(labels[edges.left[order]], kind="stable")]
    component = labels[edges.left[order]]
    begins = np.r_[True, component[1:] != component[:-1]].tolist()
    gone, reasons = [], []
    lefts, rights = edges.left[order].tolist(), edges.right[order].tolist()
    ends = np.maximum(nodes.kind[edges.left[order]], nodes.kind[edges.right[order]])
    weaker = np.where(edges.binding[order], -1, ends).tolist()
    for begin, position, left, right, weak in zip(
        begins, order.tolist(), lefts, rights, weaker, strict=True
    ):
        if begin:
            forest.clear()
        if reason := forest.join(left, right, weak):
            gone.append(position)
            reasons.append(reason)
    return Cuts(np.array(gone, np.int64), tuple(reasons))
