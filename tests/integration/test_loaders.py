"""Load, change the servers, load again, compare with the servers' own state."""

from collections.abc import Iterator

import psycopg
import pytest

from ingestion.guard import normalise
from ingestion.guard.values import to_gid
from ingestion.pipelines import LoadError, load
from ingestion.sandbox.company.render.campaigns import campaign_guid
from ingestion.settings import role_url
from tests.conftest import Warehouse
from tests.integration import loaded_hubspot, loaded_matomo, loaded_shopify
from tests.integration.sandbox_company import Company, keyer, rows, served, snapshot


@pytest.fixture(scope="module")
def company(fresh_database: Warehouse) -> Iterator[Company]:
    with served() as company:
        company.load()
        yield company


def test_a_first_load_is_identical_with_the_servers(company: Company) -> None:
    loaded_hubspot.assert_same(company)
    loaded_shopify.assert_same(company)
    loaded_matomo.assert_same(company)


def test_what_was_loaded_has_statistics_at_once(company: Company) -> None:
    with psycopg.connect(role_url("loader")) as connection:
        known = connection.execute("select schemaname, tablename from pg_stats").fetchall()
    assert {("raw_hubspot", "contacts"), ("raw_matomo", "visits")} <= set(known)
    assert ("raw_matomo", "_dlt_loads") in known


def test_loading_twice_changes_nothing(company: Company) -> None:
    before = snapshot()
    company.load()
    assert snapshot() == before


def test_ten_days_later_everything_is_identical_again(company: Company) -> None:
    import os

    later = company.control("POST", "/advance?days=10")["as_of"]
    os.environ["SOURCES__AS_OF"] = later
    company.load()
    loaded_hubspot.assert_same(company)
    loaded_shopify.assert_same(company)
    loaded_matomo.assert_same(company)


def test_changes_in_the_crm_arrive_with_merges_and_deletions_as_facts(company: Company) -> None:
    ids = sorted(company.documents("hubspot", "contacts"), key=int)
    changed, archived, survivor, merged, erased, moved = ids[:6]
    company.hubspot(
        "PATCH",
        f"/crm/v3/objects/contacts/{changed}",
        {"properties": {"lifecyclestage": "customer"}},
    )
    company.hubspot(
        "PATCH",
        f"/crm/v3/objects/contacts/{moved}",
        {"properties": {"email": "moved@corp.example"}},
    )
    company.hubspot("DELETE", f"/crm/v3/objects/contacts/{archived}")
    company.hubspot(
        "POST",
        "/crm/v3/objects/contacts/merge",
        {"primaryObjectId": survivor, "objectIdToMerge": merged},
    )
    company.hubspot("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": erased})
    created = company.hubspot(
        "POST", "/crm/v3/objects/contacts", {"properties": {"email": "new.person@corp.example"}}
    )
    deal = sorted(company.documents("hubspot", "deals"))[0]
    company.hubspot(
        "PATCH", f"/crm/v3/objects/deals/{deal}", {"properties": {"dealstage": "closedlost"}}
    )
    company.hubspot(
        "PUT",
        f"/crm/v4/objects/contacts/{created['id']}/associations/default/"
        f"companies/{sorted(company.documents('hubspot', 'companies'))[0]}",
    )
    company.load("raw_hubspot")
    loaded_hubspot.assert_same(company)
    gone = {r["hubspot_contact_id"] for r in rows("raw_hubspot.contacts", "is_archived")}
    assert {archived, merged, erased} <= gone


