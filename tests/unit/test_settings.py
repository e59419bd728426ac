"""Where Tandem lives and how it reaches its warehouse."""

import json
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ingestion import settings

ADMIN = "postgresql://root@db.example.org:5433/hub"


def home_with(folder: Path, url: str, *, embedded: bool) -> None:
    (folder / "secrets").mkdir()
    (folder / "secrets" / "admin.url").write_text(url)
    (folder / "secrets" / "analyst.password").write_text("a/b")
    address = {"host": "db.example.org", "port": 5433, "dbname": "hub", "embedded": embedded}
    (folder / "warehouse.json").write_text(json.dumps(address))


def test_every_role_reaches_an_own_server_with_the_tls_its_url_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path))
    wanted = "?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&sslkey=mine&application_name=x"
    home_with(tmp_path, ADMIN + wanted, embedded=False)
    found = conninfo_to_dict(settings.role_url("analyst"))
    assert (found["sslmode"], found["sslrootcert"]) == ("verify-full", "/etc/ca.pem")
    assert (found["user"], found["password"]) == ("hub_analyst", "a/b")
    assert "sslkey" not in found, "the administrator's certificate is nobody else's"
    assert settings.transport() == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}


def test_dbt_reaches_it_with_the_same_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration import dbt_invocation

    monkeypatch.setenv("TANDEM_HOME", str(tmp_path))
    home_with(tmp_path, f"{ADMIN}?sslmode=require&channel_binding=require", embedded=False)
    (tmp_path / "secrets" / "builder.password").write_text("x")
    told = dbt_invocation.connection_variables("builder")
    assert (told["PGSSLMODE"], told["PGCHANNELBINDING"]) == ("require", "require")
    known = {option.envvar for option in psycopg.pq.Conninfo.get_defaults()}
    assert {name.encode() for name in told if name.startswith("PG")} <= known


def test_the_embedded_server_has_no_tls_to_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path))
    home_with(tmp_path, ADMIN, embedded=True)
    assert settings.transport() == {}
