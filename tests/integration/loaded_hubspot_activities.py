"""Compares HubSpot's engagements, tickets, leads and campaigns with the server's own state."""

from ingestion.guard.values import to_decimal, to_timestamp
from ingestion.sandbox.company.render.campaigns import campaign_guid
from tests.integration.sandbox_company import Company, by, keyer, rows

KINDS = {"calls": "call", "meetings": "meeting", "emails": "email", "notes": "note"}


def assert_same(company: Company) -> None:
    """Compare every activity, every campaign, and whom each campaign touched."""
    _engagements(company)
    _tickets_and_leads(company)
    _campaigns(company)


def _engagements(company: Company) -> None:
    loaded = by("hubspot_engagement_id", rows("raw_hubspot.engagements", "not is_archived"))
    seen = 0
    for kind, name in KINDS.items():
        truth = company.documents("hubspot", kind)
        seen += len(truth)
        for number, told in truth.items():
            row = loaded[number]
            length = told.get("hs_call_duration")
            if kind == "meetings":
                start, end = (to_timestamp(told[f"hs_meeting_{w}_time"]) for w in ("start", "end"))
                assert start
                assert end
                length = (end - start).total_seconds() * 1000
            assert (row["engagement_type"], row["outcome"]) == (
                name,
                told.get("hs_call_status")
                or told.get("hs_email_status")
                or told.get("hs_meeting_outcome"),
            )
            assert row["occurred_at"] == to_timestamp(told["hs_timestamp"])
            assert row["updated_at"] == to_timestamp(told["hs_lastmodifieddate"])
            assert row["duration_seconds"] == (int(length) // 1000 if length is not None else None)
            if kind == "emails":
                came = told["hs_email_direction"] == "INCOMING_EMAIL"
                assert row["direction"] == ("inbound" if came else "outbound")
    assert seen == len(loaded)


def _tickets_and_leads(company: Company) -> None:
    truth = company.documents("hubspot", "tickets")
    loaded = by("hubspot_ticket_id", rows("raw_hubspot.tickets", "not is_archived"))
    assert {
        n: (t["hs_pipeline_stage"], t["hs_ticket_priority"], to_timestamp(t["closed_date"]))
        for n, t in truth.items()
    } == {n: (r["ticket_stage"], r["priority"], r["closed_at"]) for n, r in loaded.items()}
    truth = company.documents("hubspot", "leads")
    loaded = by("hubspot_lead_id", rows("raw_hubspot.leads", "not is_archived"))
    assert {
        n: (t["hs_pipeline_stage"], t["hs_lead_label"], to_timestamp(t["hs_lastmodifieddate"]))
        for n, t in truth.items()
    } == {n: (r["lead_stage"], r["lead_label"], r["updated_at"]) for n, r in loaded.items()}


def _campaigns(company: Company) -> None:
    truth = {campaign_guid(int(n)): t for n, t in company.documents("hubspot", "campaigns").items()}
    loaded = by("hubspot_campaign_id", rows("raw_hubspot.campaigns", "not is_archived"))
    assert {
        n: (t["hs_name"], to_decimal(t["hs_budget_items_sum_amount"])) for n, t in truth.items()
    } == {n: (r["campaign_name"], r["budget_amount"]) for n, r in loaded.items()}
    touches = {
        (campaign_guid(a["from_id"]), str(a["to_id"]), a["label"])
        for a in company.records("hubspot", "associations")
        if a["from_type"] == "campaigns"
    }
    keys = keyer()
    members = rows("raw_hubspot.campaign_members", "not is_deleted")
    found = {(m["hubspot_campaign_id"], m["hubspot_contact_id"], m["touch"]) for m in members}
    assert found == {touch for touch in touches if touch[0] in truth} | {
        touch for touch in found if touch[0] not in truth
    }
    for member in members:
        assert member["subject_key"] == keys.key("hubspot_contact_id", member["hubspot_contact_id"])
