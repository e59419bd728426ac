"""Whose a value was, when: links that hold for an interval.

A shared device belongs to whoever used it then; an address that changed owner belonged to the
former one until the new one appeared. One owner: the link is not bound in time. Several: each
sighting opens an interval that lasts until another owner's sighting; the first owner also gets
what lies before, the last what comes after.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.identity.graph import BEGINNING, END, Int, Mask, Nodes, Small, Word, encode
from orchestration.identity.limits import most_in_window
from orchestration.identity.rules import RuleSet


@dataclass(frozen=True)
class Links:
    """One row per value and interval; ``owner`` is a component."""

    node: Small
    owner: Small
    start: Int
    end: Int

    def __len__(self) -> int:
        return len(self.node)

    def joined(self, *others: "Links") -> "Links":
        """Return the links of all."""
        every = (self, *others)
        return Links(
            np.concatenate([links.node for links in every]),
            np.concatenate([links.owner for links in every]),
            np.concatenate([links.start for links in every]),
            np.concatenate([links.end for links in every]),
        )


@dataclass(frozen=True)
class Uses:
    """Sightings of a value (``node``) with an owner, who is a component."""

    node: Small
    owner: Small
    first: Int
    last: Int
    count: Small | Int
    owner_key: Word
    """Key of the identifier that stands for the owner in the sighting; breaks ties."""

    def __len__(self) -> int:
        return len(self.node)

    def take(self, which: Mask | Int) -> "Uses":
        """Return some of the sightings."""
        return Uses(
            self.node[which],
            self.owner[which],
            self.first[which],
            self.last[which],
            self.count[which],
            self.owner_key[which],
        )


def over_owning(uses: Uses, nodes: Nodes, rules: RuleSet) -> tuple[Mask, dict[int, str]]:
    """Find sightings to cut because their owner has too many values of the type.

    An owner's values are kept latest used first (then most used, then by key) while no window
    holds more than the rule allows. Returns the sightings to cut, and the reason per type code.
    """
    gone = np.zeros(len(uses), bool)
    reasons: dict[int, str] = {}
    for code, rule in enumerate(rules.types):
        limit = rule.max_values_per_person
        mine = np.flatnonzero(nodes.kind[uses.node] == code)
        if limit is None or not len(mine):
            continue
        reasons[code] = f"max_values_per_person:{rule.identifier_type}"
        _, pairs = encode(uses.node[mine].astype(np.int64) << 32 | uses.owner[mine])
        values = np.bincount(pairs & 0xFFFFFFFF)
        for owner in np.flatnonzero(values > limit).tolist():
            rows = mine[uses.owner[mine] == owner]
            gone[rows] = _excess(uses.take(rows), nodes, limit, rule.window_days)
    return gone, reasons


def _excess(uses: Uses, nodes: Nodes, limit: int, window_days: int | None) -> Mask:
    """Return which sightings of one owner belong to values beyond the limit."""
    first: dict[int, int] = {}
    rank: dict[int, tuple[int, int, int]] = {}
    for node, start, last, count in zip(
        uses.node.tolist(),
        uses.first.tolist(),
        uses.last.tolist(),
        uses.count.tolist(),
        strict=True,
    ):
        first[node] = min(start, first.get(node, start))
        latest, total, _ = rank.get(node, (last, 0, 0))
        rank[node] = (max(latest, last), total + count, int(nodes.high[node]))
    kept: dict[int, int] = {}
    for node in sorted(rank, key=lambda n: rank[n], reverse=True):
        if most_in_window([*kept.values(), first[node]], window_days) <= limit:
            kept[node] = first[node]
    return np.array([node not in kept for node in uses.node.tolist()], bool)


def intervals(uses: Uses) -> Links:
    """Return whose each value was when; every value's intervals cover all time, once."""
    owner = np.full(int(uses.node.max(initial=-1)) + 1, -1, np.int32)
    owner[uses.node] = uses.owner
    shared = np.zeros(len(owner), bool)
    shared[uses.node[uses.owner != owner[uses.node]]] = True
    single = np.flatnonzero((owner >= 0) & ~shared).astype(np.int32)
    return unbound(single, owner[single]).joined(_in_turn(uses.take(shared[uses.node])))


def unbound(node: Small, owner: Small) -> Links:
    """Return links that hold for all time (read only: their times are one value each)."""
    start = np.broadcast_to(np.int64(BEGINNING), len(node))
    return Links(node, owner, start, np.broadcast_to(np.int64(END), len(node)))


def _in_turn(uses: Uses) -> Links:
    """Return the intervals of values that several owners used."""
    if not len(uses):
        return unbound(uses.node, uses.owner)
    order = np.lexsort((uses.owner_key, -uses.count, -uses.last, uses.first, uses.node))
    uses = uses.take(order)
    new_value = np.r_[True, uses.node[1:] != uses.node[:-1]]
    opens = new_value | np.r_[True, uses.owner[1:] != uses.owner[:-1]]
    node, owner = uses.node[opens], uses.owner[opens]
    start = np.where(new_value[opens], BEGINNING, uses.first[opens])
    last_of_value = np.r_[node[1:] != node[:-1], True]
    end = np.where(last_of_value, END, np.r_[start[1:], END])
    lasting = start < end
    return _coalesced(Links(node[lasting], owner[lasting], start[lasting], end[lasting]))


def _coalesced(links: Links) -> Links:
    """Join neighbouring intervals of one owner (an interval of no length was between them)."""
    same = (links.node[1:] == links.node[:-1]) & (links.owner[1:] == links.owner[:-1])
    opens = np.r_[True, ~same]
    closes = np.r_[~same, True]
    return Links(links.node[opens], links.owner[opens], links.start[opens], links.end[closes])
