"""Changing CRM objects: create, update, archive, merge, GDPR delete."""

from typing import Any

import orjson

from ingestion.sandbox.company import store
from ingestion.sandbox.company.clock import iso_ms
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.hubspot import common, reading
from ingestion.sandbox.servers.talk import Call

_FIRST_NEW = 900_000_000_000


def create(call: Call) -> Reply:
    """Answer POST /crm/v3/objects/{type}; contacts are unique by e-mail address."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind = common.object_type(call)
    if kind is None:
        return common.unknown_type(call)
    given = {name: _text(value) for name, value in (call.json().get("properties") or {}).items()}
    unknown = sorted(given.keys() - common.known(call, kind))
    if unknown:
        return _no_property(unknown[0])
    if kind == "contacts" and given.get("email"):
        email = str(given["email"]).lower()
        given["email"] = email
        other = reading.find(call, kind, email, "email")
        if other is not None:
            return common.error(409, f"Contact already exists. Existing ID: {other[0]}", "CONFLICT")
    now = call.state.tick()
    top = call.state.row("select max(id) from hubspot_objects where type = ?", kind)[0] or 0
    number = max(top, _FIRST_NEW) + 1
    properties = (
        dict.fromkeys(common.known(call, kind))
        | given
        | {"hs_object_id": str(number), common.CREATED.get(kind, "hs_createdate"): iso_ms(now)}
    )
    row = _store(call, kind, number, now * 1000, now * 1000, properties)
    return common.answered(common.record(call, kind, row, list(given), []), 201)


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _no_property(name: str) -> Reply:
    return common.invalid(
        f'Property values were not valid: [{{"isValid":false,"message":"Property \\"{name}\\" does '
        f'not exist","error":"PROPERTY_DOESNT_EXIST","name":"{name}"}}]'
    )


def _store(
    call: Call, kind: str, number: int, created: int, modified: int, properties: dict[str, Any]
) -> tuple[Any, ...]:
    properties[common.MODIFIED[kind]] = iso_ms(modified // 1000, modified % 1000)
    hidden = int(call.state.faults.take("hubspot.search", "search_lag") is not None)
    call.state.rows(
        "insert or replace into hubspot_objects (type, id, created, modified, archived,"
        " archived_at, hidden_from_search, doc) values (?, ?, ?, ?, 0, null, ?, ?)",
        kind,
        number,
        created,
        modified,
        hidden,
        orjson.dumps(properties).decode(),
    )
    call.state.touch(kind, number)
    return (number, created, modified, 0, None, orjson.dumps(properties).decode())


def update(call: Call) -> Reply:
    """Answer PATCH /crm/v3/objects/{type}/{id}; a deal's stage gets a line in its history."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind = common.object_type(call)
    if kind is None:
        return common.unknown_type(call)
    row = reading.find(call, kind, call.path["id"], call.query.get("idProperty"))
    if row is None:
        return reading.missing()
    given = {name: _text(value) for name, value in (call.json().get("properties") or {}).items()}
    unknown = sorted(given.keys() - common.known(call, kind))
    if unknown:
        return _no_property(unknown[0])
    if kind == "contacts" and given.get("email"):
        given["email"] = str(given["email"]).lower()
    number, created, _, _, _, document = row
    now = call.state.tick() * 1000
    before = orjson.loads(document)
    stored = _store(call, kind, number, created, now, before | given)
    if kind == "contacts" and given.get("email") not in (None, before.get("email")):
        _remember(call, number, [(created, before.get("email")), (now, given["email"])])
    if kind == "deals" and given.get("dealstage"):
        call.state.rows(
            "insert or replace into hubspot_history values (?, ?, 'dealstage', ?, ?)",
            kind,
            number,
            now,
            given["dealstage"],
        )
    return common.answered(common.record(call, kind, stored, list(given), []))


def archive(call: Call) -> Reply:
    """Answer DELETE /crm/v3/objects/{type}/{id}: to the bin, out of search and live lists."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind = common.object_type(call)
    if kind is None:
        return common.unknown_type(call)
    row = reading.find(call, kind, call.path["id"])
    if row is not None:
        now = call.state.tick() * 1000
        call.state.rows(
            "update hubspot_objects set archived = 1, archived_at = ?, modified = ?"
            " where type = ? and id = ?",
            now,
            now,
            kind,
            row[0],
        )
        call.state.touch(kind, row[0])
    return Reply(b"", 204)


def merge(call: Call) -> Reply:
    """Answer POST /crm/v3/objects/contacts/merge: the second becomes part of the first."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    body = call.json()
    first = reading.find(call, "contacts", str(body.get("primaryObjectId", "")))
    second = reading.find(call, "contacts", str(body.get("objectIdToMerge", "")))
    if first is None or second is None or first[0] == second[0]:
        return common.invalid("The objects to merge must exist and differ")
    now = call.state.tick() * 1000
    kept, lost = orjson.loads(first[5]), orjson.loads(second[5])
    stamps = [part for part in (kept.get("hs_calculated_merged_vids") or "").split(";") if part]
    kept = {
        name: kept[name] if kept.get(name) is not None else lost.get(name)
        for name in {**lost, **kept}
    }
    ids = [
        part
        for part in (
            (kept.get("hs_merged_object_ids") or "").split(";")
            + (lost.get("hs_merged_object_ids") or "").split(";")
        )
        if part
    ]
    ids = list(dict.fromkeys([*ids, str(second[0])]))
    kept |= {
        "hs_object_id": str(first[0]),
        "hs_merged_object_ids": ";".join(ids),
        "hs_calculated_merged_vids": ";".join([*stamps, f"{second[0]}:{now}"]),
    }
    row = _store(call, "contacts", first[0], first[1], now, kept)
    state = call.state
    state.rows("delete from hubspot_objects where type = 'contacts' and id = ?", second[0])
    state.touch("contacts", second[0])
    state.rows(
        "insert or replace into hubspot_merged values ('contacts', ?, ?, ?)",
        second[0],
        first[0],
        now,
    )
    store.relink(state.connection, "contacts", second[0], first[0])
    return common.answered(common.record(call, "contacts", row, ["hs_merged_object_ids"], []))


def _remember(call: Call, number: int, addresses: list[tuple[int, str | None]]) -> None:
    """Add to the addresses that a contact was known by."""
    for at, address in addresses:
        call.state.rows(
            "insert or ignore into hubspot_history values ('contacts', ?, 'email', ?, ?)",
            number,
            at,
            address,
        )


def gdpr_delete(call: Call) -> Reply:
    """Answer POST /crm/v3/objects/contacts/gdpr-delete: gone for good, in no list."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    body = call.json()
    row = reading.find(call, "contacts", str(body.get("objectId", "")), body.get("idProperty"))
    if row is not None:
        state = call.state
        state.tick()
        state.rows("delete from hubspot_objects where type = 'contacts' and id = ?", row[0])
        state.touch("contacts", row[0])
        email = (orjson.loads(row[5]).get("email") or "").lower()
        state.rows("delete from hubspot_subscriptions where email = ?", email)
        state.rows("delete from hubspot_history where type = 'contacts' and id = ?", row[0])
        store.unlink(state.connection, "contacts", row[0])
    return Reply(b"", 204)
