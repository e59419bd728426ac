"""Evidence as arrays: identifiers become dense integers once, and everything else is arithmetic.

Grain: ``Nodes`` one row per subject key, ``Observations`` one row per (record, identifier),
``Edges`` one row per pair of identifiers. Times are microseconds since 1970 in UTC. Node numbers
depend on the order of arrival, so nothing may be decided by them: ties go by ``high``, the first
64 bits of the subject key, which is the same on every machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Int: TypeAlias = npt.NDArray[np.int64]
Small: TypeAlias = npt.NDArray[np.int32]
Word: TypeAlias = npt.NDArray[np.uint64]
Mask: TypeAlias = npt.NDArray[np.bool_]

BEGINNING = -2_208_988_800_000_000
"""1900-01-01: the start of a link that is not bound in time."""
END = 253_402_214_400_000_000
"""9999-12-31: the end of a link that is not bound in time."""
DAY = 86_400_000_000
HEX = b"0123456789abcdef"
_MIXER = np.uint64(0x9E3779B97F4A7C15)
"""2**64 over the golden ratio (Knuth, TAOCP vol. 3, 6.4): spreads the second half of a key."""

_POOL = pa.system_memory_pool()
"""Gives large pieces back to the system at once; Arrow's own pool keeps them for later."""
PIECE = 1_000_000
_SHARE = 500_000
"""Values numbered at a time: a table of 25 MB at most."""


def pieces(count: int) -> Iterator[slice]:
    """Return the parts of an array to look at in turn, where what is computed is not kept."""
    return (slice(start, start + PIECE) for start in range(0, count, PIECE))


def encode(values: Int | Word) -> tuple[Small, npt.NDArray[Any]]:
    """Number distinct values; return the number of each row, and the values by number.

    Many values are numbered share by share, each value's hash saying its share: one table of all
    of them would take more memory than the values, and miss the processor's caches.
    """
    shares = len(values) // _SHARE + 1
    if shares == 1:
        return _encoded(values)
    share = (values.view(np.uint64) * _MIXER >> np.uint64(32)) % np.uint64(shares)
    share = share.astype(np.uint16)
    number, distinct, known = np.empty(len(values), np.int32), [], 0
    for each in range(shares):
        rows = np.flatnonzero(share == each)
        index, found = _encoded(values[rows])
        number[rows] = index + np.int32(known)
        distinct.append(found)
        known += len(found)
    return number, np.concatenate(distinct)


def _encoded(values: Int | Word) -> tuple[Small, npt.NDArray[Any]]:
    encoded = pc.dictionary_encode(pa.array(values), memory_pool=_POOL)
    indices = encoded.indices.to_numpy().astype(np.int32, copy=False)
    return indices, encoded.dictionary.to_numpy()


def _hex_table() -> npt.NDArray[np.uint8]:
    table = np.zeros(65536, dtype=np.uint8)
    for i, high in enumerate(HEX):
        for j, low in enumerate(HEX):
            table[high | low << 8] = 16 * i + j
    return table


_TABLE = _hex_table()


def words(keys: pa.Array) -> tuple[Word, Word]:
    """Return both 64-bit halves of subject keys (32 hex characters each).

    Raises:
        ValueError: when a key has another length.
    """
    if len(keys) == 0:
        return np.empty(0, np.uint64), np.empty(0, np.uint64)
    flat = pc.cast(keys, pa.large_binary())
    offsets = np.frombuffer(flat.buffers()[1], np.int64)[flat.offset : flat.offset + len(flat) + 1]
    if flat.null_count or not (np.diff(offsets) == 32).all():
        raise ValueError("a subject key is not 32 hex characters")
    text = np.frombuffer(flat.buffers()[2], np.uint8, 32 * len(flat), int(offsets[0]))
    halves = _TABLE[text.view("<u2")].view(">u8").astype(np.uint64).reshape(-1, 2)
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def hex_of(high: Word, low: Word) -> npt.NDArray[np.bytes_]:
    """Return the subject keys behind two halves as 32-byte strings."""
    raw = np.stack([high, low], axis=1).astype(">u8").view(np.uint8)
    digits = np.frombuffer(HEX, np.uint8)
    out = np.empty((len(high), 32), np.uint8)
    out[:, 0::2] = digits[raw >> 4]
    out[:, 1::2] = digits[raw & 15]
    return out.reshape(-1).view("S32")


