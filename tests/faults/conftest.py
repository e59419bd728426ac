"""Prints what was survived: one line per fault, with the seconds to the end of its test.

The line's text is the test's name; what must hold afterwards is in the README of this folder.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
_seen: list[tuple[str, str, float]] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember each test of this folder, the whole of it: set-up, faults and recovery."""
    if "tests/faults/" not in report.nodeid:
        return
    if report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
        name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        _seen.append((name, report.outcome, report.duration))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    if not _seen:
        return
    terminalreporter.section("faults")
    for name, outcome, seconds in _seen:
        survived = {"passed": "survived", "skipped": "not tried"}.get(outcome, "NOT SURVIVED")
        terminalreporter.write_line(f"{survived:<13}{seconds:7.1f} s  {name}")
