"""How people come to the site: channels, their referrers and campaigns, and their true effect.

``effect`` multiplies the chance that a visit ends in an order or a sign-up compared with the same
visit coming directly: the true incremental effect that attribution is calibrated against.
``cost`` is EUR per click.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ingestion.sandbox.company.draws import Floats


@dataclass(frozen=True)
class Source:
    """One way in. ``channel`` uses the names of GA4's default channel group."""

    channel: str
    referrer_type: str
    referrer_name: str
    referrer_url: str
    weight: float
    campaign: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    click_id: str = ""
    effect: float = 1.0
    cost: float = 0.0
    keyword: str = ""


SOURCES: tuple[Source, ...] = (
    Source("Direct", "direct", "", "", 1.0),
    Source("Organic Search", "search", "Google", "https://www.google.com/", 0.8, effect=1.3),
    Source("Organic Search", "search", "Bing", "https://www.bing.com/", 0.12, effect=1.2),
    Source(
        "Organic Search",
        "search",
        "DuckDuckGo",
        "https://duckduckgo.com/",
        0.08,
        effect=1.2,
        keyword="light tent two persons",
    ),
    Source(
        "Paid Search",
        "campaign",
        "brand-search",
        "https://www.google.com/",
        0.4,
        "brand-search",
        "google",
        "cpc",
        "gclid",
        1.4,
        0.35,
    ),
    Source(
        "Paid Search",
        "campaign",
        "tents-generic",
        "https://www.google.com/",
        0.4,
        "tents-generic",
        "google",
        "cpc",
        "gclid",
        1.7,
        0.9,
    ),
    Source(
        "Paid Search",
        "campaign",
        "workwear-b2b",
        "https://www.bing.com/",
        0.2,
        "workwear-b2b",
        "bing",
        "cpc",
        "msclkid",
        1.5,
        1.6,
    ),
    Source(
        "Paid Social",
        "campaign",
        "summer-outdoor",
        "https://l.facebook.com/",
        0.6,
        "summer-outdoor",
        "facebook",
        "paid_social",
        "fbclid",
        1.2,
        0.45,
    ),
    Source(
        "Paid Social",
        "campaign",
        "autumn-hiking",
        "https://l.instagram.com/",
        0.4,
        "autumn-hiking",
        "instagram",
        "paid_social",
        "fbclid",
        1.1,
        0.5,
    ),
    Source("Organic Social", "social", "Instagram", "https://l.instagram.com/", 0.6, effect=0.8),
    Source("Organic Social", "social", "LinkedIn", "https://www.linkedin.com/", 0.4, effect=1.0),
    Source(
        "Referral",
        "website",
        "trailnotes.example",
        "https://trailnotes.example/gear",
        0.6,
        effect=1.2,
    ),
    Source(
        "Referral",
        "website",
        "bergfreund.example",
        "https://bergfreund.example/tests",
        0.4,
        effect=1.3,
    ),
    Source(
        "Email",
        "campaign",
        "newsletter-weekly",
        "",
        0.7,
        "newsletter-weekly",
        "newsletter",
        "email",
        effect=1.9,
    ),
    Source("Email", "campaign", "winback", "", 0.3, "winback", "newsletter", "email", effect=1.5),
    Source(
        "AI Assistant",
        "website",
        "chatgpt.com",
        "https://chatgpt.com/",
        0.7,
        effect=1.6,
        utm_source="chatgpt.com",
    ),
    Source(
        "AI Assistant", "website", "perplexity.ai", "https://www.perplexity.ai/", 0.3, effect=1.5
    ),
    Source(
        "Display",
        "campaign",
        "retargeting",
        "https://ads.example.net/",
        1.0,
        "retargeting",
        "dv360",
        "display",
        "",
        1.05,
        0.2,
    ),
    Source(
        "Affiliates",
        "campaign",
        "partners",
        "https://deals.example.org/",
        1.0,
        "partners",
        "dealsite",
        "affiliate",
        "",
        1.1,
        0.6,
    ),
)
CHANNELS: tuple[str, ...] = tuple(dict.fromkeys(source.channel for source in SOURCES))

_FIRST = {
    "Direct": 12,
    "Organic Search": 27,
    "Paid Search": 19,
    "Paid Social": 14,
    "Organic Social": 7,
    "Referral": 7,
    "AI Assistant": 6,
    "Display": 4,
    "Affiliates": 4,
}
_RETURNING = {
    "Direct": 45,
    "Organic Search": 21,
    "Paid Search": 10,
    "Paid Social": 6,
    "Organic Social": 5,
    "Referral": 4,
    "AI Assistant": 4,
    "Display": 3,
    "Affiliates": 2,
}
_SUBSCRIBED = {**_RETURNING, "Direct": 33, "Email": 16}


@lru_cache(maxsize=1)
def source_weights() -> Floats:
    """Return weights per source for a first visit, a return, and a return by a subscriber."""
    share: dict[str, float] = dict.fromkeys(CHANNELS, 0.0)
    for source in SOURCES:
        share[source.channel] += source.weight
    rows = [
        [mix.get(source.channel, 0) * source.weight / share[source.channel] for source in SOURCES]
        for mix in (_FIRST, _RETURNING, _SUBSCRIBED)
    ]
    return np.array(rows, dtype=np.float64)


@lru_cache(maxsize=1)
def effects() -> Floats:
    """Return the true effect of every source."""
    return np.array([source.effect for source in SOURCES])
