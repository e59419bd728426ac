"""How files of events are loaded, whatever their vendor: partitions, batches, counts.

A partition is read again when any of its files changed; its rows get a new batch, and the row of
``event_files`` that names the batch is what staging goes by. Rows of batches that were superseded
are deleted by the next run, when nothing reads them any more. Blocks of a file are parsed, guarded
and written for COPY several at once; what became of them is told in the order of the file.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import dlt
import psycopg
import pyarrow as pa
from dlt.common.storages.load_package import load_package_state
from dlt.sources import DltResource
from psycopg import sql

from ingestion.guard.shapes import Shape
from ingestion.settings import role_url
from ingestion.sources.files.folder import DropFile, Folder
from ingestion.sources.resources import picked, reader
from ingestion.sources.session import Session
from ingestion.sources.web import event_shapes as shapes
from ingestion.sources.web.abreast import abreast
from ingestion.sources.web.event_guard import Admitted, EventGuard
from ingestion.sources.web.event_lines import Piece
from ingestion.sources.web.event_rows import EventRows, Written

log = logging.getLogger(__name__)
_DIMENSIONS = ["activity_date", "page_group", "country_code", "source_class"]


@dataclass(frozen=True)
class Partition:
    """What is replaced as a whole: a file, or the files of one day."""

    name: str
    files: tuple[DropFile, ...]

    @property
    def fingerprint(self) -> str:
        """Return what changes when any of the files does, or when there are more or fewer."""
        return "|".join(sorted(f"{f.path}={f.fingerprint}" for f in self.files))


Worked = list[tuple[Admitted, pa.Buffer]]
Read = Callable[[IO[bytes], DropFile, EventGuard], Iterator[Piece]]


@dataclass(frozen=True)
class Format:
    """One vendor's files: where they are, what is one partition, how bytes become rows."""

    source: str
    pattern: str
    partitions: Callable[[Iterable[DropFile]], Iterable[Partition]]
    read: Read


def one_each(files: Iterable[DropFile]) -> Iterable[Partition]:
    """Return every file as a partition of its own."""
    return [Partition(file.path, (file,)) for file in files]


def resources(kind: Format, base_url: str, full_read: bool, as_of: str | None) -> list[DltResource]:
    """Return the dlt resources of a folder of event files."""
    vendor = kind.source.removeprefix("raw_")
    session = Session(kind.source, _no_server, as_of)
    load = _Load(kind, session, Folder(vendor, base_url), full_read)
    pages = reader("event_pages", load.pages)
    return [
        pages,
        _appended(shapes.events(kind.source), pages),
        picked(shapes.event_files(kind.source), pages),
        picked(shapes.unconsented_daily(kind.source), pages),
    ]


