"""Attributes that describe without identifying: mail domain class, country, age band, language."""

from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path

import tldextract

# Offline: the snapshot of the public suffix list that tldextract ships, no cache folder.
_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
# First and last year of each band.
_BANDS = [(0, 13), (14, 15), (16, 17), (18, 24), (25, 34), (35, 44), (45, 54), (55, 64), (65, 74)]
_BANDS += [(75, 120)]
_LISTS = Path(__file__).parent / "lists"


@cache
def _listed(name: str) -> frozenset[str]:
    lines = (_LISTS / name).read_text().splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=65_536)
def registered_domain(host: str) -> str | None:
    """Return the domain somebody registered, below the public suffix."""
    known = _extract(host)
    if known.top_domain_under_public_suffix:
        return str(known.top_domain_under_public_suffix)
    return ".".join(host.split(".")[-2:]) if "." in host else None


def email_domain_class(address: str | None) -> str:
    """Return business, free, disposable or none for a normalised address."""
    domain = address.partition("@")[2] if address else ""
    if not domain:
        return "none"
    registered = registered_domain(domain) or domain
    if registered in _listed("disposable_domains.txt"):
        return "disposable"
    return "free" if registered in _listed("free_mail_domains.txt") else "business"


def email_domain(address: str | None) -> str | None:
    """Return the registered domain of a business address; others say nothing about a company."""
    if not address or email_domain_class(address) != "business":
        return None
    domain = address.partition("@")[2]
    return registered_domain(domain) or domain


@cache
def _countries_by_name() -> dict[str, str]:
    """Names of countries in the languages phonenumbers knows them in, casefolded."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    return {
        name.casefold(): code
        for code, names in LOCALE_DATA.items()
        if len(code) == 2
        for name in names.values()
        if not name.startswith("*")
    }


@lru_cache(maxsize=4_096)
def country_code(value: str | None) -> str | None:
    """Return the ISO code of a country given by code or by name in any common language."""
    if not value:
        return None
    text = value.strip()
    if len(text) == 2 and text.isascii() and text.isalpha():
        code = text.upper()
        return "GB" if code == "UK" else code
    return _countries_by_name().get(text.casefold())


@lru_cache(maxsize=4_096)
def language_code(value: str | None) -> str | None:
    """Return the two-letter language of a locale such as ``de-at`` or ``en_US``."""
    head = (value or "").strip().lower().replace("_", "-").partition("-")[0]
    return head if len(head) in (2, 3) and head.isascii() and head.isalpha() else None


def age_band(born: date | None, as_of: datetime) -> str | None:
    """Return an age band; the young ones are cut where consent laws cut (14, 16, 18)."""
    if born is None:
        return None
    years = as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))
    if not 0 <= years <= 120:
        return None
    return next(
        f"{low}-{high}" if high < 120 else f"{low}+" for low, high in _BANDS if years <= high
    )
