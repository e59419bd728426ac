"""``python -m tests.servers.install``: put the vendors' software where the tests look for it.

BottleCRM needs Python 3.12 or later and Medusa Node 20.19 or later; each gets a folder of its own
under ``.servers/`` (or ``TANDEM_SERVERS``), and nothing is installed twice.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ingestion.settings import project_root

BOTTLECRM = "django-crm==1.35.0"
MEDUSA = "2.21.2"
SHOPIFY_API = "@shopify/dev-mcp@1.16.0"
# Medusa's three packages name everything else; telemetry and its admin's build are not run.
_PACKAGES = {f"@medusajs/{name}": MEDUSA for name in ("medusa", "framework", "cli")}
_NPM = ("npm", "install", "--no-audit", "--no-fund", "--omit=dev", "--ignore-scripts")


def folder(name: str) -> Path:
    """Return where one vendor's software lies."""
    return Path(os.environ.get("TANDEM_SERVERS", project_root() / ".servers")) / name


def bottlecrm() -> None:
    """Install BottleCRM into an environment of its own."""
    place = folder("bottlecrm")
    if (place / "bin" / "gunicorn").exists():
        return
    python = next(filter(None, map(shutil.which, _pythons())), None)
    if python is None:
        raise SystemExit("BottleCRM needs Python 3.12 or later: install one, or set PYTHON312")
    subprocess.run([python, "-m", "venv", place], check=True)
    subprocess.run([place / "bin" / "pip", "install", "--quiet", BOTTLECRM], check=True)


def medusa() -> None:
    """Install Medusa and the configuration the tests start it with."""
    place = folder("medusa")
    place.mkdir(parents=True, exist_ok=True)
    (place / "package.json").write_text(
        json.dumps({"name": "shop", "private": True, "dependencies": _PACKAGES})
    )
    shutil.copy(Path(__file__).parent / "medusa-config.js", place)
    if not (place / "node_modules" / ".bin" / "medusa").exists():
        subprocess.run(_NPM, cwd=place, check=True)


def shopify_api() -> None:
    """Install the package that holds Shopify's introspection; nothing of it is run."""
    place = folder("shopify")
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "node_modules" / "@shopify" / "dev-mcp").exists():
        (place / "package.json").write_text(json.dumps({"name": "api", "private": True}))
        subprocess.run((*_NPM, SHOPIFY_API), cwd=place, check=True)


def _pythons() -> list[str]:
    given = os.environ.get("PYTHON312")
    names = [given] if given else []
    if sys.version_info >= (3, 12):
        names.append(sys.executable)
    return [*names, "python3.13", "python3.12"]


if __name__ == "__main__":
    bottlecrm()
    medusa()
    shopify_api()
