"""Number what was read: rows, bindings and the registry as one graph of nodes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.identity.edges import Scope
from orchestration.identity.graph import (
    END,
    Edges,
    Int,
    Nodes,
    Observations,
    Small,
    Word,
    encode,
    intern,
    words,
)
from orchestration.identity.inputs import DENY, Binding
from orchestration.identity.partition import Graph
from orchestration.identity.reading import RecordedLinks, RecordedPersons, Rows
from orchestration.identity.registry import Registry
from orchestration.identity.rules import RuleSet

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BINDING_TRUST = 9


@dataclass(frozen=True)
class KeySets:
    """Keys that an increment treats apart; a full resolution has none of them."""

    refused: tuple[str, ...] = ()
    """Refused before and not touched now."""
    region: Word | None = None
    """First halves of the keys to resolve; all keys when ``None``."""


def micros_of(moment: datetime) -> int:
    """Return a naive UTC time as microseconds since 1970."""
    return (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def key_words(keys: list[str]) -> tuple[Word, Word]:
    """Return both halves of subject keys."""
    return words(pa.array(keys, pa.large_string()))


def assemble(
    rows: Rows, bindings: list[Binding], rules: RuleSet, keys: KeySets
) -> tuple[Graph, Int]:
    """Return the graph, and when each node was first seen."""
    ties = [b for b in bindings if b.origin != DENY]
    lefts, rights = key_words([b.left_key for b in ties]), key_words([b.right_key for b in ties])
    kinds = [
        np.array([rules.codes[t] for t in types], np.int8)
        for types in ([b.left_type for b in ties], [b.right_type for b in ties])
    ]
    n, m = len(rows), len(ties)
    if m:
        rows.high = np.concatenate([rows.high, lefts[0], rights[0]])
        rows.low = np.concatenate([rows.low, lefts[1], rights[1]])
        rows.kind = np.concatenate([rows.kind, *kinds])
    nodes, index = intern(rows.high, rows.low, rows.kind)
    rows.give_up_keys()
    record, _ = encode(rows.record)
    rows.record = np.empty(0, np.int64)
    observed = Observations(record, index[:n], rows.first, rows.last, rows.count, rows.trust)
    times = np.array([micros_of(b.occurred_at) for b in ties], np.int64)
    left, right = index[n : n + m], index[n + m :]
    binding = Edges(
        left,
        right,
        times,
        times,
        np.ones(m, np.int64),
        np.full(m, BINDING_TRUST, np.int8),
        np.ones(m, bool),
    )
    seen = np.full(len(nodes), np.iinfo(np.int64).max)
    np.minimum.at(seen, observed.node, observed.first)
    np.minimum.at(seen, left, times)
    np.minimum.at(seen, right, times)
    scope = _scope(nodes, rules, keys)
    return Graph(nodes, observed, binding, _denied(nodes, bindings), scope), seen


def _present(nodes: Nodes, keys: list[str]) -> Small:
    found = nodes.find(*key_words(keys))
    return found[found >= 0]


def _scope(nodes: Nodes, rules: RuleSet, keys: KeySets) -> Scope:
    refused = _present(nodes, list(keys.refused))
    outside = np.empty(0, np.int32)
    if keys.region is not None:
        outside = np.flatnonzero(~np.isin(nodes.high, keys.region)).astype(np.int32)
    return Scope(_present(nodes, sorted(rules.blocked_keys)), refused, outside)


def _denied(nodes: Nodes, bindings: list[Binding]) -> tuple[tuple[int, int], ...]:
    denials = [b for b in bindings if b.origin == DENY]
    left = nodes.find(*key_words([b.left_key for b in denials])).tolist()
    right = nodes.find(*key_words([b.right_key for b in denials])).tolist()
    return tuple((a, b) for a, b in zip(left, right, strict=True) if a >= 0 and b >= 0)


@dataclass(frozen=True)
class Former:
    """Links as recorded, by node (-1: the evidence no longer has the key) and person position."""

    node: Small
    high: Word
    low: Word
    person: Int
    start: Int
    end: Int


def register(
    nodes: Nodes, persons: RecordedPersons, links: RecordedLinks
) -> tuple[Registry, Former]:
    """Return the registry and the recorded links in terms of nodes."""
    node = nodes.find(links.high, links.low)
    position: npt.NDArray[np.int64] = (
        pc.fill_null(pc.index_in(links.person, value_set=persons.person), -1)
        .to_numpy(zero_copy_only=False)
        .astype(np.int64)
    )
    member = np.full(len(nodes), -1, np.int32)
    current = (links.end == END) & (node >= 0)
    member[node[current]] = position[current]
    standing = nodes.find(persons.high, persons.low)
    standing[(persons.high == 0) & (persons.low == 0)] = -1
    ids = np.array(persons.person.to_pylist(), "S36") if len(persons.person) else np.empty(0, "S36")
    registry = Registry(ids, persons.created, standing, persons.retired, member)
    return registry, Former(node, links.high, links.low, position, links.start, links.end)
