"""The hub as a resource: whoever builds, checks or publishes holds it alone for the whole run."""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg

from orchestration.operations.exclusive import sole_run


class Hub(dg.ConfigurableResource["Hub"]):
    """Lets one run at a time build; ``wait_seconds`` is the patience of the next."""

    wait_seconds: float = 300.0

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["Hub", None, None]:
        """Hold the hub until the run ends."""
        with sole_run(context.run_id or "outside a run", self.wait_seconds):
            yield self


@dg.definitions
def defs() -> dg.Definitions:
    """The hub; ad-hoc runs of the UI use one process too, so that they hold it once."""
    return dg.Definitions(resources={"hub": Hub()}, executor=dg.in_process_executor)
