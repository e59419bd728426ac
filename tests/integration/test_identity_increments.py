"""Evidence as dbt keeps it: an increment of it moves nothing else, and the engine follows it."""

import pytest

from orchestration.identity import Summary, resolve
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at
from tests.integration.transform_world import World, found
from tests.unit.identity_world import day, key, kind

EVIDENCE = ("int_identity__identifiers", "int_identity__merge_edges")


@pytest.fixture(scope="module")
def world(fresh_database: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> World:
    return found(fresh_database, tmp_path_factory.mktemp("dbt"))


@pytest.fixture
def hub(world: World) -> World:
    """Forty customers, every second of them a contact too, resolved."""
    at.forget(world.warehouse)
    for source in ("shopify", "hubspot"):
        world.execute(f"truncate staging.stg_{source}__identifiers")
    for n in range(40):
        tell(world, "shopify", f"customers/{n}", f"s{n}", f"u{n}", f"e{n}")
        if n % 2 == 0:
            tell(world, "hubspot", f"contacts/{n}", f"c{n}", f"e{n}")
    run(world, "--full-refresh")
    return world


def tell(world: World, source: str, record_key: str, *words: str, last: float = 1) -> None:
    """Let a source tell all that a record carries now."""
    world.execute(
        f"delete from staging.stg_{source}__identifiers where record_key = '{record_key}'"
    )
    rows = [
        {
            "source": source,
            "record_key": record_key,
            "identifier_type": kind(word),
            "subject_key": key(word),
            "first_seen": day(0),
            "last_seen": day(last),
            "observation_count": 1,
        }
        for word in words
    ]
    world.add(f"staging.stg_{source}__identifiers", *rows)


def run(world: World, *extra: str) -> Summary:
    world.run(*EVIDENCE, extra=extra)
    at.let_read(world.warehouse)
    return resolve(world.warehouse.url("resolver"))


def physical(world: World) -> set[tuple[object, ...]]:
    return set(world.query("select ctid::text, xmin::text from identity.identifiers"))


def test_nothing_new_writes_nothing(hub: World) -> None:
    before = physical(hub)
    assert run(hub).mode == "unchanged"
    assert physical(hub) == before


def test_only_changed_rows_are_written_and_only_their_persons_resolved(hub: World) -> None:
    before = physical(hub)
    tell(hub, "hubspot", "contacts/1", "c1", "e1")
    tell(hub, "shopify", "customers/2", "s2", "u2", "e2", last=9)
    summary = run(hub)
    assert (summary.mode, summary.persons) == ("increment", 2)
    assert len(physical(hub) - before) == 2 + 3
    assert at.person_of(hub.warehouse, "c1") == at.person_of(hub.warehouse, "u1")


def test_an_address_that_a_record_lost_lets_go_of_whom_it_joined(hub: World) -> None:
    whole = at.person_of(hub.warehouse, "u4")
    assert at.person_of(hub.warehouse, "c4") == whole
    tell(hub, "hubspot", "contacts/4", "c4", "e404")
    summary = run(hub)
    assert summary.mode == "increment"
    assert at.person_of(hub.warehouse, "u4") == at.person_of(hub.warehouse, "e4") == whole
    assert at.person_of(hub.warehouse, "c4") == at.person_of(hub.warehouse, "e404") != whole


def test_a_record_that_vanished_and_came_back_leaves_everything_as_it_was(hub: World) -> None:
    before = at.links(hub.warehouse)
    hub.execute("delete from staging.stg_hubspot__identifiers where record_key = 'contacts/6'")
    assert run(hub).mode == "increment"
    assert at.person_of(hub.warehouse, "c6") is None
    tell(hub, "hubspot", "contacts/6", "c6", "e6")
    assert run(hub).mode == "increment"
    assert at.links(hub.warehouse) == before


def test_many_increments_equal_a_rebuild(hub: World) -> None:
    for n in range(0, 12, 2):
        tell(hub, "hubspot", f"contacts/{n}", f"c{n}", f"e{n + 1}", f"p{n}", last=n)
        run(hub)
    columns = "source, record_key, identifier_type, subject_key, first_seen, last_seen"
    living = (
        f"select {columns} from identity.identifiers where observation_count > 0 order by 1, 2, 4"
    )
    evidence, links = hub.query(living), at.links(hub.warehouse)
    summary = run(hub, "--full-refresh")
    assert (summary.mode, summary.links_written) == ("full", 0)
    assert hub.query(living) == evidence
    assert at.links(hub.warehouse) == links
