"""Tables that event files of any vendor become, whatever their format.

``events``: one row per event (`event_id`), only appended to; which rows count is told by
``event_files``: one row per partition (a file, or a day of GA4) with the batch that holds it. A
partition that is read again gets a new batch, so that a restatement is one row changing, and a
batch loaded twice or half counts once or not at all. ``unconsented_daily``: what stays of events
without permission, per partition.
"""

from ingestion.guard.shapes import Derived, Field, Shape, Values

# Texts every vendor's reader hands over, under these names; timestamps as naive UTC.
TEXTS = (
    "event_id", "anonymous_id", "user_id", "email", "event_name", "url", "title", "referrer_url",
    "campaign_name", "campaign_source", "campaign_medium", "campaign_content", "campaign_term",
    "device", "browser", "os", "country", "language", "order_id", "revenue", "currency", "consent",
    "extra",
)  # fmt: skip
INSTANTS = ("occurred_at", "received_at")
REQUIRED = ("event_name", "occurred_at", "event_id")

_EVENT_COLUMNS = {
    "subject_key": "id",
    "user_key": "id",
    "email_key": "id",
    "event_name": "text",
    "page_path": "text",
    "page_title": "text",
    "referrer_host": "text",
    "campaign_name": "text",
    "campaign_source": "text",
    "campaign_medium": "text",
    "campaign_content": "text",
    "campaign_term": "text",
    "click_id_type": "text",
    "device_type": "text",
    "browser_name": "text",
    "os_name": "text",
    "country_code": "text",
    "language_code": "text",
    "order_id": "text",
    "order_key": "id",
    "revenue_amount": "decimal",
    "currency": "text",
    "is_bot": "bool",
    "analytics_consent": "text",
    "ad_storage": "text",
    "ad_user_data": "text",
    "ad_personalization": "text",
    "has_gpc": "bool",
    "occurred_at": "timestamp",
    "received_at": "timestamp",
    "extra": "json",
    "batch_id": "id",
}


def _computed(column: str, kind: str) -> Derived:
    """A column that the vectorised path fills; a shape needs only its name and kind."""

    def nothing(_: Values) -> None:
        return None

    return Derived(column, kind, nothing)


def events(source: str) -> Shape:
    """Return the shape of events."""
    return Shape(
        source=source,
        resource="events",
        key=("event_id",),
        fields=(Field("event_id", "event_id", "id", required=True),),
        derived=tuple(_computed(name, kind) for name, kind in _EVENT_COLUMNS.items()),
    )


def event_files(source: str) -> Shape:
    """Return the shape of partitions."""
    return Shape(
        source=source,
        resource="event_files",
        key=("partition",),
        fields=(
            Field("partition", "partition", required=True, scrubbed=False),
            Field("batch_id", "batch_id", "id", required=True),
            Field("event_count", "event_count", "bigint"),
            Field("read_at", "read_at", "timestamp"),
        ),
    )


def unconsented_daily(source: str) -> Shape:
    """Return the shape of anonymous counts."""
    return Shape(
        source=source,
        resource="unconsented_daily",
        key=("partition", "activity_date", "page_group", "country_code", "source_class"),
        merge_key="partition",
        deletable=True,
        fields=(
            Field("partition", "partition", required=True, scrubbed=False),
            Field("activity_date", "activity_date", "date", required=True),
            Field("page_group", "page_group", required=True),
            Field("country_code", "country_code", required=True),
            Field("source_class", "source_class", required=True),
            Field("visit_count", "visit_count", "bigint"),
            Field("action_count", "action_count", "bigint"),
        ),
    )


def of(source: str) -> tuple[Shape, ...]:
    """Return all shapes of a source of event files."""
    return (events(source), event_files(source), unconsented_daily(source))
