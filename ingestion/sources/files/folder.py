"""Files in a folder or bucket: which ones there are, what they were like last time, their bytes.

Anything fsspec reaches through dlt's file system settings works: a path, ``s3://``, ``gs://``,
``az://``, ``sftp://`` (credentials under ``[sources.<vendor>.credentials]``).

A file is read again when its size or time changed, whatever its name says: restated and late files
need no order of names. ``exported_at`` decides between files that cover the same days: a time in
the name (``…20260930T060000Z…``) when there is one, since copying a file changes its own time.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import IO, Any

from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

from ingestion.sources.errors import SourceError

_STAMP = re.compile(r"(?<!\d)(\d{8}T\d{6})Z")


class UnfinishedFileError(ValueError):
    """A file that is still being written: it is left for the next run."""


class UnreadableFileError(ValueError):
    """A file without the columns its feed is made of; ``missing`` names them."""

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__("missing columns")
        self.missing = sorted(missing)


@dataclass(frozen=True)
class DropFile:
    """One file: where it is below the folder, and what tells that it changed."""

    path: str
    address: str
    size: int
    changed_at: datetime

    @property
    def fingerprint(self) -> str:
        """Return what changes when the file does."""
        return f"{self.size}:{self.changed_at.isoformat()}"

    @property
    def exported_at(self) -> datetime:
        """Return when its content was made, as naive UTC."""
        if stamp := _STAMP.search(PurePosixPath(self.path).name):
            return datetime.strptime(stamp[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007
        return self.changed_at

    @property
    def unit(self) -> str:
        """Return the folder the file lies in: the store, account or office that writes it."""
        return PurePosixPath(self.path).parent.name


class Folder:
    """One folder or bucket of drops."""

    def __init__(self, vendor: str, url: str) -> None:
        self._vendor = vendor
        self._url = url
        self._files: AbstractFileSystem | None = None

    def listed(self, pattern: str) -> list[DropFile]:
        """Return the files that match a glob, newest export first.

        Raises:
            SourceError: when the folder cannot be reached.
        """
        from dlt.common.storages.fsspec_filesystem import glob_files

        try:
            found = list(glob_files(self._opened(), self._url, pattern))
        except (OSError, ValueError) as error:
            raise SourceError(
                self._vendor,
                f"the folder cannot be listed ({type(error).__name__})",
                f"check [sources.{self._vendor}] base_url and its credentials",
            ) from None
        files = [
            DropFile(
                item["relative_path"],
                item["file_url"],
                int(item.get("size_in_bytes") or 0),
                _naive(item["modification_date"]),
            )
            for item in found
        ]
        return sorted(files, key=lambda f: (f.exported_at, f.path), reverse=True)

    def check(self) -> None:
        """Refuse a folder that does not exist, which a glob would take for an empty one."""
        if not self._opened().exists(self._url.removeprefix("file://")):
            raise SourceError(
                self._vendor,
                "the folder does not exist",
                f"set [sources.{self._vendor}] base_url to a folder or bucket",
            )

    def read(self, file: DropFile) -> bytes:
        """Return the content of a file."""
        with self.opened(file) as stream:
            return stream.read()

    @contextmanager
    def opened(self, file: DropFile) -> Iterator[IO[bytes]]:
        """Hold a file open, for one that is read bit by bit."""
        with self._opened().open(file.address, "rb") as stream:
            yield stream

    def _opened(self) -> AbstractFileSystem:
        if self._files is None:
            from dlt.common.configuration import resolve_configuration
            from dlt.common.storages.configuration import FilesystemConfiguration
            from dlt.common.storages.fsspec_filesystem import fsspec_from_config

            settings = resolve_configuration(
                FilesystemConfiguration(bucket_url=self._url), sections=("sources", self._vendor)
            )
            self._files = fsspec_from_config(settings)[0]
        return self._files


def _naive(instant: Any) -> datetime:
    moment = datetime.fromisoformat(str(instant))
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
