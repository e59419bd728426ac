"""From core to the marts: one transaction, changed rows only, refusals, gate, rollback."""

from datetime import UTC, date, datetime

import psycopg
import pytest

from orchestration import publishing
from orchestration.publishing.smoke import smoke
from tests.conftest import Warehouse
from tests.integration.publishing_world import PEOPLE, World, node

TODAY = datetime(2026, 9, 30, tzinfo=UTC).replace(tzinfo=None)
YESTERDAY = datetime(2026, 9, 29, tzinfo=UTC).replace(tzinfo=None)

pytestmark = pytest.mark.usefixtures("fresh_database")


@pytest.fixture
def world(fresh_database: Warehouse) -> World:
    made = World(fresh_database)
    made.reset()
    made.build()
    return made


def changes(release: publishing.Release) -> dict[str, tuple[int, int, int]]:
    return {c.name: (c.added, c.removed, c.changed) for c in release.changes if not c.is_empty}


def test_the_first_release_creates_every_mart_with_keys_comments_and_indexes(world: World) -> None:
    release = world.publish("run-1", data_until=TODAY)
    assert (release.id, release.is_new) == (1, True)
    assert world.read("select count(*) from marts.visits") == [(2000,)]
    assert world.read("select count(*) from marts_marketing.people", "marketer") == [(800,)]
    assert world.read("select distinct _released_at from marts.people") == [(release.released_at,)]
    with world.warehouse.connect("admin") as conn:
        keys = conn.execute(
            "select contype::text, condeferrable from pg_constraint "
            "where conrelid = 'marts.visits'::regclass and contype in ('p', 'f') order by 1"
        ).fetchall()
        assert keys == [("f", True), ("p", False)]
        told = conn.execute(
            "select obj_description('marts.people'::regclass), "
            "col_description('marts.people'::regclass, 1), "
            "(select count(*) from pg_index where indrelid = 'marts.people'::regclass)"
        ).fetchone()
    assert told == ("One row per people.", "The person_id.", 2)


def test_contract_freshness_and_changelog_are_readable_by_an_analyst(world: World) -> None:
    with world.warehouse.connect("publisher") as conn:
        conn.execute(
            "insert into marts_meta.check_results (suite, check_name, severity, status, checked_at)"
            " values ('core.people', 'a', 'warning', 'failed', now()), "
            "('core.people', 'b', 'critical', 'passed', now())"
        )
    world.publish(data_until=TODAY)
    assert world.read(
        "select data_until, rows_total, gate_result from marts_meta.freshness "
        "where mart_schema = 'marts' order by mart_table"
    ) == [
        (TODAY, 1000, "passed with 1 warnings"),
        (TODAY, 2000, "unchecked"),
    ]
    assert world.read(
        "select kind, column_names, to_table from marts_meta.keys "
        "where mart_schema = 'marts' and mart_table = 'visits' order by kind"
    ) == [("foreign", "person_id", "people"), ("primary", "visit_id", "")]
    assert world.read(
        "select data_type, description, pii, purpose from marts_meta.columns "
        "where mart_schema = 'marts' and column_name = 'amount'"
    ) == [("numeric(18,2)", "The amount.", "none", "analytics")]
    assert len(world.read("select * from marts_meta.changelog where kind = 'mart_created'")) == 4


def test_a_failed_critical_check_holds_the_release_back_whoever_publishes(world: World) -> None:
    world.publish()
    world.core("update core.people set stage = 'moved' where person_id = 'p1'")
    before = world.checksum()
    for severity, status in (("critical", "failed"), ("warning", "error")):
        with world.warehouse.connect("publisher") as conn:
            conn.execute("truncate marts_meta.check_results")
            conn.execute(
                "insert into marts_meta.check_results "
                "(suite, check_name, severity, status, checked_at) "
                "values ('core.people', 'stage_is_known', %s, %s, now())",
                [severity, status],
            )
        with pytest.raises(publishing.ChecksFailed, match="stage_is_known"):
            world.publish()
        assert world.checksum() == before
    with world.warehouse.connect("publisher") as conn:
        conn.execute("update marts_meta.check_results set severity = 'warning', status = 'failed'")
    assert world.publish().is_new


def test_only_changed_rows_are_touched(world: World) -> None:
    first = world.publish()
    world.core(
        "update core.people set stage = 'moved' where person_id in ('p1', 'p2')",
        "delete from core.visits where visit_id = 'v7'",
        "insert into core.visits values ('v9999', 'p3', 1)",
    )
    second = world.publish()
    assert changes(second) == {
        "marts.people": (0, 0, 2),
        "marts.visits": (1, 1, 0),
        "marts_sales.people": (0, 0, 2),
    }
    assert next(c for c in second.changes if c.name == "marts.people").columns == {"stage": 2}
    assert world.read("select _released_at, count(*) from marts.people group by 1 order by 1") == [
        (first.released_at, 998),
        (second.released_at, 2),
    ]


def test_nothing_changed_is_no_release_but_confirms_freshness(world: World) -> None:
    world.publish(data_until=YESTERDAY)
    again = world.publish(data_until=TODAY)
    assert (again.id, again.is_new) == (1, False)
    assert world.read("select distinct data_until from marts_meta.freshness") == [(TODAY,)]


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


