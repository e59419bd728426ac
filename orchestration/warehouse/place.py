"""Where one home's embedded server keeps its data, and on which port it listens.

``<home>/postgres/place.json`` remembers both, chosen once. The data lies in
``<home>/postgres/data`` unless the user that must run the server cannot reach it; then in
``/var/lib/tandem/<name>-<hash of the home>``, with a ``home`` file that names the way back.
"""

import hashlib
import json
import random
import socket
import time
from dataclasses import dataclass, replace
from pathlib import Path

from ingestion.settings import home
from orchestration.warehouse.binaries import (
    SHARED_PLACE,
    ServerUser,
    can_enter,
    server_user,
    shared_place,
)

LOOPBACK = "127.0.0.1"
# Below the ephemeral ranges of Linux (32768 on) and macOS (49152 on), so that no outgoing
# connection of another program holds our port at the next start.
PORTS = range(20000, 32000)


@dataclass(frozen=True)
class Place:
    """The data folder and the port of one home's server, and whether the data was made yet."""

    data: Path
    port: int
    is_made: bool = False

    def save(self) -> "Place":
        """Remember this place in the home; inside it by a relative path, so that it may move."""
        file = record()
        file.parent.mkdir(parents=True, exist_ok=True)
        data = self.data
        if data.is_relative_to(file.parent):
            data = data.relative_to(file.parent)
        values = {"data": str(data), "port": self.port, "is_made": self.is_made}
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps(values) + "\n")
        draft.replace(file)
        return self

    def on_another_port(self) -> "Place":
        """Return this place with a free port, remembered."""
        return replace(self, port=free_port()).save()

    def made(self) -> "Place":
        """Return this place with its data made, remembered."""
        return replace(self, is_made=True).save()


def record(of_home: Path | None = None) -> Path:
    """Return the file that remembers the place."""
    return (of_home or home()) / "postgres" / "place.json"


def recorded(of_home: Path | None = None) -> Place | None:
    """Return the place of a home, or none when no embedded server was ever started there."""
    file = record(of_home)
    try:
        values = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    return Place(file.parent / values["data"], values["port"], values.get("is_made", False))


def choose() -> tuple[Place, ServerUser | None]:
    """Return this home's place and who runs the server there; chooses both the first time."""
    if (place := recorded()) is not None:
        return place, server_user(place.data)
    user = server_user()
    data = home() / "postgres" / "data"
    data.parent.mkdir(parents=True, exist_ok=True)
    if user is not None and not can_enter(data.parent, user):
        data = _outside() / "data"
    return Place(data, free_port()).save(), user


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    for port in random.sample(PORTS, 200):
        if is_free(port):
            return port
    raise OSError(f"no free port between {PORTS.start} and {PORTS.stop}")


def is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def left_behind() -> list[Path]:
    """Return data folders under ``/var/lib/tandem`` whose home is gone or lives elsewhere now."""
    found = []
    for marker in sorted(SHARED_PLACE.glob("*/home")):
        try:
            place = recorded(Path(marker.read_text().strip()))
        except (OSError, ValueError, KeyError):
            place = None
        if place is None or place.data.parent != marker.parent:
            found.append(marker.parent)
    return found


def _outside() -> Path:
    """Make this home's folder under ``/var/lib/tandem``; what a removed home left is set aside."""
    here = home()
    name = here.parent.name if here.name.startswith(".") else here.name
    digest = hashlib.sha256(str(here).encode()).hexdigest()[:10]
    folder = shared_place() / f"{name or 'tandem'}-{digest}"
    if folder.exists():
        folder.rename(folder.with_name(f"{folder.name}.left-{time.time_ns()}"))
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "home").write_text(f"{here}\n")
    return folder
