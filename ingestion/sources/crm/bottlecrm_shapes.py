"""BottleCRM's objects as the guard expects them; names are those of its REST API (django-crm 1.35).

Descriptions are free text about people and stay in the vault or unread.
"""

from ingestion.guard import derive
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment

SOURCE = "raw_bottlecrm"
_VAULT, _INPUT = Treatment.VAULT, Treatment.INPUT
_DELETED = (
    Derived("is_deleted", "bool", lambda _: False),
    Derived("deleted_at", "timestamp", lambda _: None),
)
_PERSON = (
    Field("first_name", "first_name", treatment=_VAULT),
    Field("last_name", "last_name", treatment=_VAULT),
    Field("email", "email", treatment=_VAULT),
    Field("phone", "phone", treatment=_VAULT),
    Field("street", "address_line", treatment=_VAULT),
    Field("postal_code", "postcode", treatment=_VAULT),
    Field("country", "country", treatment=_INPUT),
    Field("origin", "source"),
    Field("is_active", "is_active", "bool"),
    Field("created_at", "created_at", "timestamp"),
    Field("updated_at", "updated_at", "timestamp"),
)
_DOMAIN = (
    Derived(
        "email_domain_class", "text", lambda v: derive.email_domain_class(v["email_key.normalised"])
    ),
    Derived("email_domain", "text", lambda v: derive.email_domain(v["email_key.normalised"])),
    Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
    *_DELETED,
)


def _identifiers(kind: str) -> tuple[Identifier, ...]:
    name = f"bottlecrm_{kind}_id"
    return (
        Identifier("subject_key", name, (name,), required=True),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone",), country="country"),
    )


CONTACTS = Shape(
    source=SOURCE,
    resource="contacts",
    key=("bottlecrm_contact_id",),
    subject="subject_key",
    misfit_paths=("custom_fields",),
    fields=(
        Field("bottlecrm_contact_id", "id", "id", required=True),
        Field("bottlecrm_account_id", "account", "id"),
        Field("job_title", "title"),
        Field("has_opted_out_of_calls", "do_not_call", "bool"),
        *_PERSON,
    ),
    identifiers=_identifiers("contact"),
    derived=_DOMAIN,
)

LEADS = Shape(
    source=SOURCE,
    resource="leads",
    key=("bottlecrm_lead_id",),
    subject="subject_key",
    misfit_paths=("custom_fields",),
    fields=(
        Field("bottlecrm_lead_id", "id", "id", required=True),
        Field("lead_status", "status"),
        Field("rating", "rating"),
        Field("company_name", "company_name"),
        Field("job_title", "job_title"),
        *_PERSON,
    ),
    identifiers=_identifiers("lead"),
    derived=_DOMAIN,
)

ACCOUNTS = Shape(
    source=SOURCE,
    resource="accounts",
    key=("bottlecrm_account_id",),
    misfit_paths=("custom_fields",),
    fields=(
        Field("bottlecrm_account_id", "id", "id", required=True),
        Field("account_name", "name"),
        Field("website", "website"),
        Field("industry", "industry"),
        Field("employee_count", "number_of_employees", "bigint"),
        Field("country", "country", treatment=_INPUT),
        Field("is_active", "is_active", "bool"),
        Field("created_at", "created_at", "timestamp"),
    ),
    derived=(
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        *_DELETED,
    ),
)

OPPORTUNITIES = Shape(
    source=SOURCE,
    resource="opportunities",
    key=("bottlecrm_opportunity_id",),
    misfit_paths=("custom_fields",),
    fields=(
        Field("bottlecrm_opportunity_id", "id", "id", required=True),
        Field("bottlecrm_account_id", "account.id", "id"),
        Field("opportunity_name", "name"),
        Field("stage", "stage"),
        Field("stage_kind", "stage_kind"),
        Field("currency", "currency"),
        Field("amount", "amount", "decimal"),
        Field("closed_at", "closed_on", "timestamp"),
        Field("created_at", "created_at", "timestamp"),
    ),
    derived=_DELETED,
)

CASES = Shape(
    source=SOURCE,
    resource="cases",
    key=("bottlecrm_case_id",),
    fields=(
        Field("bottlecrm_case_id", "id", "id", required=True),
        Field("case_status", "status"),
        Field("priority", "priority"),
        Field("case_type", "case_type"),
        Field("first_reply_at", "first_response_at", "timestamp"),
        Field("resolved_at", "resolved_at", "timestamp"),
        Field("created_at", "created_at", "timestamp"),
    ),
    derived=_DELETED,
)
SHAPES = (CONTACTS, LEADS, ACCOUNTS, OPPORTUNITIES, CASES)
