"""Salesforce's people as the guard expects them: contacts, leads, what they allowed, their merges.

Names are those of the Object Reference. Custom fields (``…__c``) are misfits and go to ``extra``.
"""

from ingestion.guard import derive
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment

SOURCE = "raw_salesforce"
_VAULT, _INPUT = Treatment.VAULT, Treatment.INPUT
# Members of every record that say nothing of their own.
ENVELOPE = frozenset({"attributes", "LastModifiedDate", "CreatedById", "LastModifiedById", "Name"})
ALWAYS = (
    Field("is_deleted", "IsDeleted", "bool"),
    Field("created_at", "CreatedDate", "timestamp"),
    Field("updated_at", "SystemModstamp", "timestamp", required=True),
)
DELETED_AT = Derived(
    "deleted_at", "timestamp", lambda v: v["updated_at"] if v["is_deleted"] else None
)
_PERSON = (
    Field("first_name", "FirstName", treatment=_VAULT),
    Field("last_name", "LastName", treatment=_VAULT),
    Field("email", "Email", treatment=_VAULT),
    Field("phone", "Phone", treatment=_VAULT),
    Field("mobile_phone", "MobilePhone", treatment=_VAULT),
    Field("job_title", "Title"),
    Field("lead_source", "LeadSource"),
    Field("owner_id", "OwnerId", "id"),
    Field("individual_id", "IndividualId", "id"),
    Field("has_opted_out_of_email", "HasOptedOutOfEmail", "bool"),
    Field("has_opted_out_of_calls", "DoNotCall", "bool"),
    Field("master_record_id", "MasterRecordId", "id"),
)
_DOMAIN = (
    Derived(
        "email_domain_class", "text", lambda v: derive.email_domain_class(v["email_key.normalised"])
    ),
    Derived("email_domain", "text", lambda v: derive.email_domain(v["email_key.normalised"])),
    Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
    DELETED_AT,
)


def _identifiers(kind: str) -> tuple[Identifier, ...]:
    name = f"salesforce_{kind}_id"
    return (
        Identifier("subject_key", name, (name,), required=True),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone", "mobile_phone"), country="country"),
    )


CONTACTS = Shape(
    source=SOURCE,
    resource="contacts",
    key=("salesforce_contact_id",),
    dedup="updated_at",
    subject="subject_key",
    misfit_paths=("",),
    known=ENVELOPE,
    fields=(
        Field("salesforce_contact_id", "Id", "id", required=True),
        Field("salesforce_account_id", "AccountId", "id"),
        Field("street", "MailingStreet", treatment=_VAULT),
        Field("postal_code", "MailingPostalCode", treatment=_VAULT),
        Field("country", "MailingCountry", treatment=_INPUT),
        *_PERSON,
        *ALWAYS,
    ),
    identifiers=_identifiers("contact"),
    derived=_DOMAIN,
)

LEADS = Shape(
    source=SOURCE,
    resource="leads",
    key=("salesforce_lead_id",),
    dedup="updated_at",
    subject="subject_key",
    misfit_paths=("",),
    known=ENVELOPE,
    fields=(
        Field("salesforce_lead_id", "Id", "id", required=True),
        Field("company_name", "Company"),
        Field("lead_status", "Status"),
        Field("country", "Country", treatment=_INPUT),
        Field("is_converted", "IsConverted", "bool"),
        Field("converted_at", "ConvertedDate", "timestamp"),
        Field("converted_account_id", "ConvertedAccountId", "id"),
        Field("converted_contact_id", "ConvertedContactId", "id"),
        Field("converted_opportunity_id", "ConvertedOpportunityId", "id"),
        *_PERSON,
        *ALWAYS,
    ),
    identifiers=(
        *_identifiers("lead"),
        # A converted lead is the contact it became: one person, two records.
        Identifier("contact_key", "salesforce_contact_id", ("converted_contact_id",)),
    ),
    derived=_DOMAIN,
)

INDIVIDUALS = Shape(
    source=SOURCE,
    resource="individuals",
    key=("salesforce_individual_id",),
    dedup="updated_at",
    fields=(
        Field("salesforce_individual_id", "Id", "id", required=True),
        Field("has_opted_out_of_solicitation", "HasOptedOutSolicit", "bool"),
        Field("has_opted_out_of_processing", "HasOptedOutProcessing", "bool"),
        Field("has_opted_out_of_profiling", "HasOptedOutProfiling", "bool"),
        Field("has_opted_out_of_tracking", "HasOptedOutTracking", "bool"),
        Field("wants_to_be_forgotten", "ShouldForget", "bool"),
        Field("master_record_id", "MasterRecordId", "id"),
        *ALWAYS,
    ),
    identifiers=(
        Identifier("subject_key", "salesforce_individual_id", ("salesforce_individual_id",)),
    ),
)

CONSENTS = Shape(
    source=SOURCE,
    resource="consents",
    key=("consent_id",),
    dedup="updated_at",
    fields=(
        Field("consent_id", "Id", "id", required=True),
        Field("salesforce_individual_id", "PartyId", "id", required=True),
        Field("channel", "ContactPointType"),
        Field("status", "PrivacyConsentStatus", required=True),
        Field("purpose_id", "DataUsePurposeId", "id"),
        Field("captured_at", "CaptureDate", "timestamp"),
        Field("effective_from", "EffectiveFrom", "timestamp"),
        Field("effective_to", "EffectiveTo", "timestamp"),
        *ALWAYS,
    ),
    identifiers=(
        Identifier("subject_key", "salesforce_individual_id", ("salesforce_individual_id",)),
    ),
)

RECORD_MERGES = Shape(
    source=SOURCE,
    resource="record_merges",
    key=("merged_id",),
    subject="surviving_key",
    fields=(
        Field("object_type", "object_type", required=True, scrubbed=False),
        Field("merged_id", "merged_id", "id", required=True),
        Field("surviving_id", "surviving_id", "id", required=True),
        Field("merged_at", "merged_at", "timestamp"),
        Field("merged_contact_id", "merged_contact_id", "id", _INPUT),
        Field("surviving_contact_id", "surviving_contact_id", "id", _INPUT),
        Field("merged_lead_id", "merged_lead_id", "id", _INPUT),
        Field("surviving_lead_id", "surviving_lead_id", "id", _INPUT),
    ),
    identifiers=(
        Identifier("merged_contact_key", "salesforce_contact_id", ("merged_contact_id",)),
        Identifier("surviving_contact_key", "salesforce_contact_id", ("surviving_contact_id",)),
        Identifier("merged_lead_key", "salesforce_lead_id", ("merged_lead_id",)),
        Identifier("surviving_lead_key", "salesforce_lead_id", ("surviving_lead_id",)),
    ),
    derived=(
        Derived("merged_key", "id", lambda v: v["merged_contact_key"] or v["merged_lead_key"]),
        Derived(
            "surviving_key", "id", lambda v: v["surviving_contact_key"] or v["surviving_lead_key"]
        ),
    ),
)
