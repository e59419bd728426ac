"""Settings of the embedded server, derived from the machine at each start.

Written to ``tandem.conf`` in the data folder, which the server reads after its own file; a
``local.conf`` beside it, never touched by Tandem, has the last word. The figures behind the choices
were measured on PostgreSQL 18 with 1 M to 30 M events on 2 cores:

- ``work_mem`` above 64 MB made our sorts slower (1 GB: +40 %), so hashes get a multiplier instead;
- ``wal_compression`` (pglz) doubled the cost of an increment, so it is off;
- JIT costs more than it wins on short queries, so it is off;
- data checksums are off: they write about 1.3 GB more WAL per full refresh at 10 M events. The
  marts can be rebuilt, the consent ledger has a hash chain of its own, and backups are checked by
  restoring. A server of your own decides this itself;
- ``fsync`` and ``full_page_writes`` stay on, and ``synchronous_commit`` too: only the roles whose
  work can be rebuilt switch that off for themselves (see ``grants.yml``).

Nothing a row holds may reach the server's log. Errors quote values ("duplicate key", "invalid
input"), so only server events are logged (``log_min_messages = log`` ranks above ``error``), never
a statement, a parameter or a detail.
"""

import os
import shutil
from pathlib import Path

MB = 1024 * 1024
GB = 1024 * MB


def memory() -> int:
    """Return the bytes of memory this process may use: the machine's, or its container's."""
    total: int = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total


def cores() -> int:
    """Return the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shared_memory_type() -> str:
    """Return how parallel workers share memory.

    A container's ``/dev/shm`` is often 64 MB, where parallel queries fail with "could not resize
    shared memory segment"; System V memory has no such limit.
    """
    try:
        free = shutil.disk_usage("/dev/shm").total  # noqa: S108 - asked for its size only
    except OSError:
        free = 0
    return "posix" if free >= GB else "sysv"


def settings(data: Path, port: int) -> dict[str, str]:
    """Return the settings for a server on ``data``, listening on ``port`` of the loopback only.

    Memory: a quarter for shared buffers up to 4 GB; sorts 16 to 64 MB. Disk: WAL may take a tenth
    of what is free, between 1 and 8 GB. Unix sockets are off: their path length is limited (107
    bytes on Linux), a killed server leaves them behind, and loopback TCP carries everything.
    """
    ram, processors = memory(), cores()
    wal = max(1 * GB, min(8 * GB, shutil.disk_usage(data).free // 10))
    return {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "100",
        "password_encryption": "scram-sha-256",  # pragma: allowlist secret
        "shared_buffers": _mb(max(128 * MB, min(4 * GB, ram // 4))),
        "effective_cache_size": _mb(max(256 * MB, ram * 6 // 10)),
        "work_mem": _mb(max(16 * MB, min(64 * MB, ram // 128))),
        "hash_mem_multiplier": "4",
        "maintenance_work_mem": _mb(max(64 * MB, min(1 * GB, ram // 16))),
        "dynamic_shared_memory_type": shared_memory_type(),
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "wal_compression": "off",
        "max_wal_size": _mb(wal),
        "min_wal_size": _mb(wal // 8),
        "checkpoint_timeout": "30min",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_worker_processes": str(processors + 6),
        "max_parallel_workers": str(processors),
        "max_parallel_workers_per_gather": str(max(1, min(4, processors))),
        "max_parallel_maintenance_workers": str(max(1, min(4, processors))),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        **QUIET_LOG,
    }


QUIET_LOG = {
    "log_error_verbosity": "terse",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def render(values: dict[str, str]) -> str:
    """Return the text of ``tandem.conf``."""
    lines = [f"{name} = '{value}'" for name, value in values.items()]
    return "\n".join(
        ["# Written by tandem at each start; your own go into local.conf.", *lines, ""]
    )


def _mb(size: int) -> str:
    """Return bytes in PostgreSQL's notation."""
    return f"{size // MB}MB"
