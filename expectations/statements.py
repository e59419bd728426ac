"""SQL of our own expectations: each is a SELECT that returns one row per thing that is wrong.

``{batch}`` stands for the table under test, as GX wants it: it names the subquery that it puts
there, except in a query with a join, which names it itself. Every other brace is doubled. The same
statements serve the check (counted) and the person who looks for the rows.
"""

# ruff: noqa: S608  the parts come from suite files of this project, not from anybody's input

import re
from collections.abc import Mapping, Sequence
from typing import Any

# No [[:classes:]] here: SQLAlchemy, below GX, takes ":name" for a parameter.
# An address in readable, percent-encoded, HTML, \\u or full-width form.
_AT = r"(@|%40|&#0*64;|&commat;|\\+u0040|＠)"  # noqa: RUF001  the full-width form is meant
EMAIL = rf"[a-z0-9._%+-]+{_AT}[a-z0-9-]+([.][a-z0-9-]+)*([.]|%2E)[a-z]{{2,}}"
# International numbers with their plus only: without it a number could be any id.
PHONE = r"([+]|%2B)[1-9][0-9]([ ().-]?[0-9]){7,12}($|[^a-z0-9])"
IPV4 = r"(^|[^0-9.])([0-9]{1,3}[.]){3}[0-9]{1,3}($|[^0-9.])"
# What a row must contain before the dearer patterns look at it; a class is one cheap scan.
_SUSPECT = r"[@＠%&+\\]"  # noqa: RUF001  the full-width form is meant


def quoted(name: str) -> str:
    """Return an identifier, quoted."""
    return '"' + name.replace('"', '""') + '"'


def table(name: str) -> str:
    """Return ``schema.table``, quoted."""
    return ".".join(quoted(part) for part in name.split("."))


def rows_where(condition: str) -> str:
    """Rows for which ``condition`` holds."""
    name = " as batch" if re.search(r"\bjoin\b", condition, re.IGNORECASE) else ""
    return f"select * from {{batch}}{name} where {braced(condition)}"


def unknown_rows(columns: Sequence[str], other_table: str, other_condition: str | None) -> str:
    """Rows whose ``columns`` are all given, but in no row of another table.

    A join, not ``not in``, which PostgreSQL answers row by row once the list outgrows memory.
    """
    told = " and ".join(f"batch.{quoted(c)} is not null" for c in columns)
    same = " and ".join(f"known.{quoted(c)} = batch.{quoted(c)}" for c in columns)
    where = f" where {braced(other_condition)}" if other_condition else ""
    return (
        f"select batch.* from {{batch}} as batch left join (select {_names(columns)} "
        f"from {table(other_table)}{where}) as known on {same} "
        f"where {told} and known.{quoted(columns[0])} is null"
    )


def braced(text: str) -> str:
    """Return ``text`` with its braces doubled, as GX substitutes single ones."""
    return text.replace("{", "{{").replace("}", "}}")


def overlapping_intervals(
    keys: Sequence[str], valid_from: str, valid_to: str, gaps_allowed: bool
) -> str:
    """Intervals that begin before the one before ends, or, without gaps, not exactly there."""
    start, end = quoted(valid_from), quoted(valid_to)
    wrong = "next_start < this_end" if gaps_allowed else "next_start <> this_end"
    return (
        "select * from (select *, "
        f"coalesce({end}, 'infinity') as this_end, "
        f"lead({start}) over (partition by {_names(keys)} order by {start}, {end}) as next_start "
        f"from {{batch}}) as ordered where {wrong}"
    )


def personal_data(columns: Sequence[str] | None) -> str:
    """Rows with something that looks like an e-mail address, a phone number or an IP address."""
    text = (
        "concat_ws(' ', " + ", ".join(f"{quoted(c)}::text" for c in columns) + ")"
        if columns
        else "read::text"
    )
    return (
        f"select content from (select {text} as content from (select * from {{batch}}) as read "
        "offset 0) as written "
        f"where content ~ '{_SUSPECT}' and (content ~* '{braced(EMAIL)}' "
        f"or content ~* '{braced(PHONE)}') "
        f"or content like '%.%.%.%' and content ~ '{braced(IPV4)}'"
    )


def sums_that_differ(kwargs: Mapping[str, Any]) -> str:
    """Keys (or the whole table) whose sum here and in another table differ."""
    keys = list(kwargs.get("keys") or [])
    here = _sum("{batch} as batch", keys, kwargs.get("column"), kwargs.get("condition"))
    there = _sum(
        table(kwargs["other_table"]),
        keys,
        kwargs.get("other_column"),
        kwargs.get("other_condition"),
    )
    joined = (
        f"full join {there} as there using ({_names(keys)})"
        if keys
        else (f"cross join {there} as there")
    )
    return (
        f"select * from {here} as here {joined} where "
        "abs(coalesce(here.total, 0) - coalesce(there.total, 0)) > "
        f"{float(kwargs.get('tolerance') or 0)}"
    )


def stale(column: str, max_age_hours: float) -> str:
    """One row when the newest value is older than allowed, by the clock of the run."""
    return (
        f"select newest from (select max({quoted(column)}) as newest "
        "from {batch} as batch) as seen "
        "cross join ops.clock as clock where newest is null or "
        f"newest < clock.as_of - interval '{float(max_age_hours)} hours'"
    )


def unusual_volume(
    source: str, resource: str, min_ratio: float, max_ratio: float, min_loads: int
) -> str:
    """One row when the last load is far from the median of the loads before it.

    Fewer than ``min_loads`` earlier loads with rows say nothing, and the first load of all is none
    of them: it brings the whole history.
    """
    loads = (
        "select rows_loaded, row_number() over (order by loaded_at desc, ctid desc) as recency, "
        "row_number() over (order by loaded_at, ctid) as age "
        "from ops.load_counts where rows_loaded > 0 and exists (select from {batch} as batch) "
        f"and source = '{source}' and resource = '{resource}'"
    )
    return (
        f"with loads as ({loads}), usual as (select count(*) as loads, "
        "percentile_cont(0.5) within group (order by rows_loaded) as median "
        "from loads where recency between 2 and 31 and age > 1) "
        "select loads.rows_loaded from loads cross join usual where loads.recency = 1 "
        f"and usual.loads >= {int(min_loads)} and (loads.rows_loaded < {float(min_ratio)} * median "
        f"or loads.rows_loaded > {float(max_ratio)} * median)"
    )


def _names(columns: Sequence[str]) -> str:
    return ", ".join(quoted(column) for column in columns)


def _sum(source: str, keys: Sequence[str], column: str | None, condition: str | None) -> str:
    where = f" where {braced(condition)}" if condition else ""
    selected = f"{_names(keys)}, " if keys else ""
    grouped = f" group by {_names(keys)}" if keys else ""
    total = f"sum({quoted(column)})" if column else "count(*)"
    return f"(select {selected}{total} as total from {source}{where}{grouped})"
