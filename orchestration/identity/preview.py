"""What a change of rules would do, before it does it: both rule sets over the same evidence."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import psycopg
from adbc_driver_postgresql import dbapi
from psycopg import sql

from orchestration.identity import inputs, reading
from orchestration.identity.assembling import KeySets, assemble
from orchestration.identity.graph import Int
from orchestration.identity.partition import NOBODY, Partition, partition
from orchestration.identity.rules import RuleSet


@dataclass(frozen=True)
class Preview:
    """Counts; a person is merged when it would join another, split when it would fall apart."""

    persons_before: int
    persons_after: int
    persons_merged: int
    persons_split: int
    identifiers_moved: int
    largest_before: int
    largest_after: int
    refused_before: int
    refused_after: int
    cuts_before: dict[str, int]
    cuts_after: dict[str, int]


def preview(connection: psycopg.Connection, url: str, now: RuleSet, then: RuleSet) -> Preview:
    """Resolve under both rule sets without writing anything."""
    with connection.transaction():
        row = connection.execute("select pg_export_snapshot()").fetchone()
        bindings = inputs.load_bindings(connection, now)
        with reading.reader(url, str(row[0] if row else "")) as cursor:
            before = _outcome(cursor, bindings, now)
            after = _outcome(cursor, bindings, then)
    return compare(before[0], before[1], after[0], after[1])


def _outcome(
    cursor: dbapi.Cursor, bindings: list[inputs.Binding], rules: RuleSet
) -> tuple[Int, Partition]:
    query = reading.identifiers_query(rules, sql.SQL("identity.identifiers"))
    graph, _ = assemble(reading.read_rows(cursor, query), bindings, rules, KeySets())
    outcome = partition(graph, rules)
    return np.argsort(graph.nodes.high, kind="stable"), outcome


def _owners(order: Int, outcome: Partition) -> Int:
    """Return each node's component, or its latest owner's, in the order of keys."""
    owner = outcome.group.astype(np.int64)
    last = np.argsort(outcome.links.end, kind="stable")
    owner[outcome.links.node[last]] = outcome.links.owner[last]
    return owner[order]


def compare(order_before: Int, before: Partition, order_after: Int, after: Partition) -> Preview:
    """Compare two outcomes over the same identifiers, each with its order of keys."""
    old, new = _owners(order_before, before), _owners(order_after, after)
    both = (old != NOBODY) & (new != NOBODY)
    pairs = np.unique(np.stack([old[both], new[both]]), axis=1)
    partners = np.bincount(pairs[1]) if pairs.size else np.zeros(1, np.int64)
    parts = np.bincount(pairs[0]) if pairs.size else np.zeros(1, np.int64)
    heir: dict[int, int] = {}
    kept = 0
    cells, counts = np.unique(np.stack([old[both], new[both]]), axis=1, return_counts=True)
    for cell in np.argsort(-counts, kind="stable").tolist():
        if int(cells[0][cell]) not in heir:
            heir[int(cells[0][cell])] = int(cells[1][cell])
            kept += int(counts[cell])
    sizes_old, sizes_new = np.bincount(old[old >= 0]), np.bincount(new[new >= 0])
    return Preview(
        persons_before=int((sizes_old > 0).sum()),
        persons_after=int((sizes_new > 0).sum()),
        persons_merged=int((partners[pairs[1]] > 1).sum()) if pairs.size else 0,
        persons_split=int((parts > 1).sum()),
        identifiers_moved=int(both.sum()) - kept + int(((old == NOBODY) != (new == NOBODY)).sum()),
        largest_before=int(sizes_old.max(initial=0)),
        largest_after=int(sizes_new.max(initial=0)),
        refused_before=len(before.refused),
        refused_after=len(after.refused),
        cuts_before=dict(sorted(Counter(before.cuts.reason).items())),
        cuts_after=dict(sorted(Counter(after.cuts.reason).items())),
    )
