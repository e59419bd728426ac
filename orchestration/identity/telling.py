"""Say what a resolution decided: rows of cut edges and of history, with their evidence."""

from datetime import UTC, datetime, timedelta

import numpy as np

from orchestration.identity.assembling import EPOCH
from orchestration.identity.causes import latest, name, neighbours, path
from orchestration.identity.graph import Int, Nodes, Small
from orchestration.identity.partition import SHARED, Partition
from orchestration.identity.registry import Assignment, Registry
from orchestration.identity.rules import RuleSet
from orchestration.identity.writing import CutRow, HistoryRow, keys_of


def moment(micros: int) -> datetime:
    """Return microseconds since 1970 as a naive UTC time."""
    return (EPOCH + timedelta(microseconds=micros)).astimezone(UTC).replace(tzinfo=None)


def effective_times(outcome: Partition, seen: Int, assignment: Assignment, known: int) -> Int:
    """Return, per new person, when the first of its identifiers was seen."""
    members = np.flatnonzero(outcome.group >= 0)
    owner = assignment.of_group[outcome.group[members]]
    new = owner >= known
    first = np.full(len(assignment.new), np.iinfo(np.int64).max)
    np.minimum.at(first, owner[new] - known, seen[members[new]])
    return first


def cut_rows(
    outcome: Partition, nodes: Nodes, rules: RuleSet, scope: list[str] | None
) -> list[CutRow]:
    """Return a row per cut edge, per refused value and per cut use of a device."""
    names = [rule.identifier_type for rule in rules.types]

    def typed(which: Int | Small) -> list[tuple[str, str]]:
        kinds = nodes.kind[which].tolist()
        return [(k, names[c]) for k, c in zip(keys_of(nodes, which), kinds, strict=True)]

    cuts, edges = outcome.cuts, outcome.edges.take(outcome.cuts.edge)
    rows: list[CutRow] = []
    for i, (left, right) in enumerate(zip(typed(edges.left), typed(edges.right), strict=True)):
        first, last = moment(int(edges.first[i])), moment(int(edges.last[i]))
        rows.append((*left, *right, cuts.reason[i], None, first, last, int(edges.count[i])))
    inside = None if scope is None else set(scope)
    for value, shared_by in zip(typed(outcome.refused), outcome.shared_by.tolist(), strict=True):
        if inside is None or value[0] in inside:
            rows.append((*value, None, None, SHARED, shared_by, None, None, None))
    values = typed(np.array([value for value, _, _ in outcome.lost_uses], np.int64))
    owners = typed(np.array([owner for _, owner, _ in outcome.lost_uses], np.int64))
    for value, owner, (_, _, reason) in zip(values, owners, outcome.lost_uses, strict=True):
        rows.append((*owner, *value, reason, None, None, None, None))
    return rows


def _connections(
    registry: Registry, assignment: Assignment, outcome: Partition, nodes: Nodes, rules: RuleSet
) -> dict[tuple[int, int], tuple[datetime | None, str]]:
    """Return, for each merge, when and by which edge both founding members became connected."""
    wanted = {
        pair: (int(registry.standing[pair[0]]), standing)
        for pair in assignment.merged
        if (standing := assignment.standing_of(pair[1], registry)) >= 0
        and registry.standing[pair[0]] >= 0
    }
    if not wanted:
        return {}
    groups = np.zeros(int(outcome.group.max(initial=-1)) + 2, bool)
    groups[[int(outcome.group[b]) for _, b in wanted.values()]] = True
    groups[-1] = False
    kept = np.ones(len(outcome.edges), bool)
    kept[outcome.cuts.edge] = False
    kept &= groups[outcome.group[outcome.edges.left]]
    graph = neighbours(outcome.edges, kept)
    found: dict[tuple[int, int], tuple[datetime | None, str]] = {}
    for pair, (start, goal) in wanted.items():
        edge = latest(outcome.edges, path(graph, start, goal))
        if edge is None:
            found[pair] = (None, f"{name(start, nodes, rules)} used by {name(goal, nodes, rules)}")
        else:
            ends = (int(outcome.edges.left[edge]), int(outcome.edges.right[edge]))
            cause = " - ".join(name(end, nodes, rules) for end in ends)
            found[pair] = (moment(int(outcome.edges.first[edge])), cause)
    return found


def history_rows(
    registry: Registry,
    assignment: Assignment,
    outcome: Partition,
    nodes: Nodes,
    rules: RuleSet,
    recorded_at: datetime,
) -> list[HistoryRow]:
    """Return the rows for merges, splits, restorations and withdrawals."""
    ids = assignment.all_ids(registry)

    def person(position: int) -> str:
        return str(ids[position].decode())

    because = _connections(registry, assignment, outcome, nodes, rules)
    rows: list[HistoryRow] = []
    for pair in assignment.merged:
        effective, cause = because.get(pair, (None, "founding identifier no longer in evidence"))
        rows.append((person(pair[0]), person(pair[1]), "merged", effective or recorded_at, cause))
    for kind, pairs in (("split", assignment.split), ("restored", assignment.restored)):
        for holder, freed in pairs:
            cause = f"{name(assignment.standing_of(freed, registry), nodes, rules)} set free"
            rows.append((person(holder), person(freed), kind, recorded_at, cause))
    for position in assignment.withdrawn:
        rows.append((person(position), None, "withdrawn", recorded_at, "no evidence left"))
    return sorted(rows, key=lambda row: (row[2], row[0], row[1] or ""))
