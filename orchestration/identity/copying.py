"""Rows from arrays into PostgreSQL: binary COPY buffers built by numpy, no object per row.

Only what the engine writes in volume is here: fixed-width columns (32-character keys, 36-character
ids, timestamps). A column of varying text is written in groups of one value each.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql

from orchestration.identity.graph import Int

HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
POSTGRES_EPOCH = 946_684_800_000_000
"""2000-01-01 in microseconds since 1970: binary timestamps count from there."""
CHUNK = 200_000

Column = npt.NDArray[np.generic] | bytes | None


def times(micros: Int) -> npt.NDArray[np.generic]:
    """Return timestamps as PostgreSQL sends them."""
    return (micros - POSTGRES_EPOCH).astype(">i8")


def _layout(columns: Sequence[Column]) -> np.dtype[np.void]:
    fields: list[tuple[str, str]] = [("columns", ">i2")]
    for i, column in enumerate(columns):
        fields.append((f"length{i}", ">i4"))
        if column is not None:
            width = column.dtype.str if isinstance(column, np.ndarray) else f"S{len(column)}"
            fields.append((f"value{i}", width))
    return np.dtype(fields)


def _packed(columns: Sequence[Column], start: int, stop: int) -> bytes:
    layout = _layout(columns)
    rows = np.zeros(stop - start, layout)
    rows["columns"] = len(columns)
    for i, column in enumerate(columns):
        rows[f"length{i}"] = -1 if column is None else layout[f"value{i}"].itemsize
        if column is not None:
            rows[f"value{i}"] = column[start:stop] if isinstance(column, np.ndarray) else column
    return rows.tobytes()


class Copy:
    """Writes groups of rows into one table within the caller's transaction."""

    def __init__(self, cursor: psycopg.Cursor, table: str, names: Sequence[str]) -> None:
        self._statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(
            sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        self._cursor = cursor
        self._groups: list[tuple[Sequence[Column], int]] = []

    def add(self, columns: Sequence[Column], count: int) -> None:
        """Add ``count`` rows; a bytes column has one value for all of them, ``None`` is null."""
        if count:
            self._groups.append((columns, count))

    def send(self) -> int:
        """Write what was added; return the number of rows."""
        total = sum(count for _, count in self._groups)
        if not total:
            return 0
        with self._cursor.copy(self._statement) as copy:
            copy.write(HEADER)
            for columns, count in self._groups:
                for start in range(0, count, CHUNK):
                    copy.write(_packed(columns, start, min(start + CHUNK, count)))
            copy.write(b"\xff\xff")
        return total
