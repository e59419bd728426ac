"""Promises of the dbt project that its files alone can keep or break."""

import ast
import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.settings import project_root
from orchestration.consent import preview

PROJECT = project_root() / "dbt_project"
MODELS = PROJECT / "models"
PORTABLE = sorted(
    path
    for layer in ("intermediate", "core", "restricted")
    for path in (MODELS / layer).rglob("*.sql")
)
# Engine-specific spellings; what replaces them is in macros/portable.
FORBIDDEN = {
    "::": "cast()",
    r"\bdistinct on\b": "row_number()",
    r"\blateral\b": "a macro",
    r"\bqualify\b": "a window in a CTE",
    r"\bwith recursive\b": "the identity engine",
    r"\bfilter \(where\b": "case inside the aggregate",
    r"\bconcat\(": "||",
    r"\b(now|clock_timestamp)\(\)|\bcurrent_(timestamp|date)\b": "as_of()",
    r"\bgenerate_series\b": "int_series()",
    r"\binterval '": "ts_add()",
    r"\bjsonb?\b": "json_text()",
    r"\bstring_agg\b": "string_set() or string_path()",
    r"\bat time zone\b": "local_date()",
    r"\bto_char\b": "cast()",
}
PRIMITIVE = re.compile(
    r"text|bigint|int|integer|boolean|date|timestamp|numeric\(\d+,\s*\d+\)|double precision"
)


def _documents(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.rglob("*.yml")):
        yield path, yaml.safe_load(path.read_text())


@cache
def _marts() -> dict[str, dict[str, Any]]:
    return {
        model["name"]: model
        for _, document in _documents(MODELS / "core")
        for model in document.get("models", ())
    }


def _published(model: dict[str, Any]) -> list[dict[str, str]]:
    publish = model.get("config", {}).get("meta", {}).get("publish", [])
    return [publish] if isinstance(publish, dict) else publish


@pytest.mark.parametrize("path", PORTABLE, ids=lambda path: path.stem)
def test_sql_above_staging_runs_on_other_engines(path: Path) -> None:
    text = re.sub(r"--.*", "", path.read_text()).lower()
    found = {pattern: better for pattern, better in FORBIDDEN.items() if re.search(pattern, text)}
    assert not found, f"{path.name}: use instead {found}"


def test_no_list_is_asked_row_by_row() -> None:
    """PostgreSQL hashes the list of ``not in (select`` in memory, or reads it for every row."""
    places = [PROJECT / "models", PROJECT / "macros", PROJECT / "tests"]
    offending = [
        str(path.relative_to(PROJECT))
        for place in places
        for path in place.rglob("*.sql")
        if re.search(r"\bnot in\s*\(\s*select\b", path.read_text(), re.IGNORECASE)
    ]
    assert offending == []


def test_nullable_window_orders_and_sources_are_read_where_they_may_be() -> None:
    reading = [
        path.name
        for path in PORTABLE
        if "source('raw_" in path.read_text() or 'source("raw_' in path.read_text()
    ]
    assert reading == []


def test_every_mart_is_a_promise_readers_can_read() -> None:
    marts = _marts()
    assert {path.stem for path in (MODELS / "core").rglob("*.sql")} == set(marts)
    for name, model in marts.items():
        assert len(model["description"]) > 20, name
        kinds = [constraint["type"] for constraint in model["constraints"]]
        assert kinds.count("primary_key") == 1, name
        for column in model["columns"]:
            where = f"{name}.{column['name']}"
            assert column["description"].strip(), where
            assert PRIMITIVE.fullmatch(column["data_type"]), where
            meta = column["config"]["meta"]
            assert meta["pii"] in {"none", "pseudonymous"}, where
            assert meta["purpose"], where


def test_marts_are_published_under_names_of_their_own() -> None:
    places = [
        (place["schema"], place["table"])
        for model in _marts().values()
        for place in _published(model)
    ]
    assert len(places) == len(set(places))
    assert {schema for schema, _ in places} <= {
        "marts",
        "marts_marketing",
        "marts_sales",
        "marts_service",
    }
    required = (
        "customer_360 customer_traits lifecycle_history lifecycle_funnel_daily sessions "
        "touchpoints journeys conversions channels_daily campaigns_daily orders order_lines "
        "refunds fulfilments inventory_daily customer_value accounts_360 opportunities "
        "pipeline_daily marketing_sales_funnel_daily self_service_daily segments segment_members"
    )
    assert {("marts", table) for table in required.split()} <= set(places)


