"""The sandbox's Shopify: GraphQL as specified, bulk operations, cost, search, mutations."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema

from ingestion.sandbox.servers.shopify.schema import schema
from tests.unit.sandbox_vendors import Vendors, fresh_vendors

EXTRACTS = Path(__file__).parent / "shopify_api"
ORDERS_WITH_LINES = "{ orders { edges { node { id lineItems { edges { node { id sku } } } } } } }"


@pytest.fixture
def vendors(tmp_path: Path) -> Vendors:
    return fresh_vendors(tmp_path / "company")


def _data(vendors: Vendors, query: str, **variables: Any) -> Any:
    answer = vendors.shopify(query, variables).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def _paged(vendors: Vendors, arguments: str, size: int = 40) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = _data(
            vendors,
            "query($n: Int!, $after: String) { orders(first: $n, after: $after"
            f"{arguments}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}",
            n=size,
            after=after,
        )["orders"]
        found += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def test_a_wrong_token_is_a_401_and_an_unknown_version_a_404(vendors: Vendors) -> None:
    assert vendors.shopify("{ shop { name } }", token="wrong").status == 401
    assert vendors.shopify("{ shop { name } }", version="2019-01").status == 404


def test_a_field_that_does_not_exist_is_a_200_with_errors(vendors: Vendors) -> None:
    answer = vendors.shopify("{ shop { shoeSize } }")
    assert answer.status == 200
    assert answer.json()["errors"][0]["extensions"]["code"] == "undefinedField"


def test_pages_by_cursor_reach_every_order_once_in_any_order(vendors: Vendors) -> None:
    total = _data(vendors, "{ ordersCount(limit: null) { count precision } }")["ordersCount"]
    for arguments in ("", ", sortKey: UPDATED_AT", ", sortKey: CREATED_AT, reverse: true"):
        found = _paged(vendors, arguments)
        assert len(found) == len(set(found)) == total["count"]


def test_a_page_needs_a_size_of_at_most_250(vendors: Vendors) -> None:
    for query in ("{ orders { nodes { id } } }", "{ orders(first: 251) { nodes { id } } }"):
        assert vendors.shopify(query).json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_a_query_that_costs_too_much_is_refused(vendors: Vendors) -> None:
    query = "{ orders(first: 250) { nodes { lineItems(first: 50) { nodes { id } } } } }"
    assert vendors.shopify(query).json()["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_throttling_is_a_200_with_errors_and_the_budget(vendors: Vendors) -> None:
    vendors.fault("shopify.graphql", "throttled")
    answer = vendors.shopify("{ shop { name } }")
    assert answer.status == 200
    assert answer.json()["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answer.json()["extensions"]["cost"]["throttleStatus"]["restoreRate"] > 0
    assert "errors" not in vendors.shopify("{ shop { name } }").json()


def test_changed_orders_are_found_by_their_time(vendors: Vendors) -> None:
    everything = _data(
        vendors, "{ orders(first: 200, sortKey: UPDATED_AT) { nodes { id updatedAt } } }"
    )["orders"]["nodes"]
    middle = everything[len(everything) // 2]["updatedAt"]
    expected = {node["id"] for node in everything if node["updatedAt"] >= middle}
    found = set(_paged(vendors, f", query: \"updated_at:>='{middle}'\""))
    assert expected <= found
    assert not {node["id"] for node in everything if node["updatedAt"] < middle} & found


def test_a_search_field_that_does_not_exist_is_ignored_with_a_warning(vendors: Vendors) -> None:
    answer = vendors.shopify('{ orders(first: 1, query: "shoe_size:44") { nodes { id } } }').json()
    assert answer["data"]["orders"]["nodes"]
    assert answer["extensions"]["search"][0]["warnings"][0]["field"] == "shoe_size"


def test_bulk_children_name_their_parent_and_follow_all_parents(vendors: Vendors) -> None:
    state, lines = vendors.bulk(ORDERS_WITH_LINES)
    parents = [line["id"] for line in lines if "__parentId" not in line]
    children = [line for line in lines if "__parentId" in line]
    assert state["objectCount"] == str(len(lines))
    assert state["rootObjectCount"] == str(len(parents))
    assert {child["__parentId"] for child in children} == set(parents)
    assert all("__parentId" not in line for line in lines[: len(parents)])
    _, grouped = vendors.bulk(ORDERS_WITH_LINES, grouped=True)
    assert grouped[1]["__parentId"] == grouped[0]["id"]


@pytest.mark.parametrize(
    "query",
    [
        "{ shop { name } }",
        "{ orders { edges { node { refunds { refundLineItems { nodes { quantity } } } } } } }",
        "{ orders { edges { node { shoeSize } } } }",
        "{ orders { edges { node { id } } } customers { edges { node { id } } } }",
    ],
)
def test_bulk_queries_that_break_the_rules_are_refused(vendors: Vendors, query: str) -> None:
    started = _data(
        vendors,
        "mutation($q: String!) { bulkOperationRunQuery(query: $q) {"
        " bulkOperation { id } userErrors { message code } } }",
        q=query,
    )
    payload = started["bulkOperationRunQuery"]
    assert payload["bulkOperation"] is None
    assert payload["userErrors"][0]["code"] == "INVALID"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("bulk_failed", "FAILED"),
        ("bulk_canceled", "CANCELED"),
        ("bulk_expired", "EXPIRED"),
        ("bulk_denied", "FAILED"),
    ],
)
def test_bulk_operations_can_end_badly(vendors: Vendors, kind: str, status: str) -> None:
    vendors.fault("shopify.bulk", kind)
    state, _ = vendors.bulk(ORDERS_WITH_LINES)
    assert state["status"] == status
    assert state["url"] is None
    assert (state["partialDataUrl"] is not None) == (kind == "bulk_failed")


def test_an_empty_bulk_result_has_no_address(vendors: Vendors) -> None:
    state, lines = vendors.bulk(
        '{ orders(query: "updated_at:>2099-01-01") { edges { node { id } } } }'
    )
    assert (state["status"], state["url"], lines) == ("COMPLETED", None, [])


def test_a_refund_lands_on_its_order_with_amounts(vendors: Vendors) -> None:
    order = next(
        node
        for node in _data(
            vendors,
            "{ orders(first: 20) { nodes { id updatedAt totalRefundedSet { shopMoney {"
            " amount } } lineItems(first: 5) { nodes { id quantity discountedTotalSet { shopMoney {"
            " amount } } } } } } }",
        )["orders"]["nodes"]
        if node["totalRefundedSet"]["shopMoney"]["amount"] == "0.00"
    )
    line = order["lineItems"]["nodes"][0]
    payload = _data(
        vendors,
        "mutation($input: RefundInput!) { refundCreate(input: $input) { refund { id"
        " createdAt totalRefundedSet { shopMoney { amount } } } order { id updatedAt"
        " displayFinancialStatus } userErrors { message } } }",
        input={
            "orderId": order["id"],
            "refundLineItems": [{"lineItemId": line["id"], "quantity": line["quantity"]}],
        },
    )["refundCreate"]
    assert payload["userErrors"] == []
    amount = payload["refund"]["totalRefundedSet"]["shopMoney"]["amount"]
    assert amount == line["discountedTotalSet"]["shopMoney"]["amount"]
    assert payload["order"]["updatedAt"] > order["updatedAt"]
    node = _data(
        vendors,
        "query($id: ID!) { node(id: $id) { ... on Refund { order { id }"
        " refundLineItems(first: 5) { nodes { quantity } } } } }",
        id=payload["refund"]["id"],
    )["node"]
    assert node["order"]["id"] == order["id"]
    assert len(node["refundLineItems"]["nodes"]) == 1


def test_an_erased_customer_is_gone_and_its_orders_have_no_person(vendors: Vendors) -> None:
    order = next(
        node
        for node in _data(vendors, "{ orders(first: 100) { nodes { id customer { id } } } }")[
            "orders"
        ]["nodes"]
        if node["customer"]
    )
    gid = order["customer"]["id"]
    _data(
        vendors,
        "mutation($id: ID!) { customerRequestDataErasure(customerId: $id) {"
        " customerId userErrors { message } } }",
        id=gid,
    )
    left = _data(
        vendors,
        "query($c: ID!, $o: ID!) { customer(id: $c) { id } order(id: $o) {"
        " customer { id } email shippingAddress { city } } }",
        c=gid,
        o=order["id"],
    )
    assert left["customer"] is None
    assert left["order"] == {"customer": None, "email": None, "shippingAddress": None}


def test_a_withdrawn_consent_carries_its_time(vendors: Vendors) -> None:
    gid = _data(vendors, "{ customers(first: 1) { nodes { id } } }")["customers"]["nodes"][0]["id"]
    customer = _data(
        vendors,
        "mutation($input: CustomerEmailMarketingConsentUpdateInput!) {"
        " customerEmailMarketingConsentUpdate(input: $input) { customer { defaultEmailAddress {"
        " marketingState marketingUpdatedAt } } userErrors { message } } }",
        input={"customerId": gid, "emailMarketingConsent": {"marketingState": "UNSUBSCRIBED"}},
    )["customerEmailMarketingConsentUpdate"]["customer"]
    assert customer["defaultEmailAddress"]["marketingState"] == "UNSUBSCRIBED"
    assert customer["defaultEmailAddress"]["marketingUpdatedAt"]


def test_an_app_without_all_orders_sees_sixty_days(vendors: Vendors) -> None:
    everything = _data(vendors, "{ ordersCount(limit: null) { count } }")["ordersCount"]["count"]
    vendors.fault("shopify.graphql", "no_all_orders", times=-1)
    recent = _data(vendors, "{ ordersCount(limit: null) { count } }")["ordersCount"]["count"]
    handles = _data(vendors, "{ currentAppInstallation { accessScopes { handle } } }")
    assert 0 < recent < everything
    assert {"handle": "read_all_orders"} not in handles["currentAppInstallation"]["accessScopes"]


def test_a_missing_scope_is_named(vendors: Vendors) -> None:
    vendors.fault("shopify.graphql", "missing_scope", settings={"scope": "read_customers"})
    answer = vendors.shopify("{ customers(first: 1) { nodes { id } } }").json()
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert "read_customers" in answer["errors"][0]["message"]


def test_the_schema_agrees_with_shopifys_own_introspection() -> None:
    ours, theirs = schema(), build_schema((EXTRACTS / "2026-01.graphql").read_text())
    compared = 0
    for name, kind in theirs.type_map.items():
        mine = ours.type_map.get(name)
        if not isinstance(kind, GraphQLObjectType) or name.startswith("__"):
            continue
        assert isinstance(mine, GraphQLObjectType), name
        for field, declared in kind.fields.items():
            assert str(mine.fields[field].type) == str(declared.type), f"{name}.{field}"
            compared += 1
    assert compared > 50
