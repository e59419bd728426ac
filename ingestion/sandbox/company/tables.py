"""Growable columns: the company's state as struct-of-arrays, saved and loaded as one file."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingestion.sandbox.company.draws import Ints

Array = npt.NDArray[Any]


class Table:
    """Columns of one length; rows are only ever added, cells may be changed in place."""

    def __init__(self, **dtypes: str) -> None:
        self.length = 0
        self._data: dict[str, Array] = {
            name: np.zeros(64, dtype=dtype) for name, dtype in dtypes.items()
        }

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, column: str) -> Array:
        return self._data[column][: self.length]

    @property
    def columns(self) -> list[str]:
        """Return the column names."""
        return list(self._data)

    def append(self, count: int, **values: Any) -> Ints:
        """Add ``count`` rows; every column must be given. Returns the new row numbers."""
        if missing := self._data.keys() ^ values.keys():
            raise KeyError(f"columns given and columns of the table differ: {sorted(missing)}")
        start, self.length = self.length, self.length + count
        for name, value in values.items():
            column = self._data[name]
            if len(column) < self.length:
                grown = np.zeros(max(self.length, 2 * len(column)), dtype=column.dtype)
                grown[:start] = column[:start]
                self._data[name] = column = grown
            column[start : self.length] = value
        return np.arange(start, self.length, dtype=np.int64)

    def arrays(self, prefix: str) -> dict[str, Array]:
        """Return the filled part of every column under ``prefix.column``."""
        return {f"{prefix}.{name}": self[name] for name in self._data}

    def restore(self, prefix: str, saved: dict[str, Array]) -> None:
        """Take the columns that :meth:`arrays` gave."""
        for name in self._data:
            self._data[name] = saved[f"{prefix}.{name}"].copy()
            self.length = len(self._data[name])


def save(path: Path, tables: dict[str, Table]) -> None:
    """Write all tables to one ``.npz`` file, replacing it as a whole."""
    arrays: dict[str, Array] = {}
    for prefix, table in tables.items():
        arrays.update(table.arrays(prefix))
    temporary = path.with_name(path.name + ".new.npz")
    np.savez(temporary, **arrays)  # type: ignore[arg-type]
    temporary.replace(path)


def load(path: Path, tables: dict[str, Table]) -> None:
    """Fill empty tables from the file that :func:`save` wrote."""
    with np.load(path) as stored:
        saved = {name: stored[name] for name in stored.files}
    for prefix, table in tables.items():
        table.restore(prefix, saved)
