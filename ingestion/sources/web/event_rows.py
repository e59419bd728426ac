"""Admitted events as files that PostgreSQL reads by itself.

A file holds the rows of many blocks, whatever partition they are of: each one is a job of dlt's
with a connection of its own, and a few of them are read into the table at once.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa
from pyarrow import csv as arrow_csv

from ingestion.guard.shapes import Shape

# Bytes of one file: a fifth of a million events, a second of one core for COPY.
FILE = 64 << 20


class Written(NamedTuple):
    """A finished file."""

    path: Path
    rows: int


class EventRows:
    """The files of one load, in a folder that is its own."""

    def __init__(self, shape: Shape, folder: Path, load_id: str) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._load_id = pa.scalar(load_id, pa.string())
        names = [*shape.kinds, "_dlt_load_id"]
        self._heading = (",".join(f'"{name}"' for name in names) + "\n").encode()
        self._open: BinaryIO | None = None
        self._rows = self._bytes = self._files = 0

    def told(self, table: pa.Table) -> pa.Buffer:
        """Return rows as COPY reads them; any thread may ask."""
        stamped = table.append_column("_dlt_load_id", pa.repeat(self._load_id, table.num_rows))
        into = pa.BufferOutputStream()
        arrow_csv.write_csv(stamped, into, arrow_csv.WriteOptions(include_header=False))
        return into.getvalue()

    def add(self, told: pa.Buffer, rows: int) -> Iterator[Written]:
        """Write rows, and yield the file when it is full."""
        if not rows:
            return
        if self._open is None:
            self._open = self._path.open("wb")
            self._open.write(self._heading)
        self._open.write(told)
        self._rows += rows
        self._bytes += told.size
        if self._bytes >= FILE:
            yield from self.rest()

    def rest(self) -> Iterator[Written]:
        """Yield the file that is not full yet."""
        if self._open is None:
            return
        self._open.close()
        yield Written(self._path, self._rows)
        self._open = None
        self._files += 1
        self._rows = self._bytes = 0

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._files}.csv"
