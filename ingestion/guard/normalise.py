"""One spelling per identifier, so that the same address gives the same key everywhere.

Normalisers return None for what cannot identify anybody (malformed, blank, placeholder). They are
idempotent. E-mail: email-validator without DNS, lower case, no plus-tag or dot folding (two
spellings that a provider delivers to one mailbox are an identity rule's business, not the key's).
Phone: E.164 by phonenumbers, national numbers read in the record's own country.
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

# RFC 5321 limits a path to 256 octets including the angle brackets.
_MAX_EMAIL = 254
_MAX_IDENTIFIER = 1024
# Values that stand for nobody, so for everybody: they would tie strangers together. Customer data
# platforms publish like lists (Segment: blocked values; Hightouch: shared identifiers).
_NOBODY_WORDS = "anonymous deleted false guest n/a na nan nil none nobody null test true undefined"
_NOBODY = frozenset([*_NOBODY_WORDS.split(), "unknown"])
_ZEROES = re.compile(r"-?[0-]*|-1")
_NO_ONES_MAILBOX = re.compile(
    r"(?:no-?reply|do-?not-?reply|none|nobody|null|unknown|undefined|anonymous)@.*"
    r"|.*@(?:none|null|nowhere|invalid|localhost)(?:\..*)?"
)
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+'-]+(?:\.[a-z0-9_+'-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
)


@lru_cache(maxsize=131_072)
def email(value: str) -> str | None:
    """Return the normalised address, or None when it is none."""
    text = unicodedata.normalize("NFKC", value).strip().strip("<>").lower()
    if not text or len(text) > _MAX_EMAIL or _NO_ONES_MAILBOX.fullmatch(text):
        return None
    if _PLAIN_EMAIL.fullmatch(text):
        return text
    try:
        checked = validate_email(
            text, check_deliverability=False, allow_smtputf8=True, test_environment=True
        )
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


@lru_cache(maxsize=131_072)
def phone(value: str, country: str | None = None) -> str | None:
    """Return the number in E.164, or None when it is no possible number in ``country``."""
    text = unicodedata.normalize("NFKC", value).strip()
    if len(text) > 40:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or len(set(str(number.national_number))) < 3:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=131_072)
def phone_country(e164: str) -> str | None:
    """Return the ISO country of a normalised number."""
    country: str | None = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
    return country if country and len(country) == 2 else None


def token(value: str) -> str | None:
    """Return an opaque id (cookie, login, vendor key) as it identifies; case is kept."""
    text = value.strip()
    if not text or len(text) > _MAX_IDENTIFIER:
        return None
    return None if text.lower() in _NOBODY or _ZEROES.fullmatch(text) else text


def order_id(value: str) -> str | None:
    """Return the shop's order number without the decorations other systems send it with."""
    return token(value.strip().rpartition("/")[2].removeprefix("#"))
