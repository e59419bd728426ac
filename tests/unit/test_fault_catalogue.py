"""The table of faults names tests that exist, and its page shows all of it."""

import re

from ingestion.settings import project_root
from tests.faults.catalogue import FAULTS

TESTS = project_root() / "tests"


def test_every_fault_is_shown_by_tests_that_exist() -> None:
    missing = []
    for fault in FAULTS:
        for name in fault.tests:
            file, _, function = name.partition("::")
            function = function.partition("[")[0]
            path = TESTS / file
            if not path.exists() or (
                function and not re.search(rf"^(async )?def {function}\(", path.read_text(), re.M)
            ):
                missing.append(name)
    assert missing == []


def test_no_fault_is_listed_twice() -> None:
    names = [fault.name for fault in FAULTS]
    assert sorted(set(names)) == sorted(names)


def test_the_page_of_faults_shows_them_all_in_order() -> None:
    page = (TESTS / "faults" / "README.md").read_text()
    shown = re.findall(r"^\| (.+?) \|", page, re.M)
    assert [name for name in shown if name != "fault"] == [fault.name for fault in FAULTS]
