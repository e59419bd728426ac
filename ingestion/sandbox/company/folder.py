"""What a company's folder says about itself, readable without the simulation.

Folder: ``company.sqlite`` (what the servers answer from), ``state.npz`` (the simulation),
``company.json`` (size, seed, day, format) and ``truth/`` (ground truth; see the README).
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from ingestion.sandbox.company import clock

FORMAT = 10


class CompanyError(RuntimeError):
    """A company folder is missing or of another format; the message says what to do."""


@dataclass
class Facts:
    """What ``company.json`` holds; ``day`` is the number of days lived since web history began."""

    people: int
    seed: int
    day: int
    format: int = FORMAT

    def as_of(self) -> datetime:
        """Return the instant the company stands at."""
        return clock.as_of(self.day)


def database(folder: Path) -> Path:
    """Return the path of the servers' store."""
    return folder / "company.sqlite"


def facts(folder: Path) -> Facts:
    """Return what a company folder says about itself.

    Raises:
        CompanyError: when there is no company, or one of another format.
    """
    try:
        stored = json.loads((folder / "company.json").read_text())
    except FileNotFoundError:
        raise CompanyError(f"no company in {folder.name}: create one first") from None
    if stored.get("format") != FORMAT:
        raise CompanyError(f"the company in {folder.name} has another format: create it again")
    return Facts(**stored)


def remember(folder: Path, known: Facts) -> None:
    """Write down what a company folder says about itself."""
    (folder / "company.json").write_text(json.dumps(asdict(known)))
