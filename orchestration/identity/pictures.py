"""Pictures of who is who, for the tables the engine wrote: counts and beginnings of keys only.

Each function returns markdown; one that cannot be drawn is left out, for a picture must never fail
what it is a picture of.
"""

import logging
from collections.abc import Callable, Mapping

import psycopg

from orchestration.identity.causes import SHOWN
from orchestration.operations import plots

_log = logging.getLogger(__name__)
DAYS = 30
HUBS = 15

_SIZES = """
with sizes as (
    select count(distinct subject_key) as size from identity.person_links group by person_id
)
select case
        when size >= 50 then '50 and more' when size >= 20 then '20 to 49'
        when size >= 10 then '10 to 19' when size >= 5 then '5 to 9' else size::text
    end,
    count(*)
from sizes group by 1 order by min(size)
"""
_HUBS = """
select identifier_type || ' ' || left(subject_key, %(shown)s), count(*)
from identity.identifiers where observation_count > 0
group by identifier_type, subject_key order by count(*) desc, 1 limit %(hubs)s
"""
_CHANGES = """
select to_char(recorded_at, 'YYYY-MM-DD'), kind, count(*)
from identity.history
where kind <> 'created'
    and recorded_at > (select max(recorded_at) from identity.history) - %(days)s * interval '1 day'
group by 1, 2 order by 1 desc, 2
"""
_CUTS = """
select reason || ', ' || left_type || coalesce(' - ' || right_type, ''), count(*)
from identity.cut_edges group by 1 order by count(*) desc, 1 limit 20
"""
_TOGETHER = """
with kinds as (
    select distinct person_id, identifier_type from identity.person_links
),
pairs as (
    select a.identifier_type as one, b.identifier_type as other
    from (select distinct identifier_type from kinds) as a
    inner join (select distinct identifier_type from kinds) as b
        on a.identifier_type < b.identifier_type
),
counted as (
    select a.identifier_type as one, b.identifier_type as other, count(*) as persons
    from kinds as a inner join kinds as b using (person_id)
    where a.identifier_type < b.identifier_type group by 1, 2
)
select one || ' + ' || other, coalesce(persons, 0)
from pairs left join counted using (one, other) order by 2, 1
"""


def _bars(
    connection: psycopg.Connection, query: str, title: str, note: Callable[[float], str] = str
) -> str:
    limits = {"shown": SHOWN, "hubs": HUBS}
    values = {str(name): float(count) for name, count in connection.execute(query.encode(), limits)}
    return plots.bars(values, title, {name: note(count) for name, count in values.items()})


def _sizes(connection: psycopg.Connection) -> str:
    return _bars(connection, _SIZES, "Persons by number of identifiers", lambda _: "")


def _hubs(connection: psycopg.Connection) -> str:
    return _bars(connection, _HUBS, "Identifiers in most records", lambda _: "")


def _cuts(connection: psycopg.Connection) -> str:
    return _bars(connection, _CUTS, "Evidence that was cut, by rule", lambda _: "")


def _together(connection: psycopg.Connection) -> str:
    title = "Persons with both types of identifiers"
    return _bars(connection, _TOGETHER, title, lambda count: "" if count else "never together")


def _changes(connection: psycopg.Connection) -> str:
    split: dict[str, dict[str, float]] = {}
    for day, kind, count in connection.execute(_CHANGES, {"days": DAYS}):
        split.setdefault(day, {})[kind] = float(count)
    return plots.stacked_bars(split, f"Merges, splits and restorations, last {DAYS} days")


_Draw = Callable[[psycopg.Connection], str]
OF_TABLE: Mapping[str, Mapping[str, _Draw]] = {
    "persons": {"sizes": _sizes},
    "person_links": {"hubs": _hubs, "together": _together},
    "history": {"changes": _changes},
    "cut_edges": {"cuts": _cuts},
}


def draw(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """Return the pictures of one table by name; the connection commits by itself."""
    drawn: dict[str, str] = {}
    for name, picture in OF_TABLE.get(table, {}).items():
        try:
            drawn[name] = picture(connection)
        except Exception as error:  # a missing picture is no reason to stop a resolution
            _log.warning("no picture of %s: %s", name, type(error).__name__)
    return drawn
