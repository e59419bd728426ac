"""From observations to who belongs together: the whole resolution without any database.

The same function serves a full refresh, an increment (on the part of the graph that new evidence
reaches), a preview of changed rules, and the tests. Its answer depends on the evidence and the
rules only, never on the order of rows.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.identity.components import label
from orchestration.identity.cuts import DENIED, Cuts, cut
from orchestration.identity.edges import Scope, build, combine
from orchestration.identity.graph import (
    Edges,
    Nodes,
    Observations,
    Small,
)
from orchestration.identity.rules import RuleSet
from orchestration.identity.timelines import Links, Uses, intervals, over_owning, unbound

NOBODY = np.int32(-1)
SHARED = "max_persons_per_value"


@dataclass
class Graph:
    """The input: nodes, what records say of them (until they are edges), and what was decided."""

    nodes: Nodes
    rows: Observations
    bindings: Edges
    """Edges from merges and operators' permissions."""
    denied: tuple[tuple[int, int], ...]
    scope: Scope

    def give_up_rows(self) -> Observations:
        """Return the rows and keep none: they are half of what a resolution holds."""
        rows, self.rows = self.rows, self.rows.take(np.empty(0, np.int64))
        return rows


@dataclass(frozen=True)
class Partition:
    """The outcome."""

    group: Small
    """Per node: the component it is a full member of; -1 for values of nobody and for values
    that belong to others' components by ``links`` only."""
    links: Links
    """Who owns each value and when; a member's link is not bound in time unless it changed
    owner."""
    edges: Edges
    """All edges considered between joined identifiers, bindings included."""
    cuts: Cuts
    refused: Small
    shared_by: Small
    lost_uses: tuple[tuple[int, int, str], ...]
    """(timed value, joined identifier, reason) for sightings that were cut."""


def _owner_sightings(edges: Edges, group: Small, nodes: Nodes, value: Small, by: Small) -> Uses:
    return Uses(value, group[by], edges.first, edges.last, edges.count, nodes.high[by])


def _ends(edges: Edges, nodes: Nodes) -> tuple[Small, Small]:
    """Return the weaker end of each edge, and the other."""
    left_weaker = nodes.kind[edges.left] > nodes.kind[edges.right]
    weaker = np.where(left_weaker, edges.left, edges.right)
    return weaker, np.where(left_weaker, edges.right, edges.left)


def _former_owners(edges: Edges, cuts: Cuts, group: Small, nodes: Nodes) -> Uses:
    """Return sightings of values that lost an edge to a limit and thereby changed owner.

    The weaker end of a cut edge is the value; its owner now is the component it stayed in. Who
    used it only before that owner appeared was the owner then. Who used it at the same time gets
    no part of it, and a denied edge never was evidence of ownership.
    """
    limited = np.array([reason != DENIED for reason in cuts.reason], bool)
    changed = np.zeros(len(nodes), bool)
    changed[_ends(edges.take(cuts.edge[limited]), nodes)[0]] = True
    near = changed[edges.left] | changed[edges.right]
    near[cuts.edge[~limited]] = False
    edges = edges.take(near)
    value, other = _ends(edges, nodes)
    usable = changed[value] & (nodes.kind[value] != nodes.kind[other]) & (group[other] != NOBODY)
    edges, value, other = edges.take(usable), value[usable], other[usable]
    present = group[other] == group[value]
    arrival = np.full(len(nodes), np.iinfo(np.int64).max)
    np.minimum.at(arrival, value[present], edges.first[present])
    before = present | (edges.last <= arrival[value])
    before &= arrival[value] < np.iinfo(np.int64).max
    edges = edges.take(before)
    return _owner_sightings(edges, group, nodes, value[before], other[before])


def _permitted_uses(
    uses: Edges, graph: Graph, group: Small
) -> tuple[Edges, set[tuple[int, int, str]]]:
    """Leave out uses that an operator denied, and those of values an operator tied to someone."""
    keep = np.ones(len(uses), bool)
    tied = np.zeros(len(graph.nodes), bool)
    tied[graph.bindings.left] = tied[graph.bindings.right] = True
    keep &= ~tied[uses.right]
    denials: set[tuple[int, int, str]] = set()
    for pair in graph.denied:
        for value, other in (pair, pair[::-1]):
            hits = (uses.right == value) & (group[uses.left] == group[other])
            denials |= {(value, int(joined), DENIED) for joined in uses.left[hits].tolist()}
            keep &= ~hits
    return uses if keep.all() else uses.take(keep), denials


def _device_links(
    uses: Edges, graph: Graph, group: Small, rules: RuleSet
) -> tuple[Links, tuple[tuple[int, int, str], ...]]:
    """Return whose each timed value was when, and the sightings that were cut."""
    nodes = graph.nodes
    raw, lost_uses = _permitted_uses(uses, graph, group)
    sightings = _owner_sightings(raw, group, nodes, raw.right, raw.left)
    lost, reasons = over_owning(sightings, nodes, rules)
    lost_uses |= {
        (int(raw.right[i]), int(raw.left[i]), reasons[int(nodes.kind[raw.right[i]])])
        for i in np.flatnonzero(lost).tolist()
    }
    kept = sightings.take(~lost) if lost.any() else sightings
    return intervals(kept), tuple(sorted(lost_uses))


def partition(graph: Graph, rules: RuleSet) -> Partition:
    """Resolve one graph under the rules."""
    nodes = graph.nodes
    size = len(nodes)
    evidence = build(graph.give_up_rows(), nodes, rules, graph.scope)
    usable = ~(evidence.excluded[graph.bindings.left] | evidence.excluded[graph.bindings.right])
    edges = evidence.edges
    if len(graph.bindings):
        edges = combine(edges.joined(graph.bindings.take(usable)), size)
    labels = label(size, edges)
    cuts = cut(edges, labels, nodes, rules, graph.denied)
    if len(cuts.edge):
        keep = np.ones(len(edges), bool)
        keep[cuts.edge] = False
        labels = label(size, edges, keep)
    group = labels
    group[evidence.excluded] = NOBODY

    devices, lost_uses = _device_links(evidence.give_up_uses(), graph, group, rules)
    former = intervals(_former_owners(edges, cuts, group, nodes))
    elsewhere = np.zeros(size, bool)
    elsewhere[devices.node] = True
    group[devices.node] = NOBODY
    elsewhere[former.node] = True
    members = np.flatnonzero((group != NOBODY) & ~elsewhere).astype(np.int32)
    return Partition(
        group,
        unbound(members, group[members]).joined(devices, former),
        edges,
        cuts,
        evidence.refused,
        evidence.shared_by,
        lost_uses,
    )