@dataclass(frozen=True)
class Nodes:
    """Each subject key once."""

    high: Word
    low: Word
    kind: npt.NDArray[np.int8]
    """Code of the identifier type."""
    mix: int
    """How the halves are combined for look-ups; 0 unless two keys share their first half."""

    def __len__(self) -> int:
        return len(self.high)

    def find(self, high: Word, low: Word) -> Small:
        """Return the node of each key, -1 where there is none."""
        if not len(high):
            return np.empty(0, np.int32)
        known, wanted = _mixed(self.high, self.low, self.mix), _mixed(high, low, self.mix)
        if len(wanted) > _SHARE:
            index, distinct = encode(np.concatenate([known, wanted]))
            place = np.full(len(distinct), -1, np.int32)
            place[index[: len(known)]] = np.arange(len(known), dtype=np.int32)
            return place[index[len(known) :]]
        index, distinct = encode(wanted)
        hits = pc.index_in(pa.array(known), value_set=pa.array(distinct), memory_pool=_POOL)
        place = np.full(len(distinct), -1, np.int32)
        place[hits.drop_null().to_numpy()] = np.flatnonzero(hits.is_valid())
        return place[index]

    def keys(self, which: Small | Int | slice) -> npt.NDArray[np.bytes_]:
        """Return subject keys as hex."""
        return hex_of(self.high[which], self.low[which])


@dataclass(frozen=True)
class Observations:
    """One identifier seen in one record; records are numbered."""

    record: Small
    node: Small
    first: Int
    last: Int
    count: Small | Int
    trust: npt.NDArray[np.int8]

    def take(self, which: Mask | Int) -> "Observations":
        """Return some of the rows."""
        return Observations(
            self.record[which],
            self.node[which],
            self.first[which],
            self.last[which],
            self.count[which],
            self.trust[which],
        )


@dataclass(frozen=True)
class Edges:
    """Two identifiers that evidence connects; ``binding`` edges come from merges and operators."""

    left: Small
    right: Small
    first: Int
    last: Int
    count: Small | Int
    trust: npt.NDArray[np.int8]
    binding: Mask

    def __len__(self) -> int:
        return len(self.left)

    def take(self, which: Mask | Int) -> "Edges":
        """Return some of the edges."""
        return Edges(
            self.left[which],
            self.right[which],
            self.first[which],
            self.last[which],
            self.count[which],
            self.trust[which],
            self.binding[which],
        )

    def joined(self, other: "Edges") -> "Edges":
        """Return the edges of both."""
        return Edges(
            np.concatenate([self.left, other.left]),
            np.concatenate([self.right, other.right]),
            np.concatenate([self.first, other.first]),
            np.concatenate([self.last, other.last]),
            np.concatenate([self.count, other.count]),
            np.concatenate([self.trust, other.trust]),
            np.concatenate([self.binding, other.binding]),
        )


def _mixed(high: Word, low: Word, mix: int) -> Word:
    if not mix:
        return high
    return np.asarray(high ^ (low * _MIXER + np.uint64(mix)), np.uint64)


def intern(high: Word, low: Word, kind: npt.NDArray[np.int8]) -> tuple[Nodes, Small]:
    """Number the distinct keys; return them and the number of each row.

    Two keys that share 64 bits (one chance in 250,000 with 12 M keys) are noticed, and another
    combination of both halves is tried until all differ.
    """
    for mix in range(8):
        index, distinct = encode(_mixed(high, low, mix))
        place = np.empty(len(distinct), np.int32)
        place[index] = np.arange(len(index), dtype=np.int32)
        del distinct
        nodes = Nodes(high[place], low[place], kind[place], mix)
        del place
        if all(
            np.array_equal(nodes.low[index[piece]], low[piece])
            and np.array_equal(nodes.high[index[piece]], high[piece])
            for piece in pieces(len(index))
        ):
            return nodes, index
    raise ValueError("subject keys cannot be told apart")
