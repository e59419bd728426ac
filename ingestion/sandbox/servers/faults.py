"""Faults that tests switch on per endpoint, and how those of the transport change an answer.

An endpoint is named ``vendor.call`` (``hubspot.search``, ``shopify.graphql`` …); ``vendor.*`` and
``*`` match more. A fault lets ``after`` requests pass, then hits ``times`` requests (-1: until it
is cleared). Faults of meaning (``repeat_cursor``, ``insert_between``, ``late_commit``, ``drift``,
``search_lag`` …) are asked for by the endpoints themselves.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

TRANSPORT = frozenset(
    {
        "429",
        "500",
        "502",
        "503",
        "504",
        "truncate",
        "drip",
        "html",
        "hang",
        "empty",
        "garbage",
        "wrong_type",
        "redirect",
    }
)


@dataclass
class Fault:
    """One switched-on fault."""

    endpoint: str
    kind: str
    times: int = 1
    after: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    hits: int = 0

    def matches(self, endpoint: str) -> bool:
        """Tell whether the fault is meant for an endpoint."""
        return fnmatchcase(endpoint, self.endpoint)


class Faults:
    """All faults that are on, in the order they were switched on."""

    def __init__(self) -> None:
        self._on: list[Fault] = []

    def switch_on(self, fault: Fault) -> None:
        """Add a fault."""
        self._on.append(fault)

    def clear(self) -> None:
        """Switch everything off."""
        self._on.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Return what is on and how often it has hit."""
        return [vars(fault) for fault in self._on]

    def take(self, endpoint: str, *kinds: str) -> Fault | None:
        """Return the first fault of these kinds that hits this request, and count the hit."""
        for fault in self._on:
            if fault.kind not in kinds or not fault.matches(endpoint):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times == 0:
                continue
            fault.times -= fault.times > 0
            fault.hits += 1
            return fault
        return None


@dataclass
class Reply:
    """An answer before it goes out."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


_HTML = b"<!DOCTYPE html><html><body><h1>Service temporarily unavailable</h1></body></html>"


def spoiled(fault: Fault, reply: Reply) -> Reply:
    """Return what a transport fault makes of a good answer."""
    kind = fault.kind
    if kind == "html":
        return Reply(_HTML, 200, content_type="text/html")
    if kind in ("502", "503", "504"):
        return Reply(_HTML, int(kind), {"Retry-After": "0"}, "text/html")
    if kind == "500":
        return Reply(b'{"status":"error","message":"internal error"}', 500)
    if kind == "empty":
        return Reply(b"", 200)
    if kind == "garbage":
        return Reply(reply.body[: len(reply.body) // 2] + b"\x00\xff", 200)
    if kind == "wrong_type":
        return Reply(b'"maintenance"', 200)
    if kind == "redirect":
        return Reply(b"", 302, {"Location": "/elsewhere"})
    return reply


async def dripped(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    """Yield a body in small pieces so slowly that it takes ``seconds`` in all."""
    pieces = 40
    size = max(1, len(body) // pieces)
    for begin in range(0, len(body), size):
        await asyncio.sleep(seconds / pieces)
        yield body[begin : begin + size]


async def cut_off(body: bytes) -> AsyncIterator[bytes]:
    """Yield half a body and stop, although the whole length was promised."""
    yield body[: max(1, len(body) // 2)]
