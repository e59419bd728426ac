"""The sandbox company as a resource: its servers run for as long as a run needs them.

Only sources with no account configured are pointed at it. ``TANDEM_SANDBOX=off`` forbids it.
"""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field, PrivateAttr

from ingestion.registry import SOURCES, is_configured
from ingestion.settings import home


class SandboxCompany(dg.ConfigurableResource["SandboxCompany"]):
    """Stands in for the vendors that have no account configured.

    Without ``people`` it is the company that this home's last run was about: a run launched by a
    schedule or from the UI must not fill a hub with another one.
    """

    people: int | None = None
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
        from ingestion.sandbox import running

        people, seed = self._which()
        with running(people=people, seed=seed) as company:
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

    def _which(self) -> tuple[int, int]:
        """Return size and seed, as configured or as last time, and remember them."""
        from ingestion.sandbox import DEFAULT_PEOPLE, DEFAULT_SEED

        memory = home() / "sandbox" / "company.json"
        people, seed = self.people, self.seed
        if people is None and memory.exists():
            people, seed = json.loads(memory.read_text())
        chosen = (people or DEFAULT_PEOPLE, DEFAULT_SEED if seed is None else seed)
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(chosen))
        return chosen


@dg.definitions
def defs() -> dg.Definitions:
    """The company, at its default size unless a run's configuration says otherwise."""
    return dg.Definitions(resources={"company": SandboxCompany()})
