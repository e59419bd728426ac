"""Fields that no column carries yet: kept in one scrubbed JSON text, and reported as drift.

Personal data in them is found by detection, in values and in names, since nobody declared them.
A member whose name says that it is personal ("spouse_name", "street") goes to the vault instead.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from ingestion.guard import scrub
from ingestion.guard.detect import LONG_NUMBER
from ingestion.guard.reasons import BadValueError, Reason
from ingestion.guard.values import MAX_TEXT, check_tree

# Longest member name kept; longer ones are data in the wrong place.
_MAX_NAME = 200
# Words in a member's name that announce personal data which no detection of values can see.
_PERSONAL_NAME = re.compile(
    r"(first|last|sur|full|given|family|maiden|middle|nick|spouse|partner|child|contact|display|user)"
    r"_?names?\b|street|address|birth|passport|iban|\bssn\b|social_?security|tax_?(id|number)"
    r"|licen[cs]e_?plate|e?mail|phone|mobile|fax|whatsapp|skype|twitter|facebook|linkedin|instagram"
    r"|avatar|photo|\bip\b|latitude|longitude|salutation|signature",
    re.IGNORECASE,
)


def scrubbed(value: Any) -> Any:
    """Return a JSON value with personal data taken out of every text, names included."""
    if isinstance(value, str):
        text = scrub.free_text(value) or ""
        return LONG_NUMBER.sub(_long_number, text)
    if isinstance(value, dict):
        return {scrubbed_name(str(name)): scrubbed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [scrubbed(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return _number(value)
    return value


def scrubbed_name(name: str) -> str:
    """Return a member's name, or a placeholder when it is itself personal."""
    return scrub.free_text(name[:_MAX_NAME]) or ""


def _number(value: int) -> int | str:
    """Refuse bare numbers as long as a phone number, timestamps in milliseconds excepted."""
    is_millis = 10**12 <= value < 5 * 10**12
    return scrub.REDACTED if 10**9 <= value < 10**15 and not is_millis else value


def _long_number(match: re.Match[str]) -> str:
    return str(_number(int(match.group()))) if len(match.group()) < 40 else scrub.REDACTED


@lru_cache(maxsize=16_384)
def ambiguous(names: tuple[str, ...]) -> str | None:
    """Return the first two member names that mean one column, ``userId`` beside ``user_id``."""
    told: dict[str, str] = {}
    for name in names:
        folded = str(name).replace("_", "").replace("-", "").casefold()
        if folded in told:
            return f"{scrubbed_name(told[folded])} beside {scrubbed_name(str(name))}"
        told[folded] = str(name)
    return None


def is_personal_name(name: str) -> bool:
    """Tell whether a member's name announces personal data."""
    return bool(_PERSONAL_NAME.search(name.replace("-", "_")))


def extra_of(unknown: Mapping[str, Any]) -> str | None:
    """Return the JSON text for column ``extra``; absent values leave no trace.

    Raises:
        BadValueError: when a member cannot be stored, or all of them are too much.
    """
    present = {name: value for name, value in unknown.items() if value not in (None, "", [], {})}
    if not present:
        return None
    check_tree(present)
    text = orjson.dumps(scrubbed(present), option=orjson.OPT_SORT_KEYS).decode()
    if len(text) > MAX_TEXT:
        raise BadValueError(Reason.TOO_LARGE, "extra")
    return text
