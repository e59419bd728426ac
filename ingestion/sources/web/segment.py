"""Segment-style event files -> Postgres schema ``raw_segment``.

Grain and key: one row per event (`messageId`). Files: JSON lines, plain or gzip, below a folder or
bucket, as Segment's object storage destination and its many look-alikes write them
(https://segment.com/docs/connections/spec/common/). Delivery is at least once, within a file and
across files: the same `messageId` may come again, staging keeps one.
Times: `timestamp` is corrected for the device's clock, `originalTimestamp` is not and is not used.
Consent: `context.consent.categoryPreferences`; without ``analytics`` an event is only counted.
Identity: `anonymousId`, `userId`, and the address in the traits of `identify`, which goes to the
vault. Known limits: `alias` and `group` calls are loaded as events and join nobody.
"""

from collections.abc import Iterator
from typing import IO, Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.sources import DltResource

from ingestion.guard.reasons import BadValueError, Reason
from ingestion.sources.files.folder import DropFile
from ingestion.sources.resources import CONTRACT
from ingestion.sources.web import event_files, event_shapes
from ingestion.sources.web.event_guard import EventGuard
from ingestion.sources.web.event_lines import (
    Piece,
    instant_at,
    json_table,
    misfits_at,
    pieces,
    text_at,
)

SOURCE = "raw_segment"
SHAPES = event_shapes.of(SOURCE)
_TEXT = pa.string()
_SCHEMA = pa.schema(
    [
        ("type", _TEXT),
        ("messageId", _TEXT),
        ("anonymousId", _TEXT),
        ("userId", _TEXT),
        ("event", _TEXT),
        ("name", _TEXT),
        ("timestamp", _TEXT),
        ("receivedAt", _TEXT),
    ]
)
# Properties that have a column; all others are misfits.
_KNOWN_PROPERTIES = frozenset(
    {"url", "path", "title", "referrer", "search", "name"}
    | {"order_id", "orderId", "revenue", "total", "currency"}
)
_CONSENTS = {"analytics": "analytics_storage", "advertising": "ad_storage"}
_CONSENTS |= {"personalization": "ad_personalization"}


@dlt.source(  # type: ignore[untyped-decorator]
    name=SOURCE, section="segment", max_table_nesting=0, schema_contract=CONTRACT
)
def segment(
    base_url: str = dlt.config.value, full_read: bool = False, as_of: str | None = None
) -> list[DltResource]:
    """Return the resources of a folder of event files; settings under ``[sources.segment]``."""
    kind = event_files.Format(SOURCE, "**/*.json*", event_files.one_each, read)
    return event_files.resources(kind, base_url, full_read, as_of)


def read(stream: IO[bytes], file: DropFile, events: EventGuard) -> Iterator[Piece]:
    """Yield the events of a file as the guard expects them."""

    def parse(block: bytes) -> pa.Table:
        return _rows(json_table(block, _SCHEMA), events)

    return pieces(stream, parse, events.turn_away)


def _rows(told: pa.Table, events: EventGuard) -> pa.Table:
    if {"user_id", "anonymous_id", "message_id"} & set(told.column_names):
        raise BadValueError(Reason.AMBIGUOUS_KEY)
    props, page = "properties", "context.page"
    kind = text_at(told, "type")
    viewed = pc.is_in(kind, pa.array(["page", "screen"]))
    named = pc.coalesce(text_at(told, "event"), kind)
    texts = {
        "event_id": text_at(told, "messageId"),
        "anonymous_id": text_at(told, "anonymousId"),
        "user_id": text_at(told, "userId"),
        "email": text_at(told, "traits.email", "context.traits.email"),
        "event_name": pc.if_else(viewed, "page_view", named),
        "url": text_at(told, f"{props}.url", f"{page}.url"),
        "title": text_at(told, f"{props}.title", f"{page}.title"),
        "referrer_url": text_at(told, f"{props}.referrer", f"{page}.referrer"),
        **{
            f"campaign_{name}": text_at(told, f"context.campaign.{name}")
            for name in ("name", "source", "medium", "content", "term")
        },
        "device": text_at(told, "context.device.type"),
        "browser": text_at(told, "context.userAgentData.brand", "context.userAgent"),
        "os": text_at(told, "context.os.name"),
        "country": text_at(told, "context.location.country"),
        "language": text_at(told, "context.locale"),
        "order_id": text_at(told, f"{props}.order_id", f"{props}.orderId"),
        "revenue": text_at(told, f"{props}.revenue", f"{props}.total"),
        "currency": text_at(told, f"{props}.currency"),
        "consent": _consent(told),
        "extra": events.kept(misfits_at(told, props, _KNOWN_PROPERTIES), told.num_rows),
    }
    instants = {
        "occurred_at": instant_at(told, "timestamp"),
        "received_at": instant_at(told, "receivedAt"),
    }
    return pa.table(texts | instants)


def _consent(told: pa.Table) -> pa.Array:
    """Return Google's words for Segment's categories; silence stays silence."""
    parts: list[Any] = []
    for category, signal in _CONSENTS.items():
        states = text_at(told, f"context.consent.categoryPreferences.{category}")
        word = pc.if_else(pc.equal(states, "true"), f"{signal}=granted", f"{signal}=denied")
        parts.append(pc.fill_null(word, ""))
    return pc.binary_join_element_wise(*parts, ";")
