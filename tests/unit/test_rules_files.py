"""A wrong line in a rule file is named by file, row, column and reason before a build."""

import re
import shutil
from pathlib import Path

import pytest

from orchestration import dbt_invocation
from orchestration.building.project import Project
from orchestration.building.rules import RuleFiles
from orchestration.building.zone import _checked_rules
from orchestration.dbt_invocation import TransformationError


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the rule files under the parsed project."""
    shutil.copytree(dbt_invocation.PROJECT_DIR / "seeds", tmp_path / "seeds")
    shutil.copy(dbt_invocation.PROJECT_DIR / "selectors.yml", tmp_path)
    return Project.load(tmp_path, dbt_invocation.manifest())


def _checked(project: Project) -> list[str]:
    """Check as a build does before it builds anything; return what happened to each test."""
    return [result.status for result in _checked_rules(project, RuleFiles(project), "observe")]


def test_the_rules_we_ship_are_right(project: Project) -> None:
    statuses = _checked(project)
    assert len(statuses) > 100
    assert set(statuses) == {"pass"}


@pytest.mark.parametrize(
    ("file", "line", "column", "reason"),
    [
        ("lifecycle_rules", "x,lead,contact_created,count,>=,1,,r,", "priority", "not integer"),
        ("lifecycle_rules", "9,laed,contact_created,count,>=,1,,r,", "stage", "no stage of"),
        ("lifecycle_rules", "9,lead,contact_crated,count,>=,1,,r,", "trait", "named in none of"),
        ("lifecycle_rules", "9,lead,contact_created,count,=>,1,,r,", "operator", "not one of"),
        ("lifecycle_rules", "9,lead,contact_created,count,>=,,,r,", "threshold", "needed here"),
        ("lifecycle_rules", "9,lead,contact_created", "trait", "3 cells where"),
        ("lifecycle_stages", "lead,45,consideration,,,0,twice", "stage", "already in row 5"),
        ("lifecycle_stages", "fan,95,friendship,,,0,", "family", "not one of"),
        ("channel_rules", "10,Direct,,,,,0,", "priority", "already in row 2"),
        ("channel_rules", "7,Odd,^(,,,,0,", "source_pattern", "no regular expression"),
        ("exclusion_rules", "r,referrer_host,[a-,", "pattern", "no regular expression"),
        ("web_signals", "r,no_such_signal,^view$,,,,", "signal", "no signal of"),
        ("conversion_rules", "c,no_such_signal,none,,30,0,", "signal", "named in none of"),
        ("traits", "t,guess,order_placed,,count,,number,none,", "origin", "not one of"),
        ("traits", "t,signal,order_plcaed,,count,,number,none,", "source", "named in none of"),
        ("traits", "t,field,shopify_customers,email,latest,,text,direct,", "pii", "not one of"),
        ("segment_rules", "high_value,1,orders_356,>=,3,", "trait", "no trait of"),
        ("segment_definitions", "s,telepathy,email,marketing,", "purpose", "no purpose of"),
        ("campaign_spend", "2026-02-30,a,b,c,1,EUR,", "spend_date", "not date"),
        ("settings", "cap_hours,12,", "setting", "already in row"),
    ],
)
def test_a_wrong_line_is_named(
    project: Project, file: str, line: str, column: str, reason: str
) -> None:
    path = project.folder / "seeds" / "rules" / f"{file}.csv"
    with path.open("a") as open_file:
        open_file.write(line + "\n")
    row = len(path.read_text().splitlines())
    named = re.escape(f"seeds/rules/{file}.csv, row {row}, column {column}: ")
    with pytest.raises(TransformationError, match="nothing was built") as caught:
        _checked(project)
    assert re.search(f"{named}.*{reason}", str(caught.value)), caught.value
