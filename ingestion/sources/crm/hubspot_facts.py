"""What HubSpot's records tell beside their own fields: merges, stages, consents, absences."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa

from ingestion.guard.normalise import email
from ingestion.sources.crm import hubspot_shapes as shapes
from ingestion.sources.crm.hubspot_api import HubSpot, Record
from ingestion.sources.session import Session


class Statuses:
    """Subscription statuses, passed on only when they differ from what is loaded.

    Of former addresses too: HubSpot leaves a refusal on the address it was made under, and the
    contact that is known by another one now is the only record that still leads there.
    """

    _COMPARED = (
        "contact_key",
        "subscription_id",
        "subject_key",
        "status",
        "legal_basis",
        "status_at",
    )

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known = set(session.known("subscription_statuses", self._COMPARED))
        self._answered = {row[:3] for row in self._known}

    def read(self, api: HubSpot, records: list[Record]) -> pa.Table:
        """Return new or changed statuses of the addresses in ``records``.

        Those of archived contacts too: an unsubscription outlives the record it came with.
        """
        shape = shapes.SUBSCRIPTION_STATUSES
        contacts: dict[str, list[str]] = {}
        for record in _with_history(api, records):
            for address in addresses_of(record):
                contacts.setdefault(address, []).append(str(record["id"]))
        found = [
            status | {"contact_id": contact}
            for status in api.subscription_statuses(list(contacts))
            for contact in contacts.get(str(status["email"]).lower(), [])
        ]
        table = self._session.guard.admit(shape, found)
        rows = zip(*(table[name].to_pylist() for name in self._COMPARED), strict=True)
        fresh = [row not in self._known and not self._says_nothing(row) for row in rows]
        self._session.guard.pass_over(shape.resource, fresh.count(False))
        return table.filter(pa.array(fresh, pa.bool_()))

    def _says_nothing(self, row: tuple[Any, ...]) -> bool:
        """Tell whether an address never answered for or against a subscription."""
        return row[3] == "NOT_SPECIFIED" and row[:3] not in self._answered


def addresses_of(record: Record) -> list[str]:
    """Return the addresses that a contact is and was known by, the present one first."""
    told = [(record.get("properties") or {}).get("email")]
    told += [
        each.get("value") for each in (record.get("propertiesWithHistory") or {}).get("email") or ()
    ]
    usable = (each.strip().lower() for each in told if isinstance(each, str) and email(each))
    return list(dict.fromkeys(usable))


def _with_history(api: HubSpot, records: list[Record]) -> list[Record]:
    """Return the records, those without the history of their address read again with it.

    One that is gone by now is returned as it was: its present address still answers.
    """
    found: dict[str, Record] = {}
    for archived in (False, True):
        ids = [
            str(record["id"])
            for record in records
            if "propertiesWithHistory" not in record and bool(record.get("archived")) == archived
        ]
        again = api.read("contacts", ids, history=("email",), archived=archived, names=("email",))
        found |= {str(record["id"]): record for record in again}
    return [found.get(str(record["id"]), record) for record in records]


def merges_of(record: Record) -> Iterator[Record]:
    """Yield the merges a surviving contact tells of, chains included.

    `hs_calculated_merged_vids` is ``id:milliseconds`` pairs and knows the time;
    `hs_merged_object_ids` is ids only; each may know merges the other does not.
    """
    properties = record.get("properties") or {}
    merged: dict[str, int | None] = {}
    for entry in _list(properties.get("hs_merged_object_ids")):
        merged[entry] = None
    for entry in _list(properties.get("hs_calculated_merged_vids")):
        merged_id, _, told = entry.partition(":")
        merged[merged_id] = int(told) if told.isdigit() else merged.get(merged_id)
    survivor = str(record.get("id"))
    fallback = properties.get("lastmodifieddate")
    for merged_id, at in merged.items():
        if merged_id != survivor:
            yield {"survivor": survivor, "merged": merged_id, "at": at or fallback}


def stages_of(record: Record) -> Iterator[Record]:
    """Yield the stages a deal went through."""
    for change in (record.get("propertiesWithHistory") or {}).get("dealstage") or []:
        yield {"deal_id": record["id"], **change}


def archived(rows: pa.Table, at: datetime) -> pa.Table:
    """Return rows as archived at the moment their absence was noticed."""
    count = rows.num_rows
    for name, value in (("is_archived", True), ("archived_at", at)):
        index = rows.schema.get_field_index(name)
        rows = rows.set_column(
            index,
            rows.schema.field(index),
            pa.array([value] * count, rows.schema.field(index).type),
        )
    return rows


def _list(value: Any) -> list[str]:
    return [part.strip() for part in str(value or "").split(";") if part.strip()]
