"""How many rows each load brought, against what the loads before usually brought.

Grain: one series per source and resource, oldest load first, of ``ops.load_counts``. The usual
range is the one of the expectation ``expect_volume_to_match_history``: the median of up to 30
earlier loads times a smallest and a largest ratio; fewer than five earlier loads say nothing. The
first load of all is no measure of later ones, since it brings the whole history.
"""

from statistics import median

import psycopg

from expectations.loads import MAX_RATIO, MIN_LOADS, MIN_RATIO
from ingestion.settings import role_url
from orchestration.operations.plots import Band

_SHOWN = 31

_LOADS = """
select resource, array_agg(rows_loaded order by loaded_at, ctid) as rows
from ops.load_counts
where source = %s and rows_loaded > 0
group by resource
order by resource
"""


def of_source(source: str) -> list[Band]:
    """Return the series of one source, read as auditor."""
    with psycopg.connect(role_url("auditor"), connect_timeout=15) as connection:
        return [_band(name, rows) for name, rows in connection.execute(_LOADS, [source])]


def _band(name: str, rows: list[int]) -> Band:
    later = rows[1:][-_SHOWN:] or rows
    before = rows[1:-1][-(_SHOWN - 1) :]
    if len(before) < MIN_LOADS:
        return Band(name, later, None, None)
    usual = float(median(before))
    return Band(name, later, MIN_RATIO * usual, MAX_RATIO * usual)
