"""Salesforce's REST API: token, objects, describe, query, queryAll, and writing records.

As the real one does: errors are lists, a session ends with INVALID_SESSION_ID, the daily limit is a
403, pages are shorter than asked for, ``query`` hides what is deleted and activities older than a
year, ``queryAll`` what has left the bin. Merging and converting are Apex's in the real one; here
they have paths of their own.
"""

import secrets
from typing import Any

import orjson

from ingestion.sandbox.company.clock import iso
from ingestion.sandbox.company.store import get_meta
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.salesforce import org, soql
from ingestion.sandbox.servers.talk import Call, Endpoint, reply

_ROOT = "/services/data/{version}"
_VERSIONS = ("v58.0", "v59.0", "v60.0", "v61.0", "v62.0", "v63.0", "v64.0")
# Rows of one page: fewer than the 2,000 asked for, as wide records make it.
PAGE = 20
_ROWS = "select id, modstamp, is_deleted, doc from salesforce where object = ?"
_sessions: set[str] = set()
_cursors: dict[str, tuple[soql.Query, list[Any]]] = {}


def _error(status: int, code: str, message: str) -> Reply:
    return reply([{"errorCode": code, "message": message}], status)


def too_many(call: Call) -> Reply:
    """Return the answer to too many requests at once."""
    return _error(429, "REQUEST_RUNNING_TOO_LONG", "too many concurrent requests")


def token(call: Call) -> Reply:
    """Answer POST /services/oauth2/token for the client credentials flow."""
    form = dict(part.split("=", 1) for part in call.body.decode().split("&") if "=" in part)
    given = f"{form.get('client_id')}:{form.get('client_secret')}"
    if form.get("grant_type") != "client_credentials" or given != call.state.tokens.salesforce:
        return reply({"error": "invalid_client", "error_description": "invalid credentials"}, 401)
    org.grow(call.state.connection, call.state.now())
    made = f"00D000000000001!{secrets.token_hex(24)}"
    _sessions.add(made)
    return reply(
        {"access_token": made, "instance_url": f"{call.base}/salesforce", "token_type": "Bearer"}
    )


def _refused(call: Call) -> Reply | None:
    bearer = call.headers.get("authorization", "").removeprefix("Bearer ")
    if call.meant("expired"):
        _sessions.discard(bearer)
    if bearer not in _sessions:
        return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    if call.meant("daily_limit"):
        return _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    if call.path["version"] not in _VERSIONS:
        return _error(404, "NOT_FOUND", "The requested resource does not exist")
    return None


def objects(call: Call) -> Reply:
    """Answer GET sobjects."""
    if refusal := _refused(call):
        return refusal
    hidden = call.meant("missing_scope")
    without = hidden.settings.get("object", "Contact") if hidden else None
    found = [{"name": name, "queryable": True} for name in org.PREFIXES if name != without]
    return reply({"encoding": "UTF-8", "sobjects": found})


def describe(call: Call) -> Reply:
    """Answer GET sobjects/{name}/describe."""
    if refusal := _refused(call):
        return refusal
    name = call.path["name"]
    if name not in org.PREFIXES:
        return _error(404, "NOT_FOUND", "The requested resource does not exist")
    fields = [{"name": n, "type": "string"} for n in soql.names(name, _more(call, name))]
    fields.append({"name": "MailingAddress", "type": "address"})
    return reply({"name": name, "fields": fields})


def query(call: Call) -> Reply:
    """Answer GET query and queryAll."""
    if refusal := _refused(call):
        return refusal
    text = call.query.get("q", "")
    if len(text) > 16_000:
        return Reply(b"<html><h1>414 URI Too Long</h1></html>", 414, content_type="text/html")
    name = text.partition(" FROM ")[2].split(" ")[0]
    try:
        asked = soql.parsed(text, _more(call, name) if name in org.PREFIXES else "")
    except soql.MalformedError as error:
        return _error(400, error.code, str(error))
    bin_too = call.endpoint == "salesforce.query_all"
    shown = "is_purged = 0" if bin_too else "is_deleted = 0"
    by_time = "modstamp" in asked.condition
    late = " and id % 2 = 0" if by_time and call.meant("late_commit") else ""
    rows = call.state.rows(
        f"{_ROWS} and {shown}{asked.condition}{late} order by {asked.order}",
        asked.name,
        *asked.values,
    )
    if not bin_too:  # activities that grew older than a year (a setting names them) are archived
        archived = get_meta(call.state.connection, "salesforce.archived").split(",")
        rows = [row for row in rows if row[0] not in archived]
    if not asked.fields:
        return reply({"totalSize": len(rows), "done": True, "records": []})
    return _page(call, asked, rows, 0)


def following(call: Call) -> Reply:
    """Answer GET query/{locator}."""
    if refusal := _refused(call):
        return refusal
    cursor, _, begin = call.path["locator"].rpartition("-")
    if cursor not in _cursors:
        return _error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    asked, rows = _cursors[cursor]
    return _page(call, asked, rows, int(begin), cursor)


def _page(call: Call, asked: soql.Query, rows: list[Any], begin: int, cursor: str = "") -> Reply:
    end = begin + PAGE
    answer: dict[str, Any] = {
        "totalSize": len(rows),
        "done": end >= len(rows),
        "records": [_shown(asked, row) for row in rows[begin:end]],
    }
    if end < len(rows):
        cursor = cursor or f"01g{secrets.token_hex(6)}"
        _cursors[cursor] = (asked, rows)
        at = begin if call.meant("repeat_cursor") else end
        answer["nextRecordsUrl"] = f"/services/data/{call.path['version']}/query/{cursor}-{at}"
    return reply(answer)


