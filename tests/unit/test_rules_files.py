"""A wrong line in a rule file is named by file, line, column and reason before a build."""

import shutil
from pathlib import Path

import pytest

from ingestion.settings import project_root
from orchestration.rules import RuleFileError, check, faults

SEEDS = project_root() / "dbt_project" / "seeds"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SEEDS, tmp_path / "seeds"))


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_the_rules_we_ship_are_right() -> None:
    assert faults() == []
    check()


@pytest.mark.parametrize(
    ("file", "line", "column", "reason"),
    [
        ("lifecycle_rules.csv", "x,lead,contact_created,count,>=,1,,r,", "priority", "no integer"),
        ("lifecycle_rules.csv", "9,laed,contact_created,count,>=,1,,r,", "stage", "no stage of"),
        ("lifecycle_rules.csv", "9,lead,contact_crated,count,>=,1,,r,", "trait", "no signal of"),
        ("lifecycle_rules.csv", "9,lead,contact_created,count,=>,1,,r,", "operator", "none of"),
        ("lifecycle_rules.csv", "9,lead,contact_created,count,>=,,,r,", "threshold", "empty"),
        ("lifecycle_rules.csv", "9,lead,contact_created", "-", "has 3 values"),
        ("channel_rules.csv", "10,Direct,,,,,0,", "priority", "in line 2 already"),
        ("channel_rules.csv", "7,Odd,^(,,,,0,", "source_pattern", "no regular expression"),
        ("traits.csv", "t,guess,orders,,count,,number,none,", "origin", "none of"),
        ("traits.csv", "t,field,orders,email,latest,,text,direct,", "pii", "none of"),
        ("campaign_spend.csv", "2026-02-30,a,b,c,1,EUR,", "spend_date", "no date"),
        ("segment_rules.csv", "high_value,1,orders_365,>=,3,", "trait", "no trait of"),
    ],
)
def test_a_wrong_line_is_named(
    folder: Path, file: str, line: str, column: str, reason: str
) -> None:
    path = folder / "rules" / file
    with path.open("a") as open_file:
        open_file.write(line + "\n")
    found = [fault for fault in faults(folder) if fault.column == column]
    assert [(fault.file, fault.line) for fault in found] == [(file, _lines(path))]
    assert reason in found[0].reason
    with pytest.raises(RuleFileError, match=f"{file}, line {_lines(path)}, column {column}"):
        check(folder)
