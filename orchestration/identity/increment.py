"""What new evidence reaches: the keys that an increment must resolve again, and no others.

Changed rows are found by their transaction (``xmin`` not older than the last resolution's
snapshot); they touch their records' keys. From there the reach spreads to the whole persons those
keys belong to, and over cut edges and shared devices to the persons on the other side, because
what was cut depends on both. Values that were refused don't spread: as long as they stay refused
they connect nobody.

Evidence that ended is a change like any other: its row stays with a count of zero. When rows were
deleted (the server counts them; erasure does) or the table was rebuilt, what they had connected
cannot be found this way: a full resolution is called for.
"""

from dataclasses import dataclass

from adbc_driver_postgresql import dbapi
from psycopg import sql

from orchestration.identity.inputs import Binding, Evidence

FULL_ABOVE = 0.10
"""Keys reached per row of evidence above which a full resolution is cheaper; about a quarter of
all keys, since each is seen two to three times."""
ALWAYS = 1000
"""So few keys are always resolved by themselves."""


REACH_PERSONS = """
insert into reached_persons
select distinct person_id, {step} from identity.person_links
inner join region on subject_key = key where step = {before}
on conflict do nothing
"""
REACH_KEYS = """
insert into region
select key, {step} from (
    select subject_key as key from identity.person_links
    inner join reached_persons using (person_id) where step = {step}
    union
    select right_key from identity.cut_edges
    inner join region on left_key = key where right_key is not null and step = {before}
    union
    select left_key from identity.cut_edges
    inner join region on right_key = key where step = {before}
) as reached
where not exists (select from kept_out where kept_out.key = reached.key)
on conflict do nothing
"""
LINKS_REACHED = sql.SQL("inner join reached_persons using (person_id)")
PERSONS_REACHED = sql.SQL(
    "where person_id in (select person_id from reached_persons union select person_id"
    " from identity.persons inner join region on standing_key = key)"
)


@dataclass(frozen=True)
class Reach:
    """The keys to resolve again (in temporary tables of the reader) and those kept out."""

    region: list[str]
    refused_touched: list[str]
    refused_before: list[str]


def _run(cursor: dbapi.Cursor, statement: str, **parts: sql.Composable) -> None:
    cursor.execute(sql.SQL(statement).format(**parts).as_string(None))


def _column(cursor: dbapi.Cursor, query: str) -> list[str]:
    cursor.execute(query)
    return [str(value) for value in cursor.fetch_arrow_table().column(0).to_pylist()]


def _number(cursor: dbapi.Cursor, query: str, **parts: sql.Composable) -> int:
    _run(cursor, query, **parts)
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _keys(keys: list[str]) -> sql.Composable:
    return sql.SQL("unnest(cast({} as text[]))").format(sql.Literal(keys))


def evidence_state(cursor: dbapi.Cursor) -> Evidence:
    """Return the state of the identifiers in the reader's snapshot."""
    cursor.execute(
        "select cast(t.oid as int8), (select count(*) from identity.identifiers),"
        " pg_stat_get_tuples_deleted(t.oid), cast(pg_current_snapshot() as text)"
        " from pg_class as t where t.oid = cast('identity.identifiers' as regclass)"
    )
    row = cursor.fetchone()
    if row is None:
        raise RuntimeError("the server does not show identity.identifiers")
    return Evidence(int(row[0]), int(row[1]), int(row[2]), str(row[3]))


def find(
    cursor: dbapi.Cursor,
    last: Evidence,
    current: Evidence,
    before: list[Binding],
    now: list[Binding],
    blocked: list[str],
) -> Reach | None:
    """Return what the changes since the last resolution reach, ``None`` if that is too much."""
    low = int(last.snapshot.split(":")[0]) % 2**32
    changed = sql.SQL("age(i.xmin) <= age(cast({} as xid))").format(sql.Literal(str(low)))
    _run(
        cursor,
        "create temp table changed on commit drop as"
        " select source, record_key from identity.identifiers as i where {changed}",
        changed=changed,
    )
    arrived = _number(cursor, "select count(*) from changed")
    _run(cursor, "analyze changed")
    if not last.rows <= current.rows <= last.rows + arrived:
        return None
    ties = sorted({key for b in set(before) ^ set(now) for key in (b.left_key, b.right_key)})
    _run(
        cursor,
        "create temp table kept_out on commit drop as select left_key as key, true as is_refused"
        " from identity.cut_edges where right_key is null"
        " union all select key, false from {blocked} as key",
        blocked=_keys(blocked),
    )
    _run(
        cursor,
        "create temp table touched on commit drop as select i.subject_key as key"
        " from identity.identifiers as i"
        " inner join (select distinct source, record_key from changed) as c"
        " using (source, record_key)"
        " union select key from {ties} as key",
        ties=_keys(ties),
    )
    _run(cursor, "analyze touched")
    _run(
        cursor,
        "create temp table region on commit drop as select key, 0 as step from touched"
        " where not exists (select from kept_out where kept_out.key = touched.key)",
    )
    _run(cursor, "create unique index on region (key)")
    _run(
        cursor,
        "create temp table reached_persons (person_id text primary key, step int) on commit drop",
    )
    if not _spread(cursor, int(FULL_ABOVE * current.rows) + ALWAYS):
        return None
    refused_touched = _column(
        cursor,
        "select distinct key from touched inner join kept_out using (key) where is_refused",
    )
    return Reach(
        _column(cursor, "select key from region"),
        refused_touched,
        _column(cursor, "select distinct key from kept_out where is_refused"),
    )


def _spread(cursor: dbapi.Cursor, most: int) -> bool:
    """Grow the region until it reaches nothing new; false when it grows too large."""
    step = 0
    while True:
        size = _number(cursor, "select count(*) from region")
        if size > most:
            return False
        _run(cursor, "analyze region")
        step += 1
        steps = {"before": sql.Literal(step - 1), "step": sql.Literal(step)}
        _run(cursor, REACH_PERSONS, **steps)
        _run(cursor, REACH_KEYS, **steps)
        if _number(cursor, "select count(*) from region") == size:
            _run(cursor, "analyze reached_persons")
            return True


def region_relation(cursor: dbapi.Cursor, reach: Reach) -> sql.Composable:
    """Return a relation of all rows of records that hold a key of the region."""
    _run(
        cursor,
        "create temp table reached_records on commit drop as select distinct source, record_key"
        " from identity.identifiers where subject_key in (select key from region union all"
        " select key from {refused} as key)",
        refused=_keys(reach.refused_touched),
    )
    _run(cursor, "analyze reached_records")
    return sql.SQL(
        "(select i.* from identity.identifiers as i"
        " inner join reached_records using (source, record_key)) as reached"
    )
