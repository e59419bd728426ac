"""The sandbox company as a resource: its servers run for as long as a run needs them.

Only sources with no account configured are pointed at it. ``TANDEM_SANDBOX=off`` forbids it.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field, PrivateAttr

from ingestion.pipelines import SOURCES, is_configured


class SandboxCompany(dg.ConfigurableResource["SandboxCompany"]):
    """Stands in for the vendors that have no account configured."""

    people: int = 20_000
    seed: int | None = None
    sources: list[str] = Field(default=[source.vendor for source in SOURCES.values()])
    _as_of: datetime | None = PrivateAttr(default=None)

    @property
    def as_of(self) -> datetime:
        """The company's present while it stands in for every source; else the real one (UTC)."""
        return self._as_of or datetime.now(UTC)

    @contextmanager
    def yield_for_execution(
        self, context: dg.InitResourceContext
    ) -> Generator["SandboxCompany", None, None]:
        """Serve the company on loopback; its addresses and tokens go into the environment."""
        unconfigured = [name for name in self.sources if not is_configured(name)]
        if not unconfigured or os.environ.get("TANDEM_SANDBOX") == "off":
            yield self
            return
        from ingestion.sandbox import DEFAULT_SEED, running

        with running(people=self.people, seed=self.seed or DEFAULT_SEED) as company:
            prefixes = tuple(f"SOURCES__{vendor.upper()}__" for vendor in unconfigured)
            settings = {k: v for k, v in company.env.items() if k.startswith(prefixes)}
            settings |= {f"{prefix}AS_OF": company.as_of.isoformat() for prefix in prefixes}
            if len(unconfigured) == len(self.sources):
                self._as_of = company.as_of
            os.environ.update(settings)
            try:
                yield self
            finally:
                for name in settings:
                    os.environ.pop(name, None)


@dg.definitions
def defs() -> dg.Definitions:
    """The company, at its default size unless a run's configuration says otherwise."""
    return dg.Definitions(resources={"company": SandboxCompany()})