class _Load:
    """What one run reads."""

    def __init__(self, kind: Format, session: Session, folder: Folder, full_read: bool) -> None:
        self._kind = kind
        self._session = session
        self._folder = folder
        self._full = full_read

    def pages(self) -> Iterator[Mapping[str, Any]]:
        """Read the partitions that changed, chunk by chunk."""
        state = dlt.current.resource_state()
        with self._session.reading("events") as guard:
            self._folder.check()
            self._sweep(state)
            before: dict[str, str] = {} if self._full else dict(state.get("partitions", {}))
            found = list(self._kind.partitions(self._folder.listed(self._kind.pattern)))
            done = {p.name: before[p.name] for p in found if p.name in before}
            replaced = dict(self._session.known("event_files", ["partition", "batch_id"]))
            events = EventGuard(guard)
            rows = self._rows()
            yield {}
            for partition in found:
                if before.get(partition.name) == partition.fingerprint:
                    continue
                batch_id = uuid.uuid4().hex
                yield from self._read(events, rows, partition, batch_id)
                done[partition.name] = partition.fingerprint
                if partition.name in replaced:
                    state.setdefault("superseded", []).append(replaced[partition.name])
            yield from ({"events": file} for file in rows.rest())
            state["partitions"] = done

    def _rows(self) -> EventRows:
        folder = Path(dlt.current.pipeline().working_dir, "events")
        load_id = str(load_package_state()["load_id"])
        return EventRows(shapes.events(self._kind.source), folder, load_id)

    def _read(
        self, events: EventGuard, rows: EventRows, partition: Partition, batch_id: str
    ) -> Iterator[Mapping[str, Any]]:
        def work(piece: Piece) -> Worked:
            admitted = [events.admit(table, batch_id) for table in piece()]
            return [(each, rows.told(each.events)) for each in admitted]

        refused: list[pa.Table] = []
        count = 0
        for file in partition.files:
            with self._folder.opened(file) as stream:
                for worked in abreast(self._kind.read(stream, file, events), work):
                    for admitted, told in worked:
                        events.settle(admitted)
                        count += admitted.events.num_rows
                        if admitted.refused.num_columns:
                            refused.append(_summed(admitted.refused))
                        full = rows.add(told, admitted.events.num_rows)
                        yield from ({"events": each} for each in full)
        guard = self._session.guard
        row = {
            "partition": partition.name,
            "batch_id": batch_id,
            "event_count": count,
            "read_at": self._session.as_of.isoformat(),
        }
        yield {
            "event_files": guard.admit(shapes.event_files(self._kind.source), [row]),
            "unconsented_daily": _daily(
                shapes.unconsented_daily(self._kind.source), partition.name, refused
            ),
        }

    def _sweep(self, state: dict[str, Any]) -> None:
        """Delete rows of batches that a later load replaced."""
        batches = state.pop("superseded", [])
        if not batches:
            return
        table = sql.Identifier(self._kind.source, "events")
        with psycopg.connect(role_url("loader"), connect_timeout=15) as connection:
            connection.execute(
                sql.SQL("delete from {} where batch_id = any(%s)").format(table), (batches,)
            )


def _appended(shape: Shape, pages: DltResource) -> DltResource:
    """Return the resource that appends events as files, which PostgreSQL reads by itself."""
    begun = False

    def pick(batch: Mapping[str, Any]) -> Iterator[Any]:
        nonlocal begun
        if not begun:
            begun = True
            yield shape.arrow.empty_table()
        file: Written | None = batch.get(shape.resource)
        if file is not None:
            yield dlt.mark.with_file_import(str(file.path), "csv", file.rows)

    return dlt.transformer(
        pick,
        data_from=pages,
        name=shape.resource,
        write_disposition="append",
        file_format="csv",
        columns=shape.hints,
    )


def _summed(refused: pa.Table) -> pa.Table:
    grouped = refused.group_by(_DIMENSIONS).aggregate([("visit_count", "sum"), ([], "count_all")])
    return grouped.rename_columns([*_DIMENSIONS, "visit_count", "action_count"])


def _daily(shape: Shape, partition: str, refused: list[pa.Table]) -> pa.Table:
    """Return the counts of a partition, or the row that empties it."""
    if not refused:
        row: dict[str, Any] = dict.fromkeys(shape.kinds)
        row |= {"partition": partition, "activity_date": None, "page_group": "-"}
        row |= {"country_code": "-", "source_class": "-", "is_gone": True}
        table = pa.Table.from_pylist([row], schema=_nullable(shape.arrow))
        epoch = pa.array([0], pa.int32()).cast(pa.date32())
        return table.set_column(1, "activity_date", epoch).cast(shape.arrow)
    summed = (
        pa.concat_tables(refused)
        .group_by(_DIMENSIONS)
        .aggregate([("visit_count", "sum"), ("action_count", "sum")])
        .rename_columns([*_DIMENSIONS, "visit_count", "action_count"])
    )
    columns = {name: summed[name] for name in summed.column_names}
    columns["partition"] = pa.array([partition] * summed.num_rows, pa.string())
    columns["is_gone"] = pa.nulls(summed.num_rows, pa.bool_())
    return pa.table([columns[name] for name in shape.kinds], schema=shape.arrow)


def _nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in schema])


def _no_server() -> Any:
    raise NotImplementedError("files come from no server")
