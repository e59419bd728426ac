"""The files a newcomer meets first keep their promises."""

import re
from pathlib import Path

import pytest

from ingestion.settings import project_root

ROOT = project_root()
LOCKS = sorted(ROOT.glob("requirements*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_names_no_registry(lock: Path) -> None:
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", lock.read_text())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_carries_a_hash(lock: Path) -> None:
    pinned = re.findall(r"^\S+==[^\\]+\\\n\s+--hash=sha256:", lock.read_text(), flags=re.M)
    named = re.findall(r"^\S+==", lock.read_text(), flags=re.M)
    assert len(named) > 100
    assert len(pinned) == len(named)


def test_the_development_lock_holds_the_same_versions_as_the_runtime_lock() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), flags=re.M))

    assert versions("requirements.lock") <= versions("requirements-dev.lock")


def test_no_file_of_ours_is_longer_than_one_idea_needs() -> None:
    folders = ("ingestion", "orchestration", "expectations")
    too_long = {
        str(path.relative_to(ROOT)): lines
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 300
    }
    assert too_long == {}
