"""Takes personal data out of free text and URLs before they are written anywhere.

Free text keeps its words and loses addresses, numbers and digests. Of a URL remain the path,
scrubbed segment by segment, and the query parameters on the allow-list; user info, fragment and
every other parameter go. A click id is kept as its kind only: its value identifies a person.
"""

import html
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from ingestion.guard.detect import EMAIL, LONG_NUMBER, MAX_ROUNDS, PHONE, is_personal

REDACTED = "[redacted]"
_SEGMENT = ":redacted"
_NUMBER = ":number"
MAX_PATH = 2_048

# Campaign tags in the spellings of Google Analytics and Matomo, to the trait they tell.
CAMPAIGN_PARAMETERS = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "campaign",
    "utm_content": "content",
    "utm_term": "term",
    "mtm_source": "source",
    "mtm_medium": "medium",
    "mtm_campaign": "campaign",
    "mtm_content": "content",
    "mtm_keyword": "term",
    "pk_source": "source",
    "pk_medium": "medium",
    "pk_campaign": "campaign",
    "pk_content": "content",
    "pk_keyword": "term",
}
# Ad click ids: which network sent the visit. First match in this order wins.
CLICK_IDS = (
    "gclid",
    "gbraid",
    "wbraid",
    "dclid",
    "msclkid",
    "fbclid",
    "ttclid",
    "twclid",
    "li_fat_id",
    "epik",
    "sccid",
    "rdt_cid",
    "yclid",
    "irclickid",
)
_WORD = re.compile(r"\S+")
_ENTITY = re.compile(r"&#?\w{2,10};")


@dataclass(frozen=True)
class ScrubbedUrl:
    """What may be kept of an address somebody visited."""

    host: str | None
    path: str | None
    campaign: dict[str, str]
    click_id: str | None


def free_text(text: str | None) -> str | None:
    """Return ``text`` with everything that may be an address, number or digest replaced."""
    if not text or not is_personal(text):
        return text
    cleaned = PHONE.sub(REDACTED, EMAIL.sub(REDACTED, text))
    cleaned = _WORD.sub(
        lambda word: REDACTED if is_personal(word.group()) else word.group(), cleaned
    )
    return REDACTED if is_personal(cleaned) else cleaned


@lru_cache(maxsize=65_536)
def path(value: str | None) -> str | None:
    """Return a path without personal segments; long numbers become a placeholder."""
    if not value:
        return None
    segments = [_segment(segment) for segment in value[:MAX_PATH].split("/")]
    cleaned = "/".join(segments)
    return "/" + _SEGMENT if is_personal(cleaned) else cleaned


def _segment(segment: str) -> str:
    if not segment:
        return ""
    if is_personal(segment):
        return _SEGMENT
    readable = unquote(segment, errors="replace")
    if LONG_NUMBER.search(readable):
        return _NUMBER
    return readable if readable.isprintable() and "/" not in readable else _SEGMENT


@lru_cache(maxsize=65_536)
def url(value: str | None) -> ScrubbedUrl:
    """Return what may be kept of a URL; of one that cannot be read, nothing."""
    nothing = ScrubbedUrl(None, None, {}, None)
    if not value:
        return nothing
    for _ in range(MAX_ROUNDS):  # an entity's # would end the path in the middle of an address
        plain = _ENTITY.sub(lambda entity: html.unescape(entity.group()), value)
        if plain == value:
            break
        value = plain
    try:
        parts = urlsplit(value.strip())
        host = parts.hostname
        pairs = parse_qsl(parts.query, keep_blank_values=False, max_num_fields=200)
    except ValueError:
        return nothing
    campaign: dict[str, str] = {}
    present = set()
    for name, content in pairs:
        present.add(name.lower())
        if trait := CAMPAIGN_PARAMETERS.get(name.lower()):
            campaign.setdefault(trait, free_text(content[:255]) or "")
    click_id = next((name for name in CLICK_IDS if name in present), None)
    if host and (is_personal(host) or len(host) > 253):
        host = None
    return ScrubbedUrl(host, path(parts.path or ("/" if host else None)), campaign, click_id)
