"""What came in since somebody last looked: acts of consent at the hub, files in the folder."""

import hashlib
from dataclasses import dataclass

import dlt
import psycopg

from ingestion.settings import role_url

# Observed states come with loads, and are built by the run that loaded them.
_ACTS = "select max(seq), count(*) from consent.events where source = 'tandem' and seq > %s"


@dataclass(frozen=True)
class Acts:
    """Acts recorded at the hub itself since a position of the ledger."""

    last: int
    count: int


def acts_since(position: int) -> Acts:
    """Return how many acts the hub recorded after ``position``, read as auditor."""
    with psycopg.connect(role_url("auditor"), connect_timeout=15) as connection:
        row = connection.execute(_ACTS, [position]).fetchone()
    return Acts(row[0], row[1]) if row and row[1] else Acts(position, 0)


def files_fingerprint() -> str | None:
    """Return what changes when a file of the file source comes or changes; None without any.

    Only a configured folder is looked at; names and times, never content.
    """
    folder = dlt.secrets.get("sources.files.base_url")
    if folder is None:
        return None
    from ingestion.sources.files.folder import Folder

    digest = hashlib.sha256()
    found = sorted(
        f"{file.path} {file.fingerprint}" for file in Folder("files", folder).listed("**/*")
    )
    for line in found:
        digest.update(line.encode() + b"\0")
    return digest.hexdigest()[:32] if found else None
