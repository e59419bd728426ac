"""What goes wrong on the way: the load survives it, or stops with one clear message."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingestion import pipelines
from ingestion.pipelines import LoadError, load, pipeline_for
from ingestion.registry import SOURCES, is_configured
from ingestion.settings import role_url
from ingestion.working import clear_abandoned, working_folders
from tests.conftest import Warehouse
from tests.faults.small_disk import small_disk
from tests.integration import loaded_hubspot, loaded_matomo, loaded_shopify
from tests.integration.sandbox_company import Company, rows, served, snapshot


@pytest.fixture(scope="module")
def company(fresh_database: Warehouse) -> Iterator[Company]:
    with served() as company:
        yield company


@pytest.fixture(autouse=True)
def no_faults(company: Company) -> Iterator[None]:
    yield
    company.control("DELETE", "/faults")


def abandoned(dataset: str) -> Path:
    """Leave rows in the working folder of a dataset, as a load does that is killed with -9."""
    rows_of = working_folders() / dataset / "load" / "normalized"
    rows_of.mkdir(parents=True)
    (rows_of / "contacts.csv").write_text("somebody@example.org")
    return rows_of


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_tables_of_a_source_exist_before_anybody_loads_it(
    fresh_database: Warehouse, name: str
) -> None:
    assert pipelines.make_tables(name)
    assert not pipelines.make_tables(name)
    assert all(rows(f"{name}.{table}") == [] for table in SOURCES[name].resources)


def test_a_first_load_through_a_bad_network_is_identical_with_the_servers(
    company: Company,
) -> None:
    for vendor in ("hubspot", "matomo", "shopify"):
        for after, kind in enumerate(["429", "503", "truncate", "html", "empty", "garbage"]):
            company.fault(f"{vendor}.*", kind, after=after)
    company.load()
    loaded_hubspot.assert_same(company)
    loaded_shopify.assert_same(company)
    loaded_matomo.assert_same(company)


def test_a_list_that_repeats_its_cursor_stops_the_load(company: Company) -> None:
    before = snapshot()
    company.fault("hubspot.list", "repeat_cursor", times=-1)
    with pytest.raises(LoadError, match=r"repeats.*Next:"):
        load("raw_hubspot", page_size=20)
    assert snapshot() == before


def test_visits_that_page_in_a_circle_stop_the_load(company: Company) -> None:
    before = snapshot()
    company.fault("matomo.api", "repeat_cursor", times=-1)
    with pytest.raises(LoadError, match=r"circle.*Next:"):
        load("raw_matomo", page_size=5)
    assert snapshot() == before


def test_visits_that_move_between_pages_are_all_read(company: Company) -> None:
    company.fault("matomo.api", "insert_between", times=-1)
    load("raw_matomo", page_size=5, full_read=True)
    loaded_matomo.assert_same(company)


def test_what_commits_late_arrives_with_the_next_load(company: Company) -> None:
    contact = sorted(company.documents("hubspot", "contacts"), key=int)[-1]
    body = {"properties": {"lifecyclestage": "opportunity"}}
    company.hubspot("PATCH", f"/crm/v3/objects/contacts/{contact}", body)
    company.fault("hubspot.search", "late_commit", times=-1)
    load("raw_hubspot")
    company.control("DELETE", "/faults")
    load("raw_hubspot")
    loaded_hubspot.assert_same(company)


@pytest.mark.parametrize("name", ["raw_hubspot", "raw_matomo", "raw_shopify"])
def test_an_expired_token_is_one_clear_message(company: Company, name: str) -> None:
    vendor = SOURCES[name].vendor
    with pytest.raises(LoadError, match=rf"\[sources\.{vendor}\] access_token") as caught:
        load(name, access_token="expired")
    assert "expired" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["raw_hubspot", "raw_matomo", "raw_shopify"])
def test_a_source_that_is_not_configured_says_what_to_set(
    company: Company, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = SOURCES[name].vendor
    monkeypatch.delenv(f"SOURCES__{vendor.upper()}__ACCESS_TOKEN")
    assert not is_configured(vendor)
    with pytest.raises(LoadError, match=rf"\[sources\.{vendor}\]"):
        load(name)


def test_an_unreachable_host_is_one_clear_message(company: Company) -> None:
    with pytest.raises(LoadError, match=r"sources\.matomo\.base_url"):
        load("raw_matomo", base_url="http://127.0.0.1:9")


def test_a_wrong_site_is_one_clear_message_although_the_status_is_200(company: Company) -> None:
    with pytest.raises(LoadError, match="site_id"):
        load("raw_matomo", site_id=99)


def test_an_unknown_api_version_is_one_clear_message(company: Company) -> None:
    with pytest.raises(LoadError, match="API version"):
        load("raw_shopify", api_version="1999-01")


def test_a_second_load_of_one_source_is_refused_while_the_first_runs(company: Company) -> None:
    with (
        pipeline_for("raw_matomo"),
        pytest.raises(LoadError, match="another load of this source"),
    ):
        load("raw_matomo")
    load("raw_matomo")


def test_nothing_is_left_in_working_folders(company: Company) -> None:
    load("raw_hubspot")
    with pytest.raises(LoadError):
        load("raw_hubspot", access_token="expired")
    assert not list(working_folders().iterdir())


def test_the_next_load_removes_what_a_killed_one_left(company: Company) -> None:
    left = abandoned("raw_hubspot")
    load("raw_hubspot")
    assert not left.exists()


def test_what_killed_loads_left_can_be_removed_beside_one_that_runs(company: Company) -> None:
    left = abandoned("raw_hubspot")
    with pipeline_for("raw_matomo") as pipeline:
        clear_abandoned()
        assert Path(pipeline.pipelines_dir).is_dir()
    assert not left.exists()


def test_a_load_that_breaks_off_leaves_nothing_visible_and_the_next_one_is_whole(
    company: Company,
) -> None:
    before = snapshot()
    company.fault("shopify.graphql", "500", after=9, times=-1)
    os.environ["SOURCES__SHOPIFY__LOOKBACK_MINUTES"] = str(60 * 24 * 400)
    try:
        with pytest.raises(LoadError):
            pipelines.load("raw_shopify")
        assert snapshot() == before
        company.control("DELETE", "/faults")
        load("raw_shopify")
    finally:
        del os.environ["SOURCES__SHOPIFY__LOOKBACK_MINUTES"]
    assert snapshot() == before


def test_a_shop_that_suddenly_looks_empty_wipes_nothing(company: Company) -> None:
    with psycopg.connect(role_url("loader")) as connection:
        connection.execute("create table raw_shopify.kept as select * from raw_shopify.customers")
        connection.execute(
            "insert into raw_shopify.customers"
            " select (jsonb_populate_record(c, jsonb_build_object("
            "'shopify_customer_id', n || c.shopify_customer_id))).*"
            " from raw_shopify.customers as c cross join generate_series(1, 5) as n"
        )
    try:
        with pytest.raises(LoadError, match="accept_shrinking"):
            load("raw_shopify")
        assert not rows("raw_shopify.customers", "is_deleted and length(shopify_customer_id) > 13")
    finally:
        with psycopg.connect(role_url("loader")) as connection:
            connection.execute("truncate raw_shopify.customers")
            connection.execute("insert into raw_shopify.customers select * from raw_shopify.kept")
            connection.execute("drop table raw_shopify.kept")


def test_errors_never_quote_rows(company: Company) -> None:
    error = psycopg.errors.UniqueViolation(
        'duplicate key value violates unique constraint "x"\n'
        "DETAIL:  Key (email)=(jane@example.org) already exists."
    )
    assert "jane" not in str(pipelines.explained("raw_hubspot", error))


def test_a_full_working_folder_stops_the_load_and_the_next_one_is_whole(
    company: Company,
) -> None:
    company.load()
    before = snapshot()
    with small_disk(working_folders(), 1) as disk:
        (disk / "filler").write_bytes(bytes(1024 * 1024 - 64 * 1024))
        with pytest.raises(LoadError, match=r"disk .* is full.*Next:"):
            load("raw_shopify", lookback_minutes=60 * 24 * 400)
    assert snapshot() == before
    load("raw_shopify")
    assert snapshot() == before
