"""What a load over an API costs beside waiting for the server's answers.

Run: ``python -m tests.benchmarks.api_overhead [people] [answer seconds]`` with a prepared
TANDEM_HOME. Loads HubSpot and Shopify from the sandbox servers, whose every answer takes the given
time as a vendor's would (0.2 s unless told), and prints one JSON line a vendor: requests, rows,
seconds inside requests (and between them until the vendor's bulk operation is ready), seconds of
everything else (guard, dlt, COPY), their ratio, CPU seconds of this process, and the answer time
from which that CPU alone stays under a fifth.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import requests

from ingestion.pipelines import load
from ingestion.sandbox import running
from ingestion.settings import role_url
from ingestion.sources.shop.shopify_api import Shopify
from ingestion.sources.transport import Transport

VENDORS = ("hubspot", "shopify")
MOST = 0.2


@contextmanager
def timed(spent: list[float], pauses: list[float]) -> Iterator[None]:
    """Note how long each request takes until its body is there, and each wait for a bulk file."""
    own, finished = Transport._body, Shopify._finished

    def body(self: Transport, *asked: Any, **request: Any) -> bytes:
        started = time.monotonic()
        try:
            return own(self, *asked, **request)
        finally:
            spent.append(time.monotonic() - started)

    def waited(self: Shopify, operation: str) -> Any:
        self._sleep = lambda seconds: (time.sleep(seconds), pauses.append(seconds))[0]
        return finished(self, operation)

    Transport._body = body  # type: ignore[method-assign]
    Shopify._finished = waited  # type: ignore[method-assign]
    try:
        yield
    finally:
        Transport._body = own  # type: ignore[method-assign]
        Shopify._finished = finished  # type: ignore[method-assign]


def forget(source: str) -> None:
    """Drop what was loaded before, so that everything is asked for again."""
    with psycopg.connect(role_url("loader")) as connection:
        tables = connection.execute(
            "select format('%%I.%%I', schemaname, tablename) from pg_tables"
            " where schemaname = any (%s)",
            ([source, f"{source}_staging"],),
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"drop table {table}".encode())


def measured(vendor: str) -> dict[str, Any]:
    """Load one vendor from nothing and tell where the time went."""
    source, spent, pauses = f"raw_{vendor}", list[float](), list[float]()
    forget(source)
    cpu, started = time.process_time(), time.monotonic()
    with timed(spent, pauses):
        counts = load(source).counts
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    waited = sum(spent) + sum(pauses)
    return {
        "vendor": vendor,
        "requests": len(spent),
        "rows": sum(each.loaded for each in counts.values()),
        "seconds_waited": round(waited, 2),
        "of_it_between_requests": round(sum(pauses), 2),
        "seconds_beside": round(seconds - waited, 2),
        "overhead": round((seconds - waited) / waited, 2),
        "cpu_seconds": round(cpu, 2),
        "under_a_fifth_from_answers_of": round(cpu / len(spent) / MOST, 2),
    }


def main(people: int, answer: float) -> None:
    """Measure every vendor twice: the first load of a process pays its imports."""
    with running(people=people) as info:
        os.environ.update(info.env | {"SOURCES__AS_OF": info.as_of.isoformat()})
        for vendor in VENDORS:
            forget(f"raw_{vendor}")  # what another company left
            load(f"raw_{vendor}")
            fault = {"endpoint": f"{vendor}.*", "kind": "drip", "times": -1}
            slow = fault | {"settings": {"seconds": answer}}
            requests.post(f"{info.control_url}/faults", json=slow, timeout=30).raise_for_status()
            print(json.dumps(measured(vendor)))  # noqa: T201


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 1_000,
        float(sys.argv[2]) if len(sys.argv) > 2 else 0.2,
    )
