"""Settings of the embedded server, its place and its keys: what needs no server to be seen."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestration.warehouse import keys, place, tuning

GB = 1024**3


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("ram", [1, 4, 16, 64, 512])
def test_memory_settings_stay_within_their_bounds(
    ram: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "memory", lambda: ram * GB)
    values = tuning.settings(tmp_path, 20001)
    megabytes = {name: int(v[:-2]) for name, v in values.items() if v.endswith("MB")}
    assert 128 <= megabytes["shared_buffers"] <= min(4096, ram * 1024 // 4 or 128)
    assert 16 <= megabytes["work_mem"] <= 64
    assert megabytes["maintenance_work_mem"] <= 1024
    assert 1024 <= megabytes["max_wal_size"] <= 8192


def test_nothing_that_keeps_data_safe_is_switched_off(tmp_path: Path) -> None:
    values = tuning.settings(tmp_path, 20001)
    assert {values[n] for n in ("fsync", "full_page_writes", "synchronous_commit")} == {"on"}
    assert values["listen_addresses"] == "127.0.0.1"
    assert values["unix_socket_directories"] == ""


def test_a_small_shared_memory_device_is_not_relied_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: _usage(64 * 1024**2))
    assert tuning.shared_memory_type() == "sysv"
    monkeypatch.setattr("shutil.disk_usage", lambda path: _usage(8 * GB))
    assert tuning.shared_memory_type() == "posix"


class _usage:  # noqa: N801
    def __init__(self, total: int) -> None:
        self.total = self.free = total


def test_a_secret_is_never_overwritten(home: Path) -> None:
    assert keys.create("some.password", "first")
    assert not keys.create("some.password", "second")
    file = home / "secrets" / "some.password"
    assert file.read_text().strip() == "first"
    assert stat.S_IMODE(file.stat().st_mode) == 0o400
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_of_many_writers_exactly_one_makes_a_secret(home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: keys.create("one.key", str(n)), range(32)))
    assert made.count(True) == 1
    assert [path.name for path in (home / "secrets").iterdir()] == ["one.key"]


def test_key_rings_are_versioned_and_differ(home: Path) -> None:
    keys.create_all(["loader"])
    match, suppress = (json.loads((home / "secrets" / name).read_text()) for name in keys.KEY_RINGS)
    assert match["version"] == 1
    assert len(bytes.fromhex(match["keys"]["1"])) == 32
    assert match["keys"] != suppress["keys"]


def test_a_port_is_chosen_once_and_remembered(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "server_user", lambda data=None: None)
    first, _ = place.choose()
    second, _ = place.choose()
    assert first == second
    assert first.port in place.PORTS


def test_data_of_a_home_that_is_gone_is_found(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "SHARED_PLACE", tmp_path / "shared")
    for name, owner in (("gone-1", tmp_path / "removed"), ("used-2", home)):
        (tmp_path / "shared" / name).mkdir(parents=True)
        (tmp_path / "shared" / name / "home").write_text(f"{owner}\n")
    place.Place(tmp_path / "shared" / "used-2" / "data", 20001).save()
    assert [folder.name for folder in place.left_behind()] == ["gone-1"]


def test_a_place_inside_the_home_moves_with_it(home: Path, tmp_path: Path) -> None:
    place.Place(home / "postgres" / "data", 20001, is_made=True).save()
    home.rename(tmp_path / "moved")
    found = place.recorded(tmp_path / "moved")
    assert found == place.Place(tmp_path / "moved" / "postgres" / "data", 20001, is_made=True)
