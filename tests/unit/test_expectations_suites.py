"""Suite files, the queries they become, and what counts as blocking. GX is not imported here."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from expectations import report
from expectations.loader import Check, Suite, SuiteError, load_suites, suites_of
from expectations.queries import rows_query
from expectations.results import CheckResult, blocking, gate_result
from ingestion.settings import project_root

GOOD = {
    "schema": "core",
    "table": "people",
    "checks": [
        {"name": "is_filled", "type": "expect_column_values_to_not_be_null",
         "kwargs": {"column": "a"}, "severity": "critical"}
    ],
}  # fmt: skip


def write(folder: Path, name: str = "core.people.yml", **change: object) -> Path:
    (folder / name).write_text(yaml.safe_dump({**GOOD, **change}))
    return folder


def check(kind: str, where: dict[str, object] | None = None, **kwargs: object) -> Check:
    return Check("c", kind, kwargs, "critical", "", where)


def result(status: str, severity: str = "critical") -> CheckResult:
    return CheckResult("core.people", "c", severity, status)  # type: ignore[arg-type]


def test_the_suites_of_the_project_can_be_read_without_importing_gx() -> None:
    code = (
        "import sys; from expectations.loader import load_suites; assert load_suites(); "
        "import expectations.runner; assert 'great_expectations' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=project_root())


def test_every_published_model_has_a_suite() -> None:
    core = project_root() / "dbt_project" / "models" / "core"
    published = {
        model["name"]
        for path in core.rglob("*.yml")
        for model in (yaml.safe_load(path.read_text()) or {}).get("models", [])
        if "publish" in ((model.get("config") or {}).get("meta") or {})
    }
    assert published
    assert published <= {suite.table for suite in suites_of(load_suites(), "core")}


def test_every_check_says_why() -> None:
    silent = [f"{s.name} {c.name}" for s in suites_of(load_suites(), "core") for c in s.checks
              if not c.why]  # fmt: skip
    assert silent == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"checks": []}, "unique and some"),
        ({"checks": GOOD["checks"] * 2}, "is_filled"),  # type: ignore[operator]
        ({"checks": [{**GOOD["checks"][0], "severity": "high"}]}, "severity must be"),  # type: ignore[index]
        ({"checks": [{**GOOD["checks"][0], "kwarg": {}}]}, "unknown entries kwarg"),  # type: ignore[index]
        ({"checks": [{**GOOD["checks"][0], "name": "Is filled"}]}, "snake case"),  # type: ignore[index]
        ({"checks": [{**GOOD["checks"][0], "where": {"column": "a"}}]}, "where needs"),  # type: ignore[index]
        ({"table": "other"}, "name the file after its table"),
    ],
)
def test_a_suite_that_cannot_be_meant_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    assert len(load_suites(write(tmp_path))) == 1
    with pytest.raises(SuiteError, match=said):
        load_suites(write(tmp_path, **change))


def test_suites_are_chosen_by_schema() -> None:
    suites = [Suite(schema, "t", "", ()) for schema in ("core", "raw_hubspot", "raw_matomo")]
    assert [s.schema for s in suites_of(suites, "core")] == ["core"]
    assert len(suites_of(suites, "raw_*")) == 2


def test_the_query_for_bad_rows_is_built_from_the_suite_alone() -> None:
    suite = Suite("core", "people", "", ())
    assert (
        rows_query(suite, check("expect_column_values_to_be_between", column="n", min_value=1))
        == 'select * from "core"."people" where ("n" < 1) limit 100'
    )
    assert rows_query(
        suite,
        check("expect_column_values_to_be_in_set", {"column": "b", "in": ["x'y"]},
              column="a", value_set=["it's"]),
    ) == (
        'select * from "core"."people" where ("a" not in (\'it\'\'s\')) and "b" in (\'x\'\'y\') '
        "limit 100"
    )  # fmt: skip
    assert rows_query(suite, check("expect_table_row_count_to_be_between", min_value=1)) is None
    assert rows_query(suite, check("expect_no_rows_where", condition="a ~ '[0-9]{3}'")) == (
        'select * from "core"."people" where a ~ \'[0-9]{3}\''
    )


def test_errors_block_at_any_severity_and_warnings_never() -> None:
    assert blocking([result("passed"), result("failed", "warning")]) == []
    assert len(blocking([result("failed"), result("error", "warning")])) == 2
    assert gate_result([]) == "unchecked"
    assert gate_result([result("passed"), result("failed", "warning")]) == "passed with 1 warnings"
    assert gate_result([result("error")]) == "blocked by 1"


def test_the_report_renders_offline_and_escapes(tmp_path: Path) -> None:
    failed = CheckResult(
        "core.people", "stage_is_known", "critical", "failed", 3, 10,
        query="select * from core.people where a < '<script>'", why="Because.",
    )  # fmt: skip
    at = datetime(2026, 9, 30, 12, tzinfo=UTC)
    page = report.write(
        [failed, result("passed"), result("error")], tmp_path / "r" / "q.html", at=at
    )
    text = page.read_text()
    assert "2 results hold the release back" in text
    assert "&lt;script&gt;" in text
    for outside in ("http://", "https://", "<script", "<link", "@import", "src="):
        assert outside not in text
