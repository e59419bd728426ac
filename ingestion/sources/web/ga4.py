"""GA4's BigQuery export as files -> Postgres schema ``raw_ga4``.

Grain and key: one row per event; GA4 gives events no id, so one is made of visitor, time, name and
the export's own ordering, which stay the same when a day is exported again. Files: parquet or JSON
lines, any number per day, with ``events_YYYYMMDD`` or ``events_intraday_YYYYMMDD`` in their path
(https://support.google.com/analytics/answer/7029846).
Partition: the day. Daily tables are restated for three days and more, and the daily table takes the
place of the intraday one: whatever changed about a day's files, the day is read again as a whole.
Consent: `privacy_info.analytics_storage`. Rows of visitors who refused have no `user_pseudo_id` and
become counts.
Known limits: items of an order are not read; a day whose files vanish stays as it was.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO, Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from dlt.sources import DltResource

from ingestion.sources.files.folder import DropFile
from ingestion.sources.resources import CONTRACT
from ingestion.sources.web import event_files, event_shapes
from ingestion.sources.web.event_files import Partition
from ingestion.sources.web.event_guard import EventGuard
from ingestion.sources.web.event_lines import Piece, at, json_table, pieces, text_at

SOURCE = "raw_ga4"
SHAPES = event_shapes.of(SOURCE)
_DAY = re.compile(r"events_(intraday_)?(\d{8})(?!\d)")
_ROWS = 25_000
_SCHEMA = pa.schema([(n, pa.string()) for n in ("event_date", "event_name", "user_id")])
_SIGNALS = {"analytics_storage": "analytics_storage", "ads_storage": "ad_storage"}
_ORDERING = ("event_bundle_sequence_id", "batch_ordering_id", "batch_event_index")


@dlt.source(  # type: ignore[untyped-decorator]
    name=SOURCE, section="ga4", max_table_nesting=0, schema_contract=CONTRACT
)
def ga4(
    base_url: str = dlt.config.value, full_read: bool = False, as_of: str | None = None
) -> list[DltResource]:
    """Return the resources of an export; settings under ``[sources.ga4]``."""
    kind = event_files.Format(SOURCE, "**/*.*", days, read)
    return event_files.resources(kind, base_url, full_read, as_of)


def days(files: Iterable[DropFile]) -> Iterable[Partition]:
    """Return one partition per day: the daily files, or the intraday ones while there are none."""
    daily: dict[str, list[DropFile]] = {}
    intraday: dict[str, list[DropFile]] = {}
    for file in files:
        if found := _DAY.search(file.path):
            (intraday if found[1] else daily).setdefault(found[2], []).append(file)
    chosen = intraday | daily
    return [Partition(day, tuple(chosen[day])) for day in sorted(chosen)]


def read(stream: IO[bytes], file: DropFile, events: EventGuard) -> Iterator[Piece]:
    """Yield the events of a file as the guard expects them."""
    is_parquet = stream.read(4) == b"PAR1"
    stream.seek(0)
    if is_parquet:
        for batch in pq.ParquetFile(stream).iter_batches(_ROWS):
            yield partial(_one, batch)
        return

    def parse(block: bytes) -> pa.Table:
        return _rows(json_table(block, _SCHEMA))

    yield from pieces(stream, parse, events.turn_away)


def _one(batch: pa.RecordBatch) -> Iterator[pa.Table]:
    yield _rows(pa.Table.from_batches([batch]))


def _rows(told: pa.Table) -> pa.Table:
    params = _Params(told)
    micros = at(told, "event_timestamp").cast(pa.int64())
    visitor = text_at(told, "user_pseudo_id")
    revenue = text_at(told, "ecommerce.purchase_revenue", "event_value_in_usd")
    collected = "collected_traffic_source.manual"
    texts = {
        "event_id": _event_id(told, visitor),
        "anonymous_id": visitor,
        "user_id": text_at(told, "user_id"),
        "email": pa.nulls(told.num_rows, pa.string()),
        "event_name": text_at(told, "event_name"),
        "url": params.text("page_location"),
        "title": params.text("page_title"),
        "referrer_url": params.text("page_referrer"),
        "campaign_name": pc.coalesce(
            text_at(told, f"{collected}_campaign_name"), params.text("campaign")
        ),
        "campaign_source": pc.coalesce(text_at(told, f"{collected}_source"), params.text("source")),
        "campaign_medium": pc.coalesce(text_at(told, f"{collected}_medium"), params.text("medium")),
        "campaign_content": text_at(told, f"{collected}_content"),
        "campaign_term": text_at(told, f"{collected}_term"),
        "device": text_at(told, "device.category"),
        "browser": text_at(told, "device.web_info.browser", "device.browser"),
        "os": text_at(told, "device.operating_system"),
        "country": text_at(told, "geo.country"),
        "language": text_at(told, "device.language"),
        "order_id": text_at(told, "ecommerce.transaction_id"),
        "revenue": revenue,
        "currency": params.text("currency"),
        "consent": _consent(told),
        "extra": pa.nulls(told.num_rows, pa.string()),
    }
    moment = micros.cast(pa.timestamp("us"))
    return pa.table(texts | {"occurred_at": moment, "received_at": moment})


def _event_id(told: pa.Table, visitor: pa.Array) -> Any:
    """Return an id that a restatement of the day gives again.

    The visitor is in it only as a digest: ids may stand where identifiers may not.
    """
    parts = [_digest(visitor), at(told, "event_timestamp").cast(pa.string())]
    parts += [pc.replace_substring_regex(text_at(told, "event_name"), r"[^A-Za-z0-9_]", "_")]
    parts += [pc.fill_null(text_at(told, name), "0") for name in _ORDERING]
    return pc.binary_join_element_wise(*parts, ".")


def _digest(values: pa.Array) -> pa.Array:
    from hashlib import blake2b

    encoded = values.dictionary_encode()
    short = [blake2b(v.encode(), digest_size=8).hexdigest() for v in encoded.dictionary.to_pylist()]
    return pc.fill_null(pa.array(short, pa.string()).take(encoded.indices), "none")


def _consent(told: pa.Table) -> Any:
    """Return the signals the export tells; a row without a visitor was not permitted."""
    words = []
    for member, signal in _SIGNALS.items():
        told_word = text_at(told, f"privacy_info.{member}")
        states = pc.if_else(
            pc.equal(told_word, "Yes"),
            f"{signal}=granted",
            pc.if_else(pc.equal(told_word, "No"), f"{signal}=denied", ""),
        )
        words.append(pc.fill_null(states, ""))
    said = pc.binary_join_element_wise(*words, ";")
    return pc.if_else(pc.is_valid(text_at(told, "user_pseudo_id")), said, "")


class _Params:
    """The event parameters of a batch: a list of key and value per event, read key by key."""

    def __init__(self, told: pa.Table) -> None:
        self._count = told.num_rows
        params = at(told, "event_params")
        if pa.types.is_null(params.type) or not pa.types.is_list(params.type):
            self._keys = None
            return
        flat = pc.list_flatten(params)
        self._rows = pc.list_parent_indices(params)
        self._keys = pc.struct_field(flat, "key")
        self._values = pc.struct_field(flat, "value")

    def text(self, key: str) -> Any:
        """Return one parameter's text, null where an event has none; the first of several."""
        if self._keys is None or "string_value" not in [f.name for f in self._values.type]:
            return pa.nulls(self._count, pa.string())
        chosen = pc.equal(self._keys, key)
        rows = self._rows.filter(chosen)
        values = pc.struct_field(self._values, "string_value").filter(chosen)
        position = pc.index_in(pa.array(range(self._count), rows.type), value_set=rows)
        return values.take(position)
