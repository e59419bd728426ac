"""Which components break a rule: too many values or identifiers, a denied pair, weak bridges.

Every rule here is monotone: a part of a component that keeps a rule keeps it too. That is why
whole components can be passed unseen when they are within the limits, and why cutting in one
order (strongest evidence first) gives one answer whatever order the evidence arrived in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from orchestration.identity.components import label
from orchestration.identity.graph import DAY, Edges, Int, Mask, Nodes, Small
from orchestration.identity.rules import RuleSet


@dataclass(frozen=True)
class Limits:
    """The rules that components must keep, over one set of nodes."""

    rules: RuleSet
    value: Small
    """Per node: the value it counts as; ids that a merge declared equal count once."""
    first: Int
    """Per node: when it was first seen."""
    denied: tuple[tuple[int, int], ...]
    """Pairs of nodes that never belong to one person."""


def first_seen(size: int, edges: Edges) -> Int:
    """Return when each node was first seen in any edge."""
    first = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first, edges.left, edges.first)
    np.minimum.at(first, edges.right, edges.first)
    return first


def counted_values(nodes: Nodes, edges: Edges) -> Small:
    """Return, per node, the value it counts as: binding edges within a type make one value."""
    same = edges.binding & (nodes.kind[edges.left] == nodes.kind[edges.right])
    if not same.any():
        return np.arange(len(nodes), dtype=np.int32)
    classes = label(len(nodes), edges, same)
    representative = np.full(int(classes.max()) + 1, -1, np.int32)
    representative[classes[::-1]] = np.arange(len(nodes) - 1, -1, -1, dtype=np.int32)
    return np.asarray(representative[classes], np.int32)


def limits_of(
    nodes: Nodes, edges: Edges, rules: RuleSet, denied: tuple[tuple[int, int], ...]
) -> Limits:
    """Return the rules over one set of nodes."""
    value, seen = counted_values(nodes, edges), first_seen(len(nodes), edges)
    np.minimum.at(seen, value, seen)
    return Limits(rules, value, seen[value], denied)


def most_in_window(times: Iterable[int], window_days: int | None) -> int:
    """Return how many of the times fall into the fullest window of that many days."""
    ordered = sorted(times)
    if window_days is None:
        return len(ordered)
    most = start = 0
    for end, time in enumerate(ordered):
        while time - ordered[start] > window_days * DAY:
            start += 1
        most = max(most, end - start + 1)
    return most


def _contested(labels: Small, edges: Edges, nodes: Nodes, rules: RuleSet, count: int) -> Mask:
    """Return the components where a yielding type joins parts that each have a stronger value."""
    bad = np.zeros(count, bool)
    weaker = np.maximum(nodes.kind[edges.left], nodes.kind[edges.right])
    for weak, strong in rules.yields.items():
        parts = label(len(nodes), edges, (weaker != weak) | edges.binding)
        holders = np.flatnonzero(nodes.kind == strong)
        component, part = labels[holders], parts[holders]
        one_part = np.zeros(count, np.int32)
        one_part[component] = part
        bad[component[part != one_part[component]]] = True
    return bad


def violators(
    labels: Small,
    edges: Edges,
    nodes: Nodes,
    rules: RuleSet,
    denied: tuple[tuple[int, int], ...],
) -> Mask:
    """Return, per component, whether it may break a rule (windows are looked at when cutting)."""
    count = int(labels.max()) + 1 if len(labels) else 0
    bad: Mask = np.bincount(labels, minlength=count) > rules.max_identifiers_per_person
    for code, rule in enumerate(rules.types):
        if rule.max_values_per_person is None:
            continue
        mine = np.flatnonzero(nodes.kind == code)
        per_component = np.bincount(labels[mine], minlength=count)
        bad |= per_component > rule.max_values_per_person
    bad |= _contested(labels, edges, nodes, rules, count)
    for left, right in denied:
        if labels[left] == labels[right]:
            bad[labels[left]] = True
    return bad
