"""Edges from records that carry several identifiers.

A record becomes a star: its strongest identifier in the middle, the others around it, so that n
identifiers cost n - 1 edges. Values that too many others share are refused first, and records
whose middle was refused get a new one. Refused and blocked values belong to nobody.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.identity.graph import Edges, Int, Mask, Nodes, Observations, Small, Word
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


@dataclass(frozen=True)
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


def joins_mask(rules: RuleSet, wanted: Joins) -> Mask:
    """Return, per type code, whether it joins in that way."""
    return np.array([rule.joins is wanted for rule in rules.types], dtype=bool)


def _centres(rows: Observations, nodes: Nodes) -> Small:
    """Return, per row, the strongest identifier of its record (ties by key)."""
    encoded = pa.array(rows.record).dictionary_encode()
    record = encoded.indices.to_numpy()
    strength: Word = (nodes.kind.astype(np.uint64) << np.uint64(56)) | (nodes.high >> np.uint64(8))
    mine = strength[rows.node]
    best = np.full(len(encoded.dictionary), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(best, record, mine)
    wins = mine == best[record]
    centre = np.zeros(len(best), np.int32)
    centre[record[wins]] = rows.node[wins]
    return np.asarray(centre[record], np.int32)


def combine(edges: Edges, size: int) -> Edges:
    """Sum parallel edges: earliest and latest time, total count, best trust."""
    pair = edges.left.astype(np.int64) * size + edges.right
    encoded = pa.array(pair).dictionary_encode()
    if len(encoded.dictionary) == len(pair):
        return edges
    index = encoded.indices.to_numpy()
    unique: Int = encoded.dictionary.to_numpy()
    n = len(unique)
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


def _star(rows: Observations, nodes: Nodes) -> Edges:
    centre = _centres(rows, nodes)
    leaf = rows.node != centre
    rows, centre = rows.take(leaf), centre[leaf]
    none = np.zeros(len(centre), bool)
    return Edges(centre, rows.node, rows.first, rows.last, rows.count, rows.trust, none)


def _over_shared(pairs: Edges, nodes: Nodes, rules: RuleSet) -> tuple[Small, Small]:
    """Return values that more partners of one type share than their rule allows, and how many."""
    width = len(rules.types)
    limits = np.array([r.max_persons_per_value or np.iinfo(np.int32).max for r in rules.types])
    cell = pairs.right.astype(np.int64) * width + nodes.kind[pairs.left]
    partners = np.bincount(cell, minlength=len(nodes) * width).reshape(-1, width).max(axis=1)
    refused = np.flatnonzero(partners > limits[nodes.kind]).astype(np.int32)
    return refused, partners[refused].astype(np.int32)


def build(rows: Observations, nodes: Nodes, rules: RuleSet, scope: Scope) -> Evidence:
    """Turn records into edges under the blocklist and the limits per value."""
    timed = joins_mask(rules, Joins.TIMED)
    excluded: Mask = joins_mask(rules, Joins.NEVER)[nodes.kind]
    excluded[scope.blocked] = True
    if excluded.any():
        rows = rows.take(~excluded[rows.node])
    stars = _star(rows, nodes)
    is_use = timed[nodes.kind[stars.right]]
    edges = combine(stars.take(~is_use), len(nodes))
    uses = stars.take(is_use & ~timed[nodes.kind[stars.left]])
    pairs = edges.joined(combine(uses, len(nodes))) if len(uses) else edges
    refused, shared_by = _over_shared(pairs, nodes, rules)
    gone = np.zeros(len(nodes), bool)
    gone[refused] = gone[scope.refused] = gone[scope.outside] = True
    if gone.any():
        excluded |= gone
        stars = _star(rows.take(~gone[rows.node]), nodes)
        is_use = timed[nodes.kind[stars.right]]
        edges = combine(stars.take(~is_use), len(nodes))
        uses = stars.take(is_use & ~timed[nodes.kind[stars.left]])
    return Evidence(edges, uses, refused, shared_by, excluded)
