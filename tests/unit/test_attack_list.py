"""The list of attacks names tests that exist, so that it cannot promise what nobody makes."""

import re

from ingestion.settings import project_root

TESTS = project_root() / "tests"


def test_every_attack_names_tests_that_exist() -> None:
    listed = (TESTS / "privacy/README.md").read_text()
    rows = [line for line in listed.splitlines() if line.startswith("| ") and "---" not in line]
    attacks = [line for line in rows if not line.startswith("| attack ")]
    assert len(attacks) > 50
    assert [line for line in attacks if "`test_" not in line] == []
    named = set(re.findall(r"`(test_\w+)`", listed))
    made = {
        name
        for file in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), flags=re.MULTILINE)
    }
    assert named - made == set()
