"""A home of the benchmark's own, so that nobody's warehouse is ever touched."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.settings import home

# What would lead the benchmark to somebody's own server, and data, instead of its embedded one.
_ELSEWHERE = "TANDEM_WAREHOUSE_URL"


def folder() -> Path:
    """Return where the benchmark keeps its home and its results."""
    return home() / "bench"


@contextmanager
def own_home(*, keep: bool) -> Iterator[Path]:
    """Point everything at a new, empty home whose server runs; afterwards stop it.

    The home is removed at the end unless it is to be kept for a look; the next benchmark removes
    it in any case.
    """
    from orchestration.warehouse.bootstrap import prepare

    place = folder() / "home"
    before = {name: os.environ.get(name) for name in ("TANDEM_HOME", _ELSEWHERE)}
    os.environ["TANDEM_HOME"] = str(place)
    os.environ.pop(_ELSEWHERE, None)
    try:
        _remove(place)
        place.mkdir(parents=True)
        prepare()
        yield place
    finally:
        _stop() if keep else _remove(place)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _stop() -> None:
    from orchestration.warehouse import embedded

    embedded.stop()


def _remove(place: Path) -> None:
    from orchestration.warehouse.place import recorded

    if not place.exists():
        return
    _stop()
    found = recorded()
    if found is not None and not found.data.is_relative_to(place):
        shutil.rmtree(found.data.parent, ignore_errors=True)
    shutil.rmtree(place)
