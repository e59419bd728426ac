"""The query that finds the rows a check is about, to be run by someone who may see them.

Built from the suite alone, so it can be stored and shown: it holds no value from any row. Checks of
a whole table (counts, sums) have none.
"""

# ruff: noqa: S608  the parts come from suite files of this project, not from anybody's input

from collections.abc import Callable, Mapping
from typing import Any

from expectations import statements
from expectations.loader import Check, Suite
from expectations.loads import MAX_RATIO, MIN_LOADS, MIN_RATIO


def rows_query(suite: Suite, check: Check) -> str | None:
    """Return a SELECT for the offending rows, None when the check is not about single rows."""
    kwargs = check.kwargs
    name = statements.table(suite.name)
    if state := _STATEMENTS.get(check.type):
        return state(kwargs).format(batch=name)
    build = _CONDITIONS.get(check.type)
    if build is None:
        return None
    conditions = [f"({build(kwargs)})"]
    if check.where:
        conditions.append(_where(check.where))
    return f"select * from {name} where {' and '.join(conditions)} limit 100"


def literal(value: object) -> str:
    """Return a value of a suite file as SQL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _column(kwargs: Mapping[str, Any], key: str = "column") -> str:
    return '"' + str(kwargs[key]) + '"'


def _literals(values: list[object]) -> str:
    return ", ".join(literal(value) for value in values)


def _between(kwargs: Mapping[str, Any]) -> str:
    column = _column(kwargs)
    tests = []
    if kwargs.get("min_value") is not None:
        tests.append(f"{column} < {literal(kwargs['min_value'])}")
    if kwargs.get("max_value") is not None:
        tests.append(f"{column} > {literal(kwargs['max_value'])}")
    return " or ".join(tests) or "false"


def _pair(kwargs: Mapping[str, Any]) -> str:
    operator = "<" if kwargs.get("or_equal") else "<="
    return f"{_column(kwargs, 'column_A')} {operator} {_column(kwargs, 'column_B')}"


def _where(where: Mapping[str, Any]) -> str:
    column = _column(where)
    if "in" in where:
        return f"{column} in ({_literals(where['in'])})"
    if "not_in" in where:
        return f"{column} not in ({_literals(where['not_in'])})"
    return f"{column} is null" if where["is_null"] else f"{column} is not null"


_CONDITIONS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "expect_column_values_to_not_be_null": lambda k: f"{_column(k)} is null",
    "expect_column_values_to_be_null": lambda k: f"{_column(k)} is not null",
    "expect_column_values_to_be_in_set": (
        lambda k: f"{_column(k)} not in ({_literals(k['value_set'])})"
    ),
    "expect_column_values_to_not_be_in_set": (
        lambda k: f"{_column(k)} in ({_literals(k['value_set'])})"
    ),
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_match_regex": lambda k: f"{_column(k)} !~ {literal(k['regex'])}",
    "expect_column_values_to_not_match_regex": lambda k: f"{_column(k)} ~ {literal(k['regex'])}",
    "expect_column_pair_values_a_to_be_greater_than_b": _pair,
}

_STATEMENTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "expect_no_rows_where": lambda k: statements.rows_where(k["condition"]),
    "expect_rows_to_be_known": lambda k: statements.unknown_rows(
        k["columns"], k["other_table"], k.get("other_condition")
    ),
    "expect_intervals_not_to_overlap": lambda k: statements.overlapping_intervals(
        k["keys"],
        k.get("valid_from", "valid_from"),
        k.get("valid_to", "valid_to"),
        k.get("gaps_allowed", True),
    ),
    "expect_no_personal_data": lambda k: statements.personal_data(k.get("columns")),
    "expect_sums_to_agree": statements.sums_that_differ,
    "expect_data_to_be_recent": lambda k: statements.stale(k["column"], k["max_age_hours"]),
    "expect_volume_to_match_history": lambda k: statements.unusual_volume(
        k["source"],
        k["resource"],
        k.get("min_ratio", MIN_RATIO),
        k.get("max_ratio", MAX_RATIO),
        k.get("min_loads", MIN_LOADS),
    ),
}
