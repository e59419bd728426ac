"""One request as the endpoints see it, and how an endpoint is declared."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from ingestion.sandbox.servers.faults import Fault, Reply
from ingestion.sandbox.servers.state import State


@dataclass
class Call:
    """A request, read completely."""

    state: State
    endpoint: str
    method: str
    path: dict[str, Any]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base: str
    fault: Fault | None = field(default=None)

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object; anything else counts as an empty one."""
        try:
            parsed = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    def meant(self, *kinds: str) -> Fault | None:
        """Return the fault of meaning that is on for this request, if any."""
        return self.state.faults.take(self.endpoint, *kinds)


@dataclass(frozen=True)
class Endpoint:
    """A path of a vendor, its name for faults, and what answers."""

    name: str
    path: str
    methods: tuple[str, ...]
    handle: Callable[[Call], Reply]


def reply(value: object, status: int = 200, **headers: str) -> Reply:
    """Return a JSON answer; underscores in header names become dashes."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(orjson.dumps(value), status, named)
