"""Compares what was loaded from HubSpot with the server's own state, record by record."""

from typing import Any

from ingestion.guard import derive, normalise
from ingestion.guard.values import to_decimal, to_timestamp
from tests.integration import loaded_hubspot_activities
from tests.integration.sandbox_company import Company, by, keyer, rows

_STAGES = {"lead": "lead_at", "marketingqualifiedlead": "mql_at", "salesqualifiedlead": "sql_at",
           "opportunity": "opportunity_at", "customer": "customer_at"}  # fmt: skip


def assert_same(company: Company) -> None:
    """Compare every object, link, merge and consent."""
    _contacts(company)
    _companies_and_deals(company)
    _links(company)
    _merges(company)
    _consents(company)
    loaded_hubspot_activities.assert_same(company)


def _live(table: str, key: str) -> dict[str, dict[str, Any]]:
    return by(key, rows(table, "not coalesce(is_archived, false)"))


def _contacts(company: Company) -> None:
    truth = company.documents("hubspot", "contacts")
    loaded = _live("raw_hubspot.contacts", "hubspot_contact_id")
    assert loaded.keys() == truth.keys()
    keys = keyer()
    for number, told in truth.items():
        row = loaded[number]
        address = normalise.email(told["email"]) if told["email"] else None
        phone = None
        for given in (told["phone"], told["mobilephone"]):
            country = derive.country_code(told["country"])
            phone = phone or (normalise.phone(given, country) if given else None)
        expected = {
            "subject_key": keys.key("hubspot_contact_id", number),
            "email_key": keys.key("email", address),
            "phone_key": keys.key("phone", phone),
            "company_hubspot_id": told["associatedcompanyid"],
            "lifecycle_stage": told["lifecyclestage"],
            "lead_status": told["hs_lead_status"],
            "lead_source": told["hs_analytics_source"],
            "created_at": to_timestamp(told["createdate"]),
            "updated_at": to_timestamp(told["lastmodifieddate"]),
        } | {column: to_timestamp(told[f"hs_lifecyclestage_{stage}_date"])
             for stage, column in _STAGES.items()}  # fmt: skip
        assert {name: row[name] for name in expected} == expected
    archived = {str(r["id"]) for r in company.records("hubspot", "contacts") if r["archived"]}
    assert archived <= {r["hubspot_contact_id"]
                        for r in rows("raw_hubspot.contacts", "is_archived")}  # fmt: skip


def _companies_and_deals(company: Company) -> None:
    truth = company.documents("hubspot", "companies")
    loaded = _live("raw_hubspot.companies", "hubspot_company_id")
    assert {n: (t["name"], t["domain"]) for n, t in truth.items()} == {
        n: (r["company_name"], r["domain"]) for n, r in loaded.items()
    }
    truth = company.documents("hubspot", "deals")
    loaded = _live("raw_hubspot.deals", "hubspot_deal_id")
    assert {
        n: (t["dealstage"], to_decimal(t["amount"]), to_timestamp(t["hs_lastmodifieddate"]))
        for n, t in truth.items()
    } == {n: (r["deal_stage"], r["amount"], r["updated_at"]) for n, r in loaded.items()}
    history = {
        (str(h["id"]), h["value"], to_timestamp(h["at"]))
        for h in company.records("hubspot", "history")
        if h["property"] == "dealstage" and str(h["id"]) in truth
    }
    seen = {(r["hubspot_deal_id"], r["deal_stage"], r["entered_at"])
            for r in rows("raw_hubspot.deal_stage_history")}  # fmt: skip
    assert history == {s for s in seen if s[0] in truth}


def _links(company: Company) -> None:
    many = ("calls", "meetings", "emails", "notes", "tickets", "leads")
    wanted = {("contacts", "companies"), ("deals", "contacts"), ("deals", "companies")}
    wanted |= {(kind, "contacts") for kind in many}
    live = {kind: company.documents("hubspot", kind).keys()
            for kind in ("contacts", "deals", "companies", *many)}  # fmt: skip
    truth = {
        (a["from_type"], str(a["from_id"]), a["to_type"], str(a["to_id"]),
         a["label"] or f"type {a['type_id']}")
        for a in company.records("hubspot", "associations")
        if (a["from_type"], a["to_type"]) in wanted and str(a["from_id"]) in live[a["from_type"]]
    }  # fmt: skip
    loaded = {
        (r["from_type"], r["from_id"], r["to_type"], r["to_id"], r["label"])
        for r in rows("raw_hubspot.associations", "not is_deleted")
    }
    assert loaded == truth


def _merges(company: Company) -> None:
    told = company.documents("hubspot", "contacts")
    truth = {
        (number, merged)
        for number, contact in told.items()
        for merged in (contact["hs_merged_object_ids"] or "").split(";")
        if merged
    }
    merges = rows("raw_hubspot.contact_merges")
    loaded = {(m["surviving_contact_id"], m["merged_contact_id"]) for m in merges}
    assert truth <= loaded
    keys = keyer()
    for merge in merges:
        assert merge["merged_key"] == keys.key("hubspot_contact_id", merge["merged_contact_id"])
        assert merge["merged_at"]


def _consents(company: Company) -> None:
    truth = {
        (normalise.email(s["email"]), str(s["subscription_id"])): s["status"]
        for s in company.records("hubspot", "subscriptions")
    }
    keys = keyer()
    known_by: dict[str, set[str | None]] = {
        number: {normalise.email(contact["email"])} if contact["email"] else set()
        for number, contact in company.documents("hubspot", "contacts").items()
    }
    for told in company.records("hubspot", "history"):
        if told["property"] == "email" and str(told["id"]) in known_by:
            known_by[str(told["id"])].add(normalise.email(told["value"]))
    said: dict[str | None, list[tuple[str, str]]] = {}
    for (address, subscription), status in truth.items():
        if status != "NOT_SPECIFIED":
            said.setdefault(address, []).append((subscription, status))
    expected = {
        (number, keys.key("email", address), *each)
        for number, addresses in known_by.items()
        for address in addresses - {None}
        for each in said.get(address, ())
    }
    loaded = {
        (r["hubspot_contact_id"], r["subject_key"], r["subscription_id"], r["status"])
        for r in rows("raw_hubspot.subscription_statuses")
    }
    assert expected <= loaded
