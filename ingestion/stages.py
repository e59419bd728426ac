"""The stages dlt goes through inside one load, as fail-points: tests kill a load in any of them.

``load.normalize`` is passed as that stage begins, ``load.load.jobs`` each time a job of the load
stage has ended; the names are dlt's.
"""

from typing import Any

from dlt.common.runtime.collector import NullCollector

from ingestion.failpoints import fail_point


class Stages(NullCollector):  # type: ignore[misc]  # dlt is not followed by mypy
    """Counts nothing; lets a test fail where dlt would report progress."""

    _stage = ""

    def _start(self, step: str) -> None:
        self._stage = step.partition(" ")[0].lower()
        fail_point(f"load.{self._stage}")

    def update(self, name: str, inc: int = 1, *_: Any, **__: Any) -> None:
        """Pass a fail-point for every piece of work done."""
        if inc:
            fail_point(f"load.{self._stage}.{name.lower()}")
