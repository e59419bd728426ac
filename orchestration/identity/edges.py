"""Edges from records that carry several identifiers.

A record becomes a star: its strongest identifier in the middle, the others around it, so that n
identifiers cost n - 1 edges. Values that too many others share are refused first, and records
whose middle was refused get a new one. Refused and blocked values belong to nobody.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.identity.graph import (
    Edges,
    Mask,
    Nodes,
    Observations,
    Small,
    Word,
    encode,
    pieces,
)
from orchestration.identity.rules import Joins, RuleSet


@dataclass(frozen=True)
class Scope:
    """Nodes that take no part, and why."""

    blocked: Small
    """On the blocklist."""
    refused: Small
    """Refused by an earlier resolution; an increment sees too few of their records to tell."""
    outside: Small
    """Seen only because they share a record with a refused value; left as they are."""


@dataclass
class Evidence:
    """What the records say: who is joined, and who used which device when."""

    edges: Edges
    """One row per joined pair, summed over records."""
    uses: Edges
    """One row per record: ``left`` the joined identifier, ``right`` the timed one."""
    refused: Small
    """Values that too many others share."""
    shared_by: Small
    """For each refused value, how many."""
    excluded: Mask
    """Per node: blocked, refused, or of a type that never joins."""

    def give_up_uses(self) -> Edges:
        """Return the uses and keep none."""
        uses, self.uses = self.uses, self.uses.take(np.empty(0, np.int64))
        return uses


def joins_mask(rules: RuleSet, wanted: Joins) -> Mask:
    """Return, per type code, whether it joins in that way."""
    return np.array([rule.joins is wanted for rule in rules.types], dtype=bool)


def _centres(rows: Observations, nodes: Nodes) -> Small:
    """Return, per row, the strongest identifier of its record (ties by key)."""
    records = int(rows.record.max(initial=-1)) + 1
    strength: Word = nodes.high >> np.uint64(8)
    strength |= nodes.kind.astype(np.uint64) << np.uint64(56)
    best = np.full(records, np.iinfo(np.uint64).max, np.uint64)
    for piece in pieces(len(rows.record)):
        np.minimum.at(best, rows.record[piece], strength[rows.node[piece]])
    centre = np.zeros(records, np.int32)
    for piece in pieces(len(rows.record)):
        record, node = rows.record[piece], rows.node[piece]
        wins = strength[node] == best[record]
        centre[record[wins]] = node[wins]
    return centre[rows.record]


def combine(edges: Edges, size: int) -> Edges:
    """Sum parallel edges: earliest and latest time, total count, best trust."""
    pair = edges.left.astype(np.int64) * size + edges.right
    index, unique = encode(pair)
    n = len(unique)
    if n == len(pair):
        return edges
    first = np.full(n, np.iinfo(np.int64).max)
    last = np.full(n, np.iinfo(np.int64).min)
    count = np.zeros(n, np.int64)
    trust = np.zeros(n, np.int8)
    binding = np.zeros(n, bool)
    np.minimum.at(first, index, edges.first)
    np.maximum.at(last, index, edges.last)
    np.add.at(count, index, edges.count)
    np.maximum.at(trust, index, edges.trust)
    binding[index[edges.binding]] = True
    left = (unique // size).astype(np.int32)
    return Edges(left, (unique % size).astype(np.int32), first, last, count, trust, binding)


def _stars(rows: Observations, nodes: Nodes, timed: Mask) -> tuple[Edges, Edges]:
    """Return joined pairs, one row per record, and one row for each use of a timed value."""
    centre = _centres(rows, nodes)
    is_leaf = rows.node != centre
    is_use = is_leaf & timed[nodes.kind[rows.node]]
    joined = _spokes(rows, centre, is_leaf & ~is_use)
    uses = _spokes(rows, centre, is_use & ~timed[nodes.kind[centre]])
    return joined, uses


def _spokes(rows: Observations, centre: Small, which: Mask) -> Edges:
    rows, centre = rows.take(which), centre[which]
    none = np.zeros(len(centre), bool)
    return Edges(centre, rows.node, rows.first, rows.last, rows.count, rows.trust, none)


def _over_shared(edges: Edges, uses: Edges, nodes: Nodes, rules: RuleSet) -> tuple[Small, Small]:
    """Return values that more partners of one type share than their rule allows, and how many."""
    size = len(nodes)
    used = encode(uses.left.astype(np.int64) * size + uses.right)[1]
    kind = np.concatenate([nodes.kind[edges.left], nodes.kind[used // size]])
    right = np.concatenate([edges.right, (used % size).astype(np.int32)])
    most = [rule.max_persons_per_value or np.iinfo(np.int32).max for rule in rules.types]
    limits = np.array(most, np.int32)
    partners = np.zeros(size, np.int32)
    for code in range(len(rules.types)):
        found = np.zeros(size, np.int32)
        np.add.at(found, right[kind == code], 1)
        np.maximum(partners, found, out=partners)
    refused = np.flatnonzero(partners > limits[nodes.kind]).astype(np.int32)
    return refused, partners[refused]


def build(rows: Observations, nodes: Nodes, rules: RuleSet, scope: Scope) -> Evidence:
    """Turn records into edges under the blocklist and the limits per value."""
    timed = joins_mask(rules, Joins.TIMED)
    excluded: Mask = joins_mask(rules, Joins.NEVER)[nodes.kind]
    excluded[scope.blocked] = True
    if excluded.any():
        rows = rows.take(~excluded[rows.node])
    edges, uses = _stars(rows, nodes, timed)
    edges = combine(edges, len(nodes))
    refused, shared_by = _over_shared(edges, uses, nodes, rules)
    gone = np.zeros(len(nodes), bool)
    gone[refused] = gone[scope.refused] = gone[scope.outside] = True
    if gone.any():
        excluded |= gone
        edges, uses = _stars(rows.take(~gone[rows.node]), nodes, timed)
        edges = combine(edges, len(nodes))
    return Evidence(edges, uses, refused, shared_by, excluded)
