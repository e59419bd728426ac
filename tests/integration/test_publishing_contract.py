"""Shapes of marts: what is added is published, what would break a reader is refused by name."""

from datetime import date

import psycopg
import pytest

from orchestration import publishing
from tests.integration.publishing_world import PEOPLE, World, changes, node


def test_an_added_column_arrives_in_the_same_release_and_outside_views_survive(
    world: World,
) -> None:
    world.publish()
    with world.warehouse.connect("admin") as conn:
        conn.execute("create schema outside")
        conn.execute("create view outside.stages as select stage from marts.people")
    world.core(
        "alter table core.people add column score integer",
        "update core.people set score = 7 where person_id <> 'p9'",
    )
    world.nodes["people"] = node(
        "people",
        {**PEOPLE, "score": "integer"},
        ["person_id"],
        publish={"schema": "marts", "table": "people"},
    )
    world.nodes["sales"] = {**world.nodes["people"], "name": "sales", "alias": "people"}
    world.nodes["sales"]["config"] = {
        "meta": {"publish": {"schema": "marts_sales", "table": "people"}}
    }
    release = world.publish()
    assert changes(release)["marts.people"] == (0, 0, 999)
    assert world.read("select count(*), count(score) from marts.people") == [(1000, 999)]
    with world.warehouse.connect("admin") as conn:
        assert conn.execute("select count(*) from outside.stages").fetchone() == (1000,)
        conn.execute("drop schema outside cascade")
    kinds = world.read(
        "select kind, column_name from marts_meta.changelog "
        f"where release_id = {release.id} and mart_schema = 'marts'"
    )
    assert ("column_added", "score") in kinds


@pytest.mark.parametrize(
    ("statement", "columns", "said"),
    [
        (
            "alter table core.people drop column stage",
            {"person_id": "text", "amount": "numeric(18,2)"},
            "marts.people.stage was removed",
        ),
        (
            "alter table core.people alter column amount type text",
            {"person_id": "text", "stage": "text", "amount": "text"},
            "marts.people.amount was retyped from numeric(18,2) to text",
        ),
    ],
)
def test_a_removed_or_retyped_column_is_refused_by_name_with_the_way(
    world: World, statement: str, columns: dict[str, str], said: str
) -> None:
    world.publish()
    before = world.checksum()
    world.core(statement)
    targets = [{"schema": s, "table": "people"} for s in ("marts", "marts_sales")]
    world.nodes["people"] = node("people", columns, ["person_id"], publish=targets)
    with pytest.raises(publishing.SchemaRefused) as refused:
        world.publish()
    assert said in str(refused.value)
    assert "_v2" in str(refused.value)
    assert world.checksum() == before


def test_a_second_version_stands_beside_the_first_until_its_deprecation_date(world: World) -> None:
    world.publish()
    world.core("create table core.people_v2 as select person_id, amount from core.people")
    world.grant()
    world.nodes["people_v2"] = node(
        "people",
        {"person_id": "text", "amount": "numeric(18,2)"},
        ["person_id"],
        publish={"schema": "marts", "table": "people_v2"},
        alias="people_v2",
        version=2,
    )
    world.nodes["visits"]["constraints"] = [{"type": "primary_key", "columns": ["visit_id"]}]
    world.publish()
    assert world.read("select count(*) from marts.people_v2") == [(1000,)]
    del world.nodes["people"]
    with pytest.raises(publishing.SchemaRefused, match=r"marts\.people is no longer published"):
        world.publish()
    with world.warehouse.connect("publisher") as conn:
        conn.execute("update marts_meta.marts set deprecation_date = %s", [date(2020, 1, 1)])
    world.publish()
    with pytest.raises(psycopg.errors.UndefinedTable):
        world.read("select 1 from marts.people")
    assert world.read("select count(*) from marts_meta.changelog where kind = 'mart_retired'") == [
        (2,)
    ]


def test_readable_or_unclassified_personal_data_is_refused(world: World) -> None:
    for pii, said in (("direct", "readable personal data"), ("", "without a class")):
        world.nodes["people"] = node(
            "people",
            dict(PEOPLE),
            ["person_id"],
            publish={"schema": "marts", "table": "people"},
            pii={"stage": pii},
        )
        with pytest.raises(publishing.PersonalDataRefused, match=said) as refused:
            world.publish()
        assert "marts.people.stage" in str(refused.value)


def test_a_column_that_the_contract_does_not_know_is_refused(world: World) -> None:
    world.core("alter table core.people add column smuggled text")
    with pytest.raises(publishing.ManifestError, match="smuggled"):
        world.publish()
