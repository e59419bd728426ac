"""Resolve who is who, in one transaction: read, partition, match persons, write what changed.

Full or by increment, the outcome is the same; killed at any moment, nothing has happened, and the
next run does it all. A share lock on the links keeps a second resolution (or an erasure) waiting,
readers go on reading the former state.
"""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime

import psycopg
from adbc_driver_postgresql import dbapi
from psycopg import sql

from ingestion.failpoints import fail_point
from orchestration.identity import increment, inputs, reading, writing
from orchestration.identity.assembling import KeySets, assemble, key_words, register
from orchestration.identity.changes import compare
from orchestration.identity.ids import new_ids
from orchestration.identity.partition import NOBODY, partition
from orchestration.identity.reading import Rows
from orchestration.identity.registry import assign
from orchestration.identity.rules import IdentityError, RuleSet
from orchestration.identity.telling import cut_rows, effective_times, history_rows


@dataclass(frozen=True)
class Summary:
    """What a resolution did. Counts; ``persons`` are those alive in what was resolved."""

    mode: str
    """``full``, ``increment`` or ``unchanged``."""
    identifiers: int = 0
    edges: int = 0
    persons: int = 0
    created: int = 0
    merged: int = 0
    split: int = 0
    restored: int = 0
    withdrawn: int = 0
    cut: int = 0
    refused: int = 0
    links_written: int = 0
    seconds: float = 0.0


@contextmanager
def _connected(target: psycopg.Connection | str) -> Iterator[psycopg.Connection]:
    if isinstance(target, str):
        with closing(psycopg.connect(target)) as connection:
            yield connection
    else:
        yield target


def _url(connection: psycopg.Connection) -> str:
    info = connection.info
    return psycopg.conninfo.make_conninfo(info.dsn, password=info.password)


def resolve(
    target: psycopg.Connection | str,
    *,
    full: bool = False,
    rules: RuleSet | None = None,
    recorded_at: datetime | None = None,
) -> Summary:
    """Bring ``identity.*`` up to date with the evidence.

    ``target`` is an idle connection or a URL of the role resolver. ``full`` forces a full
    resolution; ``rules`` replaces the seeds in the warehouse, ``recorded_at`` the run's clock.

    Raises:
        IdentityError: when rules or evidence are faulty; nothing has been written then.
    """
    started = time.monotonic()
    with _connected(target) as connection, connection.transaction():
        connection.execute("lock table identity.person_links in share row exclusive mode")
        rules = rules or inputs.load_rules(connection)
        recorded_at = recorded_at or inputs.clock(connection)
        row = connection.execute("select pg_export_snapshot()").fetchone()
        if row is None:
            raise IdentityError("the server did not export a snapshot")
        with reading.reader(_url(connection), str(row[0])) as reader:
            run = _Run(connection, reader, rules, recorded_at)
            summary = run.by_increment() if not full else None
            summary = summary or run.in_full()
        done = Summary(**{**asdict(summary), "seconds": round(time.monotonic() - started, 3)})
        run.log(done)
        fail_point("identity.before_commit")
    return done


