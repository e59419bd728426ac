"""The secrets of one home: made once, mode 0400, never overwritten, never in SQL or a log.

``k_match.key`` and ``k_supp.key`` are versioned key rings, ``{"version": 1, "keys": {"1": hex}}``:
256-bit keys for HMAC-SHA256, the newest version signs, all of them are looked up. Losing
``k_match.key`` means that nothing new matches what is loaded, so a backup holds the folder or its
owner keeps it. ``<role>.password`` are 192-bit random passwords of the database roles.
"""

import hashlib
import json
import os
import secrets
import tempfile
from pathlib import Path

from ingestion.settings import home

KEY_RINGS = ("k_match.key", "k_supp.key")


def folder() -> Path:
    """Return ``secrets/`` of the home, 0700, made if need be."""
    path = home() / "secrets"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def create(name: str, value: str) -> bool:
    """Write a secret unless it exists; return whether it was written.

    Written aside and linked into place, so that a reader sees the whole value or none, and of two
    writers the first one wins.
    """
    target = folder() / name
    if target.exists():
        return False
    draft = _draft(target, value)
    try:
        os.link(draft, target)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def replace(name: str, value: str) -> None:
    """Write a secret over the one that is there, whole or not at all."""
    target = folder() / name
    _draft(target, value).replace(target)


def create_all(roles: list[str]) -> None:
    """Make sure that key rings and the passwords of the login ``roles`` exist."""
    for name in KEY_RINGS:
        if not (folder() / name).exists():
            ring = {"version": 1, "keys": {"1": secrets.token_hex(32)}}
            create(name, json.dumps(ring))
    for role in roles:
        if not (folder() / f"{role}.password").exists():
            create(f"{role}.password", secrets.token_urlsafe(24))


def fingerprint(value: str) -> str:
    """Return 16 hex digits that tell two random keys apart and tell nothing about either."""
    return hashlib.sha256(b"tandem fingerprint\0" + value.encode()).hexdigest()[:16]


def _draft(target: Path, value: str) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    with os.fdopen(handle, "w") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft = Path(name)
    draft.chmod(0o400)
    return draft
