"""How long a release of a mart of a million rows takes, and what it writes.

Limits are those of the design: nothing changed at most 2 s and next to no WAL. Where nobody wrote
anything it costs less than reading the mart once; what was made anew has to be compared, with a
change of 1 % in it or without, which may cost twice a first release, which only writes. Figures are
printed; run with ``pytest -m volume -s tests/benchmarks/test_publishing_speed.py``.
"""

import time
from typing import Any

import psycopg
import pytest

from orchestration import publishing
from orchestration.publishing.manifest import marts_of
from orchestration.warehouse import grants
from tests.conftest import Warehouse
from tests.integration.publishing_world import World, node

pytestmark = pytest.mark.volume

ROWS = 1_000_000
COLUMNS = {
    "person_id": "text",
    "stage": "text",
    "reason": "text",
    "country": "text",
    "language": "text",
    "channel": "text",
    "source": "text",
    "campaign": "text",
    "currency": "text",
    "email_consent": "text",
    "sms_consent": "text",
    "ads_consent": "text",
    "order_count": "integer",
    "session_count": "integer",
    "view_count": "integer",
    "refund_count": "integer",
    "order_amount": "numeric(18,2)",
    "refund_amount": "numeric(18,2)",
    "score": "numeric(18,4)",
    "is_customer": "boolean",
    "is_known": "boolean",
    "first_date": "date",
    "first_seen_at": "timestamp without time zone",
    "last_seen_at": "timestamp without time zone",
}
FILL = f"""
    create table core.people as select md5(n::text) as person_id, 'stage ' || n % 6 as stage,
        'reason ' || n % 30 as reason, 'DE' as country, 'en' as language,
        'channel ' || n % 9 as channel, 'source ' || n % 50 as source,
        'campaign ' || n % 200 as campaign, 'EUR' as currency, 'granted' as email_consent,
        'denied' as sms_consent, 'unknown' as ads_consent, n % 20 as order_count,
        n % 100 as session_count, n % 300 as view_count, n % 3 as refund_count,
        (n % 1000)::numeric(18, 2) as order_amount, (n % 7)::numeric(18, 2) as refund_amount,
        (n % 77)::numeric(18, 4) as score, n % 3 = 0 as is_customer, n % 5 = 0 as is_known,
        date '2026-01-01' + n % 100 as first_date,
        timestamp '2026-01-01' + n * interval '1 second' as first_seen_at,
        timestamp '2026-05-01' + n * interval '1 second' as last_seen_at
    from generate_series(1, {ROWS}) as n
"""


@pytest.fixture(scope="module")
def people(fresh_database: Warehouse) -> list[publishing.Mart]:
    World(fresh_database).build(people=1)
    with fresh_database.connect("builder") as conn:
        conn.execute("drop table core.people")
        conn.execute(FILL.encode())
    with fresh_database.connect("admin") as conn:
        grants.reconcile(conn)
        conn.execute("vacuum (analyze) core.people")
    target = {"schema": "marts", "table": "people"}
    return marts_of({"people": node("people", COLUMNS, ["person_id"], publish=target)})


def timed(warehouse: Warehouse, marts: list[publishing.Mart]) -> tuple[float, int, Any]:
    """Return seconds, bytes of WAL and the release; nobody else is connected to the database."""
    with (
        psycopg.connect(warehouse.url("admin"), dbname="postgres", autocommit=True) as watch,
        publishing.connect(warehouse.url("publisher")) as conn,
    ):
        before = _wal(watch)
        started = time.perf_counter()
        release = publishing.publish(conn, marts)
        return time.perf_counter() - started, _wal(watch) - before, release


def _wal(conn: psycopg.Connection) -> int:
    row = conn.execute("select (pg_current_wal_insert_lsn() - '0/0')::bigint").fetchone()
    assert row is not None
    return int(row[0])


def test_a_release_costs_what_changed_not_what_is_there(
    fresh_database: Warehouse, people: list[publishing.Mart]
) -> None:
    first, first_wal, _ = timed(fresh_database, people)
    with fresh_database.connect("admin") as conn:
        conn.execute("vacuum (analyze) marts.people")
    # the best of three: other work on the machine only adds
    nothing, nothing_wal, same = min(
        (timed(fresh_database, people) for _ in range(3)), key=lambda run: run[0]
    )
    with fresh_database.connect("admin") as conn:
        started = time.perf_counter()
        conn.execute("select bit_xor(hash_record_extended(people, 0)) from marts.people as people")
        scan = time.perf_counter() - started
    with fresh_database.connect("builder") as conn:
        conn.execute("create table core.built as select * from core.people")
        conn.execute("drop table core.people")
        conn.execute("alter table core.built rename to people")
    with fresh_database.connect("admin") as conn:
        grants.reconcile(conn)
        conn.execute("vacuum (analyze) core.people")
    anew, anew_wal, equal = timed(fresh_database, people)
    with fresh_database.connect("builder") as conn:
        conn.execute("update core.people set stage = 'moved' where order_amount < 10")
    one_percent, one_wal, changed = timed(fresh_database, people)
    print(  # noqa: T201
        f"\nscan {scan:.2f} s; first {first:.2f} s, {first_wal / 1e6:.0f} MB WAL; "
        f"nothing written {nothing:.2f} s ({nothing / scan:.0%} of a scan), "
        f"{nothing_wal / 1e3:.1f} kB; made anew {anew:.2f} s, {anew_wal / 1e3:.1f} kB; "
        f"1 % {one_percent:.2f} s, {one_wal / 1e6:.1f} MB"
    )
    assert not same.is_new
    assert not equal.is_new
    assert changed.changes[0].changed == ROWS // 100
    assert nothing <= max(0.5, scan)
    assert max(nothing_wal, anew_wal) < 100_000
    assert max(anew, one_percent) <= 2 * first
    assert one_wal < first_wal / 10 or first_wal < 10_000_000
