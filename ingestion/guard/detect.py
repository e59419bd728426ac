"""Finds e-mail addresses and phone numbers in a string, also through the encodings people hide
them in: percent (any number of times), HTML, ``\\u0040``, full-width, base64, hex, and digests.

Works on readings: every way a string decodes, and how those decode again, until nothing new
appears. What is found is reported as yes or no; values never leave this module.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote_plus

# How far decodings are followed, and how many readings of one string are looked at.
MAX_ROUNDS = 6
MAX_READINGS = 48

EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# International numbers, or national ones written with at least ten digits.
PHONE = re.compile(
    r"(?<![\w.,-])(?:\+|00)[ ]?\d(?:[ ().\-/]{0,2}\d){6,14}(?!\w)"
    r"|(?<![\w.,-])\(?0\d(?:[ ().\-/]{0,2}\d){7,13}(?!\w)"
    r"|(?<![\w.,-])\d{3}[ .-]\d{3}[ .-]\d{4}(?!\w)"
)
# MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512 in hex: how marketing tools pass addresses on.
DIGEST = re.compile(
    r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{128}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{56}"
    r"|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])"
)
LONG_NUMBER = re.compile(r"(?<![0-9])[0-9]{9,}(?![0-9])")

_ESCAPE = re.compile(
    r"\\u\{([0-9A-Fa-f]{1,6})\}|(?:\\|%)u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|\\([0-7]{3})"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2}[ :]?){6,})")
# Nothing is hidden in a string without one of these.
_SUSPICIOUS = re.compile(r"[@%&=\\]|[^\x00-\x7f]|\d[\d ().\-/]{5,}\d|[A-Za-z0-9+/_-]{8,}")


def is_personal(text: str) -> bool:
    """Tell whether any reading of ``text`` holds an address, a number or a digest."""
    if not _SUSPICIOUS.search(text):
        return False
    return _is_personal(text) if len(text) <= 2_000 else _is_personal.__wrapped__(text)


@lru_cache(maxsize=65_536)
def _is_personal(text: str) -> bool:
    return any(
        EMAIL.search(reading) or PHONE.search(reading) or DIGEST.search(reading)
        for reading in readings(text)
    )


def readings(text: str) -> Iterator[str]:
    """Yield ``text`` and everything it decodes to, breadth first, each once."""
    seen = {text}
    level = [text]
    yield text
    for _ in range(MAX_ROUNDS):
        following: list[str] = []
        for reading in level:
            for decoded in _decodings(reading):
                if decoded and decoded not in seen:
                    seen.add(decoded)
                    following.append(decoded)
                    yield decoded
                    if len(seen) >= MAX_READINGS:
                        return
        level = following


def _decodings(text: str) -> Iterator[str]:
    if "%" in text or "+" in text:
        yield unquote_plus(text, errors="replace")
    if "=" in text:
        yield re.sub(r"=([0-9A-Fa-f]{2})", r"%\1", text)
    if "&" in text:
        yield html.unescape(text)
    if "\\" in text or "%u" in text:
        yield _ESCAPE.sub(_unescape, text)
    if not text.isascii():
        yield unicodedata.normalize("NFKC", _without_invisible(text))
    for match in _BASE64.finditer(text):
        for skipped in range(4):
            yield _text_in_base64(match.group()[skipped:])
    for match in _HEX.finditer(text):
        yield _text_in_hex(match.group(1))


def _unescape(match: re.Match[str]) -> str:
    *hexadecimal, octal = match.groups()
    number = int(octal, 8) if octal else int(next(h for h in hexadecimal if h), 16)
    return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else ""


def _without_invisible(text: str) -> str:
    """Drop zero-width and other format characters, which split an address for the eye only."""
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _text_in_base64(run: str) -> str:
    """Return the printable text that a base64 run holds, if it holds any."""
    compact = run.rstrip("=").replace("-", "+").replace("_", "/")
    padded = compact + "=" * (-len(compact) % 4)
    try:
        return _printable(base64.b64decode(padded, validate=True))
    except (binascii.Error, ValueError):
        return ""


def _text_in_hex(run: str) -> str:
    digits = run.replace(" ", "").replace(":", "")
    try:
        return _printable(bytes.fromhex(digits))
    except ValueError:
        return ""


def _printable(data: bytes) -> str:
    """Return bytes as text when they are text; most runs that decode at all are noise."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    return text if all(c.isprintable() or c in "\r\n\t" for c in text) else ""
