"""One way to accept either a URL or an open connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection


@contextmanager
def opened(url_or_connection: str | Connection[Any]) -> Iterator[Connection[Any]]:
    """Yield a connection; one made here is committed on success and closed."""
    if isinstance(url_or_connection, str):
        with psycopg.connect(url_or_connection, connect_timeout=10) as connection:
            yield connection
    else:
        yield url_or_connection