def _shown(asked: soql.Query, row: Any) -> dict[str, Any]:
    number, modstamp, deleted, text = row
    stamp = iso(modstamp).replace("Z", ".000+0000")
    fields = orjson.loads(text) | {
        "Id": number,
        "IsDeleted": bool(deleted),
        "SystemModstamp": stamp,
        "LastModifiedDate": stamp,
    }
    return {"attributes": {"type": asked.name}} | {n: fields.get(n) for n in asked.fields}


def change(call: Call) -> Reply:
    """Answer PATCH and DELETE on a record."""
    if refusal := _refused(call):
        return refusal
    name, number = call.path["name"], call.path["id"]
    if call.method == "DELETE":
        _write(call, name, number, {}, deleted=True)
    else:
        given = call.json()
        _write(call, name, number, given)
        if name == "Opportunity" and "StageName" in given:
            _add(call, "OpportunityHistory", OpportunityId=number, StageName=given["StageName"])
    return Reply(b"", 204)


def create(call: Call) -> Reply:
    """Answer POST of a record."""
    if refusal := _refused(call):
        return refusal
    return reply({"id": _add(call, call.path["name"], **call.json()), "success": True}, 201)


def merge(call: Call) -> Reply:
    """Merge one record into another of its kind: it goes to the bin and names its master."""
    if refusal := _refused(call):
        return refusal
    name, given = call.path["name"], call.json()
    _write(call, name, given["merged"], {"MasterRecordId": given["master"]}, deleted=True)
    _write(call, name, given["master"], {})
    return Reply(b"", 204)


def convert(call: Call) -> Reply:
    """Convert a lead into a contact, an account and an opportunity."""
    if refusal := _refused(call):
        return refusal
    number = call.path["id"]
    row = call.state.row("select doc from salesforce where object = 'Lead' and id = ?", number)
    lead = orjson.loads(row[0])
    account = _add(call, "Account", Name=lead["Company"])
    kept = {n: lead.get(n) for n in ("FirstName", "LastName", "Email", "Phone")}
    contact = _add(call, "Contact", AccountId=account, **kept)
    deal = _add(call, "Opportunity", Name="New", AccountId=account, StageName="Prospecting")
    made = {"ConvertedAccountId": account, "ConvertedContactId": contact}
    made |= {"ConvertedOpportunityId": deal, "ConvertedDate": iso(call.state.now())[:10]}
    _write(call, "Lead", number, made | {"IsConverted": True})
    return reply(made)


def purge(call: Call) -> Reply:
    """Empty the bin of one record, or take a live one away without a trace."""
    call.state.rows(
        "update salesforce set is_deleted = 1, is_purged = 1 where id = ?", call.path["id"]
    )
    return Reply(b"", 204)


def _add(call: Call, name: str, **fields: Any) -> str:
    now = call.state.tick()
    number = org.number_of(name, 900_000_000_000 + now % 1_000_000_000)
    own = {"Id": number, "CreatedDate": iso(now)} | fields
    call.state.rows(
        "insert into salesforce (object, id, modstamp, doc) values (?, ?, ?, ?)",
        name,
        number,
        now,
        orjson.dumps(own).decode(),
    )
    return number


def _write(
    call: Call, name: str, number: str, fields: dict[str, Any], deleted: bool = False
) -> None:
    row = call.state.row(
        "select doc, is_deleted, modstamp from salesforce where object = ? and id = ?", name, number
    )
    # A formula field becomes another value without its record being changed.
    stamp = row[2] if call.meant("formula") else call.state.tick()
    call.state.rows(
        "update salesforce set modstamp = ?, is_deleted = ?, doc = ? where object = ? and id = ?",
        stamp,
        int(deleted or row[1]),
        orjson.dumps(orjson.loads(row[0]) | fields).decode(),
        name,
        number,
    )


def _more(call: Call, name: str) -> str:
    """Return the custom fields somebody added to an object, and one more when it drifted."""
    added = get_meta(call.state.connection, f"salesforce.{name}").replace(",", " ")
    return added + (" New_By_Sales__c" if call.state.faults.take(call.endpoint, "drift") else "")


_ONE = f"{_ROOT}/sobjects/{{name}}/{{id}}"
ENDPOINTS = (
    Endpoint("salesforce.token", "/services/oauth2/token", ("POST",), token),
    Endpoint("salesforce.objects", f"{_ROOT}/sobjects", ("GET",), objects),
    Endpoint("salesforce.describe", f"{_ROOT}/sobjects/{{name}}/describe", ("GET",), describe),
    Endpoint("salesforce.query", f"{_ROOT}/query", ("GET",), query),
    Endpoint("salesforce.query_all", f"{_ROOT}/queryAll", ("GET",), query),
    Endpoint("salesforce.more", f"{_ROOT}/query/{{locator}}", ("GET",), following),
    Endpoint("salesforce.merge", f"{_ROOT}/sobjects/{{name}}/merge", ("POST",), merge),
    Endpoint("salesforce.convert", f"{_ROOT}/sobjects/Lead/{{id}}/convert", ("POST",), convert),
    Endpoint("salesforce.create", f"{_ROOT}/sobjects/{{name}}", ("POST",), create),
    Endpoint("salesforce.change", _ONE, ("PATCH", "DELETE"), change),
    Endpoint("salesforce.purge", "/purge/{id}", ("POST",), purge),
)
