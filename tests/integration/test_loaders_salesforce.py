"""Salesforce: load, change the org, load again, compare every record with the server's own."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from ingestion.guard import derive, normalise
from ingestion.guard.values import to_decimal, to_timestamp
from ingestion.pipelines import LoadError, load
from ingestion.sources.crm import salesforce_shapes as shapes
from tests.conftest import Warehouse
from tests.integration.sandbox_company import Company, by, keyer, rows, served

NAME = "raw_salesforce"
ROOT = "/services/data/v62.0/sobjects"


@pytest.fixture(scope="module")
def company(fresh_database: Warehouse) -> Iterator[Company]:
    with served(people=800) as company:
        load(NAME)
        yield company


def org(company: Company, method: str, path: str, body: Any = None) -> Any:
    key, _, secret = company.info.tokens["salesforce"].partition(":")
    base = company.info.urls["salesforce"]
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    token = requests.post(f"{base}/services/oauth2/token", data=form, timeout=30).json()
    answer = requests.request(
        method,
        base + path,
        json=body,
        headers={"Authorization": f"Bearer {token['access_token']}"},
        timeout=30,
    )
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def live(company: Company, name: str) -> dict[str, dict[str, Any]]:
    found = company.records("salesforce", name)
    return {r["id"]: r["doc"] for r in found if not r["archived"]}


def alive(table: str, where: str = "not is_deleted") -> list[dict[str, Any]]:
    return rows(f"{NAME}.{table}", where)


def assert_same(company: Company) -> None:
    """Compare every record of every object."""
    keys = keyer()
    for name, table, key in (
        ("Contact", "contacts", "salesforce_contact_id"),
        ("Lead", "leads", "salesforce_lead_id"),
    ):
        truth, loaded = live(company, name), by(key, alive(table))
        assert loaded.keys() == truth.keys()
        for number, told in truth.items():
            row = loaded[number]
            country = derive.country_code(told.get("MailingCountry") or told.get("Country"))
            phones = [normalise.phone(told[f], country) for f in ("Phone", "MobilePhone")
                      if told.get(f)]  # fmt: skip
            address = normalise.email(told["Email"]) if told.get("Email") else None
            assert row["subject_key"] == keys.key(key, number)
            assert row["email_key"] == keys.key("email", address)
            assert row["phone_key"] == keys.key("phone", next(filter(None, phones), None))
            assert row["has_opted_out_of_email"] == told.get("HasOptedOutOfEmail")
            assert row["individual_id"] == told.get("IndividualId")
            if name == "Lead":
                assert bool(row["is_converted"]) == bool(told.get("IsConverted"))
                assert row["converted_contact_id"] == told.get("ConvertedContactId")
    for name, table, pairs in _PLAIN:
        key = next(s for _, s, _ in shapes.OBJECTS if s.resource == table).key[0]
        where = "not is_deleted"
        if table == "activities":
            where += f" and object_type = '{name}'"
        assert {
            (number, *(convert(told.get(field)) for field, _, convert in pairs))
            for number, told in live(company, name).items()
        } == {(r[key], *(r[column] for _, column, _ in pairs)) for r in alive(table, where)}


def same(value: Any) -> Any:
    return value


_PLAIN: tuple[tuple[str, str, tuple[tuple[str, str, Any], ...]], ...] = (
    ("Account", "accounts", (("NumberOfEmployees", "employee_count", same),)),
    (
        "Opportunity",
        "opportunities",
        (
            ("StageName", "stage", same),
            ("Amount", "amount", to_decimal),
            ("AccountId", "salesforce_account_id", same),
        ),
    ),
    (
        "OpportunityHistory",
        "opportunity_stages",
        (("StageName", "stage", same), ("CreatedDate", "entered_at", to_timestamp)),
    ),
    ("OpportunityContactRole", "opportunity_contacts", (("Role", "role", same),)),
    ("Campaign", "campaigns", (("ActualCost", "cost_amount", to_decimal),)),
    (
        "CampaignMember",
        "campaign_members",
        (("Status", "member_status", same), ("LeadId", "salesforce_lead_id", same)),
    ),
    ("Task", "activities", (("CallDurationInSeconds", "call_seconds", same),)),
    ("Event", "activities", (("ActivityDateTime", "occurred_at", to_timestamp),)),
    ("Individual", "individuals", (("HasOptedOutSolicit", "has_opted_out_of_solicitation", same),)),
    ("ContactPointTypeConsent", "consents", (("PrivacyConsentStatus", "status", same),)),
)


def everything() -> dict[str, set[str]]:
    return {
        shape.resource: {
            repr(sorted((k, v) for k, v in row.items() if k != "_dlt_load_id"))
            for row in rows(f"{NAME}.{shape.resource}")
        }
        for shape in shapes.SHAPES
    }


def test_a_first_load_is_identical_over_pages_shorter_than_asked_for(company: Company) -> None:
    assert_same(company)
    assert company.control("GET", "/requests")["salesforce.more"] > 1
    assert any("Colour" in (r["extra"] or "") for r in alive("contacts")), "custom fields are kept"
    told = repr(rows(f"{NAME}.activities"))
    assert "Wants to be called" not in told
    assert "Visit " not in told


def test_loading_twice_and_in_full_changes_nothing(company: Company) -> None:
    before = everything()
    load(NAME)
    load(NAME, full_refresh=True)
    assert everything() == before


def test_updates_merges_conversions_and_deletions_arrive_as_facts(company: Company) -> None:
    moved, master, merged, gone = sorted(live(company, "Contact"))[:4]
    lead, dropped = sorted(live(company, "Lead"))[:2]
    deal = sorted(live(company, "Opportunity"))[0]
    consent = sorted(live(company, "ContactPointTypeConsent"))[0]
    org(company, "PATCH", f"{ROOT}/Contact/{moved}", {"Email": "moved@corp.example"})
    org(company, "POST", f"{ROOT}/Contact/merge", {"master": master, "merged": merged})
    org(company, "DELETE", f"{ROOT}/Contact/{gone}")
    org(company, "DELETE", f"{ROOT}/Lead/{dropped}")
    made = org(company, "POST", f"{ROOT}/Lead/{lead}/convert")
    org(company, "PATCH", f"{ROOT}/Opportunity/{deal}", {"StageName": "Negotiation"})
    withdrawn = {"PrivacyConsentStatus": "OptOut"}
    org(company, "PATCH", f"{ROOT}/ContactPointTypeConsent/{consent}", withdrawn)
    load(NAME)
    assert_same(company)
    (merge,) = [m for m in rows(f"{NAME}.record_merges") if m["merged_id"] == merged]
    keys = keyer()
    assert merge["surviving_id"] == master
    assert merge["merged_key"] == keys.key("salesforce_contact_id", merged)
    assert merge["surviving_key"] == keys.key("salesforce_contact_id", master)
    assert {merged, gone} <= {r["salesforce_contact_id"] for r in alive("contacts", "is_deleted")}
    (converted,) = alive("leads", f"salesforce_lead_id = '{lead}'")
    assert converted["contact_key"] == keys.key("salesforce_contact_id", made["ConvertedContactId"])
    stages = {r["stage"] for r in alive("opportunity_stages")
              if r["salesforce_opportunity_id"] == deal}  # fmt: skip
    assert stages == {"Prospecting", "Negotiation"}


def test_what_left_the_bin_unseen_is_noticed_by_its_absence(company: Company) -> None:
    number = sorted(live(company, "Contact"))[5]
    org(company, "POST", f"/purge/{number}")
    load(NAME)
    assert_same(company)
    (row,) = alive("contacts", f"salesforce_contact_id = '{number}'")
    assert row["is_deleted"]
    assert row["deleted_at"]


def test_an_activity_older_than_a_year_is_archived_and_not_deleted(company: Company) -> None:
    number = sorted(live(company, "Task"))[0]
    company.control("POST", "/settings", {"salesforce.archived": number})
    root = ROOT.replace("sobjects", "query")
    shown = org(company, "GET", f"{root}?q=SELECT Id FROM Task")["totalSize"]
    assert shown < len(live(company, "Task")), "the plain query hides it"
    load(NAME)
    assert_same(company)


def test_a_record_that_commits_late_arrives_with_the_next_load(company: Company) -> None:
    company.fault("salesforce.query_all", "late_commit", times=-1)
    number = sorted(live(company, "Contact"))[6]
    org(company, "PATCH", f"{ROOT}/Contact/{number}", {"Title": "Director"})
    later = sorted(live(company, "Contact"))[7]
    org(company, "PATCH", f"{ROOT}/Contact/{later}", {"Title": "Director"})
    load(NAME)
    company.control("DELETE", "/faults")
    load(NAME)
    assert_same(company)
    assert {r["job_title"] for r in alive("contacts")
            if r["salesforce_contact_id"] in (number, later)} == {"Director"}  # fmt: skip


def test_a_formula_field_changes_unseen_until_everything_is_read_again(company: Company) -> None:
    load(NAME)
    number = sorted(live(company, "Account"))[0]
    company.fault("salesforce.change", "formula")
    org(company, "PATCH", f"{ROOT}/Account/{number}", {"NumberOfEmployees": 4321})

    def told() -> int:
        (row,) = alive("accounts", f"salesforce_account_id = '{number}'")
        return int(row["employee_count"])

    load(NAME)
    assert told() != 4321
    load(NAME, full_refresh=True)
    assert told() == 4321
    assert_same(company)


def test_a_session_that_ends_in_between_is_renewed_once_and_then_said(company: Company) -> None:
    company.fault("salesforce.query_all", "expired", times=1, after=2)
    load(NAME)
    company.fault("salesforce.*", "expired", times=-1)
    with pytest.raises(LoadError, match="credentials were refused"):
        load(NAME)
    company.control("DELETE", "/faults")


def test_pages_that_repeat_stop_the_load(company: Company) -> None:
    company.fault("salesforce.*", "repeat_cursor", times=-1)
    with pytest.raises(LoadError, match="pages repeat"):
        load(NAME, full_refresh=True)
    company.control("DELETE", "/faults")


def test_objects_an_org_does_not_have_are_left_out_and_others_are_missed(company: Company) -> None:
    company.fault("salesforce.objects", "missing_scope", settings={"object": "Individual"})
    load(NAME)
    company.fault("salesforce.objects", "missing_scope", settings={"object": "Contact"})
    with pytest.raises(LoadError, match=r"no_access_to_Contact.*missing scope or permission"):
        load(NAME)


def test_more_fields_than_fit_into_one_query_are_all_read(company: Company) -> None:
    names = [f"Very_Long_Custom_Field_Name_{n:04d}__c" for n in range(400)]
    company.control("POST", "/settings", {"salesforce.Contact": ",".join(names)})
    number = sorted(live(company, "Contact"))[0]
    org(company, "PATCH", f"{ROOT}/Contact/{number}", {names[0]: "first", names[-1]: "last"})
    load(NAME)
    company.control("POST", "/settings", {"salesforce.Contact": ""})
    (row,) = alive("contacts", f"salesforce_contact_id = '{number}'")
    assert '"first"' in row["extra"]
    assert '"last"' in row["extra"]
