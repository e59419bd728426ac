"""HubSpot's objects as the guard expects them.

Property names are HubSpot's (https://developers.hubspot.com/docs/api-reference, CRM properties);
every other property an account has is a misfit and goes to ``extra``.
"""

from ingestion.guard import derive
from ingestion.guard.normalise import phone_country
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment
from ingestion.sources.crm import hubspot_activity_shapes as activities

SOURCE = "raw_hubspot"
_VAULT = Treatment.VAULT
_INPUT = Treatment.INPUT


def _stage_date(stage: str, column: str) -> Field:
    return Field(column, f"properties.hs_lifecyclestage_{stage}_date", "timestamp")


# Properties that HubSpot derives from personal ones, or that repeat what a column has.
_REPEATED = frozenset({"hs_object_id", "hs_full_name_or_email", "hs_email_domain", "associations"})
_ENVELOPE = frozenset(
    {"url", "propertiesWithHistory", "objectWriteTraceId", "createdAt", "updatedAt", "_kind"}
)

CONTACTS = Shape(
    source=SOURCE,
    resource="contacts",
    key=("hubspot_contact_id",),
    dedup="updated_at",
    subject="subject_key",
    misfit_paths=("", "properties"),
    known=_REPEATED | _ENVELOPE | {"hs_merged_object_ids", "hs_calculated_merged_vids"},
    fields=(
        Field("hubspot_contact_id", "id", "id", required=True),
        Field("company_hubspot_id", "properties.associatedcompanyid", "id"),
        Field("email", "properties.email", treatment=_VAULT),
        Field("first_name", "properties.firstname", treatment=_VAULT),
        Field("last_name", "properties.lastname", treatment=_VAULT),
        Field("phone", "properties.phone", treatment=_VAULT),
        Field("mobile_phone", "properties.mobilephone", treatment=_VAULT),
        Field("street", "properties.address", treatment=_VAULT),
        Field("city", "properties.city", treatment=_VAULT),
        Field("postal_code", "properties.zip", treatment=_VAULT),
        Field("date_of_birth", "properties.date_of_birth", "date", treatment=_VAULT),
        Field("message", "properties.message", treatment=_VAULT),
        Field("country", "properties.country", treatment=_INPUT),
        Field("region", "properties.state"),
        Field("language", "properties.hs_language", treatment=_INPUT),
        Field("job_title", "properties.jobtitle"),
        Field("lifecycle_stage", "properties.lifecyclestage"),
        Field("lead_status", "properties.hs_lead_status"),
        Field("lead_source", "properties.hs_analytics_source"),
        Field("legal_basis", "properties.hs_legal_basis"),
        Field("is_archived", "archived", "bool"),
        Field("first_seen_at", "properties.hs_analytics_first_timestamp", "timestamp"),
        _stage_date("lead", "lead_at"),
        _stage_date("marketingqualifiedlead", "mql_at"),
        _stage_date("salesqualifiedlead", "sql_at"),
        _stage_date("opportunity", "opportunity_at"),
        _stage_date("customer", "customer_at"),
        Field("created_at", "properties.createdate", "timestamp"),
        Field("updated_at", "properties.lastmodifieddate", "timestamp"),
        Field("archived_at", "archivedAt", "timestamp"),
    ),
    identifiers=(
        Identifier("subject_key", "hubspot_contact_id", ("hubspot_contact_id",), required=True),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone", "mobile_phone"), country="country"),
    ),
    derived=(
        Derived(
            "email_domain_class",
            "text",
            lambda v: derive.email_domain_class(v["email_key.normalised"]),
        ),
        Derived("email_domain", "text", lambda v: derive.email_domain(v["email_key.normalised"])),
        Derived(
            "phone_country",
            "text",
            lambda v: phone_country(v["phone_key.normalised"]) if v["phone_key"] else None,
        ),
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        Derived("language_code", "text", lambda v: derive.language_code(v["language"])),
        Derived("age_band", "text", lambda v: derive.age_band(v["date_of_birth"], v["as_of"])),
    ),
)

COMPANIES = Shape(
    source=SOURCE,
    resource="companies",
    key=("hubspot_company_id",),
    dedup="updated_at",
    misfit_paths=("", "properties"),
    known=_REPEATED | _ENVELOPE,
    fields=(
        Field("hubspot_company_id", "id", "id", required=True),
        Field("company_name", "properties.name"),
        Field("domain", "properties.domain"),
        Field("industry", "properties.industry"),
        Field("country", "properties.country", treatment=_INPUT),
        Field("employee_count", "properties.numberofemployees", "bigint"),
        Field("is_archived", "archived", "bool"),
        Field("created_at", "properties.createdate", "timestamp"),
        Field("updated_at", "properties.hs_lastmodifieddate", "timestamp"),
        Field("archived_at", "archivedAt", "timestamp"),
    ),
    derived=(Derived("country_code", "text", lambda v: derive.country_code(v["country"])),),
)

