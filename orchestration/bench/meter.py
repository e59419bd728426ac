"""What a piece of work costs: wall and CPU seconds of client and server, memory, WAL.

CPU is this process's plus that of its children and of all the server's processes, those that ended
included. Peak
memory is the largest sum, sampled, of this process's resident memory and the anonymous memory of
the server's processes (shared buffers left out: they are a setting, not a cost). Linux only, since
it reads ``/proc``.
"""

import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread

import psutil
import psycopg

from orchestration.bench.errors import BenchError

SAMPLE_SECONDS = 0.2
SETTLE_SECONDS = 0.3
"""How long a backend that disconnected may take to end and hand its times to the postmaster."""


@dataclass(frozen=True)
class Cost:
    """The cost of one stage."""

    stage: str
    rows: int
    seconds: float
    cpu_client: float
    cpu_server: float
    peak_mb: float
    wal_mb: float

    @property
    def cpu(self) -> float:
        """CPU seconds of client and server together."""
        return round(self.cpu_client + self.cpu_server, 2)

    def told(self) -> dict[str, object]:
        """Return the cost for machines."""
        return {**asdict(self), "cpu": self.cpu}


class Meter:
    """Measures work against one server, whose data folder is on this machine."""

    def __init__(self, url: str) -> None:
        # In another database: a session that watches is none that the stages may have to wait for.
        self._connection = psycopg.connect(url, dbname="postgres", autocommit=True)
        row = self._connection.execute("show data_directory").fetchone()
        pid = Path(str(row[0] if row else "")) / "postmaster.pid"
        try:
            self._server = psutil.Process(int(pid.read_text().split()[0]))
            self._server.cpu_times()
        except (OSError, psutil.Error):
            raise BenchError(
                "the server's processes cannot be watched: the benchmark needs the embedded "
                "warehouse on Linux, so unset TANDEM_WAREHOUSE_URL"
            ) from None

    def close(self) -> None:
        """Leave the server."""
        self._connection.close()

    def measure(self, stage: str, work: Callable[[], int]) -> Cost:
        """Carry out work that returns how many rows it handled, and return its cost."""
        server, wal, client = self._server_seconds(), self._wal(), _client_seconds()
        started = time.monotonic()
        with _Peak(self._server) as peak:
            rows = work()
        seconds, client = time.monotonic() - started, _client_seconds() - client
        time.sleep(SETTLE_SECONDS)
        return Cost(
            stage,
            rows,
            round(seconds, 2),
            round(client, 2),
            round(max(0.0, self._server_seconds() - server), 2),
            round(peak.bytes / 2**20, 1),
            round((self._wal() - wal) / 2**20, 1),
        )

    def _wal(self) -> int:
        row = self._connection.execute(
            "select pg_current_wal_insert_lsn() - cast('0/0' as pg_lsn)"
        ).fetchone()
        return int(row[0]) if row else 0

    def _server_seconds(self) -> float:
        own = self._server.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for process in self._server.children():
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            total += times.user + times.system
        return float(total)


def _client_seconds() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class _Peak:
    """Watches memory from a thread of its own while work is under way."""

    def __init__(self, server: psutil.Process) -> None:
        self.bytes = 0
        self._server = server
        self._done = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        client = psutil.Process()
        while True:
            anonymous = sum(_anonymous(process.pid) for process in self._server.children())
            self.bytes = max(self.bytes, client.memory_info().rss + anonymous)
            if self._done.wait(SAMPLE_SECONDS):
                return


def _anonymous(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0
