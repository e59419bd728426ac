"""``prepare()``: a warehouse that is there, with its roles, schemas, tables and grants as declared.

Idempotent. The first call makes everything (a few seconds); a later one connects, compares a stamp
and the privileges, and is done in a fraction of a second. Which warehouse: the embedded one, unless
``TANDEM_WAREHOUSE_URL`` names a server (PostgreSQL 15 to 18; its user creates roles and databases).
The choice is remembered in the home; ``TANDEM_WAREHOUSE_URL=embedded`` goes back.
"""

import hashlib
import json
import os
import secrets
from pathlib import Path

from psycopg import Connection

from ingestion.settings import SettingsError, WarehouseAddress, home, secret, warehouse_address
from orchestration.warehouse import declaration, embedded, grants, keys, migrations
from orchestration.warehouse.errors import WarehouseError
from orchestration.warehouse.install import check_server, create_databases, install, set_passwords
from orchestration.warehouse.place import LOOPBACK
from orchestration.warehouse.server import Server, connect, own_server

VARIABLE = "TANDEM_WAREHOUSE_URL"
EMBEDDED_DBNAME = "tandem"
DDL = Path(__file__).with_name("ddl")


def prepare() -> WarehouseAddress:
    """Return the address of a warehouse that is ready to be used.

    Raises:
        WarehouseError: when it cannot be made ready; says why and what to do.
    """
    with embedded.lock():
        roles = declaration.load().roles
        keys.create_all([name for name, role in roles.items() if role.login])
        server = _server()
        check_server(server)
        create_databases(server)
        with connect(server) as connection:
            _refuse_other_keys(connection, server)
            if _stamp_in(connection) != stamp():
                install(connection, server, DDL)
                _write_stamp(connection)
            if _passwords_applied() != _passwords(server):
                set_passwords(connection, server)
                keys.replace("applied", _passwords(server))
            grants.reconcile(connection)
        return _remember(server)


def admin_server() -> Server:
    """Return the server of this home as it was last prepared; starts nothing.

    Raises:
        SettingsError: when there is none.
    """
    address = warehouse_address()
    return Server(address.host, address.port, address.dbname, secret("admin.url"), address.embedded)


def reconcile() -> list[str]:
    """Make the prepared warehouse's privileges equal to ``grants.yml``; return what it took.

    For the steps of a run, after each build and before a publish.
    """
    with connect(admin_server()) as connection:
        return grants.reconcile(connection)


def stamp() -> str:
    """Return what tells one state of ``ddl/`` and ``grants.yml`` from another."""
    digest = hashlib.sha256()
    code = [Path(__file__).with_name("install.py"), declaration.FILE]
    for file in [*code, *sorted(DDL.glob("*.sql")), *migrations.files()]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _server() -> Server:
    """Return the server to use, started when it is the embedded one."""
    configured = os.environ.get(VARIABLE, "")
    if not configured:
        try:
            recorded = admin_server()
        except SettingsError:
            configured = "embedded"
        else:
            configured = "embedded" if recorded.embedded else recorded.url
    if configured != "embedded":
        return own_server(configured)
    keys.create("admin.password", secrets.token_urlsafe(24))
    port = embedded.start()
    url = embedded.admin_url(port, EMBEDDED_DBNAME)
    return Server(LOOPBACK, port, EMBEDDED_DBNAME, url, embedded=True)


def _remember(server: Server) -> WarehouseAddress:
    """Write ``warehouse.json`` and the administrator's URL for every other command."""
    if not (home() / "secrets" / "admin.url").exists() or secret("admin.url") != server.url:
        keys.replace("admin.url", server.url)
    values = {
        "host": server.host,
        "port": server.port,
        "dbname": server.dbname,
        "embedded": server.embedded,
        "prefix": server.dbname,
    }
    target = home() / "warehouse.json"
    text = json.dumps(values) + "\n"
    if not target.exists() or target.read_text() != text:
        draft = target.with_suffix(".new")
        draft.write_text(text)
        draft.replace(target)
    return WarehouseAddress(server.host, server.port, server.dbname, server.embedded)


def _refuse_other_keys(connection: Connection, server: Server) -> None:
    """Refuse a warehouse that another home keyed: the two would never match the same people."""
    found = _setup(connection, "key_fingerprint")
    if found and found != _key_fingerprint():
        raise WarehouseError(
            f"{server.place} was set up from another home, with other keys: copy that home's "
            f"secrets folder into {home()}, or use a database of your own"
        )


def _key_fingerprint() -> str:
    """Return what identifies the oldest matching key, which stays when keys rotate."""
    ring = json.loads(secret("k_match.key"))
    return keys.fingerprint(ring["keys"][min(ring["keys"], key=int)])


def _stamp_in(connection: Connection) -> str:
    return _setup(connection, "stamp")


def _setup(connection: Connection, column: str) -> str:
    row = connection.execute("select to_regclass('ops.setup')::text").fetchone()
    if row is None or row[0] is None:
        return ""
    values = connection.execute("select stamp, key_fingerprint from ops.setup").fetchone()
    if values is None:
        return ""
    return str(values[0] if column == "stamp" else values[1])


def _write_stamp(connection: Connection) -> None:
    connection.execute(
        "insert into ops.setup (stamp, key_fingerprint) values (%(stamp)s, %(key)s) "
        "on conflict (only_row) do update set stamp = excluded.stamp, "
        "key_fingerprint = excluded.key_fingerprint, applied_at = excluded.applied_at",
        {"stamp": stamp(), "key": _key_fingerprint()},
    )


def _passwords(server: Server) -> str:
    """Return what identifies the passwords of this home on this server."""
    roles = [name for name, role in declaration.load().roles.items() if role.login]
    return keys.fingerprint("\0".join([server.place, *(secret(f"{r}.password") for r in roles)]))


def _passwords_applied() -> str:
    try:
        return (home() / "secrets" / "applied").read_text().strip()
    except FileNotFoundError:
        return ""
