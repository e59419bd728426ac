"""Reads the consent strings of the advertising industry: TCF v2.x and GPP, as far as consent goes.

Formats: IAB Europe, "Transparency and Consent String with Global Vendor List Format v2"; IAB Tech
Lab, "Global Privacy Platform" (header, sections) and its US section specifications. Vendors,
publisher restrictions and sensitive-data fields are not read: the hub asks by purpose.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits

_ALPHABET = f"{ascii_uppercase}{ascii_lowercase}{digits}-_"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_PURPOSES = 24
# Bits of a TC string's core before the purposes: version, two times of 36, CMP (12, 12, 6),
# language 12, vendor list 12, policy 6, two flags, 12 special features.
_PURPOSES_AT = 6 + 36 + 36 + 12 + 12 + 6 + 12 + 12 + 6 + 1 + 1 + 12
_TCF_EU, _US_PRIVACY, _US_NATIONAL = 2, 6, 7
# Where the opt-outs begin in a US section, in bits: version and two bits for each notice before.
_OPT_OUTS_AT = {7: 18, 8: 12, 11: 14, 18: 14, 24: 16, 25: 16, 26: 16, 27: 16}
_OPT_OUTS = {
    7: ("sale", "sharing", "targeted_advertising"),
    8: ("sale", "sharing"),
}
_US_SECTIONS = range(7, 28)
_GPC_SEGMENT = 1
# No string of any length names more; a longer list is an attack on the reader.
_MOST_SECTIONS = 64


class ConsentStringError(ValueError):
    """The text is no consent string of a kind that is known; it is not quoted."""


@dataclass(frozen=True)
class Said:
    """What a consent string says."""

    purposes: frozenset[int] | None = None
    """TCF purposes consented to; None where the string holds no TCF section."""
    opt_outs: Mapping[str, bool] = field(default_factory=dict)
    """Per right to opt out (sale, sharing, targeted_advertising): whether it was used."""
    has_gpc: bool = False


@lru_cache(maxsize=8_192)
def read(text: str) -> Said:
    """Return what a TC string, GPP string or US privacy string says.

    Raises:
        ConsentStringError: when it is none of them, or cut off.
    """
    if len(text) == 4 and text[0] == "1":
        return Said(opt_outs=_us_privacy(text))
    if text.startswith("DB"):
        return _gpp(text)
    return Said(purposes=_tcf(text))


def _tcf(text: str) -> frozenset[int]:
    core = _bits(text.partition(".")[0])
    if len(core) < _PURPOSES_AT + _PURPOSES or _number(core, 0, 6) != 2:
        raise ConsentStringError("no TC string of version 2")
    given = core[_PURPOSES_AT : _PURPOSES_AT + _PURPOSES]
    return frozenset(number for number, bit in enumerate(given, start=1) if bit == "1")


def _gpp(text: str) -> Said:
    header, *sections = text.split("~")
    ids = _section_ids(header)
    if len(ids) != len(sections):
        raise ConsentStringError("a GPP string with other sections than its header says")
    purposes: frozenset[int] | None = None
    opt_outs: dict[str, bool] = {}
    has_gpc = False
    for number, section in zip(ids, sections, strict=True):
        found: Mapping[str, bool] = {}
        if number == _TCF_EU:
            purposes = _tcf(section)
        elif number == _US_PRIVACY:
            found = _us_privacy(section)
        elif number in _US_SECTIONS:
            found = _us_section(number, section)
            has_gpc |= _holds_gpc(section)
        for right, used in found.items():
            opt_outs[right] = opt_outs.get(right, False) or used
    return Said(purposes, opt_outs, has_gpc)


def _us_privacy(text: str) -> dict[str, bool]:
    """Read the four characters of CCPA's first string: version, notice, opt-out of sale, LSPA."""
    if len(text) != 4 or text[2] not in "YNyn-":
        raise ConsentStringError("no US privacy string")
    return {} if text[2] == "-" else {"sale": text[2] in "Yy"}


def _us_section(number: int, section: str) -> dict[str, bool]:
    """Return the rights that apply: 1 is opted out, 2 is not, 0 says nothing."""
    core = _bits(section.partition(".")[0])
    at = _OPT_OUTS_AT.get(number, 12)
    rights = _OPT_OUTS.get(number, ("sale", "targeted_advertising"))
    if len(core) < at + 2 * len(rights):
        raise ConsentStringError("a US section that is cut off")
    values = {right: _number(core, at + 2 * place, 2) for place, right in enumerate(rights)}
    return {right: value == 1 for right, value in values.items() if value in (1, 2)}


def _holds_gpc(section: str) -> bool:
    segments = [_bits(segment) for segment in section.split(".")[1:]]
    return any(_number(bits, 0, 2) == _GPC_SEGMENT and bits[2:3] == "1" for bits in segments)


def _section_ids(header: str) -> list[int]:
    """Return the ids of a GPP header: a list of ranges in Fibonacci numbers, each from the last."""
    bits = _bits(header)
    if len(bits) < 24 or _number(bits, 0, 6) != 3 or _number(bits, 6, 6) != 1:
        raise ConsentStringError("no GPP header of version 1")
    count, stream = _number(bits, 12, 12), iter(bits[24:])
    if count > _MOST_SECTIONS:
        raise ConsentStringError("a GPP header with too many sections")
    ids: list[int] = []
    last = 0
    for _ in range(count):
        is_range = next(stream, "0") == "1"
        first = last + _fibonacci(stream)
        last = first + _fibonacci(stream) if is_range else first
        if last - first > _MOST_SECTIONS:
            raise ConsentStringError("a GPP header with too many sections")
        ids += range(first, last + 1)
    return ids


def _fibonacci(stream: Iterator[str]) -> int:
    """Read one number in Fibonacci coding, which ends with two ones in a row."""
    total, step, following, before = 0, 1, 2, ""
    for bit in stream:
        if bit == "1" and before == "1":
            return total
        if bit == "1":
            total += step
        before = bit
        step, following = following, step + following
    raise ConsentStringError("a GPP header that is cut off")


def _bits(text: str) -> str:
    try:
        return "".join(f"{_VALUES[character]:06b}" for character in text.rstrip("="))
    except KeyError:
        raise ConsentStringError("characters that are not base64url") from None


def _number(bits: str, start: int, length: int) -> int:
    return int(bits[start : start + length] or "0", 2)
