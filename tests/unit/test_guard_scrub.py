"""Personal data is found in every disguise of the consent page, and nothing else is."""

import base64
import hashlib
import html
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.guard import misfits, scrub
from ingestion.guard.detect import is_personal

_WHOLE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(33, 127)})


def _percent(text: str) -> str:
    return quote(text, safe="")


DISGUISES: dict[str, Callable[[str], str]] = {
    "raw": str,
    "upper": str.upper,
    "percent": _percent,
    "double percent": lambda t: _percent(_percent(t)),
    "triple percent": lambda t: _percent(_percent(_percent(t))),
    "every byte in percent": lambda t: "".join(f"%{b:02x}" for b in t.encode()),
    "base64": lambda t: base64.b64encode(t.encode()).decode(),
    "base64 for urls": lambda t: base64.urlsafe_b64encode(t.encode()).decode().rstrip("="),
    "base64 in percent": lambda t: _percent(base64.b64encode(t.encode()).decode()),
    "base64 twice": lambda t: base64.b64encode(base64.b64encode(t.encode())).decode(),
    "hex": lambda t: t.encode().hex(),
    "hex upper": lambda t: t.encode().hex().upper(),
    "html decimal": lambda t: t.replace("@", "&#64;"),
    "html hex": lambda t: t.replace("@", "&#x40;"),
    "html name": lambda t: t.replace("@", "&commat;"),
    "html twice": lambda t: html.escape(t.replace("@", "&#64;")),
    "json escape": lambda t: t.replace("@", "\\u0040"),
    "javascript escape": lambda t: t.replace("@", "\\x40"),
    "old javascript escape": lambda t: t.replace("@", "%u0040"),
    "full width": lambda t: t.translate(_WHOLE),
    "zero width": lambda t: t.replace("@", "\u200b@\u200b"),
    "quoted printable": lambda t: t.replace("@", "=40"),
    "md5": lambda t: hashlib.md5(t.encode(), usedforsecurity=False).hexdigest(),
    "sha1": lambda t: hashlib.sha1(t.encode(), usedforsecurity=False).hexdigest(),
    "sha256": lambda t: hashlib.sha256(t.encode()).hexdigest(),
    "sha256 upper": lambda t: hashlib.sha256(t.encode()).hexdigest().upper(),
}
_ADDRESS = st.builds(
    lambda local, domain: f"{local}@{domain}.example.org",
    st.from_regex(r"[a-z]{3,10}\.[a-z]{3,10}[0-9]{0,4}", fullmatch=True),
    st.from_regex(r"[a-z]{3,10}", fullmatch=True),
)


@pytest.mark.parametrize("disguise", DISGUISES)
@given(address=_ADDRESS)
@settings(max_examples=25, deadline=None)
def test_an_address_leaves_free_text_in_every_disguise(disguise: str, address: str) -> None:
    hidden = DISGUISES[disguise](address)
    cleaned = scrub.free_text(f"please write to {hidden} today") or ""
    assert hidden not in cleaned
    assert not is_personal(cleaned)
    assert cleaned.startswith("please write to")


@pytest.mark.parametrize("disguise", DISGUISES)
@given(address=_ADDRESS)
@settings(max_examples=15, deadline=None)
def test_an_address_leaves_urls_in_every_disguise_and_place(disguise: str, address: str) -> None:
    hidden = DISGUISES[disguise](address)
    found = scrub.url(
        f"https://{quote(hidden)}@shop.example/a/{hidden.replace('/', '%2F')}/b"
        f"?email={hidden}&utm_campaign={quote(hidden, safe='')}&u={hidden}#{hidden}"
    )
    kept = f"{found.host}{found.path}{found.campaign}"
    assert hidden not in kept
    assert not is_personal(kept)


@pytest.mark.parametrize(
    "number",
    [
        "+493023125001",
        "+49 30 23125001",
        "(030) 2312 5001",
        "0049 30 2312 5001",
        "555-123-4567",
        "+1 (212) 555-0100",
        "030-23125001",
    ],
)
def test_a_phone_number_leaves_free_text(number: str) -> None:
    assert number not in (scrub.free_text(f"call {number} please") or "")


@pytest.mark.parametrize(
    "text",
    [
        "Summer shoes 2026",
        "running-shoes-men-trail-edition",
        "2026-01-01 12:00:00",
        "SKU-123456-AB",
        "spring_sale_2026_retargeting",
        "Größe 42, blau",
        "1.299,00 EUR",
        "50% off & more",
        "C++",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert scrub.free_text(text) == text


def test_of_a_url_stay_path_campaign_and_the_kind_of_click_id() -> None:
    found = scrub.url(
        "https://shop.example/products/trail-shoe?utm_source=google&utm_medium=cpc"
        "&gclid=Cj0KCQ123&session=abc#reviews"
    )
    assert found.host == "shop.example"
    assert found.path == "/products/trail-shoe"
    assert found.campaign == {"source": "google", "medium": "cpc"}
    assert found.click_id == "gclid"


def test_long_numbers_in_paths_become_a_placeholder() -> None:
    assert scrub.path("/account/orders/5500000032768") == "/account/orders/:number"


@given(st.text(max_size=400))
@settings(deadline=None)
def test_any_text_is_scrubbed_without_error_and_for_good(text: str) -> None:
    once = scrub.free_text(text)
    assert scrub.free_text(once) == once
    scrub.url(text)


@given(_ADDRESS, st.sampled_from(sorted(DISGUISES)))
@settings(deadline=None)
def test_misfits_lose_addresses_in_values_names_and_nested_lists(
    address: str, disguise: str
) -> None:
    hidden = DISGUISES[disguise](address)
    extra = misfits.extra_of({"note": hidden, hidden: "x", "deep": [{"list": [hidden]}]})
    assert extra is not None
    assert hidden not in extra
    assert address not in extra


@pytest.mark.parametrize(
    "name",
    [
        "spouse_name",
        "street",
        "contact_email",
        "mobile",
        "Passport",
        "date_of_birth",
        "ip",
        "twitterhandle",
    ],
)
def test_a_name_can_announce_personal_data(name: str) -> None:
    assert misfits.is_personal_name(name)


@pytest.mark.parametrize("name", ["favourite_colour", "shoe_size", "score", "plan", "company_size"])
def test_ordinary_names_announce_nothing(name: str) -> None:
    assert not misfits.is_personal_name(name)
