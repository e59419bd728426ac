"""Compare two groupings of the same records: pairwise and B-cubed precision, recall and F1.

Pairwise: over pairs of records, are those put together truly together, and the other way round.
B-cubed (Bagga and Baldwin 1998): the same question for each record's own group, averaged over
records, so that one huge group doesn't outweigh everybody else. All from the contingency table,
in time linear in records.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.identity.graph import Int


@dataclass(frozen=True)
class Agreement:
    """Precision, recall and F1, between 0 and 1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Contingency:
    """How many records each pair of (found, true) groups shares."""

    found: Int
    """Records per found group."""
    true: Int
    """Records per true group."""
    both: Int
    """Records per pair that shares any."""
    found_of: Int
    true_of: Int

    @classmethod
    def of(cls, found: Int, true: Int) -> "Contingency":
        """Count; labels are any integers, one per record."""
        _, f = np.unique(found, return_inverse=True)
        _, t = np.unique(true, return_inverse=True)
        width = int(t.max(initial=-1)) + 1
        cells, both = np.unique(f.astype(np.int64) * max(width, 1) + t, return_counts=True)
        pairs = cells // max(width, 1), cells % max(width, 1)
        return cls(np.bincount(f), np.bincount(t), both, *pairs)


def _agreement(precision: float, recall: float) -> Agreement:
    total = precision + recall
    return Agreement(precision, recall, 2 * precision * recall / total if total else 0.0)


def _pairs(sizes: Int) -> int:
    return int((sizes.astype(object) * (sizes.astype(object) - 1) // 2).sum()) if len(sizes) else 0


def pairwise(table: Contingency) -> Agreement:
    """Return agreement over pairs; with no pair to be right about, it is perfect."""
    shared = _pairs(table.both)
    found, true = _pairs(table.found), _pairs(table.true)
    return _agreement(shared / found if found else 1.0, shared / true if true else 1.0)


def b_cubed(table: Contingency) -> Agreement:
    """Return agreement averaged over records."""
    records = int(table.both.sum())
    if not records:
        return Agreement(1.0, 1.0, 1.0)
    squares = table.both.astype(np.float64) ** 2
    precision = float((squares / table.found[table.found_of]).sum()) / records
    recall = float((squares / table.true[table.true_of]).sum()) / records
    return _agreement(precision, recall)
