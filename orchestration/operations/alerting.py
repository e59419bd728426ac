"""The one way an alert leaves: through apprise, to every target that is configured.

``TANDEM_ALERTS`` (or ``secrets/alerts``) holds apprise addresses separated by blanks or lines, such
as ``mailto://…``, ``slack://…``, ``msteams://…`` or ``json://…``. They hold tokens, so of a target
that cannot be reached only its kind is told.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.settings import SettingsError, secret

_log = logging.getLogger(__name__)
# A target that does not answer must not hold the sensor up; seconds to connect and to read.
_CONNECT_SECONDS = 5
_READ_SECONDS = 10
_KINDS = {"failure": "failure", "warning": "warning", "info": "info"}


@dataclass(frozen=True)
class Alert:
    """What happened, why, what to do and where to look; holds no value of any row."""

    title: str
    cause: str
    runbook: str
    place: str = ""
    level: str = "failure"

    @property
    def text(self) -> str:
        """Return the body."""
        lines = [self.cause, "", f"What to do: {self.runbook}"]
        return "\n".join([*lines, f"Look here: {self.place}"] if self.place else lines)


@dataclass(frozen=True)
class Delivery:
    """Which kinds of target took an alert; with no target at all it counts as delivered."""

    reached: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def is_lost(self) -> bool:
        """Return whether nobody has heard of it although somebody should have."""
        return bool(self.missed) and not self.reached


def targets() -> list[str]:
    """Return the configured addresses; none is a choice, not an error."""
    try:
        return secret("alerts").split()
    except SettingsError:
        return []


def deliver(alert: Alert, addresses: Sequence[str] | None = None) -> Delivery:
    """Send ``alert`` to every target; one that is down is logged by its kind and survived."""
    import apprise

    # Its own log names addresses, tokens included.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    reached: list[str] = []
    missed: list[str] = []
    for address in targets() if addresses is None else addresses:
        kind = address.partition(":")[0]
        parted = "&" if "?" in address else "?"
        limits = f"{parted}cto={_CONNECT_SECONDS}&rto={_READ_SECONDS}"
        sink = apprise.Apprise()
        try:
            known = sink.add(f"{address}{limits}")
            taken = known and sink.notify(
                title=alert.title, body=alert.text, notify_type=_KINDS[alert.level]
            )
        except Exception as error:  # a sink may fail in any way; the event itself is in Dagster
            _log.warning("alert sink %s: %s", kind, type(error).__name__)
            taken = False
        (reached if taken else missed).append(kind)
    for kind in missed:
        _log.error(
            "an alert could not be delivered by %s: see orchestration/runbooks/alert_sink_down.md",
            kind,
        )
    return Delivery(tuple(reached), tuple(missed))