def test_audience_marts_never_point_at_people_their_readers_may_not_see() -> None:
    for name, model in _marts().items():
        schemas = {place["schema"] for place in _published(model)}
        for constraint in model["constraints"]:
            if constraint["type"] != "foreign_key":
                continue
            [target] = re.findall(r"ref\('(\w+)'\)", constraint["to"])
            targets = {place["schema"] for place in _published(_marts()[target])}
            assert schemas <= targets, f"{name} points at {target}"


def test_every_rule_file_is_typed_and_explained() -> None:
    declared = {
        seed["name"]: seed
        for _, document in _documents(PROJECT / "seeds")
        for seed in document.get("seeds", ())
    }
    files = {path.stem: path for path in (PROJECT / "seeds").rglob("*.csv")}
    assert set(declared) == set(files)
    for name, path in files.items():
        with path.open(newline="") as file:
            header = next(csv.reader(file))
        types = declared[name]["config"]["column_types"]
        assert set(types) == set(header), name
        explained = {column["name"] for column in declared[name]["columns"]}
        assert explained == set(header), name


def test_every_column_of_the_rules_restates_what_follows_from_it() -> None:
    watched = _watched_rules()
    ignored = {"comment", "description"}
    for name, columns in watched.items():
        with (PROJECT / f"seeds/rules/{name}.csv").open(newline="") as file:
            assert set(columns) == set(next(csv.reader(file))) - ignored, name
    assert set(watched) >= set(preview.RULES)


def test_every_line_of_a_rule_file_fills_its_columns() -> None:
    for path in (PROJECT / "seeds").rglob("*.csv"):
        with path.open(newline="") as file:
            header, *lines = list(csv.reader(file))
        uneven = [number for number, line in enumerate(lines, 2) if len(line) != len(header)]
        assert not uneven, f"{path.name}, lines {uneven}"


def test_every_channel_group_of_the_rules_has_cases_of_its_own() -> None:
    page = MODELS / "intermediate" / "journey" / "_int_journey__channel_tests.yml"
    [test, *_] = yaml.safe_load(page.read_text())["unit_tests"]
    cases = list(csv.DictReader(test["expect"]["rows"].splitlines()))
    with (PROJECT / "seeds" / "rules" / "channel_rules.csv").open(newline="") as file:
        groups = {line["channel_group"] for line in csv.DictReader(file)}
    assert {case["channel_group"] for case in cases} == groups | {"Unassigned"}


def _sql_above_staging() -> dict[str, str]:
    return {path.stem: path.read_text() for path in PORTABLE}


def _refs(sql: str) -> set[str]:
    found = set(re.findall(r"ref\('(\w+)'\)", sql))
    return found | {"settings"} if "setting(" in sql or "setting_text(" in sql else found


def _watched_rules() -> dict[str, list[str]]:
    """Columns per rule file, over everything that tells by rules_key() whether to restate."""
    found = {}
    for path in [*MODELS.rglob("*.sql"), *(PROJECT / "macros").rglob("*.sql")]:
        for files in re.findall(r"rules_key\((\{.*?\})\)", path.read_text(), re.DOTALL):
            found.update(ast.literal_eval(files))
    return found


def _unit_tested() -> set[str]:
    return {
        test["model"]
        for _, document in _documents(MODELS)
        for test in document.get("unit_tests", ())
    }


def test_every_mart_has_a_case_computed_by_hand() -> None:
    tested = _unit_tested()
    # A mart that only chooses columns is as right as the one model that it chooses from.
    decides = re.compile(r"\b(join|group by|case|where|union)\b")
    untested = {
        name
        for name, sql in _sql_above_staging().items()
        if name in _marts()
        and name not in tested
        and (decides.search(sql) or not (len(_refs(sql)) == 1 and _refs(sql) <= tested))
    }
    assert untested == set()


def test_every_model_that_rules_drive_has_unit_tests() -> None:
    rules = {path.stem for path in (PROJECT / "seeds").rglob("*.csv")}
    # Consent, and what it lets through the wall, is held against a second implementation instead
    # (tests/privacy).
    elsewhere = {
        path.stem
        for folder in ("intermediate/consent", "restricted")
        for path in (MODELS / folder).rglob("*.sql")
    }
    driven = {name for name, sql in _sql_above_staging().items() if _refs(sql) & rules}
    assert driven - _unit_tested() - elsewhere == set()
