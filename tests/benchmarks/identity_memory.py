"""Measure the memory that resolving takes per edge, without a warehouse: 1 M and 10 M edges.

    python -m tests.benchmarks.identity_memory --edges 10000000

Rows are made as arrays (people with an account, a CRM record every second, orders and visits, about
1.7 rows an edge), as reading them from PostgreSQL would leave them. Prints the peak above what the
process held before, in bytes an edge, and seconds of CPU, step by step.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from orchestration.identity.assembling import KeySets, assemble
from orchestration.identity.graph import DAY, Int, Word
from orchestration.identity.keys import key_maker
from orchestration.identity.partition import partition
from orchestration.identity.reading import Rows
from orchestration.identity.rulefiles import parse, read_files
from orchestration.identity.rules import RuleSet

EDGES_PER_PERSON = 9.5
START = 1_767_225_600_000_000
"""2026-01-01."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


def _key(kind: int, number: Int) -> Word:
    word = (number.astype(np.uint64) << np.uint64(8)) | np.uint64(kind)
    for _ in range(2):
        word = (word ^ (word >> np.uint64(31))) * _MIX
    return word


def rows_of(people: int, rules: RuleSet) -> Rows:
    """Return identifier rows of so many people."""
    n = np.arange(people, dtype=np.int64)
    device = np.where(n % 50 == 0, n + 1, n)
    phone = np.where(n % 20 == 0, n + 1, n)
    records = [(n, {"user_id": n, "shopify_customer_id": n, "email": n, "phone": phone})]
    half = n[::2]
    address = np.where(half % 3 == 0, half + 10 * people, half)
    records.append((half + people, {"hubspot_contact_id": half, "email": address}))
    for k in range(2):
        orders = n + (2 + k) * people
        records.append((orders, {"order_id": orders, "shopify_customer_id": n}))
    for k in range(4):
        visits = n + (4 + k) * people
        records.append((visits, {"anonymous_id": device * 3 + k % 3, "user_id": n}))
    pairs = [
        (record, rules.codes[kind], value)
        for record, carried in records
        for kind, value in carried.items()
    ]
    record = np.concatenate([each[0] for each in pairs])
    kind = np.concatenate([np.full(len(r), code, np.int8) for r, code, _ in pairs])
    high = np.concatenate([_key(code, value) for _, code, value in pairs])
    first = START + record % 180 * DAY
    ones = np.ones(len(record), np.int32)
    return Rows(high, high * _MIX, kind, record, first, first, ones, ones.astype(np.int8))


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=1_000_000)
    options = parser.parse_args()
    rules = parse(read_files(), key_maker())
    before, steps = _peak(), {}
    started = time.process_time()
    rows = rows_of(int(options.edges / EDGES_PER_PERSON), rules)
    count = len(rows)

    def note(step: str) -> None:
        steps[step] = {
            "bytes_an_edge": round((_peak() - before) / options.edges),
            "cpu": round(time.process_time() - started, 1),
        }

    note("rows")
    graph, _ = assemble(rows, [], rules, KeySets())
    note("assembled")
    del rows
    outcome = partition(graph, rules)
    note("partitioned")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    found = {"edges": len(outcome.edges), "rows": count, "steps": steps}
    sys.stdout.write(json.dumps({**found, "peak_mb": usage.ru_maxrss // 1024}, indent=2) + "\n")


if __name__ == "__main__":
    main()
