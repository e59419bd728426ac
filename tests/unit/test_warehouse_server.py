"""What a server's address may look like, and what its errors become."""

import psycopg
import pytest

from orchestration.warehouse.errors import WarehouseError
from orchestration.warehouse.server import MissingDatabaseError, explain, own_server

SECRET = "hunter2-Ünïque"  # noqa: S105 - looked for in messages  # pragma: allowlist secret


def test_a_url_with_everything_is_understood() -> None:
    server = own_server("postgresql://me:p%40ss@db.example:6543/hub?sslmode=require")
    assert (server.host, server.port, server.dbname) == ("db.example", 6543, "hub")
    assert "sslmode=require" in server.url
    assert "p%40ss" in server.url


def test_a_keyword_string_is_understood_too() -> None:
    server = own_server("host=db.example dbname=hub user=me password='a b'")
    assert server.port == 5432
    assert server.url == "postgresql://me:a%20b@db.example:5432/hub"  # pragma: allowlist secret


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{SECRET}@db.example:notaport/hub",
        f"postgresql://me:{SECRET}@db.example:5432",
        f"postgresql://me:{SECRET}@/hub",
        f"postgresql://me:{SECRET}@/hub?host=/tmp",
        f"postgresql://me:{SECRET}@[::1]/hub",
        f"postgresql://me:{SECRET}@one,two/hub",
        f"postgresql://me:{SECRET}@db.example/{'x' * 60}",
        f"mysql://me:{SECRET}@db.example/hub",
        SECRET,
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        own_server(url)
    assert SECRET not in str(caught.value)
    assert "TANDEM_WAREHOUSE_URL" in str(caught.value)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ('FATAL:  password authentication failed for user "me"', "refuses the password"),
        ('FATAL:  role "me" does not exist', "does not know the user"),
        ("failed to resolve host 'x': could not translate host name", "no host is called"),
        ("connection failed: Connection refused", "nothing listens"),
        ("connection timeout expired", "does not answer"),
        ("FATAL:  sorry, too many clients already", "no free connection"),
        ("FATAL:  the database system is starting up", "starting or stopping"),
        ("FATAL:  no pg_hba.conf entry for host", "does not admit"),
        ("server does not support SSL, but SSL was required", "TLS"),
        ("something nobody thought of", "cannot be reached"),
    ],
)
def test_an_error_becomes_cause_and_next_step(message: str, said: str) -> None:
    server = own_server(f"postgresql://me:{SECRET}@db.example/hub")
    text = str(explain(psycopg.OperationalError(message), server))
    assert said in text
    assert ": " in text
    assert SECRET not in text


def test_a_missing_database_is_told_apart() -> None:
    server = own_server("postgresql://me@db.example/hub")
    error = psycopg.OperationalError('FATAL:  database "hub" does not exist')
    assert isinstance(explain(error, server), MissingDatabaseError)
