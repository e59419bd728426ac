"""A run builds what changed and what hangs on it, and nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestration.building.plan import Plan, State
from orchestration.building.project import Project
from orchestration.building.records import Record
from orchestration.building.versions import Relation

RAW = "source.t.raw.visits"
STAGED = "model.t.stg_visits"
SESSIONS = "model.t.sessions"
PEOPLE = "model.t.people"
RULE = "seed.t.settings"
TEST = "test.t.not_null_people"


def _node(
    kind: str, name: str, materialized: str, parents: list[str], **more: Any
) -> dict[str, Any]:
    return {
        "resource_type": kind,
        "name": name,
        "schema": "raw" if kind == "source" else "built",
        "fqn": ["t", "all", name],
        "tags": [],
        "config": {"materialized": materialized},
        "depends_on": {"nodes": parents},
        "raw_code": f"select {name}",
        **more,
    }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "settings.csv").write_text("setting,value\nminutes,30\n")
    (tmp_path / "selectors.yml").write_text(
        "selectors: [{name: all, definition: {union: ["
        "{method: resource_type, value: seed}, {method: fqn, value: t.all}]}}]"
    )
    nodes = {
        STAGED: _node("model", "stg_visits", "view", [RAW]),
        SESSIONS: _node("model", "sessions", "incremental", [STAGED, RULE]),
        PEOPLE: _node("model", "people", "table", [SESSIONS]),
        RULE: _node("seed", "settings", "seed", [], original_file_path="settings.csv"),
        TEST: _node("test", "not_null_people", "test", [PEOPLE]),
    }
    return Project(
        tmp_path,
        {
            "nodes": nodes,
            "sources": {RAW: _node("source", "visits", "source", [])},
            "macros": {},
            "metadata": {"project_name": "t", "dbt_version": "1"},
        },
    )


def _relations(version: str | None = "1") -> dict[tuple[str, str], Relation]:
    built = {("built", name): name for name in ("stg_visits", "sessions", "people", "settings")}
    return {
        ("raw", "visits"): Relation("visits", version, 1),
        **{key: Relation(identity, "", 1) for key, identity in built.items()},
    }


def _plan(project: Project, records: Mapping[str, Record], version: str | None = "1") -> Plan:
    state = State(_relations(version), records, {})
    return Plan(project, "all", state, project.zones["all"])


@pytest.fixture
def records(project: Project) -> dict[str, Record]:
    first = _plan(project, {})
    return {
        node: first.record(node, _relations()) for node in (STAGED, SESSIONS, PEOPLE, RULE, TEST)
    }


def test_the_first_run_builds_everything_parents_first(project: Project) -> None:
    plan = _plan(project, {})
    assert set(plan.stale) == {STAGED, SESSIONS, PEOPLE, RULE}
    assert plan.stale.index(RULE) < plan.stale.index(SESSIONS) < plan.stale.index(PEOPLE)
    assert plan.tests == [TEST]


def test_a_run_with_nothing_new_builds_and_tests_nothing(
    project: Project, records: dict[str, Record]
) -> None:
    plan = _plan(project, records)
    assert (plan.stale, plan.tests, plan.held) == ([], [], [TEST])


def test_new_rows_rebuild_tables_but_leave_views_alone(
    project: Project, records: dict[str, Record]
) -> None:
    plan = _plan(project, records, version="2")
    assert (plan.stale, plan.tests) == ([SESSIONS, PEOPLE], [TEST])
    assert not plan.needs_full_refresh


def test_a_changed_rule_rebuilds_what_reads_it(
    project: Project, records: dict[str, Record]
) -> None:
    (project.folder / "settings.csv").write_text("setting,value\nminutes,45\n")
    plan = _plan(project, records)
    assert plan.stale == [RULE, SESSIONS, PEOPLE]
    assert not plan.needs_full_refresh


def test_other_sql_of_an_incremental_model_makes_it_anew(
    project: Project, records: dict[str, Record]
) -> None:
    project.manifest["nodes"][SESSIONS]["raw_code"] = "select something else"
    plan = _plan(project, records)
    assert plan.stale == [SESSIONS, PEOPLE]
    assert plan.needs_full_refresh


def test_words_about_a_model_do_not_rebuild_it(
    project: Project, records: dict[str, Record]
) -> None:
    project.manifest["nodes"][PEOPLE]["description"] = "People."
    assert _plan(project, records).stale == []


def test_a_macro_may_change_anything(project: Project, records: dict[str, Record]) -> None:
    macros = {"macro.t.money": {"macro_sql": "numeric", "package_name": "t"}}
    changed = Project(project.folder, {**project.manifest, "macros": macros})
    assert len(_plan(changed, records).stale) == 4


def test_a_table_that_somebody_replaced_is_built_again(
    project: Project, records: dict[str, Record]
) -> None:
    plan = _plan(project, records)
    relations = {**plan.state.relations, ("built", "people"): Relation("another", "", 1)}
    plan = Plan(project, "all", State(relations, records, {}), plan.chosen)
    assert plan.stale == [PEOPLE]


def test_a_source_whose_writes_cannot_be_told_counts_as_changed(
    project: Project, records: dict[str, Record]
) -> None:
    assert _plan(project, records, version=None).stale == [SESSIONS, PEOPLE]


def test_rows_compared_decide_over_counters_of_writes(project: Project) -> None:
    def told(version: str, rows: str, known: Mapping[str, Record]) -> Plan:
        state = State(_relations(version), known, {RAW: rows})
        return Plan(project, "all", state, project.zones["all"])

    first = told("1", "same rows", {})
    known = {node: first.record(node, _relations()) for node in (STAGED, SESSIONS, PEOPLE, RULE)}
    assert told("2", "same rows", known).stale == []
    assert told("2", "other rows", known).stale == [SESSIONS, PEOPLE]


def test_what_was_never_recorded_is_tried_again(
    project: Project, records: dict[str, Record]
) -> None:
    del records[TEST]
    plan = _plan(project, records)
    assert (plan.stale, plan.tests) == ([], [TEST])
