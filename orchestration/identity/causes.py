"""Which piece of evidence brought two persons together, or two identifiers: paths in the graph."""

from collections import deque
from collections.abc import Iterable

import numpy as np

from orchestration.identity.graph import Edges, Mask, Nodes
from orchestration.identity.rules import RuleSet

SHOWN = 12
"""Hex digits of a key that are shown: enough to find it, 2**48 apart."""


def neighbours(edges: Edges, wanted: Mask) -> dict[int, list[tuple[int, int]]]:
    """Return node → (neighbour, edge) for the wanted edges."""
    found: dict[int, list[tuple[int, int]]] = {}
    which = np.flatnonzero(wanted)
    lefts, rights = edges.left[which].tolist(), edges.right[which].tolist()
    for edge, left, right in zip(which.tolist(), lefts, rights, strict=True):
        found.setdefault(left, []).append((right, edge))
        found.setdefault(right, []).append((left, edge))
    return found


def path(graph: dict[int, list[tuple[int, int]]], start: int, goal: int) -> list[int]:
    """Return the edges of a shortest path, empty when there is none."""
    came: dict[int, tuple[int, int]] = {start: (-1, -1)}
    queue = deque([start])
    while queue and goal not in came:
        node = queue.popleft()
        for other, edge in graph.get(node, ()):
            if other not in came:
                came[other] = (node, edge)
                queue.append(other)
    edges = []
    node = goal
    while node in came and came[node][0] >= 0:
        node, edge = came[node]
        edges.append(edge)
    return edges[::-1]


def name(node: int, nodes: Nodes, rules: RuleSet) -> str:
    """Return how a node is shown: its type and the beginning of its key."""
    key = bytes(nodes.keys(slice(node, node + 1))[0]).decode()
    return f"{rules.types[int(nodes.kind[node])].identifier_type} {key[:SHOWN]}"


def latest(edges: Edges, route: Iterable[int]) -> int | None:
    """Return the edge of a path that appeared last: it closed the connection."""
    return max(route, key=lambda edge: int(edges.first[edge]), default=None)
