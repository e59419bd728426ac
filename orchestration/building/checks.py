"""Simple data tests of a model: one pass for nulls and values, one a unique key, none if certain.

dbt compiles and runs each as a node of its own, at 0.05 to 0.1 CPU seconds each; together they
cost one scan, and nothing where the server itself guarantees what is tested. What a test means is
as in dbt: the number of offending rows (or values that occur more than once, or are not accepted).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import psycopg
from psycopg import sql

from orchestration.building import guarantees
from orchestration.building.guarantees import Guarantee
from orchestration.building.project import Node, Project

# All of one column but the last, for which nulls are equal.
KINDS = ("not_null", "unique", "accepted_values", "unique_over")
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
        and all(map(str.isidentifier, metadata["kwargs"].get("columns", ())))
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
    relations = {model: project.relation(model) for model in by_model}
    certain = guarantees.look(connection, relations.values())
    for model, mine in by_model.items():
        relation = relations[model]
        nodes = {test: project.node(test)["test_metadata"] for test in mine}
        open_ones = {t: n for t, n in nodes.items() if not _is_certain(n, certain[relation])}
        counts = _count(connection, sql.Identifier(*relation), open_ones)
        yield from ((test, counts.get(test, 0)) for test in mine)


def _is_certain(test: Node, certain: Guarantee) -> bool:
    arguments = test["kwargs"]
    match test["name"]:
        case "not_null":
            return arguments["column_name"] in certain.required
        case "unique":
            return certain.has_distinct([arguments["column_name"]], are_nulls_equal=False)
        case "accepted_values":
            return False
    return certain.has_distinct(arguments["columns"], are_nulls_equal=True)


def _count(
    connection: psycopg.Connection, relation: sql.Identifier, tests: Mapping[str, Node]
) -> Mapping[str, int]:
    keys = {t: n for t, n in tests.items() if n["name"] not in ("not_null", "accepted_values")}
    counts = {t: _one(connection, _repeated(n, relation))[0] for t, n in keys.items()}
    flat = {t: n for t, n in tests.items() if t not in keys}
    if flat:
        offending = sql.SQL(", ").join(map(_offending, flat.values()))
        query = sql.SQL("select {} from {} as tested").format(offending, relation)
        counts |= dict(zip(flat, _one(connection, query), strict=True))
    # dbt counts values that are not accepted, which takes a sort; here none is the rule.
    for test, node in flat.items():
        if node["name"] == "accepted_values" and counts[test]:
            counts[test] = _one(connection, _unaccepted(node, relation))[0]
    return counts


def _one(connection: psycopg.Connection, query: sql.Composed) -> Sequence[int]:
    row = connection.execute(query).fetchone()
    return [int(count) for count in row or ()]


def _offending(test: Node) -> sql.Composed:
    """Return how many rows have a null, or a value that is not accepted."""
    column = sql.Identifier("tested", test["kwargs"]["column_name"])
    if test["name"] == "not_null":
        return sql.SQL("count(*) filter (where {} is null)").format(column)
    return sql.SQL("count(*) filter (where cast({} as text) <> all({}))").format(
        column, _accepted(test)
    )


def _unaccepted(test: Node, relation: sql.Identifier) -> sql.Composed:
    return sql.SQL(
        "select count(distinct {0}) from {1} where cast({0} as text) <> all({2})"
    ).format(sql.Identifier(test["kwargs"]["column_name"]), relation, _accepted(test))


def _accepted(test: Node) -> sql.Literal:
    return sql.Literal([_text(value) for value in test["kwargs"]["values"]])


def _repeated(test: Node, relation: sql.Identifier) -> sql.Composed:
    """Return how many keys occur more than once; nulls of a single column are no key."""
    arguments = test["kwargs"]
    is_single = test["name"] == "unique"
    columns = [arguments["column_name"]] if is_single else arguments["columns"]
    key = sql.SQL(", ").join(map(sql.Identifier, columns))
    condition = sql.SQL("where {} is not null").format(key) if is_single else sql.SQL("")
    return sql.SQL(
        "select count(*) from (select 1 from {} {} group by {} having count(*) > 1) as repeated"
    ).format(relation, condition, key)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
