"""Compare orders, sessions, stages and the shared funnel with the sandbox company's ground truth.

Each file in ``comparisons/`` is one query that returns one row of counts; it reads the truth from
temporary tables ``true_<name>`` and the hub's own tables as the builder does; what several compare
with is a temporary table of its own, ``true_deals``. Records meet by the vendors' own ids, people
through the records they are behind: only persons that the hub recognised one to one are compared,
since joining too much or too little is measured by ``tandem identity evaluate``.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from adbc_driver_postgresql import dbapi

Counts = dict[str, dict[str, int | float]]
# How counts are named that should be zero.
WRONG = ("other_", "missing", "unknown_to_truth", "later", "earlier")
COMPARISONS = Path(__file__).parent / "comparisons"
TRUE_DEALS = Path(__file__).with_name("true_deals.sql")
# Truth table -> the columns that are compared.
TRUTH = {
    "orders": (
        "order_id",
        "person_id",
        "shopify_customer_id",
        "ordered_at",
        "total_cents",
        "refunded_cents",
        "cancelled_at",
        "is_test",
    ),
    "visits": (
        "visit_id",
        "person_id",
        "visitor_id",
        "customer_row",
        "started_at",
        "ended_at",
        "received_at",
        "clock_skew_seconds",
        "channel",
        "campaign",
        "outcome",
        "is_bot",
        "analytics_granted",
    ),
    "leads": (
        "hubspot_contact_id",
        "hubspot_deal_id",
        "person_id",
        "created_at",
        "mql_at",
        "sql_at",
        "opportunity_at",
        "won_at",
        "archived_at",
    ),
    "records": ("record_type", "record_id", "first_seen_at"),
    "drops": ("feed", "record_id", "occurred_at"),
}


def evaluate(url: str, truth: Path) -> Counts:
    """Return the counts of each comparison, by its name.

    Args:
        url: a role that reads staging, intermediate and core, and may make temporary tables.
        truth: folder with the truth's parquet files.
    """
    found: Counts = {}
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        for name, columns in TRUTH.items():
            cursor.adbc_ingest(f"true_{name}", _read(truth, name, columns), temporary=True)
            cursor.execute(f"analyze true_{name}")
        cursor.execute(TRUE_DEALS.read_text())
        for file in sorted(COMPARISONS.glob("*.sql")):
            cursor.execute(file.read_text())
            [row] = cursor.fetch_arrow_table().to_pylist()
            found[file.stem] = {name: _number(value) for name, value in row.items()}
    return found


def differences(found: Counts) -> dict[tuple[str, str], int | float]:
    """Return the counts that are zero where the hub is right, by comparison and name."""
    return {
        (subject, name): count
        for subject, counts in found.items()
        for name, count in counts.items()
        if name.startswith(WRONG)
    }


def _read(truth: Path, name: str, columns: tuple[str, ...]) -> pa.Table:
    path = truth / name
    return pq.read_table(
        path if path.is_dir() else truth / f"{name}.parquet", columns=list(columns)
    )


def _number(value: object) -> int | float:
    number = float(str(value or 0))
    return int(number) if number.is_integer() else round(number, 6)
