"""Two customers that the shop merges are one person, with everything only one of them told."""

from pathlib import Path

from ingestion.guard.values import to_gid
from orchestration.identity import resolve
from orchestration.warehouse import grants
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at
from tests.integration.sandbox_company import Company, keyer, served
from tests.integration.transform_world import World

EVIDENCE = ("+int_identity__identifiers", "+int_identity__merge_edges")
MERGE = (
    "mutation($a: ID!, $b: ID!) { customerMerge(customerOneId: $a, customerTwoId: $b)"
    " { resultingCustomerId userErrors { field message } } }"
)


def resolved(company: Company, world: World) -> None:
    """Load the shop, build the evidence from it and resolve."""
    company.load("raw_shopify")
    with world.warehouse.connect() as connection:
        grants.reconcile(connection)
    world.run(*EVIDENCE)
    at.let_read(world.warehouse)
    resolve(world.warehouse.url("resolver"))


def person(world: World, identifier_type: str, value: str) -> str | None:
    """Return who an identifier belongs to now."""
    subject = keyer().key(identifier_type, value)
    found = world.query(
        "select person_id from identity.person_links"
        f" where subject_key = '{subject}' and valid_to = '9999-12-31'"
    )
    return str(found[0][0]) if found else None


def test_customers_merged_in_the_shop_become_one_person(
    fresh_database: Warehouse, tmp_path: Path
) -> None:
    world = World(fresh_database, tmp_path)
    with served(people=60) as company:
        company.load()
        world.dbt("seed")
        resolved(company, world)
        buyers = sorted(
            {
                to_gid(order["customer"]["id"])
                for order in company.documents("shopify", "orders").values()
                if order["customer"]
            }
        )
        survivor, merged = next(
            (one, other)
            for one in buyers
            for other in buyers
            if person(world, "user_id", one) != person(world, "user_id", other)
        )
        kept = {person(world, "user_id", each) for each in (survivor, merged)}
        assert None not in kept
        company.shopify(
            MERGE, a=f"gid://shopify/Customer/{survivor}", b=f"gid://shopify/Customer/{merged}"
        )
        resolved(company, world)
    keys = keyer()
    kinds = ("shopify_customer_id", "user_id")
    assert set(
        world.query(
            "select left_key, right_key, right_type, kind from identity.merge_edges"
            " where source = 'shopify'"
        )
    ) == {(keys.key(k, merged), keys.key(k, survivor), k, "vendor_merge") for k in kinds}
    # No order knows the login of the merged customer: the merge alone brings its visits along.
    [one] = {person(world, kind, each) for kind in kinds for each in (survivor, merged)}
    assert one in kept
