"""WooCommerce REST v3: lists, and the few writes that tests need.

As the real one does: 100 a page at most; ``modified_after`` is strict, of one-second resolution,
ignored by customers and refunds, and shifted by the site's offset when ``dates_are_gmt`` comes with
a zone; customers are of role ``customer`` unless asked otherwise; trashed orders are in no list;
deleting a refund or a customer leaves the order's time of change alone.
"""

import time
from datetime import UTC, datetime
from typing import Any

import orjson

from ingestion.sandbox.company.drops import woo
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.talk import Call, Endpoint, reply
from ingestion.sandbox.servers.woocommerce.signing import refusal

_ROOT = "/wp-json/wc/v3"
_nonces: set[str] = set()


def too_many(call: Call) -> Reply:
    """Answer as the web server in front of WordPress does when it is asked too often."""
    wait = str(call.fault.settings.get("retry_after", 0)) if call.fault else "0"
    return Reply(b"Too Many Requests", 429, {"Retry-After": wait}, "text/plain")


def _error(code: str, status: int) -> Reply:
    return reply({"code": code, "message": code, "data": {"status": status}}, status)


def _refused(call: Call, path: str) -> Reply | None:
    if call.meant("expired"):
        return _error("woocommerce_rest_authentication_error", 401)
    if call.meant("missing_scope"):
        return _error("woocommerce_rest_cannot_view", 403)
    url = f"{call.base}/woocommerce{_ROOT}{path}"
    token = call.state.tokens.woocommerce
    code = refusal(call.method, url, call.query, token, _nonces, time.time())
    return _error(code, 401) if code else None


def listed(call: Call) -> Reply:
    """Answer GET orders, customers or refunds."""
    kind = call.path["kind"]
    if refused := _refused(call, f"/{kind}"):
        return refused
    if kind not in {"orders", "customers", "refunds"}:
        return _error("rest_no_route", 404)
    size, page = int(call.query.get("per_page", 10)), int(call.query.get("page", 1))
    if not 1 <= size <= 100:
        return _error("rest_invalid_param", 400)
    rows = call.state.rows(
        "select id, modified, doc from woo where kind = ? and not is_deleted order by id", kind
    )
    documents = [_shown(call, kind, modified, orjson.loads(doc)) for _, modified, doc in rows]
    if kind == "customers":
        role = call.query.get("role", "customer")
        documents = [d for d in documents if role in ("all", d["role"])]
    if kind == "orders" and "modified_after" in call.query:
        documents = [d for d in documents if _is_after(call, d)]
    if call.query.get("order", "desc") == "desc":
        documents.reverse()
    if fields := call.query.get("_fields"):
        documents = [{n: d[n] for n in fields.split(",") if n in d} for d in documents]
    total, first = len(documents), (page - 1) * size
    return reply(
        documents[first : first + size],
        X_WP_Total=str(total),
        X_WP_TotalPages=str(-(-total // size)),
    )


def changed(call: Call) -> Reply:
    """Answer PUT and DELETE of an order, customer or refund."""
    kind, number = call.path["kind"], int(call.path["id"])
    if refused := _refused(call, f"/{kind}/{number}"):
        return refused
    row = call.state.row("select parent, doc from woo where kind = ? and id = ?", kind, number)
    if row is None:
        return _error("woocommerce_rest_invalid_id", 404)
    document = orjson.loads(row[1])
    now = call.state.tick()
    if call.method == "DELETE":
        call.state.rows("update woo set is_deleted = 1 where kind = ? and id = ?", kind, number)
        return reply(document)
    document |= call.json()
    woo.put(call.state.connection, kind, row[0], now, document)
    return reply(_shown(call, kind, now, document))


def refunded(call: Call) -> Reply:
    """Answer POST orders/{id}/refunds: gives money back and touches the order."""
    number = int(call.path["id"])
    if refused := _refused(call, f"/orders/{number}/refunds"):
        return refused
    now = call.state.tick()
    top = call.state.row("select max(id) from woo where kind = 'refunds'")[0] or 1
    document = {"id": top + 1, "parent_id": number, "reason": "", **call.json()}
    document |= woo.stamps("date_created", now)
    woo.put(call.state.connection, "refunds", number, now, document)
    call.state.rows("update woo set modified = ? where kind = 'orders' and id = ?", now, number)
    return reply(document, 201)


def _shown(call: Call, kind: str, modified: int, document: dict[str, Any]) -> dict[str, Any]:
    return document | woo.stamps("date_modified", modified) if kind != "refunds" else document


def _is_after(call: Call, document: dict[str, Any]) -> bool:
    given = datetime.fromisoformat(call.query["modified_after"].replace("Z", "+00:00"))
    is_gmt = call.query.get("dates_are_gmt") == "true"
    changed_at = datetime.fromisoformat(
        document["date_modified_gmt" if is_gmt else "date_modified"]
    )
    if given.tzinfo is not None:
        given = given.astimezone(UTC).astimezone(woo.SITE_ZONE).replace(tzinfo=None)
    return changed_at > given.replace(microsecond=0)


ENDPOINTS = (
    Endpoint("woocommerce.list", f"{_ROOT}/{{kind}}", ("GET",), listed),
    Endpoint("woocommerce.refund", f"{_ROOT}/orders/{{id:int}}/refunds", ("POST",), refunded),
    Endpoint("woocommerce.change", f"{_ROOT}/{{kind}}/{{id:int}}", ("PUT", "DELETE"), changed),
)
