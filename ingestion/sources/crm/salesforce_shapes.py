"""Salesforce's objects as the guard expects them; names are those of the Object Reference.

Reference fields hold 18-character ids. Custom fields (``…__c``) are misfits and go to ``extra``.
Subjects and descriptions of activities, and the names people give opportunities, are texts about
people: the first are never asked for, the second are scrubbed.
"""

from ingestion.guard import derive
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment
from ingestion.sources.crm.salesforce_person_shapes import (
    ALWAYS,
    CONSENTS,
    CONTACTS,
    DELETED_AT,
    ENVELOPE,
    INDIVIDUALS,
    LEADS,
    RECORD_MERGES,
    SOURCE,
)

_INPUT = Treatment.INPUT

ACCOUNTS = Shape(
    source=SOURCE,
    resource="accounts",
    key=("salesforce_account_id",),
    dedup="updated_at",
    misfit_paths=("",),
    known=ENVELOPE - {"Name"},
    fields=(
        Field("salesforce_account_id", "Id", "id", required=True),
        Field("account_name", "Name"),
        Field("website", "Website"),
        Field("industry", "Industry"),
        Field("employee_count", "NumberOfEmployees", "bigint"),
        Field("country", "BillingCountry", treatment=_INPUT),
        Field("owner_id", "OwnerId", "id"),
        Field("master_record_id", "MasterRecordId", "id"),
        *ALWAYS,
    ),
    derived=(
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        DELETED_AT,
    ),
)

OPPORTUNITIES = Shape(
    source=SOURCE,
    resource="opportunities",
    key=("salesforce_opportunity_id",),
    dedup="updated_at",
    misfit_paths=("",),
    known=ENVELOPE - {"Name"},
    fields=(
        Field("salesforce_opportunity_id", "Id", "id", required=True),
        Field("salesforce_account_id", "AccountId", "id"),
        Field("salesforce_campaign_id", "CampaignId", "id"),
        Field("opportunity_name", "Name"),
        Field("stage", "StageName"),
        Field("forecast_category", "ForecastCategory"),
        Field("currency", "CurrencyIsoCode"),
        Field("amount", "Amount", "decimal"),
        Field("is_closed", "IsClosed", "bool"),
        Field("is_won", "IsWon", "bool"),
        Field("owner_id", "OwnerId", "id"),
        Field("close_at", "CloseDate", "timestamp"),
        *ALWAYS,
    ),
    derived=(DELETED_AT,),
)

OPPORTUNITY_STAGES = Shape(
    source=SOURCE,
    resource="opportunity_stages",
    key=("opportunity_stage_id",),
    dedup="updated_at",
    fields=(
        Field("opportunity_stage_id", "Id", "id", required=True),
        Field("salesforce_opportunity_id", "OpportunityId", "id", required=True),
        Field("stage", "StageName", required=True),
        Field("amount", "Amount", "decimal"),
        Field("entered_at", "CreatedDate", "timestamp", required=True),
        Field("is_deleted", "IsDeleted", "bool"),
        Field("updated_at", "SystemModstamp", "timestamp", required=True),
    ),
)

OPPORTUNITY_CONTACTS = Shape(
    source=SOURCE,
    resource="opportunity_contacts",
    key=("opportunity_contact_id",),
    dedup="updated_at",
    fields=(
        Field("opportunity_contact_id", "Id", "id", required=True),
        Field("salesforce_opportunity_id", "OpportunityId", "id", required=True),
        Field("salesforce_contact_id", "ContactId", "id", required=True),
        Field("role", "Role"),
        Field("is_primary", "IsPrimary", "bool"),
        *ALWAYS,
    ),
    identifiers=(Identifier("subject_key", "salesforce_contact_id", ("salesforce_contact_id",)),),
)

CAMPAIGNS = Shape(
    source=SOURCE,
    resource="campaigns",
    key=("salesforce_campaign_id",),
    dedup="updated_at",
    misfit_paths=("",),
    known=ENVELOPE - {"Name"},
    fields=(
        Field("salesforce_campaign_id", "Id", "id", required=True),
        Field("campaign_name", "Name"),
        Field("campaign_type", "Type"),
        Field("campaign_status", "Status"),
        Field("is_active", "IsActive", "bool"),
        Field("budget_amount", "BudgetedCost", "decimal"),
        Field("cost_amount", "ActualCost", "decimal"),
        Field("start_at", "StartDate", "timestamp"),
        Field("end_at", "EndDate", "timestamp"),
        *ALWAYS,
    ),
    derived=(DELETED_AT,),
)

CAMPAIGN_MEMBERS = Shape(
    source=SOURCE,
    resource="campaign_members",
    key=("campaign_member_id",),
    dedup="updated_at",
    fields=(
        Field("campaign_member_id", "Id", "id", required=True),
        Field("salesforce_campaign_id", "CampaignId", "id", required=True),
        Field("salesforce_contact_id", "ContactId", "id"),
        Field("salesforce_lead_id", "LeadId", "id"),
        Field("member_status", "Status"),
        Field("has_responded", "HasResponded", "bool"),
        Field("responded_at", "FirstRespondedDate", "timestamp"),
        *ALWAYS,
    ),
    identifiers=(
        Identifier("contact_key", "salesforce_contact_id", ("salesforce_contact_id",)),
        Identifier("lead_key", "salesforce_lead_id", ("salesforce_lead_id",)),
    ),
)

ACTIVITIES = Shape(
    source=SOURCE,
    resource="activities",
    key=("activity_id",),
    dedup="updated_at",
    fields=(
        Field("activity_id", "Id", "id", required=True),
        Field("object_type", "_kind", required=True, scrubbed=False),
        Field("who_id", "WhoId", "id"),
        Field("what_id", "WhatId", "id"),
        Field("activity_type", "TaskSubtype"),
        Field("activity_status", "Status"),
        Field("call_seconds", "CallDurationInSeconds", "bigint"),
        Field("owner_id", "OwnerId", "id"),
        Field("starts_at", "ActivityDateTime", "timestamp", _INPUT),
        Field("due_at", "ActivityDate", "timestamp", _INPUT),
        Field("completed_at", "CompletedDateTime", "timestamp"),
        *ALWAYS,
    ),
    derived=(
        Derived(
            "occurred_at",
            "timestamp",
            lambda v: v["starts_at"] or v["completed_at"] or v["due_at"] or v["created_at"],
        ),
    ),
)

# What is read, in this order: object, its table, and whether every org has it.
OBJECTS: tuple[tuple[str, Shape, bool], ...] = (
    ("Individual", INDIVIDUALS, False),
    ("ContactPointTypeConsent", CONSENTS, False),
    ("Account", ACCOUNTS, True),
    ("Contact", CONTACTS, True),
    ("Lead", LEADS, True),
    ("Campaign", CAMPAIGNS, True),
    ("CampaignMember", CAMPAIGN_MEMBERS, True),
    ("Opportunity", OPPORTUNITIES, True),
    ("OpportunityHistory", OPPORTUNITY_STAGES, True),
    ("OpportunityContactRole", OPPORTUNITY_CONTACTS, True),
    ("Task", ACTIVITIES, True),
    ("Event", ACTIVITIES, True),
)
MERGED = ("Account", "Contact", "Lead")
SHAPES = (*dict.fromkeys(shape for _, shape, _ in OBJECTS), RECORD_MERGES)
