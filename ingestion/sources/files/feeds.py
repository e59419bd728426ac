"""What a feed is: which files it is made of, how one is read, which tables it fills.

A feed whose files cover whole days is *partitioned*: column ``partition`` is unit and day, and the
newest export of a partition replaces all of it, so that a restated file takes back what it no
longer has. Other feeds merge by key, the newest ``updated_at`` winning.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ingestion.guard.gate import Guard
from ingestion.guard.shapes import Derived, Field, Shape, Treatment, Values
from ingestion.sources.files.folder import DropFile
from ingestion.sources.files.sheets import Sheet

SOURCE = "raw_files"


@dataclass(frozen=True)
class Feed:
    """One kind of file; the first shape is the one whose partitions are compared."""

    name: str
    pattern: str
    shapes: tuple[Shape, ...]
    read: Callable[[bytes, DropFile], Sheet]
    admit: Callable[[Guard, Sheet], Mapping[str, pa.Table]]
    is_partitioned: bool = True


def own_fields(day: str | None) -> tuple[Field, ...]:
    """Return the fields a reader adds to each row: file, export time and, by ``day``, partition."""
    fields = [
        Field("file_path", "_file", required=True),
        Field("exported_at", "_exported_at", "timestamp", required=True),
        Field("unit", "_unit", "text", Treatment.INPUT, required=True, scrubbed=False),
    ]
    if day:
        fields.append(Field(day, day, "date", Treatment.INPUT, required=True))
    return tuple(fields)


def partition(day: str) -> Derived:
    """Return the column that says which days of which unit a row belongs to."""

    def compute(values: Values) -> str:
        return f"{values['unit']}/{values[day]}"

    return Derived("partition", "id", compute)


def marked(row: Any, file: DropFile, **more: Any) -> Any:
    """Return a row with what is known of its file; a row that is no dict stays as it is."""
    if not isinstance(row, dict):
        return row
    told = {"_file": file.path, "_unit": file.unit, "_exported_at": file.exported_at.isoformat()}
    return row | told | more


def last_of_each(table: pa.Table, key: tuple[str, ...]) -> pa.Table:
    """Return the last row of each key: a sheet may hold a line twice."""
    seen = {tuple(row): at for at, row in enumerate(zip(*(table[k].to_pylist() for k in key)))}  # noqa: B905
    return table if len(seen) == table.num_rows else table.take(sorted(seen.values()))
