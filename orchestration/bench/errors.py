"""What can go wrong with the benchmark itself."""


class BenchError(RuntimeError):
    """The benchmark cannot run; the message says why and what to do."""