DEALS = Shape(
    source=SOURCE,
    resource="deals",
    key=("hubspot_deal_id",),
    dedup="updated_at",
    misfit_paths=("", "properties"),
    known=_REPEATED | _ENVELOPE,
    fields=(
        Field("hubspot_deal_id", "id", "id", required=True),
        Field("deal_name", "properties.dealname"),
        Field("pipeline", "properties.pipeline"),
        Field("deal_stage", "properties.dealstage"),
        Field("currency", "properties.deal_currency_code"),
        Field("amount", "properties.amount", "decimal"),
        Field("is_closed", "properties.hs_is_closed", "bool"),
        Field("is_won", "properties.hs_is_closed_won", "bool"),
        Field("is_archived", "archived", "bool"),
        Field("close_at", "properties.closedate", "timestamp"),
        Field("created_at", "properties.createdate", "timestamp"),
        Field("updated_at", "properties.hs_lastmodifieddate", "timestamp"),
        Field("archived_at", "archivedAt", "timestamp"),
    ),
)

DEAL_STAGE_HISTORY = Shape(
    source=SOURCE,
    resource="deal_stage_history",
    key=("hubspot_deal_id", "deal_stage", "entered_at"),
    dedup="entered_at",
    fields=(
        Field("hubspot_deal_id", "deal_id", "id", required=True),
        Field("deal_stage", "value", required=True),
        Field("entered_at", "timestamp", "timestamp", required=True),
    ),
)

ASSOCIATIONS = Shape(
    source=SOURCE,
    resource="associations",
    key=("from_type", "from_id", "to_type", "to_id", "label"),
    fields=(
        Field("from_type", "from_type", required=True, scrubbed=False),
        Field("from_id", "from_id", "id", required=True),
        Field("to_type", "to_type", required=True, scrubbed=False),
        Field("to_id", "to_id", "id", required=True),
        Field("label", "label", required=True),
        Field("is_deleted", "is_deleted", "bool"),
    ),
)

CONTACT_MERGES = Shape(
    source=SOURCE,
    resource="contact_merges",
    key=("surviving_contact_id", "merged_contact_id"),
    subject="surviving_key",
    fields=(
        Field("surviving_contact_id", "survivor", "id", required=True),
        Field("merged_contact_id", "merged", "id", required=True),
        Field("merged_at", "at", "timestamp"),
    ),
    identifiers=(
        Identifier("surviving_key", "hubspot_contact_id", ("surviving_contact_id",)),
        Identifier("merged_key", "hubspot_contact_id", ("merged_contact_id",)),
    ),
)

SUBSCRIPTION_DEFINITIONS = Shape(
    source=SOURCE,
    resource="subscription_definitions",
    key=("subscription_id",),
    fields=(
        Field("subscription_id", "id", "id", required=True),
        Field("subscription_name", "name"),
        Field("purpose", "purpose"),
        Field("communication_method", "communicationMethod"),
        Field("is_active", "isActive", "bool"),
    ),
)

SUBSCRIPTION_STATUSES = Shape(
    source=SOURCE,
    resource="subscription_statuses",
    key=("contact_key", "subscription_id", "subject_key"),
    dedup="observed_at",
    fields=(
        Field("hubspot_contact_id", "contact_id", "id", required=True),
        Field("email", "email", treatment=_INPUT, required=True),
        Field("subscription_id", "subscriptionId", "id", required=True),
        Field("subscription_name", "subscriptionName"),
        Field("status", "status", required=True),
        Field("legal_basis", "legalBasis"),
        Field("status_at", "timestamp", "timestamp"),
    ),
    identifiers=(
        Identifier("contact_key", "hubspot_contact_id", ("hubspot_contact_id",), required=True),
        Identifier("subject_key", "email", ("email",), required=True),
    ),
    derived=(Derived("observed_at", "timestamp", lambda v: v["as_of"]),),
)

SHAPES = (
    CONTACTS,
    COMPANIES,
    DEALS,
    DEAL_STAGE_HISTORY,
    ASSOCIATIONS,
    CONTACT_MERGES,
    SUBSCRIPTION_DEFINITIONS,
    SUBSCRIPTION_STATUSES,
    *activities.SHAPES,
)
