"""Why identifiers are one person, or why they are not: the path of evidence between them.

Shows types, the beginnings of keys, sources, record keys and times; never a readable value.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import psycopg

from orchestration.identity import inputs
from orchestration.identity.assembling import KeySets, assemble, key_words, micros_of
from orchestration.identity.causes import SHOWN, neighbours, path
from orchestration.identity.edges import build
from orchestration.identity.graph import Edges, Nodes
from orchestration.identity.naming import Named
from orchestration.identity.partition import Partition, partition
from orchestration.identity.reading import Rows
from orchestration.identity.rules import RuleSet

MAX_KEYS = 20_000


@dataclass(frozen=True)
class Step:
    """One piece of evidence on the way: two identifiers and the records that carry both."""

    left: str
    right: str
    records: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    count: int


@dataclass(frozen=True)
class Cut:
    """Evidence that was left out, and the rule behind it."""

    left: str
    right: str | None
    reason: str


@dataclass(frozen=True)
class Explanation:
    """What connects, what was cut, and what happened to the person so far."""

    person: str | None
    identifiers: tuple[tuple[str, str, datetime, datetime], ...]
    """(type, beginning of key, valid from, valid to) of everything the person has."""
    steps: tuple[Step, ...]
    """From the identifier to the person's founding one (or, from that, to their strongest), or
    between the two asked for."""
    cuts: tuple[Cut, ...]
    history: tuple[tuple[datetime, str, str | None, str], ...]
    """(effective at, kind, became, cause)."""


def explain(
    connection: psycopg.Connection, rules: RuleSet, one: Named, other: Named | None = None
) -> Explanation:
    """Explain one identifier's person, or what connects or separates two identifiers."""
    keys = _neighbourhood(connection, [n for n in (one, other) if n])
    rows, records = _evidence(connection, keys, rules)
    bindings = [
        b
        for b in inputs.load_bindings(connection, rules)
        if b.left_key in keys and b.right_key in keys
    ]
    graph, _ = assemble(rows, bindings, rules, KeySets())
    # Before the partition, which gives up the rows.
    uses = build(graph.rows, graph.nodes, rules, graph.scope).uses
    outcome = partition(graph, rules)
    goal = other.key if other else _anchor(connection, one)
    return Explanation(
        one.person,
        _members(connection, one.person),
        _steps(graph.nodes, outcome, uses, rules, records, one.key, goal),
        _cuts(connection, keys),
        _history(connection, one.person),
    )


def shown(identifier_type: str, key: str) -> str:
    """Return how an identifier is shown."""
    return f"{identifier_type} {key[:SHOWN]}"


def _neighbourhood(connection: psycopg.Connection, named: list[Named]) -> set[str]:
    persons = [n.person for n in named if n.person]
    rows = connection.execute(
        "select distinct subject_key from identity.person_links where person_id = any(%s) limit %s",
        [persons, MAX_KEYS],
    ).fetchall()
    return {str(row[0]) for row in rows} | {n.key for n in named}


def _evidence(
    connection: psycopg.Connection, keys: set[str], rules: RuleSet
) -> tuple[Rows, dict[str, set[str]]]:
    """Return rows about the keys, and the records that carry each key."""
    rows = connection.execute(
        "select subject_key, identifier_type, source, record_key, first_seen, last_seen,"
        " observation_count, hashtextextended(record_key, hashtextextended(source, 0))"
        " from identity.identifiers where subject_key = any(%s) and observation_count > 0",
        [list(keys)],
    ).fetchall()
    records: dict[str, set[str]] = {}
    for key, _, source, record_key, *_ in rows:
        records.setdefault(str(key), set()).add(f"{source} {record_key}")
    high, low = key_words([str(row[0]) for row in rows])
    return (
        Rows(
            high,
            low,
            np.array([rules.codes[row[1]] for row in rows], np.int8),
            np.array([row[7] for row in rows], np.int64),
            np.array([micros_of(row[4]) for row in rows], np.int64),
            np.array([micros_of(row[5]) for row in rows], np.int64),
            np.array([row[6] or 1 for row in rows], np.int64),
            np.array([rules.source_trust.get(row[2], 1) for row in rows], np.int8),
        ),
        records,
    )


def _steps(
    nodes: Nodes,
    outcome: Partition,
    uses: Edges,
    rules: RuleSet,
    records: dict[str, set[str]],
    start: str,
    goal: str | None,
) -> tuple[Step, ...]:
    if goal is None:
        return ()
    from orchestration.identity.telling import moment

    high, low = key_words([start, goal])
    ends = nodes.find(high, low).tolist()
    if min(ends) < 0:
        return ()
    kept = np.ones(len(outcome.edges), bool)
    kept[outcome.cuts.edge] = False
    edges = outcome.edges.joined(uses)
    usable = np.concatenate([kept, np.ones(len(uses), bool)])
    names = [key.decode() for key in nodes.keys(slice(None)).tolist()]
    types = [rules.types[code].identifier_type for code in nodes.kind.tolist()]
    steps = []
    for edge in path(neighbours(edges, usable), *ends):
        left, right = int(edges.left[edge]), int(edges.right[edge])
        shared = records.get(names[left], set()) & records.get(names[right], set())
        steps.append(
            Step(
                shown(types[left], names[left]),
                shown(types[right], names[right]),
                tuple(sorted(shared)) if shared else ("merge or operator's decision",),
                moment(int(edges.first[edge])),
                moment(int(edges.last[edge])),
                int(edges.count[edge]),
            )
        )
    return tuple(steps)


def _anchor(connection: psycopg.Connection, one: Named) -> str | None:
    row = connection.execute(
        "select links.subject_key from identity.person_links as links"
        " join identity.persons as persons using (person_id)"
        " join rules.identity_rules as rules using (identifier_type)"
        " where links.person_id = %s and links.subject_key <> %s"
        " order by links.subject_key = persons.standing_key desc, rules.priority,"
        " links.subject_key limit 1",
        [one.person, one.key],
    ).fetchone()
    return str(row[0]) if row else None


def _members(
    connection: psycopg.Connection, person: str | None
) -> tuple[tuple[str, str, datetime, datetime], ...]:
    rows = connection.execute(
        "select identifier_type, left(subject_key, %s), valid_from, valid_to"
        " from identity.person_links where person_id = %s order by 1, 2, 3 limit 1000",
        [SHOWN, person],
    ).fetchall()
    return tuple((str(t), str(k), start, end) for t, k, start, end in rows)


def _cuts(connection: psycopg.Connection, keys: set[str]) -> tuple[Cut, ...]:
    rows = connection.execute(
        "select left_type, left_key, right_type, right_key, reason from identity.cut_edges"
        " where left_key = any(%(keys)s) or right_key = any(%(keys)s)"
        " order by reason, left_key, right_key limit 1000",
        {"keys": list(keys)},
    ).fetchall()
    return tuple(
        Cut(shown(lt, lk), shown(rt, rk) if rk else None, str(reason))
        for lt, lk, rt, rk, reason in rows
    )


def _history(
    connection: psycopg.Connection, person: str | None
) -> tuple[tuple[datetime, str, str | None, str], ...]:
    rows = connection.execute(
        "select effective_at, kind, became, cause from identity.history"
        " where person_id = %(person)s or became = %(person)s order by history_id",
        {"person": person},
    ).fetchall()
    return tuple((at, str(kind), became, str(cause)) for at, kind, became, cause in rows)
