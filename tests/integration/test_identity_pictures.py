"""Pictures beside the tables of who is who: all are drawn, and none shows a whole key."""

import pytest

from orchestration.identity import pictures, resolve
from orchestration.operations import plots
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at
from tests.unit.identity_world import key, record


@pytest.fixture
def labels(fresh_database: Warehouse, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Labels that each picture would carry, by table and name."""
    at.build(fresh_database)
    at.forget(fresh_database)
    at.add(fresh_database, [record("u1", "e1"), record("u2", "e1", last=9), record("c1", "e1")])
    resolve(fresh_database.url("resolver"))
    at.add(fresh_database, [record("c3", "e3")])
    resolve(fresh_database.url("resolver"))
    at.add(fresh_database, [record("c3", "u2", name="bridge")])
    resolve(fresh_database.url("resolver"))
    seen: dict[str, list[str]] = {}
    for kind in ("bars", "stacked_bars"):
        draw = getattr(plots, kind)

        def note(values, title, *rest, draw=draw):
            seen[title.split(",")[0]] = [str(name) for name in values]
            return draw(values, title, *rest)

        monkeypatch.setattr(plots, kind, note)
    with fresh_database.connect("resolver") as connection:
        for table, named in pictures.OF_TABLE.items():
            drawn = pictures.draw(connection, table)
            assert drawn.keys() == named.keys()
            assert all(text.startswith("![") for text in drawn.values())
    return seen


def test_every_table_of_the_engine_has_its_picture_and_no_label_is_a_whole_key(labels) -> None:
    assert labels["Evidence that was cut"] == ["max_values_per_person:user_id, user_id - email"]
    assert labels["Persons by number of identifiers"]
    assert "email + user_id" in labels["Persons with both types of identifiers"]
    [day] = labels["Merges"]
    assert len(day) == len("2026-01-01")
    hubs = labels["Identifiers in most records"]
    assert hubs[0].startswith("email ")
    assert not any(key("e1") in name for name in hubs)
