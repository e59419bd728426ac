"""HTTP as vendors really answer: limits, drips, truncated bodies, error pages with status 200.

One `Transport` per source and run. Transient trouble is retried with growing pauses; what a retry
cannot mend stops the run with an error that names cause and next step. Bodies, headers, URLs with
tokens and e-mail addresses never reach a message.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from ingestion.guard.documents import NotJsonError, parse_json
from ingestion.sources.errors import (
    CredentialsError,
    DailyLimitError,
    SourceError,
    UnreachableError,
    VendorRefusedError,
)

# Statuses worth another try: timeouts, early data, limits, and the gateways' own.
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Patience:
    """How long a run waits; seconds. Defaults suit an API page."""

    attempts: int = 6
    first_pause: float = 0.5
    longest_pause: float = 60.0
    per_request: float = 120.0
    per_run: float = 6 * 3600.0
    connect: float = 10.0
    idle: float = 30.0


class Transport:
    """Requests to one vendor under one set of credentials."""

    def __init__(
        self,
        vendor: str,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.vendor = vendor
        self._base = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.headers.update(headers or {})
        self._patience = patience or Patience()
        self._sleep = sleep
        self._started = time.monotonic()

    def json(self, method: str, path: str, having: str | None = None, **request: Any) -> Any:
        """Return the JSON value of a response; error statuses raise.

        With ``having``, an object without that member is an answer of something in between, and
        tried again like any other transport error.
        """
        return self._tried(lambda: self._json(method, path, having, **request))

    def lines(self, url: str, expected: int) -> Iterator[bytes]:
        """Yield the lines of a JSONL file the vendor prepared, at least ``expected`` of them.

        Memory holds the whole body, so that a download that broke off starts over unseen: half a
        file is never taken for a whole one.
        """
        yield from self._tried(lambda: self._lines(url, expected))

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _tried(self, attempt: Callable[[], Any]) -> Any:
        pause = self._patience.first_pause
        for number in range(1, self._patience.attempts + 1):
            if time.monotonic() - self._started > self._patience.per_run:
                raise UnreachableError(
                    self.vendor,
                    "the whole load took longer than allowed",
                    "run it again: it continues where the last complete load ended",
                )
            try:
                return attempt()
            except _TransientError as trouble:
                wait = pause if trouble.wait is None else trouble.wait
                if number == self._patience.attempts or wait > self._patience.longest_pause:
                    raise UnreachableError(
                        self.vendor, f"{trouble.cause}, {number} times", trouble.next_step
                    ) from None
                self._sleep(wait)
                pause = min(pause * 2, self._patience.longest_pause)
        raise AssertionError("unreachable")

    def _lines(self, url: str, expected: int) -> list[bytes]:
        lines = [line for line in self._body("GET", url).splitlines() if line]
        are_objects = all(line[:1] == b"{" and line[-1:] == b"}" for line in lines)
        if len(lines) < expected or not are_objects:
            raise _TransientError(
                f"a file came without all of its {expected} objects", "try again later"
            )
        return lines

    def _json(self, method: str, path: str, having: str | None, **request: Any) -> Any:
        body = self._body(method, path, **request)
        if body.lstrip()[:1] == b"<":
            raise _TransientError("it answered with a web page instead of data", self._check_url())
        try:
            answer = parse_json(body)
        except NotJsonError:
            raise _TransientError("it answered with half a document", "try again later") from None
        is_complete = having is None or (isinstance(answer, dict) and having in answer)
        if not isinstance(answer, dict | list) or not is_complete:
            raise _TransientError("it answered with something else", self._check_url())
        return answer

    def _body(self, method: str, path: str, **request: Any) -> bytes:
        url = path if path.startswith(("http://", "https://")) else f"{self._base}{path}"
        deadline = time.monotonic() + self._patience.per_request
        try:
            with self._session.request(
                method,
                url,
                stream=True,
                timeout=(self._patience.connect, self._patience.idle),
                allow_redirects=False,
                **request,
            ) as response:
                body = _read(response, deadline)
        except requests.ConnectionError:
            raise _TransientError("no connection could be made", self._check_url()) from None
        except requests.RequestException as error:
            raise _TransientError(
                f"the transfer broke off ({type(error).__name__})", "try again later"
            ) from None
        self._judge(response, body)
        return body

    def _judge(self, response: requests.Response, body: bytes) -> None:
        """Raise what a status means; 2xx passes."""
        status = response.status_code
        if 200 <= status < 300:
            return
        if status in (403, 429) and _is_daily(body):
            raise DailyLimitError(self.vendor)
        if status in _TRANSIENT:
            wait = _retry_after(response)
            cause = "the rate limit was reached" if status == 429 else f"it answered {status}"
            raise _TransientError(cause, "try again later", wait)
        if status == 401:
            raise CredentialsError(self.vendor)
        raise VendorRefusedError(self.vendor, status, _category(body))

    def _check_url(self) -> str:
        return f"check sources.{self.vendor}.base_url and the network"


class _TransientError(Exception):
    """Trouble that may pass."""

    def __init__(self, cause: str, next_step: str, wait: float | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.next_step = next_step
        self.wait = wait


def _read(response: requests.Response, deadline: float) -> bytes:
    """Return the body; a slow drip keeps read timeouts happy, so the total is limited as well."""
    parts: list[bytes] = []
    received = 0
    for part in response.iter_content(_CHUNK):
        parts.append(part)
        received += len(part)
        if time.monotonic() > deadline:
            raise _TransientError("the answer came in too slowly", "try again later")
    announced = response.headers.get("Content-Length")
    encoded = response.headers.get("Content-Encoding")
    if announced and not encoded and received < int(announced):
        raise _TransientError("the answer was cut off", "try again later")
    return b"".join(parts)


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds a vendor asks for; dates are not used by the vendors here."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None


def _is_daily(body: bytes) -> bool:
    """Tell a limit per day (HubSpot's policy DAILY, Salesforce's 403) from one per moment."""
    return b'"DAILY"' in body or b"REQUEST_LIMIT_EXCEEDED" in body


def _category(body: bytes) -> str:
    """Return the vendor's error category, a word of its own vocabulary, if it gives one."""
    try:
        document = parse_json(body)
    except NotJsonError:
        return ""
    if isinstance(document, list) and document:  # Salesforce lists its errors
        document = document[0]
    named = document if isinstance(document, dict) else {}
    found = named.get("category") or named.get("errorCode")
    return found if isinstance(found, str) and found.replace("_", "").isalnum() else ""


__all__ = ["Patience", "SourceError", "Transport"]
