"""The sandbox as a process: it starts fast, ends with its parent, and spoils answers when asked."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from ingestion.sandbox import SandboxInfo, prepared, running
from ingestion.settings import project_root

PEOPLE, SEED = 400, 11


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxInfo]:
    folder = tmp_path_factory.mktemp("sandbox") / "company"
    shutil.copytree(prepared(PEOPLE, SEED), folder)
    with running(folder=folder) as info:
        yield info


def _contacts(company: SandboxInfo, **more: Any) -> requests.Response:
    return requests.get(
        company.urls["hubspot"] + "/crm/v3/objects/contacts",
        params={"limit": 100},
        headers={"Authorization": f"Bearer {company.tokens['hubspot']}"},
        timeout=10,
        **more,
    )


def _fault(company: SandboxInfo, endpoint: str, kind: str, **more: Any) -> None:
    body = {"endpoint": endpoint, "kind": kind, **more}
    requests.post(f"{company.control_url}/faults", json=body, timeout=10).raise_for_status()


def test_settings_for_the_loaders_name_every_vendor(company: SandboxInfo) -> None:
    names = {
        f"SOURCES__{vendor}__{what}"
        for vendor in ("HUBSPOT", "MATOMO", "SHOPIFY")
        for what in ("BASE_URL", "ACCESS_TOKEN")
    }
    assert names <= company.env.keys()
    assert company.environment(["raw_matomo"]).keys() == {
        "SOURCES__MATOMO__BASE_URL",
        "SOURCES__MATOMO__ACCESS_TOKEN",
    }
    assert all(company.urls[vendor].startswith("http://127.0.0.1:") for vendor in company.tokens)


def test_tokens_are_new_at_every_start_unless_kept(company: SandboxInfo, tmp_path: Path) -> None:
    folder = tmp_path / "company"
    shutil.copytree(company.company_dir, folder)
    seen = []
    for keep in (False, True, True):
        with running(folder=folder, keep_tokens=keep) as info:
            seen.append(info.tokens["hubspot"])
    assert seen[0] != seen[1] == seen[2]
    assert (folder / "tokens.json").stat().st_mode & 0o077 == 0


def test_the_server_ends_with_the_block(company: SandboxInfo, tmp_path: Path) -> None:
    with running(folder=company.company_dir) as info:
        assert psutil.pid_exists(info.pid)
    assert not psutil.pid_exists(info.pid)


def test_the_server_ends_when_its_parent_is_killed(company: SandboxInfo) -> None:
    script = (
        "import json, sys, time; from pathlib import Path; from ingestion.sandbox import running\n"
        "with running(folder=Path(sys.argv[1])) as info:\n"
        "    print(json.dumps(info.pid), flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(company.company_dir)],
        stdout=subprocess.PIPE,
        cwd=project_root(),
        text=True,
    )
    assert parent.stdout is not None
    child = json.loads(parent.stdout.readline())
    assert psutil.pid_exists(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 5
    while psutil.pid_exists(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(child)


def test_a_truncated_answer_breaks_off_in_the_middle(company: SandboxInfo) -> None:
    _fault(company, "hubspot.list", "truncate")
    with pytest.raises(requests.exceptions.RequestException):
        _contacts(company).json()
    assert _contacts(company).status_code == 200


def test_a_dripping_answer_arrives_but_slowly(company: SandboxInfo) -> None:
    _fault(company, "hubspot.list", "drip", settings={"seconds": 0.8})
    begun = time.monotonic()
    assert _contacts(company).json()["results"]
    assert time.monotonic() - begun > 0.6


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("429", 429),
        ("500", 500),
        ("502", 502),
        ("503", 503),
        ("html", 200),
        ("empty", 200),
        ("garbage", 200),
    ],
)
def test_spoiled_answers_come_once_and_then_all_is_well(
    company: SandboxInfo, kind: str, status: int
) -> None:
    _fault(company, "hubspot.*", kind)
    spoiled = _contacts(company)
    assert spoiled.status_code == status
    if status == 200:
        with pytest.raises(ValueError, match=r"."):
            spoiled.json()
    assert _contacts(company).json()["results"]


def test_a_fault_waits_for_its_turn_and_lasts_as_long_as_asked(company: SandboxInfo) -> None:
    _fault(company, "hubspot.list", "503", after=1, times=2)
    assert [_contacts(company).status_code for _ in range(4)] == [200, 503, 503, 200]
    assert requests.delete(f"{company.control_url}/faults", timeout=10).json() == []


def test_advancing_through_the_control_api_moves_the_served_company(company: SandboxInfo) -> None:
    before = requests.get(f"{company.control_url}/clock", timeout=10).json()["seconds"]
    requests.post(f"{company.control_url}/advance", params={"days": 1}, timeout=60)
    after = requests.get(f"{company.control_url}/clock", timeout=10).json()["seconds"]
    assert after - before == 86_400
