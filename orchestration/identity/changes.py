"""What differs between the links on record and the links resolved: only that is written."""

from dataclasses import dataclass

import numpy as np

from orchestration.identity.assembling import Former
from orchestration.identity.graph import BEGINNING, END, Int, Mask, Nodes, Small, Word
from orchestration.identity.timelines import Links

NONE, SEVERAL = -1, -2


@dataclass(frozen=True)
class LinkChanges:
    """Keys whose links go, and links that come, sorted by key."""

    gone_high: Word
    gone_low: Word
    links: Links
    person: Int
    """Per coming link: position of its person."""

    @property
    def is_empty(self) -> bool:
        """Whether everything is as recorded."""
        return not len(self.gone_high) and not len(self.links)


def _summary(size: int, node: Small, person: Int, start: Int, end: Int) -> Int:
    """Return, per node, its person if it has one link for all time, else NONE or SEVERAL."""
    single = np.full(size, NONE, np.int64)
    single[node] = person
    several = np.bincount(node, minlength=size) > 1
    bound = (start != BEGINNING) | (end != END)
    several[node[bound]] = True
    single[several] = SEVERAL
    return single


def _differing(
    size: int, old: tuple[Small, Int, Int, Int], new: tuple[Small, Int, Int, Int]
) -> Mask:
    """Return, per node with several links before and after, whether any of them differs."""
    differs = np.zeros(size, bool)
    if not len(old[0]) or not len(new[0]):
        return differs
    rows = np.concatenate([np.stack(old, axis=1), np.stack(new, axis=1)]).astype(np.int64)
    unique, counts = np.unique(rows, axis=0, return_counts=True)
    differs[unique[counts == 1, 0]] = True
    return differs


def compare(nodes: Nodes, former: Former, links: Links, person: Int) -> LinkChanges:
    """Return what to take away and what to write so that the record equals ``links``."""
    size = len(nodes)
    known = former.node >= 0
    old = (former.node[known], former.person[known], former.start[known], former.end[known])
    was = _summary(size, *old)
    now = _summary(size, links.node, person, links.start, links.end)
    changed = was != now
    both = (was == SEVERAL) & (now == SEVERAL)
    if both.any():
        before, after = both[old[0]], both[links.node]
        changed |= _differing(
            size,
            (old[0][before], old[1][before], old[2][before], old[3][before]),
            (links.node[after], person[after], links.start[after], links.end[after]),
        )
    leaving = ~known | (known & changed[np.maximum(former.node, 0)]) if size else ~known
    coming = np.flatnonzero(changed[links.node]) if len(links) else np.empty(0, np.int64)
    kinds = nodes.kind[links.node[coming]]
    coming = coming[np.lexsort((links.start[coming], nodes.high[links.node[coming]], kinds))]
    return LinkChanges(
        former.high[leaving],
        former.low[leaving],
        Links(links.node[coming], links.owner[coming], links.start[coming], links.end[coming]),
        person[coming],
    )
