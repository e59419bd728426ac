"""Where Tandem lives on this machine: home folder, warehouse address, secrets.

The one module that reads the environment for these; everything else asks here. Nothing is read
before a function is called, so that definitions load with no secrets, database or network.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

# What concerns the server; a client certificate is its administrator's alone.
_TRANSPORT = ("sslmode", "sslrootcert", "sslcrl", "ssl_min_protocol_version", "channel_binding")


class SettingsError(RuntimeError):
    """Something is not set up yet; the message says what and how to mend it."""


@dataclass(frozen=True)
class WarehouseAddress:
    """How to reach the warehouse, without any password."""

    host: str
    port: int
    dbname: str
    embedded: bool


def project_root() -> Path:
    """Return the folder that holds ``pyproject.toml`` and the packages."""
    return Path(__file__).resolve().parents[1]


def home() -> Path:
    """Return the folder that everything Tandem keeps lives under (``TANDEM_HOME``)."""
    configured = os.environ.get("TANDEM_HOME")
    return Path(configured).expanduser().resolve() if configured else project_root() / ".tandem"


def tenant() -> str:
    """Return the tenant that subject keys are salted with (``TANDEM_TENANT``)."""
    return os.environ.get("TANDEM_TENANT", "default")


def secret(name: str) -> str:
    """Return a secret from ``TANDEM_<NAME>`` (upper case, dots as ``_``) or ``secrets/<name>``.

    Raises:
        SettingsError: when neither exists.
    """
    variable = "TANDEM_" + name.upper().replace(".", "_")
    if value := os.environ.get(variable):
        return value
    path = home() / "secrets" / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        raise SettingsError(
            f"secret {name} is missing: run `tandem up`, which creates it, or set {variable}"
        ) from None


def warehouse_address() -> WarehouseAddress:
    """Return the address that ``tandem up`` recorded.

    Raises:
        SettingsError: when the warehouse was never set up.
    """
    try:
        recorded = json.loads((home() / "warehouse.json").read_text())
    except FileNotFoundError:
        raise SettingsError("the warehouse is not set up: run `tandem up`") from None
    return WarehouseAddress(
        recorded["host"], recorded["port"], recorded["dbname"], recorded["embedded"]
    )


def role_name(role: str) -> str:
    """Return the database role behind ``role``; roles are cluster-wide, so the database leads."""
    return f"{warehouse_address().dbname}_{role}"


def role_url(role: str) -> str:
    """Return the PostgreSQL URL of one role, password included: never log it."""
    address = warehouse_address()
    if role == "admin":
        return secret("admin.url")
    password = quote(secret(f"{role}.password"), safe="")
    dbname = f"{address.dbname}_dagster" if role == "dagster" else address.dbname
    options = urlencode(transport(), quote_via=quote)
    return (
        f"postgresql://{role_name(role)}:{password}@{address.host}:{address.port}/{dbname}"
        f"{'?' + options if options else ''}"
    )


def transport() -> dict[str, str]:
    """Return how every role reaches a server of one's own: the TLS options of its URL."""
    if warehouse_address().embedded:
        return {}
    given = dict(parse_qsl(urlsplit(secret("admin.url")).query))
    return {name: given[name] for name in _TRANSPORT if name in given}
