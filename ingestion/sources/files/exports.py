"""Which rows of a file count: the newest export of a partition, or the newest version of a row.

Files come late, twice, out of order and restated. What was loaded says for each partition how new
it is; a file only replaces what is older, also within one run.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from ingestion.guard.shapes import Shape
from ingestion.sources.files.feeds import Feed
from ingestion.sources.files.folder import DropFile
from ingestion.sources.files.sheets import Sheet, days_between
from ingestion.sources.session import Session

Tables = Mapping[str, pa.Table]
_NO_DAY = date(1970, 1, 1)


class Partitions:
    """The partitions of one feed, through one run."""

    def __init__(self, session: Session, feed: Feed) -> None:
        self._session = session
        self._shapes = feed.shapes
        rows = session.known(feed.shapes[0].resource, ["partition", "exported_at", "file_path"])
        self._known: dict[str, tuple[datetime, str]] = {}
        for name, exported_at, path in rows:
            self._known[name] = max(self._known.get(name, (exported_at, path)), (exported_at, path))
        self._claimed: set[str] = set()

    def winning(self, file: DropFile, sheet: Sheet, tables: Tables) -> dict[str, pa.Table]:
        """Return the rows this file may replace, and what takes back those it no longer has.

        Files must come newest first.
        """
        touched = {name for table in tables.values() for name in table["partition"].to_pylist()}
        if sheet.days:
            touched |= {f"{file.unit}/{day}" for day in days_between(*sheet.days)}
        touched |= {name for name, (_, path) in self._known.items() if path == file.path}
        won = {name for name in touched - self._claimed if not self._is_older(file, name)}
        self._claimed |= won
        return {s.resource: self._part(s, tables[s.resource], won) for s in self._shapes}

    def _is_older(self, file: DropFile, name: str) -> bool:
        known = self._known.get(name)
        return known is not None and known[1] != file.path and known[0] > file.exported_at

    def _part(self, shape: Shape, table: pa.Table, won: set[str]) -> pa.Table:
        names = table["partition"].to_pylist()
        kept = table.filter(pa.array([name in won for name in names], pa.bool_()))
        self._session.guard.pass_over(shape.resource, table.num_rows - kept.num_rows)
        emptied = sorted((won - set(names)) & self._known.keys())
        return pa.concat_tables([kept, taken_back(shape, emptied)]) if emptied else kept


class Versions:
    """The newest version of each row of a feed that merges by key."""

    def __init__(self, session: Session, feed: Feed) -> None:
        self._session = session
        self._shape = feed.shapes[0]
        key = self._shape.key[0]
        self._newest = dict(session.known(self._shape.resource, [key, "updated_at"]))

    def winning(self, file: DropFile, sheet: Sheet, tables: Tables) -> dict[str, pa.Table]:
        """Return the rows that are newer than what is known, from any file."""
        table = tables[self._shape.resource]
        pairs = zip(
            table[self._shape.key[0]].to_pylist(), table["updated_at"].to_pylist(), strict=True
        )
        keep = []
        for key, updated_at in pairs:
            before = self._newest.get(key)
            keep.append(before is None or updated_at > before)
            if keep[-1]:
                self._newest[key] = updated_at
        kept = table.filter(pa.array(keep, pa.bool_()))
        self._session.guard.pass_over(self._shape.resource, table.num_rows - kept.num_rows)
        return {self._shape.resource: kept}


def taken_back(shape: Shape, partitions: list[str]) -> pa.Table:
    """Return rows that empty partitions: they delete by ``partition`` and are not kept."""
    columns: dict[str, Any] = {}
    for name, kind in shape.kinds.items():
        column_type = shape.arrow.field(name).type
        if name in shape.key:
            dummy = {"date": _NO_DAY, "bigint": 0}.get(kind, "-")
            columns[name] = pa.array([dummy] * len(partitions), column_type)
        else:
            columns[name] = pa.nulls(len(partitions), column_type)
    columns["partition"] = pa.array(partitions, pa.string())
    columns["is_gone"] = pa.array([True] * len(partitions), pa.bool_())
    return pa.table(columns, schema=shape.arrow)
