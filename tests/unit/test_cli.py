"""The command line without a warehouse: help, errors, cells."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from ingestion.settings import SettingsError
from orchestration.cli import app as cli
from orchestration.cli.sql import neutralised
from orchestration.warehouse.errors import WarehouseError


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(cell: str) -> None:
    assert neutralised(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["plain", "", "a=b", None, -1, Decimal("-1.50"), True])
def test_other_cells_stay_as_they_are(cell: object) -> None:
    assert neutralised(cell) == cell


def test_help_lists_every_command_with_what_it_does() -> None:
    result = CliRunner().invoke(cli.app, ["--help"])
    assert result.exit_code == 0
    for name in ("run", "up", "down", "status", "ui", "sql", "url", "doctor", "sandbox", "backup"):
        line = next(line for line in result.output.splitlines() if f" {name} " in line)
        assert len(line.replace(name, "").strip("│ ")) > 20, line


def test_help_imports_no_command_and_no_driver() -> None:
    code = (
        "import sys\nfrom orchestration.cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'psycopg', 'dagster', 'dlt', 'dbt', 'orchestration.cli.run'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_has_help_of_its_own() -> None:
    for names in cli.COMMANDS.values():
        for name in names:
            if (file := cli._file(name)).exists():
                result = CliRunner().invoke(cli.app, [name, "--help"])
                assert result.exit_code == 0, (file, result.output)


def test_our_own_errors_are_shown_as_they_are() -> None:
    assert cli.explained(WarehouseError("it is down: start it")) == "it is down: start it"
    assert cli.explained(SettingsError("no key: make one")) == "no key: make one"


def test_a_strangers_error_is_named_but_not_quoted() -> None:
    try:
        int("ada@example.org")
    except ValueError as error:
        text = cli.explained(error)
    assert "ValueError" in text
    assert "ada" not in text
    assert "test_cli.py" in text


def test_a_lost_warehouse_has_a_next_step() -> None:
    assert "tandem up" in cli.explained(psycopg.OperationalError("server closed the connection"))


def test_a_full_disk_is_not_called_a_lost_warehouse() -> None:
    assert "full" in cli.explained(psycopg.errors.DiskFull("could not extend file"))
    assert "QueryCanceled" in cli.explained(psycopg.errors.QueryCanceled("canceling statement"))
    assert "tandem up" in cli.explained(psycopg.errors.AdminShutdown("terminating connection"))


def test_a_user_error_ends_with_one_line_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", "from orchestration.cli.app import main; main()", "url"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "tandem up" in done.stderr
