"""The sandbox company: a company that does not exist, its ground truth, and its vendors' servers.

>>> with running(people=1_000) as company:
...     os.environ.update(company.env)   # now the loaders' own settings point at it

See ``README.md`` beside this file. Nothing here is imported by the loaders.
"""

from ingestion.sandbox.company.clock import DEFAULT_AS_OF
from ingestion.sandbox.company.company import (
    DEFAULT_PEOPLE,
    DEFAULT_SEED,
    CompanyError,
    advance,
    create,
)
from ingestion.sandbox.company.planting import PLACES, plant
from ingestion.sandbox.starting import SandboxError, SandboxInfo, company_dir, prepared, running

__all__ = [
    "DEFAULT_AS_OF",
    "DEFAULT_PEOPLE",
    "DEFAULT_SEED",
    "PLACES",
    "CompanyError",
    "SandboxError",
    "SandboxInfo",
    "advance",
    "company_dir",
    "create",
    "plant",
    "prepared",
    "running",
]
