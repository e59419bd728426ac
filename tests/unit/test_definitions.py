"""The Dagster graph: it loads from nothing, is one piece, and names what readers see."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

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
def graph() -> dg.AssetGraph:
    from orchestration.definitions import defs

    return defs().resolve_asset_graph()


def test_lineage_is_unbroken_from_the_vendors_to_every_mart(graph: dg.AssetGraph) -> None:
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


def _ancestors(graph: dg.AssetGraph, key: dg.AssetKey) -> set[dg.AssetKey]:
    seen: set[dg.AssetKey] = set()
    todo = [key]
    while todo:
        for parent in graph.get(todo.pop()).parent_keys:
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return seen


def test_no_asset_reads_what_nobody_writes(graph: dg.AssetGraph) -> None:
    orphans = {
        key.to_user_string()
        for key in graph.get_all_asset_keys()
        if not graph.get(key).is_executable and not graph.get(key).parent_keys
    }
    assert orphans == set()


def test_every_asset_says_what_it_is(graph: dg.AssetGraph) -> None:
    silent = [
        key.to_user_string()
        for key in graph.get_all_asset_keys()
        if not graph.get(key).description or not graph.get(key).group_name
    ]
    assert silent == []
