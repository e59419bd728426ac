"""Expectations every loaded table has, whatever its source: made from the source, not from YAML.

They compare a load with the loads before it, so one threshold serves all; a table that needs its
own gets a check of its own in its suite.
"""

# ruff: noqa: S608  the parts are names of this project's sources, not anybody's input

from expectations.loader import Check, Suite

# dlt's own table of loads: what is said of a source as a whole is said of it.
LOADS = "_dlt_loads"
# Usual is what lies between these multiples of the median of the earlier loads, once there are
# enough of them: a vendor's day varies by factors, a broken cursor or a filter by powers of ten.
MIN_RATIO = 0.1
MAX_RATIO = 10.0
MIN_LOADS = 5


def with_loads(suites: list[Suite], source: str, resources: tuple[str, ...]) -> list[Suite]:
    """Return the suites of one source, each resource's volume and the source's fields added.

    Grain: one suite per resource, and one for ``_dlt_loads``.
    """
    declared = {suite.table: suite for suite in suites if suite.schema == source}
    of_resources = [
        Suite(source, resource, of.description, (*of.checks, _volume(source, resource)))
        for resource in resources
        for of in [declared.get(resource, Suite(source, resource, "", ()))]
    ]
    of_loads = declared.get(LOADS, Suite(source, LOADS, "", ()))
    checks = (*of_loads.checks, _fields(source))
    return [*of_resources, Suite(source, LOADS, of_loads.description, checks)]


def _volume(source: str, resource: str) -> Check:
    return Check(
        name="volume_is_usual",
        type="expect_volume_to_match_history",
        kwargs={
            "source": source,
            "resource": resource,
            "min_ratio": MIN_RATIO,
            "max_ratio": MAX_RATIO,
            "min_loads": MIN_LOADS,
        },
        severity="warning",
        why="A load ten times smaller or larger than usual is rarely what happened at the vendor.",
        where=None,
    )


def _fields(source: str) -> Check:
    """Fields that came after the source's first load and within the last day of the run's clock."""
    drifted = (
        "exists (select from ops.schema_drift as drift "
        f"where drift.source = '{source}' "
        "and drift.first_seen > (select as_of - interval '1 day' from ops.clock) "
        "and drift.first_seen > (select min(counts.loaded_at) from ops.load_counts as counts "
        f"where counts.source = '{source}'))"
    )
    last = f"load_id = (select max(load_id) from {source}.{LOADS})"
    return Check(
        name="fields_are_known",
        type="expect_no_rows_where",
        kwargs={"condition": f"{last} and {drifted}"},
        severity="warning",
        why="A vendor began to send a field that no column carries; it is kept among the misfits.",
        where=None,
    )
