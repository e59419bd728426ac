"""The warehouse's commands as a user types them."""

import csv
import io
import os
import subprocess
import sys

import pytest

from tests.conftest import Warehouse

MAIN = "from orchestration.cli.app import main; main()"


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    with warehouse.connect("publisher") as connection:
        connection.execute("drop table if exists marts.cells")
        connection.execute(
            "create table marts.cells as select * from (values "
            "(1, '=HYPERLINK(\"http://x\")', 'naïve, \"quoted\"', -5), (2, '@x', null, 7)"
            ") as cells (id, formula, words, amount)"
        )
    return warehouse


def tandem(hub: Warehouse, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        env={**os.environ, "TANDEM_HOME": str(hub.home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_query_is_shown_as_a_table(filled: Warehouse) -> None:
    done = tandem(filled, "sql", "select id, words from marts.cells order by id")
    assert done.returncode == 0, done.stderr
    assert "naïve" in done.stdout
    assert "2 rows" in done.stdout


def test_csv_keeps_values_and_disarms_formulas(filled: Warehouse) -> None:
    done = tandem(filled, "sql", "--csv", "select * from marts.cells order by id")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows == [
        ["id", "formula", "words", "amount"],
        ["1", '\'=HYPERLINK("http://x")', 'naïve, "quoted"', "-5"],
        ["2", "'@x", "", "7"],
    ]


def test_an_empty_result_still_has_its_headings(filled: Warehouse) -> None:
    done = tandem(filled, "sql", "--csv", "select id, words from marts.cells where false")
    assert done.stdout == "id,words\n"


@pytest.mark.parametrize(
    ("role", "query", "said"),
    [
        ("analyst", "select * from vault.contact_values", "permission denied for schema vault"),
        ("marketer", "select * from marts.cells", "permission denied for schema marts"),
        ("publisher", "delete from marts.cells", "read-only transaction"),
        ("analyst", "select no_such_column from marts.cells", "does not exist"),
        ("nobody", "select 1", "no role nobody"),
    ],
)
def test_what_a_role_may_not_do_ends_in_one_line(
    filled: Warehouse, role: str, query: str, said: str
) -> None:
    done = tandem(filled, "sql", "--role", role, query)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_url_can_be_had_with_and_without_its_password(warehouse: Warehouse) -> None:
    with_password = tandem(warehouse, "url", "--role", "analyst").stdout.strip()
    assert with_password == warehouse.url("analyst")
    without = tandem(warehouse, "url", "--no-password").stdout.strip()
    assert without == f"postgresql://tandem_analyst@{with_password.partition('@')[2]}"


def test_the_doctor_finds_nothing_wrong_and_tells_no_secret(warehouse: Warehouse) -> None:
    done = tandem(warehouse, "doctor", COLUMNS="400")
    assert done.returncode == 0, done.stdout
    assert "as declared in grants.yml" in done.stdout
    for file in (warehouse.home / "secrets").iterdir():
        assert file.read_text().strip() not in done.stdout + done.stderr


def test_the_doctor_finds_what_is_wrong(warehouse: Warehouse) -> None:
    secret = warehouse.home / "secrets" / "loader.password"
    secret.chmod(0o444)
    with warehouse.connect() as connection:
        connection.execute("grant select on vault.contact_values to public")
    done = tandem(warehouse, "doctor", COLUMNS="400")
    assert done.returncode == 1
    assert "others may read loader.password" in done.stdout
    assert "privileges differ from grants.yml (1)" in done.stdout
    secret.chmod(0o400)
    assert tandem(warehouse, "up").returncode == 0
    assert tandem(warehouse, "doctor").returncode == 0


def test_status_says_where_the_warehouse_is(warehouse: Warehouse) -> None:
    done = tandem(warehouse, "status")
    assert done.returncode == 0
    assert "embedded PostgreSQL" in done.stdout
    assert ": up" in done.stdout


def test_a_stopped_warehouse_is_said_by_every_command(warehouse: Warehouse) -> None:
    assert tandem(warehouse, "down").stdout == "stopped\n"
    try:
        assert "down" in tandem(warehouse, "status").stdout
        done = tandem(warehouse, "sql", "select 1")
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "tandem up" in done.stderr
        assert tandem(warehouse, "down").stdout == "nothing was running\n"
        assert tandem(warehouse, "doctor").returncode == 1
    finally:
        assert tandem(warehouse, "up").returncode == 0
