"""What became of the faults that tests cause on purpose, as a table.

``make test-faults`` selects the tests of ``faults/catalogue.yml`` with the mark ``faults`` (slow
ones, left out of the ordinary suite) or ``survives`` (put on all of them here), prints the table
and, with ``TANDEM_FAULT_TABLE``, keeps it in that file between its two marks. ``with
recovering():`` (a fixture) times the way back; without it the longest whole test counts.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS, Fault

BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"
_COLUMNS = ("fault", "what must hold", "result", "seconds to recover")


@dataclass
class Outcome:
    """How the tests of one fault ended, and the longest way back."""

    outcomes: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def result(self) -> str:
        if "failed" in self.outcomes:
            return "NOT SURVIVED"
        return "survived" if "passed" in self.outcomes else "not tried"


_seen: dict[str, Outcome] = {}


def faults_of(nodeid: str) -> list[tuple[Fault, str]]:
    """Return the faults that a test shows, each with the entry that names the test."""
    name = nodeid.partition("tests/")[2]
    return [
        (fault, test)
        for fault in FAULTS
        for test in fault.tests
        if name == test or name.startswith((f"{test}[", f"{test}::"))
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the catalogue before any are deselected."""
    for item in items:
        if faults_of(item.nodeid):
            item.add_marker("survives")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember how each fault ended."""
    if report.when != "call" and report.outcome == "passed":
        return
    measured = [float(str(v)) for name, v in report.user_properties if name == "recovered"]
    for fault, test in faults_of(report.nodeid):
        row = _seen.setdefault(fault.name, Outcome())
        row.outcomes.add(report.outcome)
        row.tests.add(test)
        row.seconds = max(row.seconds, *(measured or [report.duration]))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table when faults were asked for, and keep it when told where."""
    if "survives" not in str(terminalreporter.config.getoption("markexpr", "")):
        return
    terminalreporter.section("faults")
    for fault in FAULTS:
        if row := _seen.get(fault.name):
            terminalreporter.write_line(f"{row.result:<13}{row.seconds:7.1f} s  {fault.name}")
            terminalreporter.write_line(f"{'':24}{fault.must_hold}")
    if kept := os.environ.get("TANDEM_FAULT_TABLE"):
        keep(Path(kept))


def keep(page: Path) -> None:
    """Put the table between the marks of a page; what was not tried in full keeps its line."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    lines, _, after = rest.partition(END)
    known = {line.split(" | ")[0].removeprefix("| "): line for line in lines.splitlines()}
    rows = [_line(fault, known.get(fault.name)) for fault in FAULTS]
    head = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    table = "\n".join([BEGIN, "", *head, *rows, "", END])
    page.write_text(before + table + after)


def _line(fault: Fault, known: str | None) -> str:
    row = _seen.get(fault.name)
    if row is not None and row.tests != set(fault.tests):
        row = None
    if row is None and known:
        return known
    result, seconds = (row.result, f"{row.seconds:.1f}") if row else ("", "")
    return f"| {fault.name} | {fault.must_hold} | {result} | {seconds} |"


@pytest.fixture
def recovering(
    record_property: Callable[[str, object], None],
) -> Callable[[], AbstractContextManager[None]]:
    """Time the way from the fault back to a hub that works."""

    @contextmanager
    def timed() -> Iterator[None]:
        started = time.monotonic()
        yield
        record_property("recovered", f"{time.monotonic() - started:.2f}")

    return timed
