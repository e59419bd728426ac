"""Named places where a test may make the program fail, always the same way.

``TANDEM_FAIL_AT=publish.before_commit`` kills the process there with SIGKILL, as a lost machine
would. ``name=raise`` raises instead; ``name=pause`` writes ``<TANDEM_FAIL_MARKER>`` and waits until
a test has acted from outside and removed it; ``name#3`` waits for the third passing. Several names
are separated by commas. Unset, a fail-point costs one look-up.
"""

import os
import signal
import time
from collections import Counter
from pathlib import Path

VARIABLE = "TANDEM_FAIL_AT"
MARKER = "TANDEM_FAIL_MARKER"
PAUSE_SECONDS = 60.0

_passed: Counter[str] = Counter()


class FailPointReached(RuntimeError):
    """Raised by a fail-point in ``raise`` mode; never seen unless a test asked for it."""


def fail_point(name: str) -> None:
    """Fail here when ``TANDEM_FAIL_AT`` names this place; otherwise do nothing.

    Raises:
        FailPointReached: in ``raise`` mode.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    for entry in wanted.split(","):
        place, _, mode = entry.strip().partition("=")
        place, _, nth = place.partition("#")
        if place == name:
            _passed[name] += 1
            if _passed[name] == int(nth or 1):
                _fail(name, mode or "kill")


def _fail(name: str, mode: str) -> None:
    if marker := os.environ.get(MARKER):
        Path(marker).write_text(name)
    if mode == "raise":
        raise FailPointReached(f"fail-point {name}")
    if mode == "pause":
        _pause(Path(marker) if marker else None)
    elif mode == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        raise ValueError(f"{VARIABLE}: mode {mode!r} is none of kill, raise, pause")


def _pause(marker: Path | None) -> None:
    deadline = time.monotonic() + PAUSE_SECONDS
    while time.monotonic() < deadline and (marker is None or marker.exists()):
        time.sleep(0.05)
