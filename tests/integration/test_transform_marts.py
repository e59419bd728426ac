"""What the marts say of a small company, against what a person computes by hand."""

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Warehouse
from tests.integration import transform_people as people
from tests.integration.transform_world import World, found

NOON = datetime(2026, 9, 1, 12)  # noqa: DTZ001 - staging holds plain UTC


@pytest.fixture(scope="module")
def world(fresh_database: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = found(fresh_database, tmp_path_factory.mktemp("dbt"))
    _anna(made)
    _shared_tablet(made)
    _prospect_and_stranger(made)
    made.build()
    return made


def _anna(world: World) -> None:
    """Two orders, the second after half a year away; one refund, one late delivery."""
    keys = {"device-anna": "anonymous_id", "customer-1": "shopify_customer_id"}
    world.person("anna", {**keys, "user-1": "user_id"})
    people.customer(world, "1", datetime(2026, 1, 1))  # noqa: DTZ001
    people.order(world, 1, "1", datetime(2026, 1, 10), 100)  # noqa: DTZ001
    people.order(world, 2, "1", NOON, 50)
    people.visit(world, 1, "device-anna", NOON - timedelta(hours=1), 3, user="user-1")
    world.add(
        "staging.stg_shopify__refunds",
        {
            "refund_id": "r1",
            "shopify_order_id": "1",
            "refunded_at": datetime(2026, 1, 31, 23, 30),  # noqa: DTZ001
            "amount": 40,
            "currency": "EUR",
        },
    )
    world.add(
        "staging.stg_shopify__refund_lines",
        {"refund_id": "r1", "order_line_id": "line-1", "quantity": 1, "amount": 40},
    )
    world.add(
        "staging.stg_shopify__fulfillments",
        {
            "fulfillment_id": "f2",
            "shopify_order_id": "2",
            "status": "SUCCESS",
            "created_at": NOON,
            "promised_delivery_at": NOON + timedelta(days=2),
            "delivered_at": NOON + timedelta(days=3),
        },
    )


def _shared_tablet(world: World) -> None:
    """A tablet is bert's until March and carla's since."""
    for name in ("bert", "carla"):
        world.person(name, {})
    handed_over = datetime(2026, 3, 1)  # noqa: DTZ001
    early, late = datetime(1900, 1, 1), datetime(9999, 12, 31)  # noqa: DTZ001
    world.link("device-tablet", "anonymous_id", "bert", early, handed_over)
    world.link("device-tablet", "anonymous_id", "carla", handed_over, late)
    people.visit(world, 2, "device-tablet", handed_over - timedelta(days=1), 1)
    people.visit(world, 3, "device-tablet", handed_over + timedelta(days=1), 1)


def _prospect_and_stranger(world: World) -> None:
    """A prospect without orders, a visit and an order of nobody, an order without a rate."""
    world.person("dora", {"device-dora": "anonymous_id"})
    people.visit(world, 4, "device-dora", NOON, 2)
    people.visit(world, 5, "device-nobody", NOON, 2)
    world.execute(
        "update staging.stg_matomo__visits set campaign_name = null, campaign_source = null, "
        "campaign_medium = null where visit_id = '5'"
    )
    people.order(world, 9, "nobody", NOON, 30)
    people.order(world, 10, "1", NOON + timedelta(days=1), 70)
    world.execute(
        "update staging.stg_shopify__orders set currency = 'XXX' where shopify_order_id = '10'"
    )


def _one(world: World, columns: str, table: str, where: str) -> tuple[Any, ...]:
    [row] = world.query(f"select {columns} from core.{table} where {where}")
    return row


def test_the_profile_adds_up(world: World) -> None:
    columns = (
        "order_count, unconverted_order_count, order_amount, refund_amount, net_order_amount, "
        "refund_count, late_delivery_count, session_count, recognition_level"
    )
    assert _one(world, columns, "customer_360", "person_id = 'anna'") == (
        3,
        1,
        Decimal(150),
        Decimal(40),
        Decimal(110),
        1,
        1,
        1,
        "known",
    )


def test_prospects_without_orders_are_there(world: World) -> None:
    row = _one(world, "order_count, lifecycle_family", "customer_360", "person_id = 'dora'")
    assert row == (0, "awareness")


def test_an_order_without_a_person_stays(world: World) -> None:
    assert _one(world, "person_id, is_counted", "orders", "order_id = '9'") == (None, True)


def test_a_visit_without_a_person_or_a_campaign_stays_and_is_counted(world: World) -> None:
    mine = "person_id is null and campaign_name is null"
    assert _one(world, "count(*)", "sessions", mine) == (1,)
    assert _one(world, "sum(session_count)", "channels_daily", "true") == (5,)


def test_a_missing_rate_is_null_and_never_one(world: World) -> None:
    columns = "net_amount, reporting_net_amount"
    assert _one(world, columns, "orders", "order_id = '10'") == (Decimal(70), None)


def test_a_refund_counts_on_its_own_local_day(world: World) -> None:
    row = _one(world, "refunded_date::text, ordered_at::date::text", "refunds", "true")
    assert row == ("2026-02-01", "2026-01-10")


def test_the_past_of_a_shared_device_is_not_rewritten(world: World) -> None:
    rows = world.query(
        "select person_id, started_at::date::text from core.sessions "
        "where person_id in ('bert', 'carla') order by 1"
    )
    assert rows == [("bert", "2026-02-28"), ("carla", "2026-03-02")]


def test_a_customer_lapses_and_is_won_back(world: World) -> None:
    rows = world.query(
        "select stage, direction, is_projected from core.lifecycle_history "
        "where person_id = 'anna' order by valid_from"
    )
    assert rows[:6] == [
        ("subscriber", "entered", False),
        ("customer", "forwards", False),
        ("at_risk", "backwards", False),
        ("lapsed", "backwards", False),
        ("won_back", "forwards", False),
        ("advocate", "forwards", False),
    ]


def test_history_says_what_follows_if_nothing_happens(world: World) -> None:
    columns = "projected_lifecycle_stage, projected_lifecycle_stage_at > timestamp '2026-09-30'"
    row = _one(world, columns, "customer_360", "person_id = 'dora'")
    assert row in {(None, None), ("visitor", True)}


def test_everybody_is_in_the_service_mart_and_nobody_unasked_in_marketing(world: World) -> None:
    assert world.query("select count(*) from core.service__customer_360") == [(4,)]
    unasked = (
        "select count(*) from core.marketing__customer_360 where 'granted' not in "
        "(personalisation_consent, email_marketing_consent, sms_marketing_consent, "
        "phone_marketing_consent, post_marketing_consent)"
    )
    assert world.query(unasked) == [(0,)]


def test_daily_channels_add_up_to_the_sessions(world: World) -> None:
    daily = world.query("select sum(session_count) from core.channels_daily")
    assert daily == world.query("select count(*) from core.sessions where not is_excluded")


def test_the_funnel_of_each_day_adds_up_to_everybody(world: World) -> None:
    [(standing,)] = world.query(
        "select sum(person_count) from core.lifecycle_funnel_daily "
        "where activity_date = date '2026-09-30'"
    )
    staged = world.query("select count(*) from core.customer_360 where lifecycle_stage is not null")
    assert [(standing,)] == staged


def _manifest(world: World, name: str) -> Any:
    return json.loads(next(world.scratch.rglob(name)).read_text())


def _aggregated(world: World, content: Any, metric: Any) -> Any:
    """Compute a metric as its semantic model declares it: simple, ratio or derived."""
    parts = metric["type_params"]
    if metric["type"] == "ratio":
        above, below = (
            _metric(world, parts[part]["name"]) for part in ("numerator", "denominator")
        )
        return above / below
    if metric["type"] == "derived":
        inputs = {part["name"]: _metric(world, part["name"]) for part in parts["metrics"]}
        names = ", ".join(f"{value} as {name}" for name, value in inputs.items())
        [(value,)] = world.query(f"select {parts['expr']} from (select {names}) as inputs")
        return value
    wanted = parts["measure"]["name"]
    [(table, measure)] = [
        (model["node_relation"]["relation_name"], measure)
        for model in content["semantic_models"]
        for measure in model["measures"]
        if measure["name"] == wanted
    ]
    filters = (metric.get("filter") or {}).get("where_filters", [])
    where = " and ".join(part["where_sql_template"] for part in filters) or "true"
    where = re.sub(r"{{ Dimension\('[a-z_]+?__([a-z_]+)'\) }}", r"\1", where)
    aggregate = "count" if measure["agg"] == "count" else "sum"
    [(value,)] = world.query(
        f"select {aggregate}({measure['expr'] or wanted}) from {table} where {where}"
    )
    return value


def _metric(world: World, name: str) -> Any:
    content = _manifest(world, "semantic_manifest.json")
    [metric] = [metric for metric in content["metrics"] if metric["name"] == name]
    return _aggregated(world, content, metric)


METRICS = {
    "sessions": "select sum(session_count) from core.channels_daily",
    "engaged_sessions": "select sum(engaged_session_count) from core.channels_daily",
    "orders": "select sum(order_count) + 1 from core.customer_360",
    "order_amount": "select sum(order_amount) + 30 from core.customer_360",
    "refund_amount": "select sum(refund_amount) from core.customer_360",
    "net_order_amount": "select sum(net_order_amount) + 30 from core.customer_360",
    "average_order_amount": "select 180.0 / 4",
    "people": "select count(*) from core.customer_360",
    "customers": "select count(*) from core.customer_value",
    "funnel_entries": "select sum(entered_count) from core.marketing_sales_funnel_daily",
    "conversions": "select sum(conversion_count) from core.channels_daily",
}


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_equals_its_mart(world: World, metric: str) -> None:
    """Where the mart is of people, the stranger's order of 30 comes on top."""
    assert [(_metric(world, metric),)] == world.query(METRICS[metric])


def test_every_metric_is_held_against_a_mart(world: World) -> None:
    content = _manifest(world, "semantic_manifest.json")
    assert {metric["name"] for metric in content["metrics"]} == set(METRICS)


def test_money_is_counted_once_however_many_conversions_an_order_is(world: World) -> None:
    earned = world.query("select sum(conversion_amount) from core.channels_daily")
    assert earned == world.query("select sum(order_amount) from core.customer_360")
    unvalued = world.query("select sum(unvalued_conversion_count) from core.channels_daily")
    assert unvalued == world.query("select sum(unconverted_order_count) from core.customer_360")
    assert unvalued == [(1,)]


def test_the_documentation_explains_every_column_that_a_mart_has(world: World) -> None:
    world.dbt("docs", "generate", "--exclude", "tag:reveal")
    found = _manifest(world, "catalog.json")["nodes"]
    nodes = _manifest(world, "manifest.json")["nodes"]
    marts = {key: node for key, node in nodes.items() if node.get("schema") == "core"}
    assert len(marts) > 30
    for key, node in marts.items():
        explained = {name for name, column in node["columns"].items() if column["description"]}
        assert set(found[key]["columns"]) == explained, key
    undescribed = [
        key
        for key, node in nodes.items()
        if node["resource_type"] in {"model", "seed"} and not node["description"]
    ]
    assert undescribed == []
