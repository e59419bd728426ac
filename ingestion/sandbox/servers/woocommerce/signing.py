"""OAuth 1.0a as WooCommerce checks it over plain HTTP: one signature per request, no repeats.

Written from RFC 5849 on its own, so that a loader that signs wrongly is not told otherwise.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

_DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}


def refusal(
    method: str, url: str, query: Mapping[str, str], token: str, seen: set[str], now: float
) -> str | None:
    """Return the vendor's error code for a request, or none when it is signed as it must be."""
    key, _, secret = token.partition(":")
    if query.get("oauth_consumer_key") != key:
        return "woocommerce_rest_cannot_view"
    digest = _DIGESTS.get(query.get("oauth_signature_method", ""))
    if digest is None:
        return "woocommerce_rest_authentication_error"
    nonce, stamp = query.get("oauth_nonce", ""), query.get("oauth_timestamp", "0")
    if not stamp.isdigit() or abs(now - int(stamp)) > 900 or f"{stamp}/{nonce}" in seen:
        return "woocommerce_rest_authentication_error"
    seen.add(f"{stamp}/{nonce}")
    pairs = sorted((_escaped(n), _escaped(v)) for n, v in query.items() if n != "oauth_signature")
    base = "&".join((method, _escaped(url), _escaped("&".join(f"{n}={v}" for n, v in pairs))))
    expected = hmac.new(f"{secret}&".encode(), base.encode(), digest).digest()
    if base64.b64encode(expected).decode() != query.get("oauth_signature"):
        return "woocommerce_rest_authentication_error"
    return None


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
