"""Errors that may leave a step: our own as they are, anybody else's without their text.

Dagster keeps what a step raised, message and all, in its event log and shows it to whoever may open
the UI. A driver's message quotes the row it failed on, so it ends here: kind and place go on.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.warehouse.errors import WarehouseError, condition

# dagster's own hold names of assets and checks only.
SAFE = ("ingestion.", "expectations.", "orchestration.", "dagster")


class StepFailed(RuntimeError):
    """A step failed with an error of somebody else's; its text is left out."""


@contextmanager
def without_values() -> Iterator[None]:
    """Let our own errors pass; replace any other by its kind and the line of ours it came from.

    Raises:
        WarehouseError: when the server stopped, is full or has no connection to give.
        StepFailed: for any other error that may quote a row.
    """
    try:
        yield
    except Exception as error:
        if type(error).__module__.startswith(SAFE):
            raise
        if told := condition(error):
            raise WarehouseError(told) from None
        state = getattr(error, "sqlstate", None)
        coded = f", SQLSTATE {state}" if state else ""
        raise StepFailed(f"{type(error).__name__}{coded} at {_place(error)}") from None


def _place(error: Exception) -> str:
    """Return the last line of this project that the error passed."""
    frames = traceback.extract_tb(error.__traceback__)
    parts = ("ingestion", "expectations", "orchestration")
    ours = [
        frame
        for frame in frames
        if "site-packages" not in frame.filename
        and any(p in Path(frame.filename).parts for p in parts)
    ]
    frame = (ours or list(frames))[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
