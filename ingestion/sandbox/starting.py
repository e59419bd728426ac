"""Starts the vendors' servers as a child process and says how to reach them.

The child ends with the ``with`` block, and also when this process is killed: it watches a pipe that
only this process holds open.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from ingestion.sandbox.company.folder import CompanyError, facts
from ingestion.settings import home, project_root

VENDORS = ("hubspot", "matomo", "shopify", "files", "woocommerce", "salesforce")
# Sources that are folders of the company, and no servers.
FOLDERS = {"files": "drops"}
START_TIMEOUT = 60.0
DEFAULT_PEOPLE, DEFAULT_SEED = 20_000, 20260930


class SandboxError(RuntimeError):
    """The servers did not start; the message says what they said last."""


@dataclass(frozen=True)
class SandboxInfo:
    """Where the vendors answer, with which tokens, and the company's present."""

    urls: dict[str, str]
    tokens: dict[str, str]
    as_of: datetime
    company_dir: Path
    control_url: str
    pid: int

    @property
    def env(self) -> dict[str, str]:
        """Return the loaders' settings that point all vendors here; secret, never log it."""
        return self.environment(VENDORS)

    def environment(self, vendors: Iterable[str]) -> dict[str, str]:
        """Return the loaders' settings for some of the vendors; the others stay as they are."""
        settings: dict[str, str] = {}
        for vendor in vendors:
            name = vendor.removeprefix("raw_")
            if name not in self.urls:
                continue
            prefix = f"SOURCES__{name.upper()}__"
            settings[prefix + "BASE_URL"] = self.urls[name]
            if name in self.tokens:
                settings[prefix + "ACCESS_TOKEN"] = self.tokens[name]
        return settings


def company_dir(people: int = DEFAULT_PEOPLE, seed: int = DEFAULT_SEED) -> Path:
    """Return the folder a company of this size and seed is kept in."""
    return home() / "sandbox" / f"{people}-{seed}"


def prepared(people: int = DEFAULT_PEOPLE, seed: int = DEFAULT_SEED) -> Path:
    """Return the folder of a company, making the company when it is not there yet."""
    folder = company_dir(people, seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        try:
            facts(folder)
        except CompanyError:
            from ingestion.sandbox.company import company

            company.create(folder, people, seed)
    return folder


@contextmanager
def running(
    people: int = DEFAULT_PEOPLE,
    seed: int = DEFAULT_SEED,
    *,
    folder: Path | None = None,
    port: int = 0,
    keep_tokens: bool = False,
) -> Iterator[SandboxInfo]:
    """Serve a company (made when missing) for the length of a ``with`` block.

    Raises:
        SandboxError: when the servers do not answer in time.
    """
    served = prepared(people, seed) if folder is None else folder
    with tempfile.TemporaryDirectory(prefix="tandem-sandbox-") as scratch:
        ready, said = Path(scratch) / "ready.json", Path(scratch) / "said.txt"
        arguments = [
            sys.executable,
            "-m",
            "ingestion.sandbox.servers",
            "--company",
            str(served),
            "--ready-file",
            str(ready),
            "--port",
            str(port),
            "--watch-stdin",
        ]
        if keep_tokens:
            arguments.append("--keep-tokens")
        with said.open("wb") as output:
            child = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=project_root(),
                start_new_session=True,
            )
        try:
            yield _info(_when_ready(child, ready, said), served)
        finally:
            _end(child)


def _when_ready(child: subprocess.Popen[bytes], ready: Path, said: Path) -> dict[str, object]:
    deadline = time.monotonic() + START_TIMEOUT
    while not ready.exists():
        if child.poll() is not None or time.monotonic() > deadline:
            last = said.read_text(errors="replace").strip().splitlines()[-1:]
            raise SandboxError(
                f"the sandbox servers did not start: {' '.join(last) or 'no output'}"
            )
        time.sleep(0.01)
    answer: dict[str, object] = json.loads(ready.read_text())
    return answer


def _info(answer: dict[str, object], folder: Path) -> SandboxInfo:
    urls, tokens = answer["urls"], answer["tokens"]
    if not isinstance(urls, dict) or not isinstance(tokens, dict):
        raise SandboxError("the sandbox servers wrote a ready file of another format")
    return SandboxInfo(
        urls | {name: str(folder / inside) for name, inside in FOLDERS.items()},
        tokens,
        datetime.fromisoformat(str(answer["as_of"])),
        folder,
        str(answer["control"]),
        int(str(answer["pid"])),
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
