"""HubSpot's paths. Dated paths (``/crm/objects/2026-03/…``) reach the same endpoints."""

from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.hubspot import (
    campaigns,
    common,
    consents,
    linking,
    properties,
    reading,
    searching,
    writing,
)
from ingestion.sandbox.servers.talk import Call, Endpoint

too_many = common.too_many
_GET, _POST = ("GET",), ("POST",)


def account(call: Call) -> Reply:
    """Answer GET /account-info/v3/details."""
    if (refusal := common.refused(call)) is not None:
        return refusal
    return common.answered(
        {
            "portalId": 4242,
            "accountType": "STANDARD",
            "companyCurrency": "EUR",
            "timeZone": "Europe/Berlin",
            "utcOffset": "+02:00",
            "uiDomain": "app.example.com",
        }
    )


def _objects(base: str) -> list[Endpoint]:
    return [
        Endpoint("hubspot.merge", f"{base}/contacts/merge", _POST, writing.merge),
        Endpoint("hubspot.gdpr_delete", f"{base}/contacts/gdpr-delete", _POST, writing.gdpr_delete),
        Endpoint("hubspot.search", f"{base}/{{type}}/search", _POST, searching.search),
        Endpoint("hubspot.batch", f"{base}/{{type}}/batch/read", _POST, reading.batch),
        Endpoint("hubspot.list", f"{base}/{{type}}", _GET, reading.listed),
        Endpoint("hubspot.create", f"{base}/{{type}}", _POST, writing.create),
        Endpoint("hubspot.read", f"{base}/{{type}}/{{id}}", _GET, reading.one),
        Endpoint("hubspot.update", f"{base}/{{type}}/{{id}}", ("PATCH",), writing.update),
        Endpoint("hubspot.archive", f"{base}/{{type}}/{{id}}", ("DELETE",), writing.archive),
    ]


_LINKS = "/crm/v4/objects/{type}/{id}/associations/{to}"
_CAMPAIGNS = "/marketing/v3/campaigns"
_PREFERENCES = "/communication-preferences"
ENDPOINTS = (
    *_objects("/crm/v3/objects"),
    *_objects("/crm/objects/2026-03"),
    Endpoint("hubspot.properties", "/crm/v3/properties/{type}", _GET, properties.listed),
    Endpoint("hubspot.properties", "/crm/properties/2026-03/{type}", _GET, properties.listed),
    Endpoint(
        "hubspot.associations", "/crm/v4/associations/{type}/{to}/batch/read", _POST, linking.batch
    ),
    Endpoint(
        "hubspot.associations",
        "/crm/associations/2026-03/{type}/{to}/batch/read",
        _POST,
        linking.batch,
    ),
    Endpoint("hubspot.associations", _LINKS, _GET, linking.listed),
    Endpoint("hubspot.associate", _LINKS + "/{to_id}", ("PUT", "DELETE"), linking.change),
    Endpoint(
        "hubspot.associate",
        "/crm/v4/objects/{type}/{id}/associations/default/{to}/{to_id}",
        ("PUT",),
        linking.change,
    ),
    Endpoint(
        "hubspot.definitions_v3", f"{_PREFERENCES}/v3/definitions", _GET, consents.definitions
    ),
    Endpoint("hubspot.definitions", f"{_PREFERENCES}/v4/definitions", _GET, consents.definitions),
    Endpoint("hubspot.statuses", f"{_PREFERENCES}/v4/statuses/batch/read", _POST, consents.batch),
    Endpoint(
        "hubspot.status", f"{_PREFERENCES}/v4/statuses/{{email}}", ("GET", "POST"), consents.status
    ),
    Endpoint("hubspot.campaigns", _CAMPAIGNS, _GET, campaigns.listed),
    Endpoint("hubspot.campaign", f"{_CAMPAIGNS}/{{guid}}", ("DELETE",), campaigns.delete),
    Endpoint(
        "hubspot.campaign_contacts",
        f"{_CAMPAIGNS}/{{guid}}/reports/contacts/{{touch}}",
        _GET,
        campaigns.contacts,
    ),
    Endpoint("hubspot.account", "/account-info/v3/details", _GET, account),
)
