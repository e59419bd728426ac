"""The SOQL the loader sends, as far as it goes: one object, AND-ed conditions, one order.

Unknown fields and objects are refused as Salesforce does; nulls are shown for fields without value.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestion.sandbox.servers.salesforce.org import PREFIXES

_QUERY = re.compile(
    r"SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<name>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?(?:\s+ORDER BY\s+(?P<order>[\w, ]+))?$",
    re.DOTALL,
)
_SINCE = re.compile(r"SystemModstamp >= (\S+)$")
_IDS = re.compile(r"Id IN \((.*)\)$")

SYSTEM = ("Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp")
_PERSON = """FirstName LastName Name Email Phone MobilePhone Title LeadSource OwnerId IndividualId
HasOptedOutOfEmail DoNotCall MasterRecordId"""
FIELDS = {
    "Contact": f"{_PERSON} AccountId MailingStreet MailingPostalCode MailingCountry"
    " Favourite_Colour__c",
    "Lead": f"{_PERSON} Company Status Country IsConverted ConvertedDate ConvertedAccountId"
    " ConvertedContactId ConvertedOpportunityId",
    "Account": "Name Website Industry NumberOfEmployees BillingCountry OwnerId MasterRecordId",
    "Opportunity": """Name AccountId CampaignId StageName ForecastCategory CurrencyIsoCode Amount
    IsClosed IsWon OwnerId CloseDate""",
    "OpportunityHistory": "OpportunityId StageName Amount",
    "OpportunityContactRole": "OpportunityId ContactId Role IsPrimary",
    "Campaign": "Name Type Status IsActive BudgetedCost ActualCost StartDate EndDate",
    "CampaignMember": "CampaignId ContactId LeadId Status HasResponded FirstRespondedDate",
    "Task": """WhoId WhatId TaskSubtype Status CallDurationInSeconds OwnerId ActivityDate
    CompletedDateTime Subject Description""",
    "Event": "WhoId WhatId OwnerId ActivityDateTime ActivityDate Subject Description",
    "Individual": """HasOptedOutSolicit HasOptedOutProcessing HasOptedOutProfiling
    HasOptedOutTracking ShouldForget MasterRecordId""",
    "ContactPointTypeConsent": """PartyId ContactPointType PrivacyConsentStatus DataUsePurposeId
    CaptureDate EffectiveFrom EffectiveTo""",
}


class MalformedError(ValueError):
    """A query that is refused; carries Salesforce's code and words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Query:
    """A parsed query. ``fields`` is empty for ``COUNT()``."""

    name: str
    fields: tuple[str, ...]
    condition: str
    values: tuple[Any, ...]
    order: str


def names(name: str, more: str = "") -> tuple[str, ...]:
    """Return the fields of an object; ``more`` adds custom ones."""
    return (*SYSTEM, *FIELDS[name].split(), *more.split())


def parsed(text: str, more: str = "") -> Query:
    """Parse a query.

    Raises:
        MalformedError: as Salesforce refuses it.
    """
    found = _QUERY.match(text.strip())
    if found is None:
        raise MalformedError("MALFORMED_QUERY", "unexpected token")
    name = found["name"]
    if name not in PREFIXES:
        raise MalformedError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    fields: tuple[str, ...] = ()
    if found["fields"].strip() != "COUNT()":
        fields = tuple(part.strip() for part in found["fields"].split(","))
    for each in fields:
        if each not in names(name, more):
            raise MalformedError("INVALID_FIELD", f"No such column '{each}' on entity '{name}'.")
    condition = ""
    values: list[Any] = []
    for part in (found["where"] or "").split(" AND "):
        if since := _SINCE.match(part):
            condition += " and modstamp >= ?"
            values.append(int(datetime.fromisoformat(since[1]).timestamp()))
        elif ids := _IDS.match(part):
            wanted = [each.strip("'") for each in ids[1].split(",")]
            condition += f" and id in ({','.join('?' * len(wanted))})"
            values += wanted
        elif part == "IsDeleted = false":
            condition += " and is_deleted = 0"
        elif part:
            raise MalformedError("MALFORMED_QUERY", "a condition nobody here understands")
    order = "modstamp, id" if "SystemModstamp" in (found["order"] or "") else "id"
    return Query(name, fields, condition, tuple(values), order)