def test_what_sales_and_service_did_arrives_without_what_was_said(company: Company) -> None:
    ids = {kind: sorted(company.documents("hubspot", kind)) for kind in ("meetings", "calls")}
    company.hubspot(
        "PATCH",
        f"/crm/v3/objects/meetings/{ids['meetings'][0]}",
        {"properties": {"hs_meeting_outcome": "CANCELED"}},
    )
    company.hubspot("DELETE", f"/crm/v3/objects/calls/{ids['calls'][0]}")
    made = company.hubspot(
        "POST",
        "/crm/v3/objects/notes",
        {
            "properties": {
                "hs_timestamp": "2026-09-30T08:00:00.000Z",
                "hs_note_body": "Reach Kim at kim.secret@corp.example",
            }
        },
    )
    contact = sorted(company.documents("hubspot", "contacts"))[0]
    company.hubspot(
        "PUT",
        f"/crm/v4/objects/notes/{made['id']}/associations/default/contacts/{contact}",
    )
    campaign = campaign_guid(1)
    company.hubspot("DELETE", f"/marketing/v3/campaigns/{campaign}")
    company.load("raw_hubspot")
    loaded_hubspot.assert_same(company)
    assert [r["is_archived"] for r in rows("raw_hubspot.campaigns") if
            r["hubspot_campaign_id"] == campaign] == [True]  # fmt: skip
    tables = ("engagements", "tickets", "leads", "campaigns")
    everything = repr([rows(f"raw_hubspot.{table}") for table in tables])
    for said in ("kim.secret", "Jane Doe", "wants an offer", "call me", "Demo for"):
        assert said not in everything


def test_tables_an_account_does_not_have_are_left_out_by_name(company: Company) -> None:
    company.fault("hubspot.campaigns", "missing_scope", times=-1)
    with pytest.raises(LoadError, match="missing scope or permission"):
        company.load("raw_hubspot")
    load("raw_hubspot", leave_out=["campaigns"])
    company.control("DELETE", "/faults")


def test_a_withdrawn_subscription_arrives_with_the_next_sweep(company: Company) -> None:
    import os

    contact = next(c for c in company.documents("hubspot", "contacts").values() if c["email"])
    path = f"/communication-preferences/v4/statuses/{contact['email']}"
    company.hubspot(
        "POST", path, {"subscriptionId": 301, "statusState": "UNSUBSCRIBED", "channel": "EMAIL"}
    )
    os.environ["SOURCES__HUBSPOT__SWEEP_HOURS"] = "0"
    try:
        company.load("raw_hubspot")
    finally:
        del os.environ["SOURCES__HUBSPOT__SWEEP_HOURS"]
    loaded_hubspot.assert_same(company)
    found = rows("raw_hubspot.subscription_statuses", "status = 'UNSUBSCRIBED'")
    assert (contact["id"], "301") in {
        (r["hubspot_contact_id"], r["subscription_id"]) for r in found
    }


def test_a_refusal_is_found_after_the_contact_got_another_address(company: Company) -> None:
    contact = next(c for c in company.documents("hubspot", "contacts").values() if c["email"])
    former = contact["email"]
    path = f"/communication-preferences/v4/statuses/{former}"
    refusal = {"subscriptionId": 301, "statusState": "UNSUBSCRIBED", "channel": "EMAIL"}
    company.hubspot("POST", path, refusal)
    changed = {"properties": {"email": "moved-since@example.org"}}
    company.hubspot("PATCH", f"/crm/v3/objects/contacts/{contact['id']}", changed)
    company.load("raw_hubspot")
    told = rows("raw_hubspot.subscription_statuses", "status = 'UNSUBSCRIBED'")
    key = keyer().key("email", normalise.email(former))
    assert (contact["id"], key, "301") in {
        (r["hubspot_contact_id"], r["subject_key"], r["subscription_id"]) for r in told
    }
    loaded_hubspot.assert_same(company)


