"""A developer changes one model and sees what it does to the marts before anybody else does.

With the commands that orchestration/README.md gives, in a copy of the project.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from ingestion.settings import project_root
from tests.acceptance.conftest import Hub

MODEL = Path("dbt_project/models/core/commerce/orders.sql")
# On an idle core a build takes about eight seconds, seven of them dbt's own start.
SECONDS = 40


def documented() -> str:
    """Return the commands of the section on changing a model."""
    page = (project_root() / "orchestration" / "README.md").read_text()
    section = page.partition("## A change of a model")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"^    (.*)$", section, re.MULTILINE))


@pytest.fixture
def desk(hub: Hub, tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("target", "logs")
    copied = tmp_path / "dbt_project"
    shutil.copytree(project_root() / "dbt_project", copied, ignore=ignored)
    return tmp_path


def try_out(hub: Hub, desk: Path) -> str:
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/bash", "-euc", documented()],
        env={**hub.environment, "PATH": programs, "COLUMNS": "200"},
        cwd=desk,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return done.stdout


def test_one_changed_model_is_built_aside_in_seconds_and_compared(hub: Hub, desk: Path) -> None:
    try:
        assert "1 marts in dev, all as published" in try_out(hub, desk)
        changed = (desk / MODEL).read_text()
        dearer = "cast(net_amount + 1 as {{ t_money() }}) as net_amount,"
        changed = changed.replace("        net_amount,", f"        {dearer}")
        one_less = "from keyed where order_id <> (select max(order_id) from keyed)"
        (desk / MODEL).write_text(changed.replace("from keyed", one_less))
        begun = time.monotonic()
        told = try_out(hub, desk)
        assert time.monotonic() - begun < SECONDS
    finally:
        with psycopg.connect(hub.tandem("url", "--role", "builder").stdout.strip()) as connection:
            connection.execute("drop view if exists dev.orders")
    [(orders,)] = hub.query("select count(*) from marts.orders")
    [row] = [line for line in told.splitlines() if "marts.orders" in line]
    mart, before, added, removed, altered, _, columns = row.strip("│ ").split("│")
    assert mart.strip() == "marts.orders"
    assert [int(cell.replace(",", "")) for cell in (before, added, removed, altered)] == [
        *(orders, 0, 1, orders - 1),
    ]
    assert columns.strip() == f"net_amount {orders - 1:,}"
