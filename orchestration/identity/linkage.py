"""Score pairs of contact records by how well their fields agree (Splink, Fellegi and Sunter 1969).

Needs the extra ``probabilistic``. Grain in: one row per record with ``unique_id`` and readable
columns; out: one row per pair with probability, weight in bits, and what each column contributed.
Runs only where the vault may be read; values never leave this module, only weights do.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from orchestration.identity.rules import IdentityError

SEED = 20260930
MAX_PAIRS = 2_000_000
"""Random pairs from which chance agreement is estimated (Splink's advice: 1e6 and more)."""
RECALL_OF_STRICT = 0.6
"""Share of true pairs that strict rules are assumed to find; only the prior depends on it."""


MOST_NULL = 0.98
"""A column emptier than this says nothing."""
MIN_AGREEING = 20
"""Records that must share a strict rule's values for it to train anything."""


@dataclass(frozen=True)
class Column:
    """A column to compare: ``kind`` is name, text, date, postcode, email or exact."""

    name: str
    kind: str


@dataclass(frozen=True)
class Scored:
    """One pair of records."""

    left: str
    right: str
    probability: float
    weight: float
    explanation: str


def score(
    records: pa.Table,
    columns: Sequence[Column],
    blocking: Sequence[Sequence[str]],
    strict: Sequence[Sequence[str]],
    threshold: float,
) -> list[Scored]:
    """Return pairs that reach ``threshold``, strongest first.

    ``blocking`` lists combinations of columns of which a pair must agree on one to be compared,
    ``strict`` those on which agreement means a match for nearly sure (they set the prior).

    Raises:
        IdentityError: when Splink is not installed, or the records are too few to learn from.
    """
    try:
        from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    except ImportError:
        raise IdentityError(
            "the probabilistic tier needs Splink: install the extra `probabilistic`"
        ) from None
    columns = [c for c in columns if records[c.name].null_count < MOST_NULL * len(records)]
    strict = [names for names in strict if _agreeing(records, names) >= MIN_AGREEING]
    if len(strict) < 2:
        raise IdentityError(
            "too few records agree on any strict rule: there is nothing to learn weights from"
        )
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(column) for column in columns],
        blocking_rules_to_generate_predictions=[block_on(*names) for names in blocking],
        retain_intermediate_calculation_columns=True,
        retain_matching_columns=False,
    )
    api = DuckDBAPI()
    linker = Linker(api.register(records), settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match(
        [block_on(*names) for names in strict], recall=RECALL_OF_STRICT
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=MAX_PAIRS, seed=SEED)
    for names in strict:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*names))
    found = linker.inference.predict(threshold_match_probability=threshold)
    rows: list[dict[str, Any]] = found.as_record_list()
    pairs = [_told(row, columns) for row in rows]
    return sorted(pairs, key=lambda pair: (-pair.weight, pair.left, pair.right))


def _agreeing(records: pa.Table, names: Sequence[str]) -> int:
    """Return how many records agree with an earlier one on all of the columns."""
    known = records.select(list(names)).drop_null()
    return len(known) - len(known.group_by(list(names)).aggregate([]))


def _comparison(column: Column) -> Any:
    import splink.comparison_library as cl

    made: dict[str, Callable[[], Any]] = {
        "name": lambda: cl.NameComparison(column.name),
        "text": lambda: cl.JaroWinklerAtThresholds(column.name, [0.92, 0.8]),
        "date": lambda: cl.DamerauLevenshteinAtThresholds(column.name, [1]),
        "postcode": lambda: cl.LevenshteinAtThresholds(column.name, [1, 2]),
        "email": lambda: cl.EmailComparison(column.name),
        "exact": lambda: cl.DamerauLevenshteinAtThresholds(column.name, [1, 2]),
    }
    return made[column.kind]()


def _told(row: dict[str, Any], columns: Sequence[Column]) -> Scored:
    """Say how many bits each column speaks for the match (+) or against it (-)."""
    bits = []
    for column in columns:
        weights = (row.get(f"{prefix}{column.name}") for prefix in ("mw_", "mw_tf_adj_"))
        bits.append(f"{column.name} {sum(float(w or 0) for w in weights):+.1f}")
    left, right = sorted((str(row["unique_id_l"]), str(row["unique_id_r"])))
    probability, weight = float(row["match_probability"]), float(row["match_weight"])
    return Scored(left, right, probability, weight, ", ".join(bits))
