"""WooCommerce's REST API, version 3 (https://woocommerce.github.io/woocommerce-rest-api-docs/).

Over HTTPS the consumer key and secret are a basic login; over plain HTTP WooCommerce takes nothing
but OAuth 1.0a signatures (RFC 5849), fresh for every attempt.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from ingestion.sources.errors import SourceError, WrongAnswerError
from ingestion.sources.session import Session

_ROOT = "/wp-json/wc/v3"
PAGE = 100


class Signed(AuthBase):
    """Signs a request with consumer key and secret, in its query."""

    def __init__(self, key: str, secret: str) -> None:
        self._key = key
        self._secret = secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with a signature of its own."""
        parts = urlsplit(str(request.url))
        query = [(n, v) for n, v in parse_qsl(parts.query) if not n.startswith("oauth_")]
        query += [
            ("oauth_consumer_key", self._key),
            ("oauth_nonce", secrets.token_hex(16)),
            ("oauth_signature_method", "HMAC-SHA256"),
            ("oauth_timestamp", str(int(time.time()))),
        ]
        address = f"{parts.scheme}://{parts.netloc}{parts.path}"
        pairs = "&".join(
            f"{n}={v}" for n, v in sorted((_escaped(n), _escaped(v)) for n, v in query)
        )
        base = "&".join((str(request.method), _escaped(address), _escaped(pairs)))
        digest = hmac.new(f"{self._secret}&".encode(), base.encode(), hashlib.sha256).digest()
        query.append(("oauth_signature", base64.b64encode(digest).decode()))
        signed = "&".join(f"{_escaped(n)}={_escaped(v)}" for n, v in query)
        request.url = f"{address}?{signed}"
        return request


def login(base_url: str, token: str) -> AuthBase:
    """Return how to log in at ``base_url`` with ``<consumer key>:<consumer secret>``.

    Raises:
        SourceError: when the token does not have two parts.
    """
    key, _, secret = token.partition(":")
    if not secret:
        raise SourceError(
            "woocommerce",
            "the token has no secret",
            "set [sources.woocommerce] access_token to <consumer key>:<consumer secret>",
        )
    return HTTPBasicAuth(key, secret) if base_url.startswith("https://") else Signed(key, secret)


class WooCommerce:
    """Lists of a shop, whole."""

    def __init__(self, session: Session, auth: AuthBase) -> None:
        self._session = session
        self._auth = auth

    def all(self, kind: str, **query: str) -> Iterator[list[Any]]:
        """Yield all records of a kind in pages, by id: a new one appears at the end, never between.

        Raises:
            WrongAnswerError: when the pages go in a circle.
        """
        seen: set[Any] = set()
        number = 0
        while True:
            number += 1
            asked = {"per_page": str(PAGE), "page": str(number), "orderby": "id", "order": "asc"}
            page = self._session.transport.json(
                "GET", f"{_ROOT}/{kind}", params=asked | query, auth=self._auth
            )
            if not isinstance(page, list):
                raise WrongAnswerError("woocommerce", f"the {kind} are not a list")
            fresh = [record for record in page if _id(record) not in seen]
            if page and not fresh:
                raise WrongAnswerError("woocommerce", f"the {kind} page in a circle")
            seen |= {_id(record) for record in fresh}
            if fresh:
                yield fresh
            if len(page) < PAGE:
                return

    def ids(self, kind: str, **query: str) -> set[str]:
        """Return the ids of all records of a kind."""
        return {_id(r) for page in self.all(kind, _fields="id", **query) for r in page}


def _id(record: Any) -> str:
    return str(record.get("id")) if isinstance(record, dict) else f"?{id(record)}"


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