def test_too_large_a_change_blocks_until_somebody_acknowledges_with_a_reason(
    world: World,
) -> None:
    world.publish()
    before = world.checksum()
    world.core("delete from core.visits where visit_id like 'v1%'")
    for _ in range(2):
        with pytest.raises(publishing.ReleaseBlocked) as blocked:
            world.publish()
    assert "marts.visits: 1111 rows removed" in str(blocked.value)
    assert world.checksum() == before
    with world.publisher() as conn:
        with pytest.raises(publishing.PublishError, match="reason"):
            publishing.acknowledge(conn, blocked.value.block_id, " ", "ada")
        publishing.acknowledge(conn, blocked.value.block_id, "old visits expired", "ada")
    release = world.publish()
    assert changes(release) == {"marts.visits": (0, 1111, 0)}
    assert world.read(
        "select acknowledged_by, acknowledged_reason, used_by_release_id from marts_meta.blocks"
    ) == [("ada", "old visits expired", release.id)]


def test_an_acknowledgement_does_not_cover_a_larger_change_later(world: World) -> None:
    world.publish()
    world.core("delete from core.visits where visit_id like 'v1%'")
    with pytest.raises(publishing.ReleaseBlocked) as blocked:
        world.publish()
    with world.publisher() as conn:
        publishing.acknowledge(conn, blocked.value.block_id, "fine", "ada")
    world.core("delete from core.visits where visit_id like 'v2%' or visit_id like 'v3%'")
    with pytest.raises(publishing.ReleaseBlocked):
        world.publish()


def test_diff_shows_what_publish_would_do_and_writes_nothing(world: World) -> None:
    world.publish()
    world.core("delete from core.visits where visit_id like 'v1%'")
    before = world.checksum()
    with world.publisher() as conn:
        found = publishing.diff(conn, world.marts)
    assert found.current_release_id == 1
    assert [(c.name, c.removed) for c in found.changes if not c.is_empty] == [
        ("marts.visits", 1111)
    ]
    assert "limit 10 %" in found.reasons[0]
    assert world.checksum() == before


def test_rollback_restores_the_release_before_and_holds_publishing(world: World) -> None:
    world.publish()
    before = world.checksum()
    world.core(
        "update core.people set stage = 'wrong' where person_id < 'p3'",
        "delete from core.visits where visit_id = 'v7'",
        "insert into core.visits values ('v9999', 'p3', 1)",
    )
    world.publish()
    assert world.checksum() != before
    with world.publisher() as conn:
        undone = publishing.rollback(conn, reason="wrong stages", by="ada")
    assert undone.id == 3
    assert world.checksum() == before
    with pytest.raises(publishing.ReleaseBlocked, match="wrong stages") as held:
        world.publish()
    with world.publisher() as conn:
        publishing.acknowledge(conn, held.value.block_id, "they were right", "ada")
    assert world.publish().id == 4
    assert world.checksum() != before


def test_rollback_of_the_only_release_is_refused(world: World) -> None:
    world.publish()
    with world.publisher() as conn, pytest.raises(publishing.PublishError, match="go back to"):
        publishing.rollback(conn, reason="no", by="ada")


def test_pre_images_are_kept_for_five_releases_and_no_reader_sees_them(world: World) -> None:
    world.publish()
    for turn in range(7):
        world.core(f"update core.people set stage = 'turn {turn}' where person_id = 'p1'")
        world.publish()
    with world.warehouse.connect("publisher") as conn:
        kept = conn.execute(
            "select distinct release_id from marts_history.marts__people order by 1"
        ).fetchall()
    assert kept == [(4,), (5,), (6,), (7,), (8,)]
    for role in ("analyst", "marketer", "sales", "service", "activator"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.read("select 1 from marts_history.marts__people", role)


def test_a_broken_reference_stops_the_release_and_names_the_constraint_not_the_row(
    world: World,
) -> None:
    world.publish()
    before = world.checksum()
    world.core("insert into core.visits values ('v-orphan', 'nobody-secret', 1)")
    with pytest.raises(publishing.PublishError) as stopped:
        world.publish()
    assert "ForeignKeyViolation" in str(stopped.value)
    assert "visits" in str(stopped.value)
    assert "nobody-secret" not in str(stopped.value)
    assert stopped.value.__cause__ is None
    assert stopped.value.__suppress_context__
    assert world.checksum() == before


def test_smoke_reads_every_mart_as_its_reader(world: World) -> None:
    world.publish()
    seen = smoke(world.marts, world.warehouse.url)
    assert {(s.mart, s.role) for s in seen} == {
        ("marts.people", "analyst"),
        ("marts.visits", "analyst"),
        ("marts_marketing.people", "marketer"),
        ("marts_sales.people", "sales"),
    }
    assert [s.problem for s in seen] == [None] * 4
    with world.warehouse.connect("publisher") as conn:
        conn.execute("revoke select on marts_sales.people from public")
        conn.execute(
            f"revoke select on marts_sales.people from {world.warehouse.dbname}_sales".encode()
        )
        conn.execute("insert into marts.people values ('x', 's', 1, now())")
    problems = {s.mart: s.problem for s in smoke(world.marts, world.warehouse.url)}
    assert problems["marts_sales.people"] == "InsufficientPrivilege as sales"
    assert problems["marts.people"] is not None


def test_the_mart_of_another_audience_is_not_readable(world: World) -> None:
    world.publish()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        world.read("select 1 from marts.people", "marketer")
