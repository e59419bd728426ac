"""Calls the sandbox's vendor servers in process: the whole application, without a socket."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from ingestion.sandbox import prepared
from ingestion.sandbox.servers.app import build
from ingestion.sandbox.servers.faults import Fault
from ingestion.sandbox.servers.state import State, Tokens

TOKENS = Tokens("hubspot-token", "matomo-token", "shopify-token")


PEOPLE, SEED = 400, 11


def fresh_vendors(folder: Path) -> "Vendors":
    """Return the servers of a copy of the tests' company, free to be changed."""
    shutil.copytree(prepared(PEOPLE, SEED), folder)
    return Vendors(folder)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


class Vendors:
    """The servers of one company."""

    def __init__(self, folder: Path) -> None:
        self.state = State(folder, TOKENS)
        self._app = build(self.state)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        sent = [(name.lower().encode(), text.encode()) for name, text in (headers or {}).items()]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": urlencode(query or {}).encode(),
            "headers": [(b"host", b"vendors.example"), *sent],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        events: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: Any) -> None:
            events.append(dict(event))

        asyncio.run(self._app(scope, receive, send))
        start = events[0]
        named = {key.decode(): value.decode() for key, value in start["headers"]}
        return Answer(start["status"], named, b"".join(e.get("body", b"") for e in events[1:]))

    def hubspot(
        self, method: str, path: str, body: Any = None, token: str = TOKENS.hubspot, **query: Any
    ) -> Answer:
        return self.call(
            method,
            f"/hubspot{path}",
            query=query,
            body=orjson.dumps(body or {}),
            headers={"authorization": f"Bearer {token}"},
        )

    def matomo(self, method: str, **asked: Any) -> Any:
        form = {
            "module": "API",
            "method": method,
            "format": "JSON",
            "idSite": 1,
            "token_auth": TOKENS.matomo,
            **asked,
        }
        return self.call("POST", "/matomo/index.php", body=urlencode(form).encode()).json()

    def shopify(
        self,
        query: str,
        variables: Any = None,
        token: str = TOKENS.shopify,
        version: str = "2026-01",
    ) -> Answer:
        return self.call(
            "POST",
            f"/shopify/admin/api/{version}/graphql.json",
            body=orjson.dumps({"query": query, "variables": variables}),
            headers={"x-shopify-access-token": token},
        )

    def bulk(self, query: str, grouped: bool = False) -> tuple[dict[str, Any], list[Any]]:
        """Run a bulk operation to its end; returns its last state and the objects of its file."""
        started = self.shopify(
            "mutation($q: String!, $g: Boolean!) { bulkOperationRunQuery(query: $q,"
            " groupObjects: $g) { bulkOperation { id } userErrors { message } } }",
            {"q": query, "g": grouped},
        ).json()["data"]["bulkOperationRunQuery"]
        assert not started["userErrors"], started
        state: dict[str, Any] = {"status": "CREATED"}
        for _ in range(5):
            if state["status"] not in ("CREATED", "RUNNING"):
                break
            state = self.shopify(
                "query($id: ID!) { node(id: $id) { ... on BulkOperation { id status url errorCode"
                " objectCount rootObjectCount partialDataUrl } } }",
                {"id": started["bulkOperation"]["id"]},
            ).json()["data"]["node"]
        if not state["url"]:
            return state, []
        path, _, signed = state["url"].removeprefix("http://vendors.example").partition("?")
        query_string = dict(part.split("=") for part in signed.split("&"))
        file = self.call("GET", path, query=query_string)
        return state, [orjson.loads(line) for line in file.body.splitlines()]

    def fault(self, endpoint: str, kind: str, **more: Any) -> None:
        self.state.faults.switch_on(Fault(endpoint, kind, **more))
