"""The company's vocabulary: names, places, domains, campaigns. Nothing here is drawn.

First and last names are Faker's word lists. Domains are reserved for documentation (RFC 2606), so
that no address belongs to anyone; phone numbers come from ranges set aside for fiction (Ofcom,
BNetzA, ARCEP, PTS, ACMA lists; North America: exchange 555).
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

FREE_DOMAINS = ("freemail.example", "postbox.example", "webmail.example", "inbox.example")
DISPOSABLE_DOMAINS = ("tempmail.example", "trashbox.example")
TYPO_DOMAINS = {
    "freemail.example": "freemial.example",
    "postbox.example": "postbx.example",
    "webmail.example": "webmal.example",
    "inbox.example": "imbox.example",
}
SHARED_MAILBOXES = ("noreply@example.com", "none@example.org", "till@stores.example")
JUNK_USER_IDS = ("0", "undefined", "null", "-1", "anonymous", "00000000")
JUNK_PHONES = ("0000000000", "123", "n/a")


@dataclass(frozen=True)
class Country:
    """One market: how its people write, pay and where their clock is."""

    code: str
    name: str
    weight: float
    currency: str
    rate: float
    tax: float
    zone: str
    locale: str
    names: str
    phones: tuple[tuple[str, int], ...]
    cities: tuple[tuple[str, str, str], ...]


def _blocks(*prefixes: str, digits: int) -> tuple[tuple[str, int], ...]:
    return tuple((prefix, 10**digits) for prefix in prefixes)


_US_AREAS = (
    "212 213 214 215 303 305 312 313 404 415 503 512 602 612 617 619 702 704 713 720 813 816"
)
_CA_AREAS = "204 250 306 403 416 418 506 514 519 604 613 647 705 780 902"

COUNTRIES: tuple[Country, ...] = (
    Country(
        "DE",
        "Germany",
        0.29,
        "EUR",
        1.0,
        0.19,
        "Europe/Berlin",
        "de-DE",
        "de_DE",
        _blocks("+493023125", "+496990009", "+494066969", "+492214710", "+498999998", digits=3),
        (
            ("Berlin", "BE", "10115"),
            ("Hamburg", "HH", "20095"),
            ("München", "BY", "80331"),
            ("Köln", "NW", "50667"),
            ("Nürnberg", "BY", "90402"),
        ),
    ),
    Country(
        "US",
        "United States",
        0.22,
        "USD",
        1.09,
        0.0,
        "America/New_York",
        "en-US",
        "en_US",
        _blocks(*(f"+1{area}555" for area in _US_AREAS.split()), digits=4),
        (
            ("New York", "NY", "10001"),
            ("Austin", "TX", "73301"),
            ("Denver", "CO", "80202"),
            ("Los Angeles", "CA", "90001"),
            ("Sacramento", "CA", "94203"),
        ),
    ),
    Country(
        "GB",
        "United Kingdom",
        0.14,
        "GBP",
        0.86,
        0.20,
        "Europe/London",
        "en-GB",
        "en_GB",
        _blocks(
            "+442079460",
            "+441134960",
            "+441144960",
            "+441154960",
            "+441164960",
            "+441174960",
            "+441184960",
            "+441214960",
            "+441314960",
            "+441414960",
            "+441514960",
            "+441614960",
            digits=3,
        ),
        (("London", "ENG", "EC1A 1BB"), ("Leeds", "ENG", "LS1 1UR"), ("Glasgow", "SCT", "G1 1XQ")),
    ),
    Country(
        "FR",
        "France",
        0.12,
        "EUR",
        1.0,
        0.20,
        "Europe/Paris",
        "fr-FR",
        "fr_FR",
        _blocks("+3319900", "+3326191", "+3335301", "+3346571", "+3353649", digits=4),
        (("Paris", "IDF", "75001"), ("Lyon", "ARA", "69001"), ("Orléans", "CVL", "45000")),
    ),
    Country(
        "NL",
        "Netherlands",
        0.07,
        "EUR",
        1.0,
        0.21,
        "Europe/Amsterdam",
        "nl-NL",
        "nl_NL",
        (),
        (("Amsterdam", "NH", "1012"), ("Utrecht", "UT", "3511")),
    ),
    Country(
        "SE",
        "Sweden",
        0.05,
        "SEK",
        11.4,
        0.25,
        "Europe/Stockholm",
        "sv-SE",
        "sv_SE",
        (("+46313900", 1000),),
        (("Göteborg", "O", "411 03"), ("Malmö", "M", "211 20")),
    ),
    Country(
        "CA",
        "Canada",
        0.07,
        "CAD",
        1.48,
        0.05,
        "America/Toronto",
        "en-CA",
        "en_US",
        _blocks(*(f"+1{area}555" for area in _CA_AREAS.split()), digits=4),
        (("Toronto", "ON", "M5H 2N2"), ("Montréal", "QC", "H2Y 1C6")),
    ),
    Country(
        "AU",
        "Australia",
        0.04,
        "AUD",
        1.66,
        0.10,
        "Australia/Sydney",
        "en-AU",
        "en_GB",
        (("+61255501", 1000), ("+61370101", 1000)),
        (("Sydney", "NSW", "2000"),),
    ),
)
ZONES = tuple(country.zone for country in COUNTRIES)


@lru_cache(maxsize=16)
def names(locale: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return Faker's first and last names of a locale, in a fixed order."""
    provider = import_module(f"faker.providers.person.{locale}").Provider
    first = sorted({str(name) for name in provider.first_names})
    last = sorted({str(name) for name in provider.last_names})
    return tuple(first), tuple(last)


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Return the letters of a name as they appear in a mail address."""
    spelled = text.lower().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe")
    spelled = spelled.replace("ü", "ue").replace("ø", "o").replace("æ", "ae")
    letters = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return "".join(letter for letter in letters if letter.isalpha()) or "x"


INDUSTRIES = (
    "COMPUTER_SOFTWARE",
    "MACHINERY",
    "RETAIL",
    "HOSPITAL_HEALTH_CARE",
    "AUTOMOTIVE",
    "FINANCIAL_SERVICES",
    "HIGHER_EDUCATION",
    "LOGISTICS_AND_SUPPLY_CHAIN",
)
COMPANY_STEMS = (
    "Alder",
    "Basalt",
    "Cobalt",
    "Delta",
    "Ember",
    "Fjord",
    "Granit",
    "Harbour",
    "Iris",
    "Juniper",
    "Kestrel",
    "Linden",
    "Meridian",
    "Nordwind",
    "Onyx",
    "Poplar",
    "Quartz",
    "Rowan",
    "Sable",
    "Tamarind",
    "Umbra",
    "Verdant",
    "Willow",
    "Xenon",
    "Yarrow",
    "Zephyr",
)
COMPANY_ENDINGS = ("Works", "Systems", "Group", "Labs", "Trading", "Logistik", "Partners", "Metall")
JOB_TITLES = (
    "Head of Purchasing",
    "Buyer",
    "Operations Manager",
    "Managing Director",
    "IT Manager",
    "Marketing Manager",
    "Facility Manager",
    "Controller",
    "Assistant",
    "Engineer",
)
