"""HubSpot's engagements, tickets, leads and campaigns as the guard expects them.

Property names are HubSpot's (https://developers.hubspot.com/docs/api-reference, CRM engagements,
tickets, leads, marketing campaigns). Durations come in milliseconds.
"""

from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment, Values

SOURCE = "raw_hubspot"
_INPUT = Treatment.INPUT
# The only properties asked of engagements: all others hold or name what people said.
ENGAGEMENT_PROPERTIES = (
    "hs_timestamp",
    "hs_createdate",
    "hs_lastmodifieddate",
    "hubspot_owner_id",
    "hs_call_direction",
    "hs_call_status",
    "hs_call_duration",
    "hs_email_direction",
    "hs_email_status",
    "hs_meeting_start_time",
    "hs_meeting_end_time",
    "hs_meeting_outcome",
)
# Properties of other objects that are never asked for: what people wrote, and their names.
TEXTS = {
    "tickets": frozenset({"subject", "content", "hs_all_conversation_mentions"}),
    "leads": frozenset({"hs_lead_name", "hs_lead_name_calculated"}),
}
_ENVELOPE = frozenset(
    {"url", "propertiesWithHistory", "objectWriteTraceId", "createdAt", "updatedAt", "_kind",
     "hs_object_id", "associations"}
)  # fmt: skip
_TYPES = {"calls": "call", "meetings": "meeting", "emails": "email", "notes": "note"}
# HubSpot writes from the account's side: EMAIL went out, INCOMING_EMAIL came in.
_DIRECTIONS = {
    "INBOUND": "inbound",
    "OUTBOUND": "outbound",
    "EMAIL": "outbound",
    "FORWARDED_EMAIL": "outbound",
    "INCOMING_EMAIL": "inbound",
}


def _seconds(values: Values) -> int | None:
    if values["duration"] is not None:
        return int(values["duration"]) // 1000
    if values["started_at"] and values["ended_at"]:
        return int((values["ended_at"] - values["started_at"]).total_seconds())
    return None


def _times(created: str = "hs_createdate") -> tuple[Field, ...]:
    return (
        Field("is_archived", "archived", "bool"),
        Field("created_at", f"properties.{created}", "timestamp"),
        Field("updated_at", "properties.hs_lastmodifieddate", "timestamp"),
        Field("archived_at", "archivedAt", "timestamp"),
    )


ENGAGEMENTS = Shape(
    source=SOURCE,
    resource="engagements",
    key=("hubspot_engagement_id",),
    dedup="updated_at",
    fields=(
        Field("hubspot_engagement_id", "id", "id", required=True),
        Field("object_type", "_kind", required=True, scrubbed=False),
        Field("owner_id", "properties.hubspot_owner_id", "id"),
        Field("call_direction", "properties.hs_call_direction", treatment=_INPUT),
        Field("email_direction", "properties.hs_email_direction", treatment=_INPUT),
        Field("call_status", "properties.hs_call_status", treatment=_INPUT),
        Field("email_status", "properties.hs_email_status", treatment=_INPUT),
        Field("meeting_outcome", "properties.hs_meeting_outcome", treatment=_INPUT),
        Field("duration", "properties.hs_call_duration", "bigint", _INPUT),
        Field("started_at", "properties.hs_meeting_start_time", "timestamp", _INPUT),
        Field("ended_at", "properties.hs_meeting_end_time", "timestamp", _INPUT),
        Field("occurred_at", "properties.hs_timestamp", "timestamp"),
        *_times(),
    ),
    derived=(
        Derived("engagement_type", "text", lambda v: _TYPES[v["object_type"]]),
        Derived(
            "direction",
            "text",
            lambda v: _DIRECTIONS.get(v["call_direction"] or v["email_direction"]),
        ),
        Derived(
            "outcome",
            "text",
            lambda v: v["call_status"] or v["email_status"] or v["meeting_outcome"],
        ),
        Derived("duration_seconds", "bigint", _seconds),
    ),
)

TICKETS = Shape(
    source=SOURCE,
    resource="tickets",
    key=("hubspot_ticket_id",),
    dedup="updated_at",
    misfit_paths=("", "properties"),
    known=_ENVELOPE | {"hs_timestamp", "hs_createdate"},
    fields=(
        Field("hubspot_ticket_id", "id", "id", required=True),
        Field("pipeline", "properties.hs_pipeline"),
        Field("ticket_stage", "properties.hs_pipeline_stage"),
        Field("priority", "properties.hs_ticket_priority"),
        Field("category", "properties.hs_ticket_category"),
        Field("channel", "properties.source_type"),
        Field("owner_id", "properties.hubspot_owner_id", "id"),
        Field("closed_at", "properties.closed_date", "timestamp"),
        *_times("createdate"),
    ),
)

LEADS = Shape(
    source=SOURCE,
    resource="leads",
    key=("hubspot_lead_id",),
    dedup="updated_at",
    misfit_paths=("", "properties"),
    known=_ENVELOPE | {"hs_timestamp"},
    fields=(
        Field("hubspot_lead_id", "id", "id", required=True),
        Field("lead_type", "properties.hs_lead_type"),
        Field("lead_label", "properties.hs_lead_label"),
        Field("pipeline", "properties.hs_pipeline"),
        Field("lead_stage", "properties.hs_pipeline_stage"),
        Field("owner_id", "properties.hubspot_owner_id", "id"),
        *_times(),
    ),
)

CAMPAIGNS = Shape(
    source=SOURCE,
    resource="campaigns",
    key=("hubspot_campaign_id",),
    dedup="updated_at",
    fields=(
        Field("hubspot_campaign_id", "id", "id", required=True),
        Field("campaign_name", "properties.hs_name"),
        Field("utm_campaign", "properties.hs_utm"),
        Field("campaign_status", "properties.hs_campaign_status"),
        Field("currency", "properties.hs_currency_code"),
        Field("budget_amount", "properties.hs_budget_items_sum_amount", "decimal"),
        Field("start_at", "properties.hs_start_date", "timestamp"),
        Field("end_at", "properties.hs_end_date", "timestamp"),
        Field("created_at", "createdAt", "timestamp"),
        Field("updated_at", "updatedAt", "timestamp"),
    ),
    derived=(
        Derived("is_archived", "bool", lambda _: False),
        Derived("archived_at", "timestamp", lambda _: None),
    ),
)
CAMPAIGN_PROPERTIES = (
    "hs_name",
    "hs_utm",
    "hs_campaign_status",
    "hs_currency_code",
    "hs_budget_items_sum_amount",
    "hs_start_date",
    "hs_end_date",
)

CAMPAIGN_MEMBERS = Shape(
    source=SOURCE,
    resource="campaign_members",
    key=("hubspot_campaign_id", "hubspot_contact_id", "touch"),
    fields=(
        Field("hubspot_campaign_id", "hubspot_campaign_id", "id", required=True),
        Field("hubspot_contact_id", "hubspot_contact_id", "id", required=True),
        Field("touch", "touch", required=True, scrubbed=False),
        Field("is_deleted", "is_deleted", "bool"),
    ),
    identifiers=(
        Identifier("subject_key", "hubspot_contact_id", ("hubspot_contact_id",), required=True),
    ),
    derived=(Derived("observed_at", "timestamp", lambda v: v["as_of"]),),
)

SHAPES = (ENGAGEMENTS, TICKETS, LEADS, CAMPAIGNS, CAMPAIGN_MEMBERS)
