"""The guard for volume: whole columns instead of rows, distinct values instead of all of them.

A batch either converts cleanly or raises `UncleanError`; the caller then takes it apart row by
row with `check_row`, quarantines what is bad and comes back with the rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.guard.reasons import BadValueError, Reason
from ingestion.guard.values import CONVERTERS, MAX_TEXT

_INT64 = pa.int64()


class UncleanError(ValueError):
    """Some row of the batch does not fit; nothing is said about which."""


def texts(values: Sequence[Any]) -> pa.Array:
    """Return a text column; blanks at the ends and empty texts are gone.

    Raises:
        UncleanError: for other types, NUL, lone surrogates, and texts that are too long.
    """
    try:
        array = pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, UnicodeEncodeError):
        raise UncleanError from None
    encoded = array.dictionary_encode()
    distinct = encoded.dictionary
    if len(distinct) and (pc.max(pc.utf8_length(distinct)).as_py() or 0) > MAX_TEXT:
        raise UncleanError
    if pc.any(pc.match_substring(distinct, "\x00")).as_py():
        raise UncleanError
    trimmed = pc.utf8_trim_whitespace(distinct)
    kept = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    return kept.take(encoded.indices)


def converted(values: Sequence[Any], kind: str) -> pa.Array:
    """Return a column of another kind, by its row converter where Arrow needs help."""
    if kind == "text":
        return texts(values)
    types = {
        "bigint": _INT64,
        "decimal": pa.decimal128(18, 2),
        "timestamp": pa.timestamp("us"),
        "bool": pa.bool_(),
        "id": pa.string(),
    }
    if kind == "bigint":
        try:
            return pa.array(values, _INT64)
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, OverflowError):
            pass
    convert = CONVERTERS[kind]
    try:
        return pa.array([None if v is None else convert(v) for v in values], types[kind])
    except BadValueError:
        raise UncleanError from None


def mapped(
    array: pa.Array, compute: Callable[[str], Any], kind: pa.DataType | None = None
) -> pa.Array:
    """Return ``compute`` of every value, worked out once per distinct one; null stays null."""
    if array.null_count == len(array):
        return pa.nulls(len(array), kind or pa.string())
    encoded = array.dictionary_encode()
    distinct = [compute(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(distinct, kind or pa.string()).take(encoded.indices)


def expanded(
    array: pa.Array, compute: Callable[[str], Mapping[str, Any]], names: Iterable[str]
) -> dict[str, pa.Array]:
    """Return several text columns computed together from one, once per distinct value."""
    encoded = array.dictionary_encode()
    rows = [compute(value) for value in encoded.dictionary.to_pylist()]
    return {
        name: pa.array([row.get(name) for row in rows], pa.string()).take(encoded.indices)
        for name in names
    }


def keyed(array: pa.Array, keys_of: Callable[[list[str]], list[str | None]]) -> pa.Array:
    """Return subject keys of a column of identifiers, each distinct value hashed once."""
    encoded = array.dictionary_encode()
    keys = keys_of(encoded.dictionary.to_pylist())
    return pa.array(keys, pa.string()).take(encoded.indices)


def from_epoch(seconds: pa.Array) -> pa.Array:
    """Return instants (naive UTC) from seconds since 1970.

    Raises:
        UncleanError: for seconds outside the years 1900 to 2200.
    """
    bounds = pc.min_max(seconds).as_py()
    low, high = bounds["min"], bounds["max"]
    if low is not None and (low < -2_208_988_800 or high >= 7_258_118_400):
        raise UncleanError
    return pc.multiply(seconds, 1_000_000).cast(pa.timestamp("us"))


def repeat(array: pa.Array, counts: np.ndarray) -> pa.Array:
    """Return each value as often as ``counts`` says: from visits to their actions."""
    return array.take(pa.array(np.repeat(np.arange(len(counts)), counts)))


def check_row(record: Any, kinds: Mapping[str, str], required: Iterable[str]) -> None:
    """Raise what is wrong with one record, reading it as the columns would.

    Raises:
        BadValueError: with reason and field.
    """
    if not isinstance(record, dict):
        raise BadValueError(Reason.NOT_AN_OBJECT)
    for name, kind in kinds.items():
        try:
            value = CONVERTERS[kind](record.get(name))
        except BadValueError as error:
            raise BadValueError(error.reason, name) from None
        if value is None and name in required:
            raise BadValueError(Reason.MISSING_KEY, name)
