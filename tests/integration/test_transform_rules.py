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
}


@pytest.fixture(scope="module")
def world(fresh_database: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> World:
    scratch = tmp_path_factory.mktemp("dbt")
    project = _edited(scratch / "edited")
    made = found(fresh_database, scratch)
    made.person("anna", {"device-anna": "anonymous_id", "customer-1": "shopify_customer_id"})
    people.customer(made, "1", NOON - timedelta(days=2), extra='{"shoe_size": "39"}')
    people.order(made, 1, "1", NOON, 100)
    people.visit(made, 1, "device-anna", NOON)
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
        with (project / "seeds" / "rules" / name).open("a") as file:
            file.write(line + "\n")
    return project


def test_one_line_adds_a_lifecycle_stage(world: World) -> None:
    row = world.query("select lifecycle_stage, lifecycle_reason_code from core.customer_360")
    assert row == [("gold_friend", "spent_90")]


def test_one_line_promotes_an_unmodelled_field_to_a_trait(world: World) -> None:
    rows = world.query(
        "select person_id, value_number from core.customer_traits where trait = 'shoe_size'"
    )
    assert rows == [("anna", 39)]


def test_one_line_adds_a_channel(world: World) -> None:
    assert world.query("select distinct channel_group from core.sessions") == [("Podcasts",)]
