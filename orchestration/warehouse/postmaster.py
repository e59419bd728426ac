"""The server's main process, as its lock file and the system's process table tell."""

from pathlib import Path

import psutil

# No system hands out this process id (Linux ends at 2^22), so it marks a lock file as stale.
NO_PROCESS = 2**30


def process(data: Path) -> psutil.Process | None:
    """Return the living server process on ``data``, told from a reused process id."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        found = psutil.Process(pid)
        command = found.cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    if found.status() == psutil.STATUS_ZOMBIE or str(data) not in command:
        return None
    return found


def release_lock(data: Path) -> None:
    """Point a lock file away from a process id that another program got since.

    PostgreSQL trusts a living id of the same user, so after a reboot of a container (where ids are
    small and come back) it would never start. The rest of the file stays: it names the shared
    memory, which PostgreSQL checks for children of the old server.
    """
    file = data / "postmaster.pid"
    if not file.exists() or process(data) is not None:
        return
    pid, _, rest = file.read_text().partition("\n")
    if pid.isdigit() and psutil.pid_exists(int(pid)):
        file.write_text(f"{NO_PROCESS}\n{rest}")
