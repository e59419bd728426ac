"""Snowplow enriched events (TSV) -> Postgres schema ``raw_snowplow``.

Grain and key: one row per event (`event_id`). Files: the enriched event format, 131 columns without
heading (https://docs.snowplow.io/docs/fundamentals/canonical-event/understanding-the-enriched-tsv-format/),
plain or gzip. Duplicates are by design (at least once): staging keeps one row per `event_id`.
Times: `derived_tstamp` allows for the device's clock; where it is missing, the collector's.
Consent: an entity or event whose data carry ``"analytics": true`` (``marketing``,
``personalization`` likewise); without it an event is only counted.
Known limits: of contexts and self-describing events only consent is read; IP, user agent and
network user id are never read. A line of the wrong width is quarantined.
"""

from collections.abc import Iterator
from functools import reduce
from typing import IO, Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.sources import DltResource

from ingestion.sources.files.folder import DropFile
from ingestion.sources.resources import CONTRACT
from ingestion.sources.web import event_files, event_shapes
from ingestion.sources.web.event_guard import EventGuard
from ingestion.sources.web.event_lines import Piece, pieces, tsv_table
from ingestion.sources.web.snowplow_columns import COLUMNS

SOURCE = "raw_snowplow"
SHAPES = event_shapes.of(SOURCE)
_TAKEN = {
    "event_id": "event_id",
    "domain_userid": "anonymous_id",
    "user_id": "user_id",
    "page_url": "url",
    "page_title": "title",
    "page_referrer": "referrer_url",
    "mkt_campaign": "campaign_name",
    "mkt_source": "campaign_source",
    "mkt_medium": "campaign_medium",
    "mkt_content": "campaign_content",
    "mkt_term": "campaign_term",
    "dvce_type": "device",
    "br_family": "browser",
    "os_family": "os",
    "geo_country": "country",
    "br_lang": "language",
    "tr_orderid": "order_id",
    "tr_total": "revenue",
    "tr_currency": "currency",
}
_ENTITIES = ("contexts", "unstruct_event")
_READ = (
    *_TAKEN, *_ENTITIES, "event", "event_name", "se_action", "derived_tstamp", "collector_tstamp",
)  # fmt: skip
_CONSENTS = {"analytics": "analytics_storage", "marketing": "ad_storage"}
_CONSENTS |= {"personalization": "ad_personalization"}


@dlt.source(  # type: ignore[untyped-decorator]
    name=SOURCE, section="snowplow", max_table_nesting=0, schema_contract=CONTRACT
)
def snowplow(
    base_url: str = dlt.config.value, full_read: bool = False, as_of: str | None = None
) -> list[DltResource]:
    """Return the resources of a folder of event files; settings under ``[sources.snowplow]``."""
    kind = event_files.Format(SOURCE, "**/*.tsv*", event_files.one_each, read)
    return event_files.resources(kind, base_url, full_read, as_of)


def read(stream: IO[bytes], file: DropFile, events: EventGuard) -> Iterator[Piece]:
    """Yield the events of a file as the guard expects them."""

    def parse(block: bytes) -> pa.Table:
        return _rows(tsv_table(block, COLUMNS, _READ))

    return pieces(stream, parse, events.turn_away)


def _rows(told: pa.Table) -> pa.Table:
    count = told.num_rows
    absent = pa.nulls(count, pa.string())
    name = pc.coalesce(told["se_action"], told["event_name"], told["event"])
    texts: dict[str, Any] = {ours: told[theirs] for theirs, ours in _TAKEN.items()}
    texts |= {"event_name": name, "consent": _consent(told), "email": absent, "extra": absent}
    derived = _instants(told["derived_tstamp"])
    received = _instants(told["collector_tstamp"])
    return pa.table(
        texts | {"occurred_at": pc.coalesce(derived, received), "received_at": received}
    )


def _instants(column: Any) -> Any:
    """Return times as naive UTC: that is what the format holds."""
    return column.cast(pa.timestamp("us"))


def _consent(told: pa.Table) -> Any:
    """Return Google's words for what the entities say; silence stays silence."""
    said = [told[name].combine_chunks().dictionary_encode() for name in _ENTITIES]
    parts = []
    for category, signal in _CONSENTS.items():
        granted = _says(said, rf'"{category}"\s*:\s*true')
        denied = _says(said, rf'"{category}"\s*:\s*false')
        word = pc.if_else(granted, f"{signal}=granted", "")
        parts.append(pc.if_else(denied, f"{signal}=denied", word))
    return pc.binary_join_element_wise(*parts, ";")


def _says(said: list[pa.DictionaryArray], pattern: str) -> Any:
    """Tell which events have an entity that matches; equal entities are looked at once."""
    found = [
        pc.fill_null(pc.match_substring_regex(each.dictionary, pattern).take(each.indices), False)
        for each in said
    ]
    return reduce(pc.or_, found)
