"""Reproducible randomness: one generator per (seed, day, subject), and weighted picks.

Because every day of every subject has its own generator, the company after ten single days is the
company after ten days at once, and a new subject does not shift the draws of another.
"""

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def generator(seed: int, day: int, subject: str) -> np.random.Generator:
    """Return the random generator of one subject on one day (days may be negative)."""
    return np.random.default_rng([seed, day + 100_000, zlib.crc32(subject.encode())])


def pick(rng: np.random.Generator, weights: Sequence[float] | Floats, size: int) -> Ints:
    """Draw ``size`` positions with the given relative weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(edges / edges[-1], rng.random(size), side="right")
    return np.asarray(found, dtype=np.int64)


def pick_rows(rng: np.random.Generator, weights: Floats, rows: Ints) -> Ints:
    """Draw one position per entry of ``rows``, each with the weights of that row of a matrix."""
    edges = np.cumsum(weights, axis=1)
    edges /= edges[:, -1:]
    passed = rng.random(len(rows))[:, None] >= edges[rows]
    return np.asarray(passed.sum(axis=1), dtype=np.int64)


def hashed(values: Ints, salt: int) -> npt.NDArray[np.uint64]:
    """Mix integers into 64 evenly spread bits (splitmix64), the same for the same salt."""
    mixed = values.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) & (2**64 - 1))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
