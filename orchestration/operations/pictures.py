"""Pictures of a release: what readers may see of the marts, drawn as the least of the readers.

Counts per stage, state, mart or size only: no row of a person is read. Each function returns
markdown; ``of_release`` never raises, since a picture must not fail what it is a picture of.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from ingestion.settings import role_url
from orchestration.operations import plots, volumes

_log = logging.getLogger(__name__)
_Draw = Callable[[psycopg.Connection], str]

# A daily release that is two hours late is news; a day late is an incident.
WARN_HOURS = 26.0
FAIL_HOURS = 48.0
# Days of consent history shown; enough to see a campaign and the season before it.
_CONSENT_DAYS = 120

_FUNNEL = """
select stage, person_count from marts.lifecycle_funnel_daily
where activity_date = (select max(activity_date) from marts.lifecycle_funnel_daily)
order by stage_rank
"""
_DIFFERENCE = """
select mart_schema || '.' || mart_table, rows_added, rows_removed, rows_changed
from marts_meta.release_marts
where release_id = (select max(release_id) from marts_meta.releases)
order by rows_added + rows_removed + rows_changed desc, 1
limit 20
"""
_AGES = """
select mart_schema || '.' || mart_table,
    extract(epoch from timezone('UTC', now()) - confirmed_at) / 3600.0
from marts_meta.freshness order by 1
"""
_CONSENT = """
with days as (
    select generate_series(
        max(data_until)::date - %(days)s, max(data_until)::date, interval '4 days'
    ) as day
    from marts_meta.freshness
),
states (state) as (values ('granted'), ('denied'))
select days.day, states.state, count(history.person_id)
from days
cross join states
left join marts.consent_history as history
    on history.state = states.state
    and history.purpose = 'email_marketing'
    and history.valid_from <= days.day
    and history.valid_to > days.day
group by days.day, states.state
order by days.day, states.state desc
"""
_SIZES = """
select case
        when identifier_count >= 20 then '20 and more'
        when identifier_count >= 10 then '10 to 19'
        when identifier_count >= 5 then '5 to 9'
        else identifier_count::text
    end as size,
    sum(person_count)
from marts.identity_cluster_sizes
group by 1
order by min(identifier_count)
"""


def volume(source: str) -> str:
    """Draw the loads of one source against their usual range."""
    series = volumes.of_source(source)
    is_known = any(band.low is not None for band in series)
    usual = "usual range shaded" if is_known else "too few loads yet to say what is usual"
    return plots.bands(series, f"{source}: rows of each load, {usual}")


def funnel(connection: psycopg.Connection) -> str:
    """Draw how many people are in each lifecycle stage."""
    rows = connection.execute(_FUNNEL).fetchall()
    total = sum(count for _, count in rows) or 1
    shares = {stage: f"({count / total:.0%})" for stage, count in rows}
    return plots.bars(dict(rows), "People by lifecycle stage", shares)


def difference(connection: psycopg.Connection) -> str:
    """Draw what the last release changed, per mart."""
    rows = connection.execute(_DIFFERENCE).fetchall()
    split = {
        name: {"added": added, "removed": removed, "changed": changed}
        for name, added, removed, changed in rows
    }
    return plots.stacked_bars(split, "Rows changed by the last release that changed any")


def freshness(connection: psycopg.Connection) -> str:
    """Draw how long ago each mart was last compared with what was built."""
    ages = {name: float(age) for name, age in connection.execute(_AGES)}
    return plots.strip(ages, WARN_HOURS, FAIL_HOURS, "Hours since each mart was last confirmed")


def consent(connection: psycopg.Connection) -> str:
    """Draw over time for how many people e-mail marketing is granted and denied."""
    layers: dict[str, list[float]] = {}
    days: dict[Any, None] = {}
    for day, state, count in connection.execute(_CONSENT, {"days": _CONSENT_DAYS}):
        days[day] = None
        layers.setdefault(state, []).append(count)
    return plots.areas(list(days), layers, "People by state of consent to e-mail marketing")


def cluster_sizes(connection: psycopg.Connection) -> str:
    """Draw how many identifiers people are recognised by."""
    sizes = {size: float(count) for size, count in connection.execute(_SIZES)}
    return plots.bars(sizes, "People by number of identifiers")


OF_MARTS: Mapping[str, tuple[tuple[str, _Draw], ...]] = {
    "customer_360": (("lifecycle", funnel), ("release_difference", difference)),
    "lifecycle_funnel_daily": (("lifecycle", funnel),),
    "lifecycle_history": (("lifecycle", funnel),),
    "consent_current": (("consent", consent),),
    "consent_history": (("consent", consent),),
    "identity_cluster_sizes": (("cluster_sizes", cluster_sizes),),
}


def names_for(table: str) -> list[str]:
    """Return the pictures that belong to one mart: how fresh it is, and what it is about."""
    return ["freshness", *(name for name, _ in OF_MARTS.get(table, ()))]


def of_release() -> dict[str, str]:
    """Return all pictures of what readers see now, by name; one that fails is left out."""
    wanted: dict[str, _Draw] = {"freshness": freshness, "release_difference": difference}
    wanted |= {name: draw for pairs in OF_MARTS.values() for name, draw in pairs}
    drawn: dict[str, str] = {}
    try:
        with psycopg.connect(role_url("analyst"), autocommit=True, connect_timeout=15) as conn:
            for name, draw in wanted.items():
                try:
                    drawn[name] = draw(conn)
                except Exception as error:  # a missing picture is no reason to stop anything
                    _log.warning("no picture of %s: %s", name, type(error).__name__)
    except psycopg.OperationalError as error:
        _log.warning("no pictures: %s", type(error).__name__)
    return drawn
