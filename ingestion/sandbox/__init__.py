"""The sandbox company: a company that does not exist, its ground truth, and its vendors' servers.

>>> with running(people=1_000) as company:
...     os.environ.update(company.env)   # now the loaders' own settings point at it

See ``README.md`` beside this file. Nothing here is imported by the loaders, and importing it costs
next to nothing: the simulation is imported when a company is made or moved on.
"""

from collections.abc import Mapping
from pathlib import Path

from ingestion.sandbox.company.clock import DEFAULT_AS_OF
from ingestion.sandbox.company.folder import CompanyError, Facts
from ingestion.sandbox.starting import (
    DEFAULT_PEOPLE,
    DEFAULT_SEED,
    SandboxError,
    SandboxInfo,
    company_dir,
    prepared,
    running,
)

__all__ = [
    "DEFAULT_AS_OF",
    "DEFAULT_PEOPLE",
    "DEFAULT_SEED",
    "CompanyError",
    "Facts",
    "SandboxError",
    "SandboxInfo",
    "advance",
    "company_dir",
    "create",
    "plant",
    "planting_places",
    "prepared",
    "running",
]


def create(folder: Path, people: int = DEFAULT_PEOPLE, seed: int = DEFAULT_SEED) -> Facts:
    """Make a company with its whole history in a folder of its own, replacing what is there."""
    from ingestion.sandbox.company import company

    return company.create(folder, people, seed)


def advance(folder: Path, days: int) -> Facts:
    """Let days pass in a company; any split of a span into days gives the same company."""
    from ingestion.sandbox.company import company

    return company.advance(folder, days)


def plant(folder: Path, canaries: Mapping[str, str]) -> dict[str, str]:
    """Put strings into fields of records (see :func:`planting_places`); returns their ids."""
    from ingestion.sandbox.company import planting

    return planting.plant(folder, canaries)


def planting_places() -> tuple[str, ...]:
    """Return the names of the fields that :func:`plant` can reach, as ``record.field``."""
    from ingestion.sandbox.company import planting

    return tuple(planting.PLACES)
