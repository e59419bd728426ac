"""The stages of a refresh, as the job carries them out, without Dagster and without vendors."""

from collections.abc import Callable, Mapping

import psycopg

from ingestion.settings import role_url
from orchestration.bench.errors import BenchError

_built: dict[str, tuple[int, float]] = {}
"""Model -> rows and seconds, as the last zone that built it said."""


def models() -> Mapping[str, tuple[int, float]]:
    """Return rows and seconds of each model built since the last call."""
    found = dict(_built)
    _built.clear()
    return found


def _zone(name: str) -> Callable[[], int]:
    def build() -> int:
        from orchestration.building.zone import build as build_zone
        from orchestration.warehouse.bootstrap import reconcile

        rows = 0
        for result in build_zone(name):
            if not result.is_ok:
                raise BenchError(f"{result.unique_id}: {result.status} {result.message}")
            if result.unique_id.startswith("model.") and result.status != "unchanged":
                _built[result.unique_id.rsplit(".", 1)[1]] = (result.rows or 0, result.seconds)
                rows += result.rows or 0
        reconcile()
        return rows

    return build


def _consent() -> int:
    from orchestration.consent.ledger import append

    before = _events()
    append(role_url("loader"))
    return _events() - before


def _identity() -> int:
    from orchestration.identity import resolve

    return resolve(role_url("resolver")).identifiers


def _publish() -> int:
    from orchestration import dbt_invocation
    from orchestration.publishing import connect, publish, read_marts

    with connect(role_url("publisher")) as connection:
        release = publish(connection, read_marts(dbt_invocation.manifest()), run_id="bench")
    return sum(change.added + change.removed + change.changed for change in release.changes)


def _events() -> int:
    with psycopg.connect(role_url("admin")) as connection:
        row = connection.execute("select count(*) from consent.events").fetchone()
    return int(row[0]) if row else 0


STAGES: Mapping[str, Callable[[], int]] = {
    "observe": _zone("observe"),
    "consent": _consent,
    "identity": _identity,
    "derive": _zone("derive"),
    "reveal": _zone("reveal"),
    "publish": _publish,
}
