"""Whether a batch of events can be stored at all, column by column.

Columns that repeat themselves come back encoded (distinct values and where they stand), so that
whatever follows is worked out once per distinct value. Identifiers stay plain: most are distinct,
and those of events without permission shall not be looked at.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.guard.columns import UncleanError, mapped
from ingestion.guard.reasons import BadValueError
from ingestion.guard.values import CONVERTERS, MAX_TEXT
from ingestion.sources.web.event_shapes import INSTANTS, REQUIRED, TEXTS

_PLAIN = frozenset({"event_id", "anonymous_id", "user_id", "email", "order_id", "consent", "extra"})
_EARLIEST, _LATEST = -2_208_988_800_000_000, 7_258_118_400_000_000
_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:#/+-]{0,255}$"


def checked(batch: pa.Table) -> dict[str, pa.Array]:
    """Return the columns, blanks gone.

    Raises:
        UncleanError: when some value cannot be stored or some required one is missing.
    """
    got: dict[str, pa.Array] = {}
    for name in TEXTS:
        got[name] = _sound(_whole(batch[name]), name in _PLAIN)
    for name in INSTANTS:
        array = _whole(batch[name])
        if array.type != pa.timestamp("us"):
            raise UncleanError
        bounds = pc.min_max(array.cast(pa.int64())).as_py()
        if bounds["min"] is not None and (bounds["min"] < _EARLIEST or bounds["max"] >= _LATEST):
            raise UncleanError
        got[name] = array
    if any(got[name].null_count for name in REQUIRED):
        raise UncleanError
    if not pc.all(pc.match_substring_regex(got["event_id"], _ID)).as_py() and batch.num_rows:
        raise UncleanError
    try:
        mapped(got["revenue"], CONVERTERS["decimal"], pa.decimal128(18, 2))
    except BadValueError:
        raise UncleanError from None
    return got


def _sound(array: pa.Array, plain: bool) -> pa.Array:
    if array.null_count == len(array):
        return array
    if plain:
        return _trimmed(array)
    encoded = array.dictionary_encode()
    distinct = _trimmed(encoded.dictionary)
    if distinct.null_count:  # a blank is no value: which rows have none is told by the rows
        return distinct.take(encoded.indices).dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices, distinct)


def _trimmed(array: pa.Array) -> pa.Array:
    longest = pc.max(pc.binary_length(array)).as_py() or 0
    if longest > MAX_TEXT or (_may_hold_nul(array) and _holds_nul(array)):
        raise UncleanError
    trimmed = pc.utf8_trim_whitespace(array)
    if pc.min(pc.binary_length(trimmed)).as_py() != 0:
        return trimmed
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _may_hold_nul(array: pa.Array) -> bool:
    """Look at all bytes at once, those beyond the array's own included."""
    data = array.buffers()[2]
    return data is not None and b"\x00" in data.to_pybytes()


def _holds_nul(array: pa.Array) -> bool:
    return bool(pc.any(pc.match_substring(array, "\x00")).as_py())


def _whole(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
