"""A mart that has to change in a way that breaks its readers: v2 beside v1, then v1's end.

With a real change of a dbt model, in a copy of the project, on the marts of the hub.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from ingestion.settings import project_root, role_url
from orchestration import dbt_invocation, publishing
from orchestration.warehouse.bootstrap import reconcile
from tests.acceptance.conftest import Hub

MART = "segments"
FILE = Path("models/core/customer/_customer_marts.yml")
V2 = """
select
    segment,
    purpose,
    channel,
    description,
    member_count,
    permitted_member_count,
    cast(permitted_member_count as numeric(18, 2)) / nullif(member_count, 0) as permitted_share
from {{ ref('segments', v=1) }}
"""


class Project:
    """A copy of the dbt project, and what a developer does with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "dbt_project"
        self.target = folder / "target"
        ignored = shutil.ignore_patterns("target", "logs")
        shutil.copytree(project_root() / "dbt_project", self.folder, ignore=ignored)

    def version(self, *, end_of_v1: str, end_of_v2: str | None = None) -> None:
        """Give the mart a second version without one of its columns and with one of another."""
        page = yaml.safe_load((project_root() / "dbt_project" / FILE).read_text())
        [model] = [model for model in page["models"] if model["name"] == MART]
        share = {
            "name": "permitted_share",
            "data_type": "numeric",
            "description": "Share of the members that may be written to.",
            "config": {"meta": {"pii": "none", "purpose": "analytics"}},
        }
        publish = {"publish": {"schema": "marts", "table": f"{MART}_v2"}}
        second: dict[str, Any] = {
            "v": 2,
            "config": {"alias": f"{MART}_v2", "meta": publish},
            "columns": [{"include": "all", "exclude": ["owner"]}, share],
        }
        if end_of_v2:
            second["deprecation_date"] = end_of_v2
        first = {
            "v": 1,
            "defined_in": MART,
            "deprecation_date": end_of_v1,
            "config": {"alias": MART, "meta": {"publish": model["config"]["meta"].pop("publish")}},
        }
        model |= {"latest_version": 1, "versions": [first, second]}
        (self.folder / FILE).write_text(yaml.safe_dump(page, sort_keys=False))
        (self.folder / FILE).with_name(f"{MART}_v2.sql").write_text(V2)

    def without_owner(self) -> None:
        """Remove a column, as nobody should."""
        page = yaml.safe_load((project_root() / "dbt_project" / FILE).read_text())
        [model] = [model for model in page["models"] if model["name"] == MART]
        model["columns"] = [c for c in model["columns"] if c["name"] != "owner"]
        (self.folder / FILE).write_text(yaml.safe_dump(page, sort_keys=False))

    def dbt(self, *arguments: str) -> list[publishing.Mart]:
        """Run dbt as the builder, grant as a build does; return the marts as declared now."""
        places = {
            "project-dir": self.folder,
            "profiles-dir": self.folder,
            "target-path": self.target,
        }
        options = [part for name, path in places.items() for part in (f"--{name}", str(path))]
        done = subprocess.run(
            [str(Path(sys.executable).parent / "dbt"), "--quiet", *arguments, *options],
            env={**os.environ, **dbt_invocation.connection_variables("builder")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        reconcile()
        return publishing.read_marts(self.target / "manifest.json")


@pytest.fixture
def project(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("TANDEM_HOME", str(hub.home))
    return Project(tmp_path)


@pytest.fixture
def as_before(hub: Hub, project: Project) -> Iterator[None]:
    """Afterwards the marts are again those of the project as it is."""
    yield
    with psycopg.connect(role_url("admin"), autocommit=True) as connection:
        connection.execute(f"drop table if exists core.{MART}_v2".encode())
    marts = publishing.read_marts(hub.home / "dbt" / dbt_invocation.PARSER / "manifest.json")
    publish(marts)
    with publishing.connect(role_url("publisher")) as connection:
        found = publishing.diff(connection, marts)
    assert found.is_empty


def publish(marts: list[publishing.Mart]) -> publishing.Release:
    with publishing.connect(role_url("publisher")) as connection:
        return publishing.publish(connection, marts)


@pytest.mark.usefixtures("as_before")
def test_a_breaking_change_goes_the_way_of_a_second_version(hub: Hub, project: Project) -> None:
    project.without_owner()
    with pytest.raises(publishing.PublishError, match=r"owner"):
        publish(project.dbt("parse"))

    project.version(end_of_v1="2099-12-31")
    marts = project.dbt("run", "--select", f"{MART}.v2")
    told = hub.tandem("release", "diff", "--manifest", str(project.target / "manifest.json"))
    assert told.returncode == 0, told.stderr
    assert f"marts.{MART}_v2: mart created" in told.stdout
    assert publish(marts).is_new
    both = hub.query(f"select count(*) from marts.{MART} join marts.{MART}_v2 using (segment)")
    assert both == hub.query(f"select count(*) from marts.{MART}")
    assert both > [(0,)]
    hub.query(f"select owner from marts.{MART}")
    hub.query(f"select permitted_share from marts.{MART}_v2")
    ends = "select mart_table, deprecation_date::text from marts_meta.marts where mart_table ~ %s"
    assert hub.query(ends.replace("%s", f"'^{MART}(_v2)?$' and mart_schema = 'marts'")) == [
        (MART, "2099-12-31"),
        (f"{MART}_v2", None),
    ]

    # Taken away before its time it is refused; when its time is over it goes by itself.
    first_only = publishing.read_marts(hub.home / "dbt" / dbt_invocation.PARSER / "manifest.json")
    with pytest.raises(publishing.SchemaRefused, match=f"{MART}_v2 is no longer published"):
        publish(first_only)
    project.version(end_of_v1="2099-12-31", end_of_v2="2026-01-01")
    publish(project.dbt("parse"))
