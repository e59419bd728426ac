"""GA4, Segment and Snowplow files through the guard: what each format does to whoever trusts it."""

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.sources.files.folder import DropFile
from ingestion.sources.web import event_files, ga4, segment, snowplow
from ingestion.sources.web.event_guard import Admitted, EventGuard
from ingestion.sources.web.snowplow_columns import COLUMNS
from tests.unit.guard_memory import MemoryStore, memory_guard, tombstone

STAMP = datetime(2026, 9, 1, tzinfo=UTC).replace(tzinfo=None)


def a_file(path: str) -> DropFile:
    return DropFile(path, f"file:///{path}", 1, STAMP)


def admitted(
    kind: Any, content: bytes, tombstones: frozenset[str] = frozenset()
) -> tuple[list[dict[str, Any]], list[Admitted], MemoryStore, EventGuard]:
    guard, store = memory_guard("raw_events", tombstones)
    events = EventGuard(guard)
    pieces = kind.read(io.BytesIO(content), a_file("x"), events)
    found = [events.admit(table, "batch") for piece in pieces for table in piece()]
    for each in found:
        events.settle(each)
    return [row for each in found for row in each.events.to_pylist()], found, store, events


def message(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"m-{number}",
        "anonymousId": "a1b2c3d4e5f60718",  # pragma: allowlist secret
        "userId": "7000001",
        "timestamp": "2026-09-01T10:00:00.250Z",
        "originalTimestamp": "2031-01-01T00:00:00Z",
        "receivedAt": "2026-09-01T10:00:03Z",
        "context": {
            "page": {"url": "https://shop.example/p/1?utm_source=google&email=a.b@mail.example"},
            "ip": "203.0.113.9",
            "consent": {"categoryPreferences": {"analytics": True, "advertising": False}},
        },
        "properties": {"order_id": "#1001", "revenue": 19.9, "currency": "eur"},
    } | more


def lines(*messages: Any) -> bytes:
    return b"\n".join(m if isinstance(m, bytes) else orjson.dumps(m) for m in messages) + b"\n"


def test_a_segment_event_arrives_keyed_scrubbed_and_at_the_corrected_time() -> None:
    (row,), _, _, events = admitted(segment, lines(message()))
    keyer = events._guard.keyer
    assert row["subject_key"] == keyer.key("anonymous_id", "a1b2c3d4e5f60718")
    assert row["user_key"] == keyer.key("user_id", "7000001")
    assert row["order_key"] == keyer.key("order_id", "1001")
    assert row["occurred_at"] == datetime(2026, 9, 1, 10, 0, 0, 250_000)  # noqa: DTZ001
    assert (row["page_path"], row["campaign_source"]) == ("/p/1", "google")
    assert (str(row["revenue_amount"]), row["currency"]) == ("19.90", "EUR")
    assert (row["analytics_consent"], row["ad_storage"]) == ("granted", "denied")
    assert "mail.example" not in repr(row)
    assert "203.0.113" not in repr(row)


@pytest.mark.parametrize("given", [{"analytics": False}, {}])
def test_an_event_without_permission_leaves_a_count_only(given: dict[str, bool]) -> None:
    refused = message(2)
    refused["context"]["consent"] = {"categoryPreferences": given}
    found, batches, store, events = admitted(segment, lines(message(1), refused))
    assert [row["event_id"] for row in found] == ["m-1"]
    assert events._guard.counts("events").unpermitted == 1
    (count,) = [row for each in batches for row in each.refused.to_pylist()]
    assert count["page_group"] == "/p"
    assert store.rejected == []


def test_unknown_properties_are_kept_scrubbed_and_reported() -> None:
    odd = message(2)
    odd["properties"] |= {"gift": "for a.b@mail.example", "shirt_size": "XL", "spouse_name": "Kim"}
    found, _, _, events = admitted(segment, lines(message(1), odd))
    assert found[0]["extra"] is None
    assert orjson.loads(found[1]["extra"]) == {"gift": "for [redacted]", "shirt_size": "XL"}
    assert set(events._guard._drift["events"]) == {"gift", "shirt_size", "spouse_name"}


def test_the_address_of_an_identify_call_goes_to_the_vault_only() -> None:
    call = message(3, type="identify", traits={"email": "kim@mail.example"})
    (row,), _, store, events = admitted(segment, lines(call))
    assert row["email_key"] == events._guard.keyer.key("email", "kim@mail.example")
    assert [value.value for value in store.vault] == ["kim@mail.example"]
    assert "kim@" not in repr(row)


BAD = [
    (b"not json at all", "not_an_object"),
    (b'{"messageId": "x", "timestamp": ', "not_an_object"),
    (orjson.dumps(message(9, timestamp="yesterday")), "type_changed"),
    (orjson.dumps(message(9, timestamp="0001-01-01T00:00:00Z")), "date_out_of_range"),
    (orjson.dumps(message(9, messageId=None)), "missing_key"),
    (orjson.dumps(message(9, messageId="a b c!")), "malformed_id"),
    (orjson.dumps(message(9, user_id="7000002")), "ambiguous_key"),
    (orjson.dumps(message(9, userId={"id": 1})), "type_changed"),
    (orjson.dumps(message(9, event="nul \x00 byte")), "nul_character"),
    (orjson.dumps(message(9, properties={"revenue": "a lot"})), "not_a_number"),
    (orjson.dumps(message(9, event="x" * 1_000_001)), "field_too_large"),
]


