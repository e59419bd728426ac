"""What all vendor servers share: the company's store, its clock, the tokens and the faults.

The clock stands at the company's ``as_of`` and ticks a second with every write through an API, so
that changes have an order. Another process may advance the company at any time.
"""

import sqlite3
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ingestion.sandbox.company import store
from ingestion.sandbox.company.folder import database
from ingestion.sandbox.servers.faults import Faults


@dataclass
class Tokens:
    """One secret per vendor."""

    hubspot: str
    matomo: str
    shopify: str
    woocommerce: str = ""
    salesforce: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the secrets by vendor."""
        return asdict(self)


@dataclass
class Budget:
    """Shopify's leaky bucket of query cost; refills with real time."""

    left: float = 0.0
    at: float = float("-inf")

    def refill(self, now: float, most: float, per_second: float) -> None:
        """Add what has flowed in since the last look."""
        gained = most if self.at == float("-inf") else (now - self.at) * per_second
        self.left, self.at = min(most, self.left + gained), now


@dataclass
class State:
    """The servers' view of one company."""

    folder: Path
    tokens: Tokens
    faults: Faults = field(default_factory=Faults)
    requests: dict[str, int] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        self.connection: sqlite3.Connection = store.connect(database(self.folder))

    def now(self) -> int:
        """Return the company's present in seconds, ticks of writes included."""
        ticks = int(store.get_meta(self.connection, "ticks", "0"))
        return int(store.get_meta(self.connection, "as_of")) + ticks

    def tick(self) -> int:
        """Move the clock on by a second, for a write; returns the new present in seconds."""
        ticks = int(store.get_meta(self.connection, "ticks", "0")) + 1
        store.put_meta(self.connection, "ticks", str(ticks))
        return self.now()

    def touch(self, kind: str, number: int) -> None:
        """Note that a record was changed through an API, so that the simulation leaves it alone."""
        self.connection.execute("insert or ignore into touched values (?, ?)", (kind, number))

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Run a query and return all its rows."""
        return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Any:
        """Run a query and return its first row, or none."""
        return self.connection.execute(sql, values).fetchone()

    def document(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """Run a query for one JSON document."""
        found = self.row(sql, *values)
        if found is None:
            return None
        parsed: dict[str, Any] = orjson.loads(found[0])
        return parsed
