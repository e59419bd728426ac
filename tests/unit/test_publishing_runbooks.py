"""Every alert has a page, every page says cause, where to look, and what to do."""

import re
from pathlib import Path

import pytest

from ingestion.settings import project_root

RUNBOOKS = project_root() / "orchestration" / "runbooks"
PAGES = sorted(path for path in RUNBOOKS.glob("*.md") if path.name != "README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_runbook_says_cause_place_and_remedy(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
    assert headings == ["Cause", "Look here", "Do this"]


def test_the_index_lists_every_runbook() -> None:
    listed = set(re.findall(r"\]\((\w+\.md)\)", (RUNBOOKS / "README.md").read_text()))
    assert listed == {page.name for page in PAGES}


def test_every_runbook_that_code_or_a_page_names_exists() -> None:
    root = project_root()
    sources = [
        *(
            path
            for part in ("orchestration", "ingestion", "expectations")
            for path in (root / part).rglob("*.py")
        ),
        *PAGES,
    ]
    named = {
        name
        for path in sources
        for name in re.findall(r"(?:runbooks/|\]\()(\w+\.md)", path.read_text(encoding="utf-8"))
    }
    assert "publish_failed.md" in named
    assert named <= {page.name for page in RUNBOOKS.glob("*.md")}
