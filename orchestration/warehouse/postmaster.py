"""The server's main process, as its lock file, the system's process table and its log tell."""

from pathlib import Path

import psutil

# No system hands out this process id (Linux ends at 2^22), so it marks a lock file as stale.
NO_PROCESS = 2**30
LOG_TAIL = 8192


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


def logged(data: Path) -> str:
    """Return what the server last said: before its log collector took over, and after."""
    collected = sorted((data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
    text = ""
    for log in [data / "start.log", *collected[-1:]]:
        try:
            text += log.read_text(errors="replace")[-LOG_TAIL:]
        except OSError:
            continue
    return text


def last_line(text: str, word: str = "") -> str:
    """Return the last line that holds ``word``: server programs put the cause there."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if word in line), "no reason in its log")
