"""The Dagster graph: it loads from nothing, is one piece, and names what readers see."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from syrupy.assertion import SnapshotAssertion

from ingestion.settings import project_root

LOAD = """
import resource, socket, sys
def refuse(*args, **kwargs): raise OSError("the network was touched while loading definitions")
socket.socket.connect = refuse
from orchestration.definitions import defs
defs().resolve_asset_graph()
used = resource.getrusage(resource.RUSAGE_SELF)
print(round(used.ru_utime + used.ru_stime, 2), "great_expectations" in sys.modules)
"""


def load_in_a_new_process(home: Path) -> tuple[float, bool]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TANDEM_HOME": str(home / "tandem"),
    }
    out = subprocess.run(
        [sys.executable, "-c", LOAD],
        env=environment,
        cwd=project_root(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert out.returncode == 0, out.stderr[-2000:]
    seconds, has_gx = out.stdout.split()
    return float(seconds), has_gx == "True"


def test_definitions_load_without_secrets_database_or_network(tmp_path: Path) -> None:
    load_in_a_new_process(tmp_path)
    _, has_gx = load_in_a_new_process(tmp_path)
    assert not has_gx, "great_expectations is imported at load time; it costs seconds"


@pytest.fixture(scope="module")
def graph() -> AssetGraph:
    from orchestration.definitions import defs

    return defs().resolve_asset_graph()


def test_lineage_is_unbroken_from_the_vendors_to_every_mart(graph: AssetGraph) -> None:
    raw = {key for key in graph.get_all_asset_keys() if key.path[0].startswith("raw_")}
    published = {key for key in graph.get_all_asset_keys() if key.path[0].startswith("marts")}
    assert raw
    assert published
    for mart in published:
        upstream = (
            graph.get_ancestor_asset_keys(mart)
            if hasattr(graph, "get_ancestor_asset_keys")
            else _ancestors(graph, mart)
        )
        assert upstream & raw, f"{mart.to_user_string()} hangs in the air"


def _ancestors(graph: AssetGraph, key: dg.AssetKey) -> set[dg.AssetKey]:
    seen: set[dg.AssetKey] = set()
    todo = [key]
    while todo:
        for parent in graph.get(todo.pop()).parent_keys:
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return seen


def test_no_asset_reads_what_nobody_writes(graph: AssetGraph) -> None:
    orphans = {
        key.to_user_string()
        for key in graph.get_all_asset_keys()
        if not graph.get(key).is_executable and not graph.get(key).parent_keys
    }
    assert orphans == set()


def test_every_asset_says_what_it_is(graph: AssetGraph) -> None:
    silent = [
        key.to_user_string()
        for key in graph.get_all_asset_keys()
        if not graph.get(key).description or not graph.get(key).group_name
    ]
    assert silent == []


def test_every_asset_has_an_owner_a_runbook_code_and_the_tags_policies_go_by(
    graph: AssetGraph,
) -> None:
    lacking = {}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        has = {
            "owner": bool(node.owners),
            "kind": bool(node.kinds),
            "table": "dagster/table_name" in node.metadata,
            "layer": "layer" in node.tags,
            "pii": node.tags.get("pii") in {"none", "pseudonymous", "direct"},
            "code": "dagster/code_references" in node.metadata,
            "runbook": (project_root() / str(node.metadata["runbook"].value)).exists(),
        }
        if missing := [what for what, is_there in has.items() if not is_there]:
            lacking[key.to_user_string()] = missing
    assert lacking == {}


def test_tables_with_keys_of_people_are_tagged_so_and_open_marts_hold_nothing_readable(
    graph: AssetGraph,
) -> None:
    def pii(*key: str) -> str:
        return graph.get(dg.AssetKey(key)).tags["pii"]

    assert pii("staging", "stg_hubspot__contacts") == "pseudonymous"
    assert pii("marts", "customer_360") == "pseudonymous"
    assert pii("vault", "contact_values") == "direct"
    for key in graph.get_all_asset_keys():
        if key.path[0].startswith("marts"):
            assert pii(*key.path) != "direct", key.to_user_string()


def test_what_comes_in_and_what_goes_out_has_a_freshness_policy(graph: AssetGraph) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if key.path[0].startswith(("raw_", "marts")) and node.partitions_def is None:
            assert node.freshness_policy is not None, key.to_user_string()


def test_every_expectation_can_stop_a_run_since_not_carried_out_is_not_passed(
    graph: AssetGraph,
) -> None:
    from orchestration.defs.quality import all_suites

    for suite in all_suites():
        for check in suite.checks:
            key = dg.AssetCheckKey(dg.AssetKey([suite.schema, suite.table]), check.name)
            assert graph.get_check_spec(key).blocking, key.to_user_string()


def test_every_loaded_table_is_compared_with_its_own_history(graph: AssetGraph) -> None:
    from ingestion.registry import SOURCES

    for source in SOURCES.values():
        for resource in source.resources:
            key = dg.AssetCheckKey(dg.AssetKey([source.dataset, resource]), "volume_is_usual")
            assert graph.has(key), key.to_user_string()


def test_the_refresh_leaves_backfills_alone_and_a_release_waits_for_every_check(
    graph: AssetGraph,
) -> None:
    from orchestration.definitions import defs

    job = defs().resolve_job_def("refresh")
    assert dg.AssetKey(["raw_matomo", "restated_days"]) not in job.asset_layer.executable_asset_keys
    before_release = {
        dep.node for deps in [job.dependencies[_invocation(job, "release")]] for dep in _flat(deps)
    }
    assert "check_core" in before_release


def _invocation(job: dg.JobDefinition, name: str) -> object:
    return next(found for found in job.dependencies if found.name == name)


def _flat(deps: object) -> list[dg.DependencyDefinition]:
    found: list[dg.DependencyDefinition] = []
    for dep in deps.values():  # type: ignore[attr-defined]
        found += dep.get_node_dependencies()
    return found


def test_every_job_schedule_and_sensor_resolves() -> None:
    from orchestration.definitions import defs

    dg.Definitions.validate_loadable(defs())


def test_nothing_calls_a_vendor_before_somebody_switches_it_on() -> None:
    from orchestration.definitions import defs

    repository = defs().get_repository_def()
    schedules = {s.name: s.default_status.value for s in repository.schedule_defs}
    assert set(schedules.values()) == {"STOPPED"}
    running = {s.name for s in repository.sensor_defs if s.default_status.value == "RUNNING"}
    assert running == {"alerts", "consent_changed"}


def test_the_graph_is_as_reviewed(graph: AssetGraph, snapshot: SnapshotAssertion) -> None:
    """Keys, groups, upstream and checks; ``pytest --snapshot-update`` after a meant change."""
    assert _told(graph) == snapshot


def _told(graph: AssetGraph) -> str:
    checks: dict[str, list[str]] = {}
    for check in graph.asset_check_keys:
        checks.setdefault(check.asset_key.to_user_string(), []).append(check.name)
    lines = []
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string()):
        node = graph.get(key)
        name = key.to_user_string()
        lines.append(f"{name} [{node.group_name}, {', '.join(sorted(node.kinds))}]")
        lines += [
            f"  < {parent}" for parent in sorted(p.to_user_string() for p in node.parent_keys)
        ]
        lines += [f"  ? {check}" for check in sorted(checks.get(name, []))]
    return "\n".join(lines)


def test_the_ledger_hears_of_a_load_of_every_source_that_tells_consent() -> None:
    from ingestion.registry import SOURCES
    from orchestration.defs.ingestion import _tells_consent

    telling = {source.vendor for source in SOURCES.values() if _tells_consent(source)}
    assert telling == {"files", "hubspot", "matomo", "shopify"}