@pytest.mark.parametrize(("line", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_line_is_turned_away_and_its_neighbours_go_on(line: bytes, reason: str) -> None:
    around = [message(number) for number in range(7)]
    found, _, store, _ = admitted(segment, lines(*around[:4], line, *around[4:]))
    assert [row["event_id"] for row in found] == [f"m-{number}" for number in range(7)]
    assert [row.reason.value for row in store.rejected] == [reason]
    assert "7000002" not in repr(store.rejected)


def test_a_depth_bomb_harms_nobody() -> None:
    bomb = b'{"messageId":"m-9","properties":{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}}"
    found, _, store, _ = admitted(segment, lines(message(1), bomb, message(2)))
    assert [row["event_id"] for row in found] == ["m-1", "m-2"]
    assert len(store.rejected) == 1


def test_gzip_files_are_read_like_plain_ones() -> None:
    plain = admitted(segment, lines(message(1), message(2)))[0]
    assert admitted(segment, gzip.compress(lines(message(1), message(2))))[0] == plain


@pytest.mark.parametrize(
    ("kind", "value"),
    [("anonymous_id", "a1b2c3d4e5f60718"), ("user_id", "7000001"), ("order_id", "1001")],
)
def test_events_of_erased_people_are_dropped_and_counted(kind: str, value: str) -> None:
    found, _, _, events = admitted(segment, lines(message()), frozenset({tombstone(kind, value)}))
    assert found == []
    assert events._guard.counts("events").suppressed == 1


def enriched(**cells: str) -> bytes:
    given = {
        "event": "page_view",
        "event_id": "7f3c0b9e-0000-4000-8000-000000000001",
        "domain_userid": "d0",
        "user_ipaddress": "203.0.113.9",
        "collector_tstamp": "2026-09-01 10:00:05.000",
        "derived_tstamp": "2026-09-01 10:00:00.125",
        "page_url": "https://shop.example/a",
        "contexts": '{"data":[{"data":{"analytics":true,"marketing":false}}]}',
    } | cells
    return "\t".join(given.get(name, "") for name in COLUMNS).encode() + b"\n"


def test_a_snowplow_event_has_131_columns_and_its_derived_time() -> None:
    content = enriched() + enriched(event_id="e2", derived_tstamp="") + enriched(contexts="")
    found, _, _, events = admitted(snowplow, content)
    assert [row["occurred_at"].second for row in found] == [0, 5]
    assert found[0]["ad_storage"] == "denied"
    assert events._guard.counts("events").unpermitted == 1
    assert "203.0.113" not in repr(found)


def test_a_snowplow_line_of_another_width_is_turned_away() -> None:
    short = b"\t".join([b"x"] * 130) + b"\n"
    quoted = enriched(event_id="e2", page_title='a "quoted" title')
    found, _, store, _ = admitted(snowplow, enriched() + short + quoted)
    assert [row["event_id"][:2] for row in found] == ["7f", "e2"]
    assert found[1]["page_title"] == 'a "quoted" title'
    assert len(store.rejected) == 1


def exported(**more: Any) -> dict[str, Any]:
    return {
        "event_date": "20260901",
        "event_timestamp": 1_788_256_800_123_456,
        "event_name": "page_view",
        "user_pseudo_id": "123.456",
        "user_id": None,
        "event_bundle_sequence_id": 3,
        "privacy_info": {"analytics_storage": "Yes", "ads_storage": "No"},
        "geo": {"country": "Germany"},
        "device": {"category": "mobile", "language": "de-de"},
        "collected_traffic_source": {"manual_source": "google", "manual_medium": "cpc"},
        "ecommerce": {"transaction_id": None, "purchase_revenue": None},
        "event_params": [
            {"key": "ga_session_id", "value": {"string_value": None, "int_value": 17}},
            {"key": "page_location", "value": {"string_value": "https://o.example/x"}},
        ],
    } | more  # fmt: skip


def parquet(*rows: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), out)
    return out.getvalue()


def test_ga4_rows_of_visitors_who_refused_become_counts() -> None:
    denied = exported(
        user_pseudo_id=None, privacy_info={"analytics_storage": "No", "ads_storage": "No"}
    )
    silent = exported(user_pseudo_id=None)
    found, _, _, events = admitted(ga4, parquet(exported(), denied, silent))
    assert len(found) == 1
    assert events._guard.counts("events").unpermitted == 2
    assert (found[0]["page_path"], found[0]["country_code"]) == ("/x", "DE")
    assert found[0]["occurred_at"].microsecond == 123_456


def test_a_restated_ga4_day_gives_the_same_ids_in_any_order_and_format() -> None:
    first = exported()
    second = exported(event_bundle_sequence_id=4, event_name="scroll")
    forth = {row["event_id"] for row in admitted(ga4, parquet(first, second))[0]}
    back = {row["event_id"] for row in admitted(ga4, parquet(second, first))[0]}
    as_json = {row["event_id"] for row in admitted(ga4, lines(first, second))[0]}
    assert forth == back == as_json
    assert len(forth) == 2
    assert "123.456" not in repr(forth)


def partitions(*paths: str) -> Iterator[event_files.Partition]:
    yield from ga4.days([a_file(path) for path in paths])


def test_the_daily_table_takes_the_place_of_the_intraday_one() -> None:
    intraday, daily = "x/events_intraday_20260901/0.parquet", "x/events_20260901/0.parquet"
    (before,) = partitions(intraday)
    (after,) = partitions(intraday, daily)
    assert (before.name, after.name) == ("20260901", "20260901")
    assert [file.path for file in after.files] == [daily]
    assert before.fingerprint != after.fingerprint


def test_a_day_is_read_again_when_one_of_its_files_changes_or_one_more_comes() -> None:
    one, two = "e/events_20260901-000.parquet", "e/events_20260901-001.parquet"
    (alone,) = partitions(one)
    (both,) = partitions(one, two)
    changed = event_files.Partition("20260901", (DropFile(one, "", 2, STAMP),))
    assert len({alone.fingerprint, both.fingerprint, changed.fingerprint}) == 3
