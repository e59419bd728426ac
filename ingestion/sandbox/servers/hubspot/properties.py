"""Property definitions: what the account's object types have, extra ones for tests included."""

from functools import lru_cache
from typing import Any

from ingestion.sandbox.company import store
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.hubspot import common
from ingestion.sandbox.servers.state import State
from ingestion.sandbox.servers.talk import Call

_CONTACT = """email firstname lastname phone mobilephone address city zip country state jobtitle
date_of_birth:date hs_language:enumeration lifecyclestage:enumeration hs_lead_status:enumeration
hs_analytics_source:enumeration hs_analytics_first_timestamp:datetime
hs_lifecyclestage_lead_date:datetime hs_lifecyclestage_marketingqualifiedlead_date:datetime
hs_lifecyclestage_salesqualifiedlead_date:datetime hs_lifecyclestage_opportunity_date:datetime
hs_lifecyclestage_customer_date:datetime associatedcompanyid:number hs_merged_object_ids:enumeration
hs_calculated_merged_vids:enumeration hs_legal_basis:enumeration createdate:datetime
lastmodifieddate:datetime hs_object_id:number message favourite_colour"""
_COMPANY = """name domain industry:enumeration numberofemployees:number country
createdate:datetime hs_lastmodifieddate:datetime hs_object_id:number"""
_DEAL = """dealname amount:number deal_currency_code:enumeration dealstage:enumeration
pipeline:enumeration closedate:datetime createdate:datetime hs_is_closed:bool
hs_is_closed_won:bool hs_lastmodifieddate:datetime hs_object_id:number"""
_ENGAGEMENT = """hs_timestamp:datetime hs_createdate:datetime hs_lastmodifieddate:datetime
hubspot_owner_id:enumeration hs_object_id:number"""
_TYPES = {
    "contacts": _CONTACT,
    "companies": _COMPANY,
    "deals": _DEAL,
    "calls": f"""{_ENGAGEMENT} hs_call_title hs_call_body hs_call_direction:enumeration
    hs_call_status:enumeration hs_call_duration:number hs_call_to_number""",
    "emails": f"""{_ENGAGEMENT} hs_email_subject hs_email_text hs_email_direction:enumeration
    hs_email_status:enumeration""",
    "meetings": f"""{_ENGAGEMENT} hs_meeting_title hs_meeting_start_time:datetime
    hs_meeting_end_time:datetime hs_meeting_outcome:enumeration""",
    "notes": f"{_ENGAGEMENT} hs_note_body",
    "tickets": f"""{_ENGAGEMENT} subject content hs_pipeline:enumeration
    hs_pipeline_stage:enumeration hs_ticket_priority:enumeration hs_ticket_category:enumeration
    source_type:enumeration createdate:datetime closed_date:datetime""",
    "leads": f"""{_ENGAGEMENT} hs_lead_name hs_lead_type:enumeration hs_lead_label:enumeration
    hs_pipeline:enumeration hs_pipeline_stage:enumeration""",
}
_OWN = {"favourite_colour"}
DATES = frozenset({"date", "datetime"})


@lru_cache(maxsize=16)
def types(kind: str) -> dict[str, str]:
    """Return the type of every defined property of an object type."""
    words = _TYPES[kind].split()
    return {name: found or "string" for name, _, found in (word.partition(":") for word in words)}


def extra(state: State, kind: str) -> list[str]:
    """Return the properties somebody added (``/_sandbox/hubspot/properties``)."""
    return [
        name for name in store.get_meta(state.connection, f"properties.{kind}").split(",") if name
    ]


def names(state: State, kind: str) -> frozenset[str]:
    """Return all property names of an object type."""
    return frozenset(types(kind)) | frozenset(extra(state, kind))


def listed(call: Call) -> Reply:
    """Answer GET /crm/v3/properties/{type}."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    kind = common.object_type(call)
    if kind is None:
        return common.unknown_type(call)
    if call.query.get("archived") == "true":
        return common.answered({"results": []})
    found = types(kind) | dict.fromkeys(extra(call.state, kind), "string")
    if call.meant("drift"):
        found = found | {"new_by_sales": "string"}
    return common.answered({"results": [_definition(name, what) for name, what in found.items()]})


def _definition(name: str, what: str) -> dict[str, Any]:
    fields = {
        "string": "text",
        "number": "number",
        "enumeration": "select",
        "bool": "booleancheckbox",
        "datetime": "date",
        "date": "date",
    }
    return {
        "name": name,
        "label": name.replace("_", " ").title(),
        "type": what,
        "fieldType": fields[what],
        "description": "",
        "groupName": "contactinformation",
        "options": [],
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": False,
        "hasUniqueValue": name == "hs_object_id",
        "hidden": False,
        "hubspotDefined": name not in _OWN,
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": True,
            "readOnlyValue": name.startswith("hs_"),
        },
        "formField": True,
        "dataSensitivity": "non_sensitive",
    }
