"""The registry, the shapes and the staging folder say the same."""

import re
from pathlib import Path

import pytest
import yaml

from ingestion.registry import ALL_SOURCES, SOURCES
from ingestion.settings import project_root

STAGING = project_root() / "dbt_project" / "models" / "staging"


@pytest.mark.parametrize("name", sorted(ALL_SOURCES))
def test_a_source_is_described_without_any_configuration(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "nowhere"))
    source = ALL_SOURCES[name].describe()
    assert source.name == name
    assert set(source.selected_resources) == set(ALL_SOURCES[name].resources)


@pytest.mark.parametrize("name", sorted(ALL_SOURCES))
def test_every_resource_has_a_shape_and_merges_by_its_key(name: str) -> None:
    shapes = {shape.resource: shape for shape in ALL_SOURCES[name].shapes()}
    assert set(shapes) == set(ALL_SOURCES[name].resources)
    for table, resource in ALL_SOURCES[name].describe().selected_resources.items():
        schema = resource.compute_table_schema()
        if (table, "event_files" in shapes) == ("events", True):
            assert schema["write_disposition"] == "append"  # event_files says which rows count
            continue
        assert schema["write_disposition"] == "merge"
        hint = "merge_key" if shapes[table].merge_key else "primary_key"
        assert any(column.get(hint) for column in schema["columns"].values())


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_resource_has_a_staging_model_and_a_line_in_the_dbt_source(name: str) -> None:
    vendor = SOURCES[name].vendor
    declared = yaml.safe_load((STAGING / vendor / f"_{name}__sources.yml").read_text())
    tables = {table["name"] for table in declared["sources"][0]["tables"]}
    assert set(SOURCES[name].resources) | {"_dlt_loads"} == tables
    for resource in SOURCES[name].resources:
        assert (STAGING / vendor / f"stg_{vendor}__{resource}.sql").exists()


def test_the_page_on_adding_a_source_names_every_model_that_reads_one_vendor_only() -> None:
    page = (project_root() / "ingestion" / "sources" / "README.md").read_text()
    own = "|".join([*(spec.vendor for spec in SOURCES.values()), "pos"])
    of_a_vendor = re.compile(rf"'(?:stg|int_[a-z]+)__?(?:{own})_\w+'")
    learning = [
        path.stem
        for path in STAGING.parent.rglob("*.sql")
        if STAGING not in path.parents
        and not re.search(rf"__(?:{own})_", path.stem)
        and of_a_vendor.search(path.read_text())
    ]
    assert len(learning) > 20
    assert [name for name in sorted(learning) if f"`{name}`" not in page] == []


def test_no_open_column_is_named_like_a_readable_identifier() -> None:
    readable = {
        "email",
        "phone",
        "first_name",
        "last_name",
        "street",
        "ip",
        "user_agent",
        "user_id",
    }
    for spec in ALL_SOURCES.values():
        for shape in spec.shapes():
            assert not readable & set(shape.kinds), shape.resource
