"""The main job, run as its user would."""

import psycopg
import pytest

from tests.acceptance.conftest import PEOPLE, Hub


def test_a_refresh_recognises_the_people_of_the_company(hub: Hub) -> None:
    [(people,)] = hub.query("select count(*) from marts.customer_360")
    assert PEOPLE * 0.5 < people < PEOPLE * 5


def test_a_second_refresh_with_nothing_new_changes_no_row(hub: Hub) -> None:
    before = hub.query("select max(_released_at) from marts.customer_360")
    summary = hub.refresh()
    assert summary["checks_passed"] >= summary["checks"] - len(summary["warnings"])
    assert hub.query("select max(_released_at) from marts.customer_360") == before


@pytest.mark.parametrize("schema", ["vault", "raw_hubspot", "raw_shopify", "raw_matomo", "core"])
def test_the_analyst_reads_marts_and_nothing_behind_them(hub: Hub, schema: str) -> None:
    tables = hub.query(
        "select format('%I.%I', schemaname, tablename) from pg_tables "
        f"where schemaname = '{schema}'",
        role="admin",
    )
    assert tables
    for (table,) in tables:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            hub.query(f"select * from {table} limit 1")


def test_every_person_of_the_marts_has_a_stage_at_every_moment_since_they_were_seen(
    hub: Hub,
) -> None:
    [(gaps,)] = hub.query(
        """
        select count(*) from (
            select valid_from, lag(valid_to) over (
                partition by person_id order by valid_from
            ) as previous_end
            from marts.lifecycle_history
        ) as stages where previous_end is not null and previous_end <> valid_from
        """
    )
    assert gaps == 0


def test_an_unknown_source_is_refused_in_one_line(hub: Hub) -> None:
    done = hub.tandem("run", "--sources", "sapphire")
    assert done.returncode == 1
    assert "sapphire" in done.stderr
    assert "Traceback" not in done.stderr
