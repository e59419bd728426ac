"""Connections of the administrator, and errors of servers in words that lead somewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from orchestration.warehouse.errors import WarehouseError

OLDEST = 15
CONNECT_SECONDS = 10
# The longest role is called <dbname>_builder_pii, and PostgreSQL cuts names at 63 bytes.
LONGEST_DBNAME = 63 - len("_builder_pii")


class MissingDatabaseError(WarehouseError):
    """The server is there, the database is not."""


@dataclass(frozen=True)
class Server:
    """A server that the administrator can reach: where it is, and how to log in."""

    host: str
    port: int
    dbname: str
    url: str
    embedded: bool

    @property
    def place(self) -> str:
        """Return host, port and database, for messages."""
        return f"{self.host}:{self.port}/{self.dbname}"


def own_server(url: str) -> Server:
    """Return the server that ``TANDEM_WAREHOUSE_URL`` names; connects to nothing.

    Raises:
        WarehouseError: when the URL cannot be used, without quoting it (it holds a password).
    """
    form = "write postgresql://user:password@host:5432/database"  # pragma: allowlist secret
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        raise WarehouseError(f"TANDEM_WAREHOUSE_URL is not a PostgreSQL URL: {form}") from None
    host, dbname = str(parts.get("host") or ""), str(parts.get("dbname") or "")
    port = str(parts.get("port") or "5432")
    if not host or not dbname:
        raise WarehouseError(f"TANDEM_WAREHOUSE_URL names no host or no database: {form}")
    if host.startswith("/") or ":" in host or "," in host or not port.isdigit():
        raise WarehouseError(
            f"TANDEM_WAREHOUSE_URL must name one host and one port, reached by TCP: {form}"
        )
    if len(dbname.encode()) > LONGEST_DBNAME:
        raise WarehouseError(
            f"the database name in TANDEM_WAREHOUSE_URL is longer than {LONGEST_DBNAME} bytes, "
            "and our roles are named after it: choose a shorter one"
        )
    return Server(host, int(port), dbname, _as_url(parts), embedded=False)


def connect(server: Server, dbname: str | None = None) -> Connection:
    """Return an autocommit connection of the administrator.

    Raises:
        WarehouseError: with cause and next step, when there is none to be had.
    """
    try:
        return psycopg.connect(
            make_conninfo(server.url, dbname=dbname or server.dbname),
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name="tandem admin",
        )
    except psycopg.OperationalError as error:
        raise explain(error, server) from None


def explain(error: psycopg.OperationalError, server: Server) -> WarehouseError:
    """Return a failed connection as cause and next step."""
    text = str(error).lower()
    setting = "`tandem up`" if server.embedded else "TANDEM_WAREHOUSE_URL"
    if "password authentication failed" in text or "no password supplied" in text:
        step = "check user and password in TANDEM_WAREHOUSE_URL"
        if server.embedded:
            step = "put the secrets folder back that belongs to this home"
        return WarehouseError(f"{server.place} refuses the password: {step}")
    if "does not exist" in text and "role" in text:
        return WarehouseError(f"{server.place} does not know the user: check {setting}")
    if "does not exist" in text and "database" in text:
        return MissingDatabaseError(f"{server.place} does not exist: create it, or check {setting}")
    if "no pg_hba.conf entry" in text:
        return WarehouseError(
            f"{server.place} does not admit connections from here: "
            "add this machine to its pg_hba.conf"
        )
    if "could not translate host name" in text or "name or service not known" in text:
        return WarehouseError(f"no host is called {server.host}: check {setting}")
    if "connection refused" in text:
        return WarehouseError(f"nothing listens on {server.place}: start it, or check {setting}")
    if "timeout" in text or "timed out" in text:
        return WarehouseError(
            f"{server.place} does not answer within {CONNECT_SECONDS} s: "
            f"check the network, or {setting}"
        )
    if "too many" in text or "remaining connection slots" in text:
        return WarehouseError(f"{server.place} has no free connection: end some, then try again")
    if "starting up" in text or "shutting down" in text:
        return WarehouseError(f"{server.place} is starting or stopping: try again in a moment")
    if "ssl" in text or "certificate" in text:
        return WarehouseError(f"TLS with {server.place} fails: check sslmode in {setting}")
    return WarehouseError(f"{server.place} cannot be reached: check {setting}")


def _as_url(parts: Mapping[str, object]) -> str:
    """Return connection parameters as a URL, whichever form they were given in."""
    known = {key: str(value) for key, value in parts.items() if value is not None}
    user, password = known.pop("user", ""), known.pop("password", "")
    host, port = known.pop("host"), known.pop("port", "5432")
    dbname = quote(known.pop("dbname"), safe="")
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    options = "&".join(f"{key}={quote(value, safe='')}" for key, value in known.items())
    return (
        f"postgresql://{login + '@' if login else ''}{host}:{port}/{dbname}"
        f"{'?' + options if options else ''}"
    )
