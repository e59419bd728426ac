"""The Salesforce org of the field sales team: some of the CRM's people, companies and deals.

Its records are made from the company's CRM when they are first asked for and whenever new ones
have come since; from then on they are the org's own, whoever changes them. Ids are 18 characters:
the object's key prefix, then a number, as Salesforce writes them.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

import orjson

from ingestion.sandbox.company.clock import iso

_SCHEMA = """
create table if not exists salesforce (
    object text not null, id text not null, modstamp integer not null,
    is_deleted integer not null default 0, is_purged integer not null default 0,
    doc text not null, primary key (object, id));
"""
PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "Opportunity": "006",
    "OpportunityHistory": "008",
    "OpportunityContactRole": "00K",
    "Lead": "00Q",
    "Task": "00T",
    "Event": "00U",
    "CampaignMember": "00v",
    "Campaign": "701",
    "Individual": "0PK",
    "ContactPointTypeConsent": "0ZX",
}
# One CRM contact in so many is with the field sales team.
SHARE = 4
Fields = dict[str, Any]


def number_of(name: str, number: int) -> str:
    """Return an 18-character id."""
    return f"{PREFIXES[name]}{number:012d}AAA"


def grow(connection: sqlite3.Connection, now: int) -> None:
    """Add what the company has and the org does not; nothing that is there changes."""
    connection.executescript(_SCHEMA)
    rows = [
        (name, number, at, orjson.dumps(doc).decode())
        for name, number, at, doc in _records(connection)
        if at <= now
    ]
    connection.executemany(
        "insert or ignore into salesforce (object, id, modstamp, doc) values (?, ?, ?, ?)", rows
    )


def _records(connection: sqlite3.Connection) -> Iterator[tuple[str, str, int, Fields]]:
    found = connection.execute(
        "select id, created / 1000, doc from hubspot_objects where type = 'contacts'"
        " and (id / 50) % ? = 0 order by id",
        (SHARE,),
    ).fetchall()
    companies: set[str | None] = set()
    contacts: list[int] = []
    campaign = number_of("Campaign", 1)
    for number, at, text in found:
        told = orjson.loads(text)
        if told["lifecyclestage"] in ("subscriber", "lead"):
            yield from _lead(number, at, told, campaign)
        else:
            contacts.append(number)
            companies.add(told["associatedcompanyid"])
            yield from _contact(number, at, told, campaign)
    yield _made(
        "Campaign",
        1,
        1_700_000_000,
        Name="Trade fair",
        Type="Conference",
        Status="Completed",
        IsActive=True,
        BudgetedCost=5000.0,
        ActualCost=4200.5,
        StartDate="2026-03-01",
        EndDate="2026-03-04",
    )
    yield from _accounts(connection, companies)
    yield from _deals(connection, contacts)


def _person(told: Fields, number: int) -> Fields:
    return {
        "FirstName": told["firstname"],
        "LastName": told["lastname"] or "Unknown",
        "Email": told["email"],
        "Phone": told["phone"],
        "MobilePhone": told["mobilephone"],
        "Title": told["jobtitle"],
        "LeadSource": "Web",
        "OwnerId": f"005{number % 5:012d}AAA",
        "HasOptedOutOfEmail": number % 7 == 0,
        "DoNotCall": number % 5 == 0,
    }


def _lead(number: int, at: int, told: Fields, campaign: str) -> Iterator[Any]:
    yield _made(
        "Lead",
        number,
        at,
        **_person(told, number),
        Company="[not provided]",
        Status="Open - Not Contacted",
        Country=told["country"],
        IsConverted=False,
    )
    yield _made(
        "CampaignMember",
        number,
        at,
        CampaignId=campaign,
        LeadId=number_of("Lead", number),
        Status="Sent",
        HasResponded=False,
    )


def _contact(number: int, at: int, told: Fields, campaign: str) -> Iterator[Any]:
    company = told["associatedcompanyid"]
    individual = number_of("Individual", number)
    yield _made("Individual", number, at, HasOptedOutSolicit=number % 7 == 0, ShouldForget=False)
    yield _made(
        "ContactPointTypeConsent",
        number,
        at,
        PartyId=individual,
        ContactPointType="Email",
        PrivacyConsentStatus="OptOut" if number % 7 == 0 else "OptIn",
        CaptureDate=iso(at),
    )
    yield _made(
        "Contact",
        number,
        at,
        **_person(told, number),
        AccountId=number_of("Account", int(company)) if company else None,
        MailingStreet=told["address"],
        MailingPostalCode=told["zip"],
        MailingCountry=told["country"],
        IndividualId=individual,
        Favourite_Colour__c="green" if number % 3 == 0 else None,
    )
    yield _made(
        "CampaignMember",
        number,
        at,
        CampaignId=campaign,
        ContactId=number_of("Contact", number),
        Status="Responded",
        HasResponded=True,
        FirstRespondedDate=iso(at)[:10],
    )
    yield _made(
        "Task",
        number,
        at,
        WhoId=number_of("Contact", number),
        TaskSubtype="Call",
        Status="Completed",
        CallDurationInSeconds=number % 600,
        ActivityDate=iso(at)[:10],
        CompletedDateTime=iso(at),
        Subject=f"Call {told['firstname']} on {told['phone']}",
        Description="Wants to be called at home",
    )
    yield _made(
        "Event",
        number,
        at,
        WhoId=number_of("Contact", number),
        ActivityDateTime=iso(at + 3_600),
        Subject=f"Visit {told['lastname']}",
    )


def _accounts(connection: sqlite3.Connection, wanted: set[str | None]) -> Iterator[Any]:
    rows = connection.execute(
        "select id, created / 1000, doc from hubspot_objects where type = 'companies' order by id"
    ).fetchall()
    for number, at, text in rows:
        told = orjson.loads(text)
        if str(number) in wanted:
            yield _made(
                "Account",
                number,
                at,
                Name=told["name"],
                Website=f"https://{told['domain']}",
                Industry=told["industry"],
                NumberOfEmployees=int(told["numberofemployees"]),
                BillingCountry=told["country"],
            )


def _deals(connection: sqlite3.Connection, contacts: list[int]) -> Iterator[Any]:
    rows = connection.execute(
        "select id, created / 1000, doc from hubspot_objects where type = 'deals' order by id"
    ).fetchall()
    for number, at, text in rows:
        if number % 2:
            continue
        told = orjson.loads(text)
        opportunity = number_of("Opportunity", number)
        stage = "Closed Won" if told["hs_is_closed_won"] == "true" else "Prospecting"
        yield _made(
            "Opportunity",
            number,
            at,
            Name=told["dealname"],
            StageName=stage,
            Amount=float(told["amount"]),
            CurrencyIsoCode=told["deal_currency_code"],
            IsClosed=stage == "Closed Won",
            IsWon=stage == "Closed Won",
            CloseDate=told["closedate"][:10],
        )
        yield _made(
            "OpportunityHistory",
            number * 100,
            at,
            OpportunityId=opportunity,
            StageName="Prospecting",
            Amount=float(told["amount"]),
        )
        if contacts:
            yield _made(
                "OpportunityContactRole",
                number,
                at,
                OpportunityId=opportunity,
                ContactId=number_of("Contact", contacts[number % len(contacts)]),
                Role="Decision Maker",
                IsPrimary=True,
            )


def _made(name: str, number: int, at: int, **fields: Any) -> tuple[str, str, int, Fields]:
    own = {"Id": number_of(name, number), "CreatedDate": iso(at)}
    return name, own["Id"], at, own | fields
