"""Small worlds for identity tests: evidence in words, outcomes as sets of words."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from orchestration.identity.assembling import KeySets, assemble, key_words, micros_of
from orchestration.identity.graph import Int, Nodes
from orchestration.identity.inputs import Binding
from orchestration.identity.partition import Partition, partition
from orchestration.identity.reading import Rows
from orchestration.identity.rules import Joins, RuleSet, TypeRule

DAY_ZERO = datetime(2026, 1, 1)  # noqa: DTZ001 - the warehouse keeps naive UTC
TYPES = {"u": "user_id", "s": "shopify_customer_id", "c": "hubspot_contact_id", "e": "email",
         "p": "phone", "o": "order_id", "d": "anonymous_id"}  # fmt: skip


def rule_set(
    *, users: int = 1, emails: int = 5, phones: int = 5, shared: int = 50, size: int = 5000,
    devices: int = 50, window: int | None = None, blocked: Iterable[str] = (),
    yields: str | None = None,
) -> RuleSet:  # fmt: skip
    """Rules like the seeds, with limits to play with."""
    return RuleSet(
        types=(
            TypeRule("user_id", Joins.ALWAYS, 1, None, users, None),
            TypeRule("shopify_customer_id", Joins.ALWAYS, 2, shared, 10, None),
            TypeRule("hubspot_contact_id", Joins.ALWAYS, 3, shared, 10, None),
            TypeRule("email", Joins.ALWAYS, 4, shared, emails, window),
            TypeRule("phone", Joins.ALWAYS, 5, shared, phones, window, yields),
            TypeRule("order_id", Joins.ALWAYS, 6, shared, None, None),
            TypeRule("anonymous_id", Joins.TIMED, 7, shared, devices, None),
        ),
        max_identifiers_per_person=size,
        blocked_keys=frozenset(key(word) for word in blocked),
        source_trust={"shopify": 6, "hubspot": 5, "matomo": 3},
    )


def kind(word: str) -> str:
    """The type of an identifier such as ``u1`` or ``e-old``."""
    return TYPES[word[0]]


def key(word: str) -> str:
    """The subject key that stands for an identifier."""
    return hashlib.sha256(word.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Record:
    """One record: identifiers seen together over some days."""

    words: tuple[str, ...]
    first: float = 0
    last: float | None = None
    source: str = "shopify"
    name: str | None = None

    @property
    def record_key(self) -> str:
        return self.name or "+".join(self.words) + f"@{self.first}"


def day(number: float) -> datetime:
    return DAY_ZERO + timedelta(days=number)


def record(*words: str, first: float = 0, last: float | None = None, source: str = "shopify",
           name: str | None = None) -> Record:  # fmt: skip
    return Record(words, first, last, source, name)


def tie(left: str, right: str, origin: str = "merge", on: float = 0) -> Binding:
    return Binding(key(left), kind(left), key(right), kind(right), origin, day(on))


def as_rows(records: Iterable[Record], rules: RuleSet) -> Rows:
    """Records as the reader delivers them, in the order given."""
    flat = [(r, word) for r in records for word in r.words]
    high, low = key_words([key(word) for _, word in flat])
    hashes = [hashlib.sha256(f"{r.source}|{r.record_key}".encode()).digest() for r, _ in flat]
    first = np.array([micros_of(day(r.first)) for r, _ in flat], np.int64)
    last = np.array(
        [micros_of(day(r.first if r.last is None else r.last)) for r, _ in flat], np.int64
    )
    return Rows(
        high,
        low,
        np.array([rules.codes[kind(word)] for _, word in flat], np.int8),
        np.array([int.from_bytes(h[:8], "big", signed=True) for h in hashes], np.int64),
        first,
        last,
        np.ones(len(flat), np.int64),
        np.array([rules.source_trust.get(r.source, 1) for r, _ in flat], np.int8),
    )


@dataclass(frozen=True)
class World:
    """A resolved world, in words."""

    persons: frozenset[frozenset[str]]
    nobody: frozenset[str]
    owners: dict[str, list[tuple[frozenset[str], float, float]]]
    """Per value with several intervals or a borrowed owner: (person, from day, to day)."""
    cuts: frozenset[tuple[frozenset[str], str]]
    outcome: Partition
    nodes: Nodes
    seen: Int
    """Per node: when it was first seen."""

    def together(self, *words: str) -> bool:
        """Whether the identifiers are of one person."""
        return any(set(words) <= person for person in self.persons)


def resolve(
    records: Iterable[Record], rules: RuleSet | None = None, ties: Iterable[Binding] = ()
) -> World:
    """Resolve evidence without a database."""
    rules = rules or rule_set()
    records, ties = list(records), list(ties)
    words = {w for r in records for w in r.words}
    by_key = {key(w): w for w in words}
    for each in TYPES:
        for number in range(100):
            by_key.setdefault(key(f"{each}{number}"), f"{each}{number}")
    graph, seen = assemble(as_rows(records, rules), ties, rules, KeySets())
    outcome = partition(graph, rules)
    names = [by_key[k.decode()] for k in graph.nodes.keys(slice(None)).tolist()]
    return _told(names, outcome, graph.nodes, seen)


def _told(names: list[str], outcome: Partition, nodes: Nodes, seen: Int) -> World:
    members: dict[int, set[str]] = {}
    for node, group in enumerate(outcome.group.tolist()):
        if group >= 0:
            members.setdefault(group, set()).add(names[node])
    persons = {group: frozenset(found) for group, found in members.items()}
    owners: dict[str, list[tuple[frozenset[str], float, float]]] = {}
    links = outcome.links
    zero = micros_of(DAY_ZERO)
    for node, owner, start, end in zip(
        links.node.tolist(), links.owner.tolist(), links.start.tolist(), links.end.tolist(),
        strict=True,
    ):  # fmt: skip
        span = (start - zero) / 86_400_000_000, (end - zero) / 86_400_000_000
        owners.setdefault(names[node], []).append((persons[owner], *span))
    edges = outcome.edges.take(outcome.cuts.edge)
    ends = zip(edges.left.tolist(), edges.right.tolist(), outcome.cuts.reason, strict=True)
    cuts = {(frozenset({names[a], names[b]}), reason) for a, b, reason in ends}
    cuts |= {(frozenset({names[a], names[b]}), why) for a, b, why in outcome.lost_uses}
    return World(
        frozenset(persons.values()),
        frozenset(n for n in names if n not in owners),
        owners,
        frozenset(cuts),
        outcome,
        nodes,
        seen,
    )
