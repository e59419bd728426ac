"""The tests' own API under ``/_sandbox``: faults on and off, the clock, truth, and odd changes.

Not part of any vendor: no authentication, loopback only.
"""

import asyncio
import os
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion.sandbox.company import store
from ingestion.sandbox.company.clock import iso
from ingestion.sandbox.servers.faults import Fault
from ingestion.sandbox.servers.shopify.ordering import add_order
from ingestion.sandbox.servers.state import State
from ingestion.sandbox.servers.talk import Call

_RECORDS = {
    "hubspot": "select id, archived, doc from hubspot_objects where type = ? order by id",
    "shopify": "select id, 0, doc from shopify_objects where kind = ? order by id",
    "salesforce": "select id, is_deleted, doc from salesforce where object = ? order by id",
    "woocommerce": "select id, is_deleted, doc from woo where kind = ? order by id",
}
_RELATIONS = {
    "associations": "select * from hubspot_associations",
    "merged": "select * from hubspot_merged",
    "subscriptions": "select * from hubspot_subscriptions",
    "history": "select * from hubspot_history",
}


class Control:
    """The handlers, for one state."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def clock(self, request: Request) -> Response:
        """Return the company's present."""
        now = self.state.now()
        return JSONResponse({"now": iso(now), "seconds": now})

    async def faults(self, request: Request) -> Response:
        """List faults (GET), switch one on (POST), or switch all off (DELETE)."""
        faults = self.state.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            given = orjson.loads(await request.body())
            faults.switch_on(
                Fault(
                    given["endpoint"],
                    str(given["kind"]),
                    given.get("times", 1),
                    given.get("after", 0),
                    given.get("settings", {}),
                )
            )
        return JSONResponse(faults.listed())

    async def requests(self, request: Request) -> Response:
        """Return how often each endpoint was called; DELETE starts anew."""
        counted = dict(self.state.requests)
        if request.method == "DELETE":
            self.state.requests.clear()
        return JSONResponse(counted)

    async def advance(self, request: Request) -> Response:
        """Let days pass."""
        from ingestion.sandbox.company import company

        days = int(request.query_params.get("days", 1))
        facts = await asyncio.to_thread(company.advance, self.state.folder, days)
        return JSONResponse({"as_of": facts.as_of().isoformat()})

    async def settings(self, request: Request) -> Response:
        """Set how a server behaves: ``association_page``, ``properties.contacts`` (extra names)."""
        for name, value in orjson.loads(await request.body()).items():
            store.put_meta(self.state.connection, str(name), str(value))
        return JSONResponse({})

    async def release_search(self, request: Request) -> Response:
        """Let search see what it lagged behind on."""
        self.state.rows("update hubspot_objects set hidden_from_search = 0")
        return JSONResponse({})

    async def records(self, request: Request) -> Response:
        """Return a server's own state: every record of one kind, as newline-separated JSON."""
        vendor, kind = request.path_params["vendor"], request.path_params["kind"]
        if vendor == "matomo":
            rows = self.state.rows("select cast(doc as blob) from matomo_visits order by id")
            found = b"\n".join(store.unpacked(row[0]) for row in rows)
            return Response(found, media_type="application/jsonl")
        if kind in _RELATIONS:
            cursor = self.state.connection.execute(_RELATIONS[kind])
            names = [each[0] for each in cursor.description]
            lines = [orjson.dumps(dict(zip(names, row, strict=True))) for row in cursor]
            return Response(b"\n".join(lines), media_type="application/jsonl")
        rows = self.state.rows(_RECORDS[vendor], kind)
        lines = [
            orjson.dumps({"id": number, "archived": bool(archived), "doc": orjson.loads(document)})
            for number, archived, document in rows
        ]
        return Response(b"\n".join(lines), media_type="application/jsonl")

    async def visit(self, request: Request) -> Response:
        """Store a visit as given (new, late, or one that grew); ``idVisit`` decides which."""
        given: dict[str, Any] = orjson.loads(await request.body())
        top = self.state.row("select max(id) from matomo_visits")[0] or 0
        given.setdefault("idVisit", top + 1)
        self.state.rows(
            "insert or replace into matomo_visits values (?, ?, ?, ?)",
            given["idVisit"],
            given["firstActionTimestamp"],
            given["lastActionTimestamp"],
            orjson.dumps(given).decode(),
        )
        self.state.touch("visit", given["idVisit"])
        return JSONResponse({"idVisit": given["idVisit"]})

    async def forget_visit(self, request: Request) -> Response:
        """Delete a visit, as Matomo's privacy tools do."""
        number = int(request.path_params["id"])
        self.state.rows("delete from matomo_visits where id = ?", number)
        self.state.touch("visit", number)
        return JSONResponse({})

    async def order(self, request: Request) -> Response:
        """Place an order: a copy of the latest one with changes laid over it."""
        call = Call(self.state, "sandbox", "POST", {}, {}, {}, b"", "")
        return JSONResponse(add_order(call, orjson.loads(await request.body() or b"{}")))

    async def stop(self, request: Request) -> Response:
        """End the process at once."""
        os._exit(0)


def routes(state: State) -> list[Route]:
    """Return the routes of the control API."""
    control = Control(state)
    return [
        Route("/_sandbox/clock", control.clock),
        Route("/_sandbox/faults", control.faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/requests", control.requests, methods=["GET", "DELETE"]),
        Route("/_sandbox/advance", control.advance, methods=["POST"]),
        Route("/_sandbox/settings", control.settings, methods=["POST"]),
        Route("/_sandbox/hubspot/release-search", control.release_search, methods=["POST"]),
        Route("/_sandbox/matomo/visits", control.visit, methods=["POST"]),
        Route("/_sandbox/matomo/visits/{id}", control.forget_visit, methods=["DELETE"]),
        Route("/_sandbox/shopify/orders", control.order, methods=["POST"]),
        Route("/_sandbox/records/{vendor}/{kind}", control.records),
        Route("/_sandbox/stop", control.stop, methods=["POST"]),
    ]
