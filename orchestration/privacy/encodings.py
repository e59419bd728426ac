"""The forms a value may hide in: as it is, escaped, encoded, full-width, hashed without a key."""

import base64
import hashlib
import html
from urllib.parse import quote

# Shorter texts occur by chance everywhere; a search for them proves nothing.
SHORTEST = 6


def forms(value: str) -> dict[str, bytes]:
    """Return each form's name and its bytes in lower case; haystacks are lower-cased too.

    Base64 depends on where in the encoded text the value starts: all three alignments are given,
    without the characters that neighbours would change.
    """
    spellings = {"plain": value, "lower case": value.lower(), "upper case": value.upper()}
    found: dict[str, bytes] = {}
    for spelling, text in spellings.items():
        for name, form in _encoded(text).items():
            found.setdefault(f"{name} ({spelling})" if spelling != "plain" else name, form)
    unique: dict[bytes, str] = {}
    for name, form in found.items():
        if len(form) >= SHORTEST:
            unique.setdefault(form.lower(), name)
    return {name: form for form, name in unique.items()}


def _encoded(text: str) -> dict[str, bytes]:
    raw = text.encode()
    percent = quote(text, safe="")
    full = "".join(f"%{byte:02x}" for byte in raw)
    escaped = "".join(f"\\u{ord(c):04x}" if not c.isalnum() else c for c in text)
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    entities = "".join(f"&#{ord(c)};" if not c.isalnum() else c for c in text)
    hexadecimal = "".join(f"&#x{ord(c):x};" if not c.isalnum() else c for c in text)
    return {
        "plain": raw,
        "percent": percent.encode(),
        "percent, every byte": full.encode(),
        "double percent": quote(percent, safe="").encode(),
        "hex": raw.hex().encode(),
        "HTML decimal": entities.encode(),
        "HTML hexadecimal": hexadecimal.encode(),
        "HTML": html.escape(text).encode(),
        "unicode escape": escaped.encode(),
        "full-width": wide.encode(),
        "md5": hashlib.md5(raw, usedforsecurity=False).hexdigest().encode(),
        "sha1": hashlib.sha1(raw, usedforsecurity=False).hexdigest().encode(),
        "sha256": hashlib.sha256(raw).hexdigest().encode(),
        **{f"base64, offset {shift}": _base64(raw, shift) for shift in range(3)},
        **{f"base64url, offset {shift}": _base64(raw, shift, url=True) for shift in range(3)},
    }


def _base64(raw: bytes, shift: int, *, url: bool = False) -> bytes:
    """Return the part of an encoding that does not depend on what stands beside the value."""
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    text = encode(b"\0" * shift + raw)
    first = (0, 2, 3)[shift]
    whole = (shift + len(raw)) * 8 // 6
    return text[first:whole]
