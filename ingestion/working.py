"""Where a load works: a folder of its own under the home, behind a lock.

What dlt extracts lies there as rows, so the folder goes whatever happens; what a killed load leaves
goes with the next one, or with an erasure. A second load of the same dataset would destroy the
first one's staging tables: the lock is the warehouse's and dies with its connection.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from ingestion.settings import home, role_url


class LoadError(RuntimeError):
    """A load failed; the message has cause and next step and no value of any row."""


class LoadRunningError(LoadError):
    """Another load of the same dataset holds the lock."""


def working_folders() -> Path:
    """Return the folder that holds a working folder per dataset while it is loaded."""
    return home() / "loads"


@contextmanager
def working_folder(dataset: str) -> Iterator[Path]:
    """Yield the empty working folder of ``dataset``, for this load alone.

    Raises:
        LoadError: when the dataset is being loaded already, or the warehouse cannot be reached.
    """
    with _lock(dataset):
        folder = working_folders() / dataset
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned() -> None:
    """Remove what killed loads left of their rows; those that still run keep theirs.

    Raises:
        LoadError: when the warehouse cannot be reached.
    """
    for folder in working_folders().glob("*"):
        with suppress(LoadRunningError), _lock(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _lock(dataset: str) -> Iterator[None]:
    try:
        connection = psycopg.connect(role_url("loader"), autocommit=True, connect_timeout=15)
    except psycopg.OperationalError as error:
        raise LoadError(
            f"{dataset}: the warehouse cannot be reached ({type(error).__name__}). "
            "Next: run `tandem status`"
        ) from None
    with connection:
        row = connection.execute(
            "select pg_try_advisory_lock(hashtext('tandem load'), hashtext(%s))", (dataset,)
        ).fetchone()
        if not row or not row[0]:
            raise LoadRunningError(
                f"{dataset}: another load of this source is running. Next: wait for it, or stop it"
            )
        yield
