"""The parts of a visit that come from short lists: source, country, device, consent string."""

from functools import lru_cache

import numpy as np
import orjson
import pyarrow as pa

from ingestion.sandbox.company.banner import ALL, ANALYTICS_ONLY
from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.words import COUNTRIES

_KINDS = (
    (
        ("Desktop", "Windows", "11", "Chrome"),
        ("Desktop", "Mac", "15", "Safari"),
        ("Desktop", "Windows", "10", "Firefox"),
        ("Desktop", "GNU/Linux", "", "Firefox"),
    ),
    (
        ("Smartphone", "iOS", "19", "Mobile Safari"),
        ("Smartphone", "Android", "16", "Chrome Mobile"),
        ("Smartphone", "Android", "15", "Samsung Browser"),
    ),
    (("Tablet", "iOS", "19", "Mobile Safari"), ("Tablet", "Android", "15", "Chrome Mobile")),
)
_BOT = ("Desktop", "GNU/Linux", "", "Headless Chrome")


@lru_cache(maxsize=1)
def source_parts() -> pa.Array:
    """Return the referrer and campaign fields of every source."""
    parts = []
    for source in SOURCES:
        campaign = source.referrer_type == "campaign"
        parts.append(
            {
                "referrerType": source.referrer_type,
                "referrerTypeName": {
                    "direct": "Direct Entry",
                    "search": "Search Engines",
                    "campaign": "Campaigns",
                    "social": "Social Networks",
                    "website": "Websites",
                }[source.referrer_type],
                "referrerName": source.referrer_name or None,
                "referrerKeyword": source.keyword
                or ("Keyword not defined" if source.referrer_type == "search" else None),
                "referrerKeywordPosition": None,
                "referrerUrl": source.referrer_url or None,
                "campaignId": None,
                "campaignContent": None,
                "campaignKeyword": None,
                "campaignName": source.campaign if campaign else None,
                "campaignSource": source.utm_source if campaign else None,
                "campaignMedium": source.utm_medium if campaign else None,
                "campaignGroup": None,
                "campaignPlacement": None,
            }
        )
    return pa.array([orjson.dumps(part).decode()[1:-1] for part in parts])


@lru_cache(maxsize=1)
def country_parts() -> pa.Array:
    """Return the location fields of every country."""
    return pa.array(
        [
            orjson.dumps(
                {
                    "countryCode": country.code.lower(),
                    "country": country.name,
                    "languageCode": country.locale.lower(),
                    "region": None,
                    "regionCode": None,
                    "city": None,
                    "location": country.name,
                    "latitude": None,
                    "longitude": None,
                }
            ).decode()[1:-1]
            for country in COUNTRIES
        ]
    )


@lru_cache(maxsize=1)
def device_parts() -> tuple[pa.Array, Ints, Ints]:
    """Return device fields, and where each kind of device begins with how many; bots last."""
    rows = [row for kind in _KINDS for row in kind] + [_BOT]
    texts = [
        orjson.dumps(
            {
                "deviceType": kind,
                "deviceBrand": "Unknown",
                "deviceModel": f"Generic {kind}",
                "operatingSystem": f"{system} {version}".strip(),
                "operatingSystemName": system,
                "operatingSystemVersion": version,
                "browser": browser,
                "browserName": browser,
                "browserVersion": "",
                "resolution": "unknown",
                "plugins": "",
            }
        ).decode()[1:-1]
        for kind, system, version, browser in rows
    ]
    sizes = np.array([len(kind) for kind in _KINDS])
    return pa.array(texts), np.cumsum(sizes) - sizes, sizes


@lru_cache(maxsize=1)
def consent_parts() -> pa.Array:
    """Return the consent string of every banner answer (times two) plus GPC signal."""
    parts = []
    for state in range(3):
        for gpc in range(2):
            ads = "granted" if state == ALL and not gpc else "denied"
            seen = "granted" if state >= ANALYTICS_ONLY else "denied"
            parts.append(
                f"analytics_storage={seen};ad_storage={ads};ad_user_data={ads};"
                f"ad_personalization={ads};gpc={gpc}"
            )
    return pa.array(parts)
