"""dbt's own unit tests of the rule-driven models pass."""

import pytest

from tests.conftest import Warehouse
from tests.integration.transform_world import World, found


@pytest.fixture(scope="module")
def world(fresh_database: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = found(fresh_database, tmp_path_factory.mktemp("dbt"))
    made.dbt("run", "--select", "fqn:tandem.intermediate", "fqn:tandem.core")
    return made


def test_the_unit_tests_of_the_models_pass(world: World) -> None:
    results = world.dbt(
        "test", "--select", "resource_type:unit_test", "--exclude", "fqn:*restricted*"
    )
    passed = [result.node.name for result in results if result.status == "pass"]
    assert len(passed) >= 70
