"""Which component is which person: ids that stay through growth, merges, splits and rebuilds.

Every person has a standing key, its founding member. Whoever holds the standing key holds the
person id: a component inherits the id of the person recorded earliest among those whose standing
keys it holds (ties by priority of the key's type, then by key), the others become its aliases,
and a split that sets a standing key free restores its id. A person whose standing key has vanished
from the evidence goes where most of its former members went. Only what is left gets a new id.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from orchestration.identity.graph import BEGINNING, Int, Mask, Nodes, Small
from orchestration.identity.partition import NOBODY, Partition

Ids = npt.NDArray[np.bytes_]


@dataclass(frozen=True)
class Registry:
    """Persons as recorded so far, and whom each known key belonged to."""

    person: Ids
    created: Int
    standing: Small
    """Node of the standing key, -1 when the evidence no longer has it."""
    retired: Mask
    member: Small
    """Per node: position of the person it belongs to now, -1 when new or nobody's."""


@dataclass
class Assignment:
    """Persons after this resolution; positions from ``len(registry.person)`` on are new."""

    of_group: Int
    """Per component: position of its person, -1 for components without members."""
    new: Ids
    new_standing: Small
    moved_standing: dict[int, int] = field(default_factory=dict)
    """Position → node: a founding member vanished and another took its place."""
    merged: list[tuple[int, int]] = field(default_factory=list)
    """(alias, survivor)."""
    split: list[tuple[int, int]] = field(default_factory=list)
    """(person the members came from, new person)."""
    restored: list[tuple[int, int]] = field(default_factory=list)
    """(person who held the members, person restored)."""
    withdrawn: list[int] = field(default_factory=list)

    def all_ids(self, registry: Registry) -> Ids:
        """Return the ids of known and new persons by position."""
        return np.concatenate([registry.person, self.new])

    def born(self, known: int) -> Mask:
        """Return which new persons are new altogether, not split off."""
        fresh = np.ones(len(self.new), bool)
        fresh[[position - known for _, position in self.split]] = False
        return fresh

    def standing_of(self, position: int, registry: Registry) -> int:
        """Return the node of a person's standing key after this resolution."""
        if position >= len(registry.person):
            return int(self.new_standing[position - len(registry.person)])
        return self.moved_standing.get(position, int(registry.standing[position]))


def _founders(partition: Partition, nodes: Nodes, seen: Int, count: int) -> Small:
    """Return each component's strongest member: by type, then earliest seen, then key."""
    members = np.flatnonzero(partition.group != NOBODY)
    order = np.lexsort((nodes.high[members], seen[members], nodes.kind[members]))[::-1]
    members = members[order]
    founder = np.full(count, -1, np.int32)
    founder[partition.group[members]] = members
    return founder


def _heirs(partition: Partition) -> Small:
    """Return the component that stands in for each node: its own, else its first owner's."""
    heir = partition.group.copy()
    first_owner = np.flatnonzero(partition.links.start == BEGINNING)
    rows = first_owner[heir[partition.links.node[first_owner]] == NOBODY]
    heir[partition.links.node[rows]] = partition.links.owner[rows]
    return heir


def _claims(registry: Registry, group: Small, nodes: Nodes, count: int) -> Int:
    """Return the person with the longest standing in each component, -1 where there is none."""
    claimants = np.flatnonzero(registry.standing >= 0)
    standing = registry.standing[claimants]
    inside = group[standing] != NOBODY
    claimants, standing = claimants[inside], standing[inside]
    keys = (nodes.high[standing], nodes.kind[standing], registry.created[claimants])
    order = np.lexsort(keys)[::-1]
    winner = np.full(count, -1, np.int64)
    winner[group[standing[order]]] = claimants[order]
    return winner


def _overlaps(registry: Registry, heir: Small, lost: Mask) -> list[tuple[int, int]]:
    """Return (person, component) by falling number of former members, for persons in ``lost``."""
    rows = np.flatnonzero((registry.member >= 0) & (heir != NOBODY))
    rows = rows[lost[registry.member[rows]]]
    if not len(rows):
        return []
    pairs, counts = np.unique(
        registry.member[rows].astype(np.int64) << 32 | heir[rows], return_counts=True
    )
    persons, groups = pairs >> 32, pairs & 0xFFFFFFFF
    order = np.lexsort((registry.person[persons], registry.created[persons], -counts))
    return list(zip(persons[order].tolist(), groups[order].tolist(), strict=True))


def assign(
    registry: Registry,
    partition: Partition,
    nodes: Nodes,
    seen: Int,
    new_ids: Callable[[int], Ids],
) -> Assignment:
    """Match components to persons and say what became of everybody."""
    count = int(partition.group.max(initial=-1)) + 1
    group = partition.group
    heir = _heirs(partition)
    of_group = _claims(registry, group, nodes, count)
    founder = _founders(partition, nodes, seen, count)

    homeless = ~registry.retired & ((registry.standing < 0) | (_at(heir, registry.standing) < 0))
    moved: dict[int, int] = {}
    fate: dict[int, int] = {}
    for person, target in _overlaps(registry, heir, homeless):
        if person in moved or person in fate:
            continue
        if of_group[target] < 0 and founder[target] >= 0:
            of_group[target] = person
            moved[person] = int(founder[target])
    for person, target in _overlaps(registry, heir, homeless):
        if person not in moved:
            fate.setdefault(person, target)

    orphans = np.flatnonzero((of_group < 0) & (founder >= 0))
    known = len(registry.person)
    of_group[orphans] = known + np.arange(len(orphans))
    result = Assignment(of_group, new_ids(len(orphans)), founder[orphans], moved)
    _tell(result, registry, heir, group, orphans, homeless, fate)
    return result


def _at(values: Small, index: Small) -> Small:
    """Return ``values[index]``, -1 where the index is -1."""
    if not len(values):
        return np.full(len(index), -1, np.int32)
    return np.where(index >= 0, values[index], -1)


def _tell(
    result: Assignment,
    registry: Registry,
    heir: Small,
    group: Small,
    orphans: Int,
    homeless: Mask,
    fate: dict[int, int],
) -> None:
    """Write down merges, splits, restorations and withdrawals."""
    known = len(registry.person)
    if not known:
        return
    holders = result.of_group[result.of_group >= 0]
    holds = np.zeros(known, bool)
    holds[holders[holders < known]] = True
    former = _former_holder(registry, group, result.of_group)
    for person in np.flatnonzero(holds & registry.retired).tolist():
        holder = former.get(person, person)
        result.restored.append((holder, person))
    for person in np.flatnonzero(~holds & ~registry.retired).tolist():
        target = fate.get(person, -1) if homeless[person] else int(heir[registry.standing[person]])
        if target < 0 or result.of_group[target] < 0:
            result.withdrawn.append(person)
        else:
            result.merged.append((person, int(result.of_group[target])))
    for position in (known + np.arange(len(orphans))).tolist():
        if position in former:
            result.split.append((former[position], position))


def _former_holder(registry: Registry, group: Small, of_group: Int) -> dict[int, int]:
    """Return, for persons whose members belonged to another, to whom most of them did."""
    rows = np.flatnonzero((registry.member >= 0) & (group != NOBODY))
    now = of_group[group[rows]]
    rows, now = rows[now != registry.member[rows]], now[now != registry.member[rows]]
    if not len(rows):
        return {}
    pairs, counts = np.unique(
        np.stack([now, registry.member[rows].astype(np.int64)]), axis=1, return_counts=True
    )
    order = np.lexsort((registry.person[pairs[1]], counts))
    return dict(zip(pairs[0][order].tolist(), pairs[1][order].tolist(), strict=True))
