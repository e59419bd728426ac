"""Puts the vendors' endpoints together into one ASGI application and applies transport faults."""

import asyncio
from collections.abc import Callable, Sequence

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ingestion.sandbox.servers import control
from ingestion.sandbox.servers.faults import TRANSPORT, Reply, cut_off, dripped, spoiled
from ingestion.sandbox.servers.hubspot import routes as hubspot
from ingestion.sandbox.servers.matomo import routes as matomo
from ingestion.sandbox.servers.salesforce import routes as salesforce
from ingestion.sandbox.servers.shopify import routes as shopify
from ingestion.sandbox.servers.state import State
from ingestion.sandbox.servers.talk import Call, Endpoint
from ingestion.sandbox.servers.woocommerce import routes as woocommerce

Limited = Callable[[Call], Reply]


def build(state: State) -> Starlette:
    """Return the application that serves one company."""
    vendors: Sequence[tuple[str, Sequence[Endpoint], Limited]] = (
        ("/hubspot", hubspot.ENDPOINTS, hubspot.too_many),
        ("/matomo", matomo.ENDPOINTS, matomo.too_many),
        ("/shopify", shopify.ENDPOINTS, shopify.too_many),
        ("/salesforce", salesforce.ENDPOINTS, salesforce.too_many),
        ("/woocommerce", woocommerce.ENDPOINTS, woocommerce.too_many),
    )
    routes = [
        _route(state, prefix, endpoint, too_many)
        for prefix, endpoints, too_many in vendors
        for endpoint in endpoints
    ]
    return Starlette(routes=[*routes, *control.routes(state)])


def _route(state: State, prefix: str, endpoint: Endpoint, too_many: Limited) -> Route:
    async def answer(request: Request) -> Response:
        call = Call(
            state,
            endpoint.name,
            request.method,
            dict(request.path_params),
            dict(request.query_params),
            dict(request.headers),
            await request.body(),
            str(request.base_url).rstrip("/"),
        )
        state.requests[endpoint.name] = state.requests.get(endpoint.name, 0) + 1
        return await _sent(call, endpoint, too_many)

    return Route(prefix + endpoint.path, answer, methods=list(endpoint.methods))


async def _sent(call: Call, endpoint: Endpoint, too_many: Limited) -> Response:
    fault = call.state.faults.take(call.endpoint, *TRANSPORT)
    if fault is not None and fault.kind == "hang":
        await asyncio.sleep(float(fault.settings.get("seconds", 30)))
    if fault is not None and fault.kind == "429":
        call.fault = fault
        return _plain(too_many(call))
    reply = endpoint.handle(call)
    if fault is None:
        return _plain(reply)
    if fault.kind == "truncate":
        length = {"Content-Length": str(len(reply.body))}
        return StreamingResponse(
            cut_off(reply.body), reply.status, reply.headers | length, reply.content_type
        )
    if fault.kind == "drip":
        seconds = float(fault.settings.get("seconds", 20))
        return StreamingResponse(
            dripped(reply.body, seconds), reply.status, reply.headers, reply.content_type
        )
    return _plain(spoiled(fault, reply))


def _plain(reply: Reply) -> Response:
    return Response(reply.body, reply.status, reply.headers, reply.content_type)


def as_json(value: object) -> bytes:
    """Return a value as JSON bytes."""
    return orjson.dumps(value)