class _Run:
    """One resolution inside its transaction."""

    def __init__(
        self,
        connection: psycopg.Connection,
        reader: dbapi.Cursor,
        rules: RuleSet,
        recorded_at: datetime,
    ) -> None:
        self.connection = connection
        self.reader = reader
        self.rules = rules
        self.recorded_at = recorded_at
        self.bindings = inputs.load_bindings(connection, rules)
        self.last = inputs.last_run(connection)
        self.evidence = increment.evidence_state(reader)

    def by_increment(self) -> Summary | None:
        """Resolve what changed, or return nothing when a full resolution is called for."""
        last = self.last
        if last is None or last.evidence.oid != self.evidence.oid:
            return None
        if last.evidence.deleted != self.evidence.deleted:
            return None
        if last.rules_fingerprint != self.rules.fingerprint:
            return None
        before = inputs.recorded_bindings(self.connection)
        blocked = sorted(self.rules.blocked_keys)
        reach = increment.find(
            self.reader, last.evidence, self.evidence, before, self.bindings, blocked
        )
        if reach is None:
            return None
        if not reach.region and not reach.refused_touched and before == self.bindings:
            return Summary("unchanged", identifiers=0)
        relation = increment.region_relation(self.reader, reach)
        rows = self._rows(relation)
        links = reading.read_links(self.reader, increment.LINKS_REACHED)
        persons = reading.read_persons(self.reader, increment.PERSONS_REACHED)
        touched = set(reach.refused_touched)
        keys = KeySets(
            tuple(key for key in reach.refused_before if key not in touched),
            key_words(reach.region)[0],
        )
        return self._resolved("increment", rows, links, persons, keys, reach)

    def in_full(self) -> Summary:
        """Resolve everything."""
        rows = self._rows(sql.SQL("identity.identifiers"))
        links, persons = reading.read_links(self.reader), reading.read_persons(self.reader)
        found = self._resolved("full", rows, links, persons, KeySets(), None)
        if found is None:
            raise IdentityError("a full resolution left values undecided")
        return found

    def log(self, summary: Summary) -> None:
        """Remember what was read and done."""
        self.connection.execute(
            "insert into identity.resolutions (recorded_at, mode, rules_fingerprint, evidence_oid,"
            " evidence_rows, evidence_deleted, evidence_snapshot, summary)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                self.recorded_at,
                summary.mode,
                self.rules.fingerprint,
                self.evidence.oid,
                self.evidence.rows,
                self.evidence.deleted,
                self.evidence.snapshot,
                json.dumps(asdict(summary)),
            ),
        )

    def _rows(self, relation: sql.Composable) -> Rows:
        return reading.read_rows(self.reader, reading.identifiers_query(self.rules, relation))

    def _resolved(
        self,
        mode: str,
        rows: Rows,
        links: reading.RecordedLinks,
        persons: reading.RecordedPersons,
        keys: KeySets,
        reach: increment.Reach | None,
    ) -> Summary | None:
        bindings = self.bindings
        if keys.region is not None and reach is not None:
            inside = set(reach.region)
            bindings = [b for b in bindings if b.left_key in inside or b.right_key in inside]
        graph, seen = assemble(rows, bindings, self.rules, keys)
        nodes = graph.nodes
        outcome = partition(graph, self.rules)
        if reach is not None:
            refused = set(writing.keys_of(nodes, outcome.refused))
            if not refused.issuperset(reach.refused_touched):
                return None
        registry, former = register(nodes, persons, links)
        assignment = assign(registry, outcome, nodes, seen, new_ids)
        person = assignment.of_group[outcome.links.owner]
        changes = compare(nodes, former, outcome.links, person)
        ids = assignment.all_ids(registry)
        scope = None if reach is None else reach.region + reach.refused_touched
        with self.connection.cursor() as cursor:
            writing.write_persons(cursor, registry, assignment, nodes, self.recorded_at)
            written = writing.write_links(cursor, changes, nodes, ids, self.rules)
            born = assignment.born(len(registry.person))
            times = effective_times(outcome, seen, assignment, len(registry.person))
            writing.write_created(cursor, assignment.new[born], times[born], self.recorded_at)
            history = history_rows(
                registry, assignment, outcome, nodes, self.rules, self.recorded_at
            )
            writing.write_history(cursor, history, self.recorded_at)
            cuts = cut_rows(outcome, nodes, self.rules, scope)
            writing.write_cuts(cursor, cuts, self.recorded_at, scope)
            writing.write_bindings(cursor, self.bindings)
        return Summary(
            mode,
            identifiers=int((outcome.group != NOBODY).sum()),
            edges=len(outcome.edges),
            persons=int((assignment.of_group >= 0).sum()),
            created=int(born.sum()),
            merged=len(assignment.merged),
            split=len(assignment.split),
            restored=len(assignment.restored),
            withdrawn=len(assignment.withdrawn),
            cut=len(outcome.cuts.edge) + len(outcome.lost_uses),
            refused=len(outcome.refused),
            links_written=written,
        )
