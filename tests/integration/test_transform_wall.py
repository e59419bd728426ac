"""Readable values are compiled for the role that may read them, and for no other."""

from pathlib import Path

import pytest

from tests.conftest import Warehouse
from tests.integration.transform_world import BuildFailed, World


def test_a_model_that_reads_the_vault_does_not_compile_in_the_open_zone(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    world = World(warehouse, tmp_path)
    model = ("compile", "--select", "contact_values")
    with pytest.raises(BuildFailed, match="contact_values reads the vault"):
        world.dbt(*model, "--target", "builder")
    compiled = world.dbt(*model, "--target", "builder_pii")
    assert [result.node.name for result in compiled] == ["contact_values"]
