"""Lines of JSON or TSV to Arrow tables, a block at a time, whatever stands in single lines.

Blocks are read one after another and parsed by whoever asks, several at once, each on one core.
Arrow reads a block or refuses it. A refused one is halved until the bad line is alone: one bad line
costs about twenty small readings and its neighbours nothing.
"""

import gzip
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.json as arrow_json

from ingestion.guard.reasons import BadValueError, Reason

# Bytes per block: some twenty thousand events. What is worked out per block stays in the core's
# cache, and memory does not grow with the file; smaller ones look the same visitors up too often.
BLOCK = 8 << 20
# Of a block: what Arrow's parser takes at once.
PART = 1 << 20
Refuse = Callable[[Any, BadValueError], None]
Parse = Callable[[bytes], pa.Table]
# What becomes tables when it is called, on any thread.
Piece = Callable[[], Iterator[pa.Table]]


def pieces(stream: IO[bytes], parse: Parse, refuse: Refuse) -> Iterator[Piece]:
    """Yield a piece per block; lines of it that do not parse are refused one by one."""
    is_packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    for block in _blocks(gzip.GzipFile(fileobj=stream) if is_packed else stream):
        yield partial(_halved, block, parse, refuse)


def _blocks(stream: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    """Yield whole lines, about `BLOCK` bytes at a time, so that memory holds no file."""
    while block := stream.read(BLOCK):
        yield block + stream.readline()


def json_table(block: bytes, schema: pa.Schema) -> pa.Table:
    """Return a block of JSON lines; members the schema does not name are read as they come."""
    return arrow_json.read_json(
        pa.BufferReader(block),
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=max(len(block), 1) + 1),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="infer"
        ),
    )


def tsv_table(block: bytes, names: Sequence[str], wanted: Sequence[str]) -> pa.Table:
    """Return the wanted columns of a block of tab-separated lines without quotes."""
    return arrow_csv.read_csv(
        pa.BufferReader(block),
        read_options=arrow_csv.ReadOptions(
            use_threads=False,
            column_names=list(names),
            # Whole while a bad line is searched for: a line must not be longer than its part.
            block_size=PART if len(block) > 4 * PART else max(len(block), 1),
        ),
        parse_options=arrow_csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=list(wanted),
            column_types=dict.fromkeys(wanted, pa.string()),
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def at(table: Any, path: str) -> Any:
    """Return the column at a dotted path, or nulls where the block has no such member."""
    column = table
    for step in path.split("."):
        names = column.column_names if isinstance(column, pa.Table) else _members(column)
        if step not in names:
            return pa.nulls(len(column), pa.string())
        column = column[step] if isinstance(column, pa.Table) else _member(column, step)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def text_at(table: Any, *paths: str) -> pa.Array:
    """Return the first of several members as text; whole numbers without a point.

    Raises:
        BadValueError: when a member is an object or a list.
    """
    found = []
    for path in paths:
        column = at(table, path)
        if pa.types.is_nested(column.type):
            raise BadValueError(Reason.TYPE_CHANGED, path)
        found.append(column if column.type == pa.string() else column.cast(pa.string()))
    return found[0] if len(found) == 1 else pc.coalesce(*found)


def instant_at(table: Any, path: str) -> pa.Array:
    """Return an ISO 8601 member with offset as naive UTC.

    Raises:
        pa.ArrowInvalid: when some value is none.
    """
    column = at(table, path)
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us"))
    return column.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))


def misfits_at(table: Any, path: str, known: frozenset[str]) -> Iterator[tuple[str, pa.Array]]:
    """Yield the undeclared members at a path that hold anything."""
    column = at(table, path) if path else table
    for name in column.column_names if isinstance(column, pa.Table) else _members(column):
        if name not in known:
            values = at(column, name)
            if values.null_count < len(values):
                yield name, values


def _members(column: Any) -> list[str]:
    kind = column.type
    return [field.name for field in kind] if pa.types.is_struct(kind) else []


def _member(column: Any, name: str) -> Any:
    return pc.struct_field(column, name)


def _halved(block: bytes, parse: Parse, refuse: Refuse) -> Iterator[pa.Table]:
    try:
        yield parse(block)
        return
    except (pa.ArrowException, BadValueError, ValueError) as error:
        caught = error
    lines = [line for line in block.split(b"\n") if line.strip()]
    if len(lines) > 1:
        middle = len(lines) // 2
        for half in (lines[:middle], lines[middle:]):
            yield from _halved(b"\n".join(half), parse, refuse)
    elif lines:
        refuse(*_why(lines[0], caught))


def _why(line: bytes, caught: Exception) -> tuple[Any, BadValueError]:
    """Return a line as far as it is JSON, and what is wrong with it."""
    if isinstance(caught, BadValueError):
        return _object(line), caught
    found = _object(line)
    reason = Reason.TYPE_CHANGED if isinstance(found, dict) else Reason.NOT_AN_OBJECT
    return found, BadValueError(reason)


def _object(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
