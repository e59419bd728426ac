"""Persons found under the project's own seeds are right: measured on a sandbox company."""

from pathlib import Path

from ingestion import sandbox
from orchestration.identity import resolve
from orchestration.identity.evaluate import evaluate
from tests.benchmarks.identity_quality import load
from tests.conftest import Warehouse


def test_a_dirty_company_is_recognised_with_high_precision_and_recall(
    fresh_database: Warehouse, tmp_path: Path
):
    sandbox.create(tmp_path, people=2000)
    load(fresh_database, tmp_path / "truth")
    resolve(fresh_database.url("resolver"))
    with fresh_database.connect("resolver") as connection:
        found = evaluate(connection, fresh_database.url("resolver"), tmp_path / "truth")
    assert found.records > 4000
    assert found.pairwise.precision >= 0.999
    assert found.supported.recall >= 0.97
    assert found.b_cubed.precision >= 0.999
    assert found.largest <= 2 * found.largest_true
