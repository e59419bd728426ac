"""What several integration tests share."""

import pytest

from tests.conftest import Warehouse
from tests.integration.publishing_world import World


@pytest.fixture
def world(fresh_database: Warehouse) -> World:
    """Give a small core schema that nothing has been published of."""
    made = World(fresh_database)
    made.reset()
    made.build()
    return made
