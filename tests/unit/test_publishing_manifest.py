"""Marts as the dbt manifest declares them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.publishing import ManifestError, read_marts
from orchestration.publishing.manifest import marts_of
from tests.integration.publishing_world import PEOPLE, VISITS, node

MARTS = {"schema": "marts", "table": "people"}


def people(**extra: Any) -> dict[str, Any]:
    return node("people", dict(PEOPLE), ["person_id"], publish=MARTS, **extra)


def test_a_model_without_publish_is_no_mart() -> None:
    inner = people()
    inner["config"]["meta"] = {}
    assert marts_of({"inner": inner}) == []


def test_a_model_may_be_published_to_several_audiences() -> None:
    targets = [MARTS, {"schema": "marts_sales", "table": "people"}]
    marts = marts_of({"p": node("people", dict(PEOPLE), ["person_id"], publish=targets)})
    assert [mart.name for mart in marts] == ["marts.people", "marts_sales.people"]
    assert {mart.core_name for mart in marts} == {"core.people"}


@pytest.mark.parametrize("to", ["ref('people')", 'ref("people")', '"hub"."core"."people"'])
def test_a_foreign_key_points_at_the_mart_of_the_same_audience(to: str) -> None:
    visits = node(
        "visits", dict(VISITS), ["visit_id"], publish={"schema": "marts", "table": "visits"}
    )
    visits["constraints"].append(
        {"type": "foreign_key", "columns": ["person_id"], "to": to, "to_columns": ["person_id"]}
    )
    found = {mart.table: mart for mart in marts_of({"p": people(), "v": visits})}
    (key,) = found["visits"].foreign_keys
    assert (key.columns, key.to_schema, key.to_table) == (("person_id",), "marts", "people")


def test_a_foreign_key_to_a_model_that_this_audience_does_not_see_is_left_out() -> None:
    visits = node(
        "visits",
        dict(VISITS),
        ["visit_id"],
        publish={"schema": "marts_sales", "table": "visits"},
        foreign=[("person_id", "people")],
    )
    found = {mart.table: mart for mart in marts_of({"p": people(), "v": visits})}
    assert found["visits"].foreign_keys == ()


def test_keys_indexes_and_requirements_come_from_the_contract() -> None:
    declared = people()
    declared["columns"]["stage"]["constraints"] = [{"type": "not_null"}]
    declared["config"]["indexes"] = [
        {"columns": ["person_id"], "unique": True},
        {"columns": ["stage", "amount"], "unique": False},
    ]
    (mart,) = marts_of({"p": declared})
    assert mart.primary_key == ("person_id",)
    assert [name for name, c in mart.columns.items() if c.is_required] == ["person_id", "stage"]
    assert [index.columns for index in mart.indexes] == [("stage", "amount")]


def test_a_foreign_key_has_an_index_so_that_removing_people_reads_no_whole_mart() -> None:
    visits = node(
        "visits",
        dict(VISITS),
        ["visit_id"],
        publish={"schema": "marts", "table": "visits"},
        foreign=[("person_id", "people")],
    )
    found = {mart.table: mart for mart in marts_of({"p": people(), "v": visits})}
    assert ("person_id",) in [index.columns for index in found["visits"].indexes]
    visits["config"]["indexes"] = [{"columns": ["person_id", "visit_id"]}]
    found = {mart.table: mart for mart in marts_of({"p": people(), "v": visits})}
    assert [index.columns for index in found["visits"].indexes] == [("person_id", "visit_id")]


def test_version_and_deprecation_date_are_read() -> None:
    (mart,) = marts_of({"p": people(version=1, deprecation_date="2027-01-31T00:00:00")})
    assert (mart.version, mart.deprecation_date) == ("1", date(2027, 1, 31))


def test_a_foreign_key_follows_the_version_it_names_or_the_latest() -> None:
    nodes: dict[str, Any] = {}
    for version in (1, 2):
        target = {"schema": "marts", "table": f"people_v{version}"}
        nodes[f"v{version}"] = node(
            "people", dict(PEOPLE), ["person_id"], publish=target, alias=f"people_v{version}",
            version=version, latest_version=2,
        )  # fmt: skip
    for name, to in (("old", "ref('people', v=1)"), ("new", "ref('people')")):
        nodes[name] = node(
            name, dict(VISITS), ["visit_id"], publish={"schema": "marts", "table": name}
        )
        nodes[name]["constraints"].append(
            {"type": "foreign_key", "columns": ["person_id"], "to": to, "to_columns": ["person_id"]}
        )
    found = {mart.table: mart for mart in marts_of(nodes)}
    assert found["old"].foreign_keys[0].to_table == "people_v1"
    assert found["new"].foreign_keys[0].to_table == "people_v2"


def test_pii_class_is_found_in_meta_or_config_meta() -> None:
    declared = people()
    declared["columns"]["stage"] = {"data_type": "text", "meta": {"pii": "pseudonymous"}}
    (mart,) = marts_of({"p": declared})
    assert mart.columns["stage"].pii == "pseudonymous"
    assert mart.columns["amount"].pii == "none"


def test_a_mart_without_a_primary_key_is_refused_by_name() -> None:
    declared = people()
    declared["constraints"] = []
    with pytest.raises(ManifestError, match="model people"):
        marts_of({"p": declared})


def test_two_models_for_one_mart_are_refused() -> None:
    with pytest.raises(ManifestError, match=r"marts\.people"):
        marts_of({"a": people(), "b": {**people(), "name": "b", "alias": "b"}})


def test_a_name_that_postgres_would_cut_is_refused() -> None:
    target = {"schema": "marts_marketing", "table": "x" * 50}
    with pytest.raises(ManifestError, match="too long"):
        marts_of({"p": node("people", dict(PEOPLE), ["person_id"], publish=target)})


def test_a_missing_manifest_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="build the dbt project first"):
        read_marts(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text(json.dumps({"nodes": {"p": people()}}))
    assert len(read_marts(tmp_path / "manifest.json")) == 1