def test_changes_in_the_shop_arrive_with_refunds_of_old_orders_and_deletions(
    company: Company,
) -> None:
    orders = company.documents("shopify", "orders")
    old = min(
        (
            o
            for o in orders.values()
            if not o["refunds"] and o["lineItems"] and o["displayFinancialStatus"] == "PAID"
        ),
        key=lambda o: o["createdAt"],
    )
    company.shopify(
        "mutation($input: RefundInput!) { refundCreate(input: $input)"
        " { refund { id } userErrors { field message } } }",
        input={
            "orderId": old["id"],
            "refundLineItems": [{"lineItemId": old["lineItems"][0]["id"], "quantity": 1}],
        },
    )
    customers = company.documents("shopify", "customers")
    buyers = {o["customer"]["id"] for o in orders.values() if o["customer"]}
    first, second = sorted(buyers)[:2]
    company.shopify(
        "mutation($a: ID!, $b: ID!) { customerMerge(customerOneId: $a, customerTwoId: $b)"
        " { resultingCustomerId userErrors { field message } } }",
        a=first,
        b=second,
    )
    third = next(
        c["id"]
        for c in customers.values()
        if c["id"] not in {first, second}
        and (c["defaultEmailAddress"] or {}).get("marketingState") == "SUBSCRIBED"
    )
    company.shopify(
        "mutation($input: CustomerEmailMarketingConsentUpdateInput!) {"
        " customerEmailMarketingConsentUpdate(input: $input)"
        " { customer { id } userErrors { field message } } }",
        input={"customerId": third, "emailMarketingConsent": {"marketingState": "UNSUBSCRIBED"}},
    )
    company.load("raw_shopify")
    loaded_shopify.assert_same(company)
    deleted = rows("raw_shopify.customers", "is_deleted")
    assert second.rpartition("/")[2] in {r["shopify_customer_id"] for r in deleted}
    survivor, merged = (to_gid(each) for each in (first, second))
    keys = keyer()
    assert [
        (r["surviving_customer_id"], r["merged_customer_id"], r["surviving_key"], r["merged_key"])
        for r in rows("raw_shopify.customer_merges")
    ] == [
        (
            survivor,
            merged,
            keys.key("shopify_customer_id", survivor),
            keys.key("shopify_customer_id", merged),
        )
    ]


def test_customers_who_were_deleted_or_erased_are_no_merges(company: Company) -> None:
    before = rows("raw_shopify.customer_merges")
    buyers = {
        o["customer"]["id"]
        for o in company.documents("shopify", "orders").values()
        if o["customer"]
    }
    customers = {c["id"] for c in company.documents("shopify", "customers").values()}
    without_orders, erased = min(customers - buyers), min(buyers)
    company.shopify(
        "mutation($input: CustomerDeleteInput!) { customerDelete(input: $input)"
        " { deletedCustomerId userErrors { field message } } }",
        input={"id": without_orders},
    )
    company.shopify(
        "mutation($id: ID!) { customerRequestDataErasure(customerId: $id)"
        " { customerId userErrors { field message } } }",
        id=erased,
    )
    company.load("raw_shopify")
    loaded_shopify.assert_same(company)
    deleted = {r["shopify_customer_id"] for r in rows("raw_shopify.customers", "is_deleted")}
    assert {to_gid(without_orders), to_gid(erased)} <= deleted
    assert rows("raw_shopify.customer_merges") == before


def test_visits_that_grow_come_late_or_vanish_are_restated(company: Company) -> None:
    told = company.records("matomo", "visits")
    newest = max(told, key=lambda v: v["lastActionTimestamp"])
    grown = newest | {
        "lastActionTimestamp": newest["lastActionTimestamp"] + 60,
        "serverTimestamp": newest["serverTimestamp"] + 60,
        "visitDuration": newest["visitDuration"] + 60,
    }
    last = newest["actionDetails"][-1]
    grown["actionDetails"] = [
        *newest["actionDetails"],
        last | {"timestamp": last["timestamp"] + 60},
    ]
    company.control("POST", "/matomo/visits", grown)
    others = [v for v in told if v["idVisit"] != newest["idVisit"]]
    granted = [v for v in others if "analytics_storage=granted" in v["dimension1"]]
    granted.sort(key=lambda v: v["lastActionTimestamp"], reverse=True)
    company.control("DELETE", f"/matomo/visits/{granted[0]['idVisit']}")
    withdrawn = granted[1] | {"dimension1": "analytics_storage=denied"}
    company.control("POST", "/matomo/visits", withdrawn)
    late = granted[2] | {"visitorId": "feedfeedfeedfeed"}
    del late["idVisit"]
    company.control("POST", "/matomo/visits", late)
    company.load("raw_matomo")
    loaded_matomo.assert_same(company)
