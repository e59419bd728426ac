"""Simple data tests of a model in one statement: one pass for nulls and values, one a unique key.

dbt compiles and runs each as a node of its own, at 0.05 to 0.1 CPU seconds each; together they
cost one scan. What a test means is as in dbt: the number of offending rows (or values that occur
more than once).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import psycopg
from psycopg import sql

from orchestration.building.project import Node, Project

KINDS = ("not_null", "unique", "accepted_values")
_PLAIN = {
    "severity": "error",
    "where": None,
    "error_if": "!= 0",
    "warn_if": "!= 0",
    "fail_calc": "count(*)",
}


def is_simple(test: Node) -> bool:
    """Whether a test is one of those carried out here: of a known kind and with no conditions."""
    metadata = test.get("test_metadata") or {}
    config = {**test["config"], "severity": str(test["config"]["severity"]).lower()}
    return (
        metadata.get("name") in KINDS
        and not metadata.get("namespace")
        and len(test["depends_on"]["nodes"]) == 1
        and all(config.get(name) == value for name, value in _PLAIN.items())
    )


def evaluate(
    connection: psycopg.Connection, project: Project, tests: Iterable[str]
) -> Iterator[tuple[str, int]]:
    """Yield each test with the number of rows that offend it."""
    by_model: Mapping[str, list[str]] = defaultdict(list)
    for test in tests:
        by_model[project.parents(test)[0]].append(test)
    for model, mine in by_model.items():
        yield from zip(mine, _count(connection, project, model, mine), strict=True)


def _count(
    connection: psycopg.Connection, project: Project, model: str, tests: Sequence[str]
) -> Sequence[int]:
    relation = sql.Identifier(*project.relation(model))
    counts = [_expression(project.node(test), relation) for test in tests]
    query = sql.SQL("select {} from {} as tested").format(sql.SQL(", ").join(counts), relation)
    row = connection.execute(query).fetchone()
    return [int(count) for count in row or ()]


def _expression(test: Node, relation: sql.Identifier) -> sql.Composable:
    arguments = test["test_metadata"]["kwargs"]
    column = sql.Identifier(arguments["column_name"])
    match test["test_metadata"]["name"]:
        case "not_null":
            return sql.SQL("count(*) filter (where tested.{} is null)").format(column)
        case "accepted_values":
            return sql.SQL(
                "count(distinct tested.{0}) filter (where cast(tested.{0} as text) <> all({1}))"
            ).format(column, sql.Literal([_text(value) for value in arguments["values"]]))
    return sql.SQL(
        "(select count(*) from (select 1 from {0} where {1} is not null group by {1} "
        "having count(*) > 1) as repeated)"
    ).format(relation, column)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
