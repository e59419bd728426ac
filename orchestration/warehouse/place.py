"""Where one home's embedded server keeps its data, and on which port it listens.

``<home>/postgres/place.json`` remembers both, chosen once. The data lies in
``<home>/postgres/data`` unless the user that must run the server cannot reach it; then in
``/var/lib/tandem/<name>-<hash of the home>``, with a ``home`` file that names the way back.
"""

import hashlib
import json
import os
import random
import socket
import time
from dataclasses import asdict, dataclass, replace
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
    """The data folder and the port of one home's server."""

    data: Path
    port: int

    def save(self) -> None:
        """Remember this place in the home."""
        target = record()
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self), default=str) + "\n")
        draft.replace(target)

    def on_another_port(self) -> "Place":
        """Return this place with a free port, remembered."""
        moved = replace(self, port=free_port())
        moved.save()
        return moved


def record() -> Path:
    """Return the file that remembers the place."""
    return home() / "postgres" / "place.json"


def recorded() -> Place | None:
    """Return the place of this home, or none when no embedded server was ever started."""
    try:
        values = json.loads(record().read_text())
    except FileNotFoundError:
        return None
    return Place(Path(values["data"]), values["port"])


def choose() -> tuple[Place, ServerUser | None]:
    """Return this home's place and who runs the server there; chooses both the first time."""
    if (place := recorded()) is not None:
        return place, server_user(place.data)
    user = server_user()
    data = home() / "postgres" / "data"
    data.parent.mkdir(parents=True, exist_ok=True)
    if user is not None and not can_enter(data.parent, user):
        data = _outside() / "data"
    if user is not None:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chown(data, user.uid, user.gid)
    place = Place(data, free_port())
    place.save()
    return place, user


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    for port in random.sample(PORTS, 200):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {PORTS.start} and {PORTS.stop}")


def left_behind() -> list[Path]:
    """Return data folders under ``/var/lib/tandem`` whose home is gone or lives elsewhere now."""
    found = []
    for marker in sorted(SHARED_PLACE.glob("*/home")):
        try:
            owner = Path(marker.read_text().strip())
            values = json.loads((owner / "postgres" / "place.json").read_text())
        except (OSError, ValueError):
            found.append(marker.parent)
            continue
        if Path(values["data"]).parent != marker.parent:
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
