"""Numbers to readable values: names, mail addresses, phone numbers, employers, vendor ids.

The same number always gives the same text, so that a value can be told its owner from the state.
"""

import numpy as np
import numpy.typing as npt

from ingestion.sandbox.company.accounts import FORM_DOTS, FORM_PLUS, FORM_TYPO, FORM_UPPER
from ingestion.sandbox.company.stores import SHARED_EMAIL
from ingestion.sandbox.company.words import (
    COMPANY_ENDINGS,
    COMPANY_STEMS,
    COUNTRIES,
    DISPOSABLE_DOMAINS,
    FREE_DOMAINS,
    SHARED_MAILBOXES,
    TYPO_DOMAINS,
    names,
    plain,
)
from ingestion.sandbox.company.world import World

DOMAINS = FREE_DOMAINS + DISPOSABLE_DOMAINS
_NAMES = tuple(names(country.names) for country in COUNTRIES)


def contact_id(row: int) -> int:
    """Return the HubSpot id of a contact row."""
    return 100_000_051 + row * 50


def company_id(row: int) -> int:
    """Return the HubSpot id of an account row."""
    return 9_000_000_003 + row * 7


def deal_id(row: int) -> int:
    """Return the HubSpot id of a deal row."""
    return 20_000_000_011 + row * 13


def customer_id(row: int) -> int:
    """Return the Shopify id of a customer row, which is also the login id the site tells Matomo."""
    return 7_000_000_032_768 + row * 32_768


def order_id(row: int) -> int:
    """Return the Shopify id of an order row."""
    return 5_500_000_032_768 + row * 32_768


def account_name(row: int) -> str:
    """Return the name of an employer."""
    stem = COMPANY_STEMS[row % len(COMPANY_STEMS)]
    ending = COMPANY_ENDINGS[row // len(COMPANY_STEMS) % len(COMPANY_ENDINGS)]
    round_ = row // (len(COMPANY_STEMS) * len(COMPANY_ENDINGS))
    return f"{stem} {ending}" + (f" {round_ + 1}" if round_ else "")


def account_domain(row: int) -> str:
    """Return the mail domain of an employer."""
    return account_name(row).lower().replace(" ", "-") + ".example"


class Naming:
    """Renders values of one company; keeps the columns it needs as plain lists for speed."""

    def __init__(self, world: World) -> None:
        people, emails, phones = world.people, world.emails, world.phones
        self._country = people["country"].tolist()
        self._first = people["first"].tolist()
        self._last = people["last"].tolist()
        self._seat = people["seat"].tolist()
        self._year = people["birth_year"].tolist()
        self._mail_person = emails["person"].tolist()
        self._mail_style = emails["style"].tolist()
        self._mail_domain = emails["domain"].tolist()
        self._mail_account = emails["account"].tolist()
        self._phone_country = phones["country"].tolist()
        self._phone_number = phones["number"].tolist()

    def first_name(self, person: int) -> str:
        """Return a person's first name."""
        name: str = _NAMES[self._country[person]][0][self._first[person]]
        return name

    def last_name(self, person: int) -> str:
        """Return a person's last name."""
        name: str = _NAMES[self._country[person]][1][self._last[person]]
        return name

    def email(self, address: int, form: int = 0) -> str | None:
        """Return an address as somebody typed it; ``None`` for none.

        Private addresses end in their own number and business ones in the seat of their owner, so
        no two people ever get the same one by accident.
        """
        if address == SHARED_EMAIL:
            return SHARED_MAILBOXES[form % len(SHARED_MAILBOXES)]
        if address < 0:
            return None
        person = self._mail_person[address]
        first, last = plain(self.first_name(person)), plain(self.last_name(person))
        employer = self._mail_account[address]
        if employer >= 0:
            number: int = self._seat[person]
            tail = str(number) if number else ""
            style = self._mail_style[address]
            local = (f"{first}.{last}" if style == 0 else f"{first[0]}.{last}") + tail
            domain = account_domain(employer)
        else:
            local = self._private_local(self._mail_style[address], first, last, address, person)
            domain = DOMAINS[self._mail_domain[address]]
        return _as_typed(local, domain, form)

    def _private_local(self, style: int, first: str, last: str, address: int, person: int) -> str:
        tail = str(address)
        if style == 0:
            return f"{first}.{last}{tail}"
        if style == 1:
            return f"{first[0]}{last}{tail}"
        if style == 2:
            return f"{first}_{last}{tail}"
        if style == 3:
            return f"{first}{tail}"
        return f"{last}.{first}.{self._year[person]}.{tail}"

    def phone(self, number: int, form: int = 0) -> str | None:
        """Return a phone number: E.164, with spaces, or as written at home (forms 0, 1, 2)."""
        if number < 0:
            return None
        rest = self._phone_number[number]
        for prefix, size in COUNTRIES[self._phone_country[number]].phones:
            if rest < size:
                digits = f"{prefix}{rest:0{len(str(size)) - 1}d}"
                break
            rest -= size
        else:
            raise ValueError("phone number beyond the ranges of its country")
        if form == 0:
            return digits
        if form == 1:
            return f"{digits[:3]} {digits[3:6]} {digits[6:]}"
        code = 2 if digits.startswith("+1") else 3
        national = digits[code:]
        return f"({national[:3]}) {national[3:6]}-{national[6:]}" if code == 2 else f"0{national}"


def _as_typed(local: str, domain: str, form: int) -> str:
    if form == FORM_UPPER:
        return f"{local}@{domain}".upper()
    if form == FORM_PLUS:
        return f"{local}+shop@{domain}"
    if form == FORM_DOTS:
        return f"{local[0]}.{local[1:]}@{domain}"
    if form == FORM_TYPO:
        return f"{local}@{TYPO_DOMAINS[domain]}" if domain in TYPO_DOMAINS else f"x{local}@{domain}"
    return f"{local}@{domain}"


def visitor_ids(values: npt.NDArray[np.uint64]) -> list[str]:
    """Return 16 hexadecimal digits per value, as Matomo writes visitor ids."""
    return [f"{value:016x}" for value in values.tolist()]
