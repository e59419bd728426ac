"""One spelling per identifier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.guard import derive, normalise

_LOCAL = st.from_regex(r"[a-zA-Z0-9]{1,12}([._+-][a-zA-Z0-9]{1,8}){0,2}", fullmatch=True)
_DOMAIN = st.from_regex(
    r"[a-zA-Z0-9]{1,10}(-[a-zA-Z0-9]{1,5})?\.(com|org|example|de)", fullmatch=True
)


@given(_LOCAL, _DOMAIN, st.sampled_from(["", " ", "\t", "\n"]))
def test_an_address_is_the_same_in_any_case_and_with_blanks(
    local: str, domain: str, blank: str
) -> None:
    address = f"{local}@{domain}"
    assert normalise.email(blank + address.upper() + blank) == normalise.email(address.lower())


@given(_LOCAL, _DOMAIN)
def test_normalising_an_address_twice_changes_nothing(local: str, domain: str) -> None:
    once = normalise.email(f"{local}@{domain}")
    if once is not None:
        assert normalise.email(once) == once


@given(st.text(max_size=300))
def test_any_text_is_an_address_or_none_and_never_an_error(text: str) -> None:
    for found in (normalise.email(text), normalise.phone(text, "DE"), normalise.token(text)):
        assert found is None or found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jane",
        "jane@",
        "@example.com",
        "jane@@example.com",
        "a@b",
        "noreply@example.com",
        "none@example.org",
        "jane@none",
        "j@" + "a" * 250 + ".com",
    ],
)
def test_what_reaches_nobody_is_no_address(text: str) -> None:
    assert normalise.email(text) is None


def test_full_width_characters_and_angle_brackets_are_the_same_address() -> None:
    assert normalise.email("<Jane@Example.com>") == "jane@example.com"


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("+49 30 23125001", None),
        ("030 23125001", "DE"),
        ("(030) 2312-5001", "DE"),
        ("0049 30 23125001", "DE"),
        ("004930 23125001", "FR"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(text: str, country: str | None) -> None:
    assert normalise.phone(text, country) == "+493023125001"


@pytest.mark.parametrize("text", ["123", "n/a", "0000000000", "", "+1", "1111111111"])
def test_a_placeholder_is_no_number(text: str) -> None:
    assert normalise.phone(text, "US") is None


@pytest.mark.parametrize(
    "text", ["0", "undefined", "null", "-1", "anonymous", "00000000", " ", "x" * 1025, "Unknown"]
)
def test_ids_that_stand_for_nobody_identify_nobody(text: str) -> None:
    assert normalise.token(text) is None


@pytest.mark.parametrize("text", ["gid://shopify/Order/1001", "#1001", "1001", " 1001 "])
def test_an_order_is_the_same_in_the_shop_and_in_web_analytics(text: str) -> None:
    assert normalise.order_id(text) == "1001"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a@gmail.com", "free"),
        ("a@mail.gmx.de", "free"),
        ("a@mailinator.com", "disposable"),
        ("a@acme-corp.com", "business"),
        (None, "none"),
    ],
)
def test_mail_domains_are_classed(address: str | None, expected: str) -> None:
    assert derive.email_domain_class(address) == expected


def test_only_business_domains_are_kept_and_without_their_subdomain() -> None:
    assert derive.email_domain("a@sales.acme.co.uk") == "acme.co.uk"
    assert derive.email_domain("a@gmail.com") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("de", "DE"), ("Germany", "DE"), ("deutschland", "DE"), ("UK", "GB"), ("Nowhere", None)],
)
def test_countries_are_read_by_code_and_by_name(text: str, code: str | None) -> None:
    assert derive.country_code(text) == code
