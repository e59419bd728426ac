"""Several pieces of work at once, on threads, told in their order."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

# Pieces under way, one a core; more would wait for Python's own part of each, and hold memory.
ABREAST = min(4, os.cpu_count() or 1)
# Seconds until a thread gives Python's lock to another that waits for it.
_TURN = 0.0005

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def abreast(pieces: Iterable[Piece], work: Callable[[Piece], Result]) -> Iterator[Result]:
    """Yield what becomes of pieces, in their order; as many as there are cores are under way."""
    with _quick_turns(), ThreadPoolExecutor(ABREAST) as pool:
        coming: deque[Future[Result]] = deque()
        for piece in pieces:
            coming.append(pool.submit(work, piece))
            if len(coming) > ABREAST:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Let threads take Python's lock from each other sooner.

    A block asks Arrow hundreds of short questions without the lock, and waits for it after each, by
    default until another block's look-ups have had it for five milliseconds.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
