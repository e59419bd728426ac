"""A marketer's line in a rule file is all it takes: no SQL, no other file."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import Warehouse
from tests.integration import transform_people as people
from tests.integration.transform_world import PROJECT, World, found

NOON = datetime(2026, 9, 20, 12)  # noqa: DTZ001 - staging holds plain UTC
LINES = {
    "lifecycle_stages.csv": "gold_friend,110,advocacy,won,,1,Buys more than 90 at a time",
    "lifecycle_rules.csv": "1,gold_friend,order_placed,amount,>=,90,,spent_90,",
    "traits.csv": "shoe_size,extra,shopify_customers,shoe_size,latest,,number,pseudonymous,Said so",
    "channel_rules.csv": "5,Podcasts,^www.google.com$,,,,0,our own channel before all others",
    "conversion_rules.csv": "paid_back,order_placed,fixed,5,30,0,Every order is worth five to us",
    "segment_definitions.csv": "big_feet,personalisation,web,marketing,Shoes of 39 and more",
    "segment_rules.csv": "big_feet,1,shoe_size,>=,39,",
    "exclusion_rules.csv": "our_robot,browser_name,^OurRobot$,we look at ourselves",
    "exchange_rates.csv": "2026-09-01,XTS,EUR,0.5",
}


@pytest.fixture(scope="module")
def world(fresh_database: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> World:
    scratch = tmp_path_factory.mktemp("dbt")
    project = _edited(scratch / "edited")
    made = found(fresh_database, scratch)
    made.person("anna", {"device-anna": "anonymous_id", "customer-1": "shopify_customer_id"})
    people.customer(made, "1", NOON - timedelta(days=2), extra='{"shoe_size": "39"}')
    people.order(made, 1, "1", NOON, 100)
    people.order(made, 2, "1", NOON - timedelta(hours=1), 40)
    made.execute(
        "update staging.stg_shopify__orders set currency = 'XTS' where shopify_order_id = '2'"
    )
    people.visit(made, 1, "device-anna", NOON)
    people.visit(made, 2, "device-robot", NOON)
    made.execute(
        "update staging.stg_matomo__visits set browser_name = 'OurRobot' where visit_id = '2'"
    )
    made.execute(
        "update staging.stg_matomo__visits set referrer_type = 'search', campaign_name = null, "
        "campaign_source = null, campaign_medium = null, referrer_host = 'www.google.com'"
    )
    made.dbt("seed", "--select", *(name.removesuffix(".csv") for name in LINES), project=project)
    made.build(project=project)
    return made


def _edited(folder: Path) -> Path:
    project = folder / "dbt_project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    for name, line in LINES.items():
        [path] = (project / "seeds").rglob(name)
        with path.open("a") as file:
            file.write(line + "\n")
    return project


def test_one_line_adds_a_lifecycle_stage(world: World) -> None:
    row = world.query("select lifecycle_stage, lifecycle_reason_code from core.customer_360")
    assert row == [("gold_friend", "spent_90")]


def test_a_stage_is_counted_from_its_own_line_on(world: World) -> None:
    rows = world.query(
        "select person_count from core.lifecycle_funnel_daily "
        "where stage = 'gold_friend' and activity_date = date '2026-09-30'"
    )
    assert rows == [(1,)]


def test_one_line_promotes_an_unmodelled_field_to_a_trait(world: World) -> None:
    rows = world.query(
        "select person_id, value_number from core.customer_traits where trait = 'shoe_size'"
    )
    assert rows == [("anna", 39)]


def test_one_line_adds_a_channel(world: World) -> None:
    assert world.query("select distinct channel_group from core.sessions") == [("Podcasts",)]


def test_one_line_declares_a_conversion(world: World) -> None:
    rows = world.query("select value_amount from core.conversions where conversion = 'paid_back'")
    assert rows == [(5,), (5,)]


def test_one_line_selects_the_members_of_a_segment(world: World) -> None:
    rows = world.query("select segment, person_id from core.segment_members order by 1")
    assert ("big_feet", "anna") in rows
    counted = "select member_count from core.segments where segment = 'big_feet'"
    assert world.query(counted) == [(1,)]


def test_one_line_excludes_visitors_without_dropping_them(world: World) -> None:
    rows = world.query("select exclusion_rule, is_excluded from core.sessions order by 2")
    assert rows == [(None, False), ("our_robot", True)]


def test_one_line_gives_a_currency_its_rate(world: World) -> None:
    rows = world.query(
        "select net_amount, reporting_net_amount from core.orders where currency = 'XTS'"
    )
    assert rows == [(40, 20)]
