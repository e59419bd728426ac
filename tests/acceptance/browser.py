"""A running UI and a headless browser looking at it, for the tests that see what operators see."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from ingestion.settings import project_root
from tests.acceptance.conftest import Hub

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_SECONDS = 300
LOADING_SECONDS = 600


@dataclass
class Screen:
    """One page of the browser, where its pictures go, and what it asked for outside the UI."""

    page: Page
    base: str
    folder: Path
    outside: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the UI."""
        self.page.goto(self.base + path)

    def keep(self, name: str) -> Path:
        """Save what is to be seen."""
        path = self.folder / f"{name}.png"
        self.page.screenshot(path=path)
        return path


@contextmanager
def serving(hub: Hub, **settings: str) -> Iterator[str]:
    """Serve the UI of a hub as its user would and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "tandem"), "ui", "--port", str(port)]
    log = hub.home / "logs" / "ui.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**hub.environment, **settings},
            cwd=project_root(),
            stdout=output,
            stderr=output,
        )
        try:
            _wait(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + LOADING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise AssertionError(f"the UI did not come up:\n{log.read_text()[-3000:]}")


@contextmanager
def looking(base: str, folder: Path) -> Iterator[Screen]:
    """Open a browser that reports every request to anywhere but the UI."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(viewport={"width": 1500, "height": 1000}).new_page()
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        screen = Screen(page, base, folder)
        local = (base, base.replace("http", "ws"), "data:", "blob:")
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(local) else screen.outside.append(request.url)
            ),
        )
        try:
            yield screen
        finally:
            browser.close()
