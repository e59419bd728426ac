"""Requests as they go wrong: retried when it may pass, one clear message when it may not."""

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ingestion.sources.errors import (
    CredentialsError,
    DailyLimitError,
    SourceError,
    UnreachableError,
    VendorRefusedError,
)
from ingestion.sources.transport import Patience, Transport

QUICK = Patience(attempts=3, first_pause=0, longest_pause=5, per_request=0.6, connect=1, idle=1)
SECRET = "must-not-show"  # noqa: S105  # pragma: allowlist secret


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def transport(httpserver: HTTPServer, pauses: list[float]) -> Transport:
    headers = {"Authorization": f"Bearer {SECRET}"}
    return Transport("vendor", httpserver.url_for("/"), headers, QUICK, pauses.append)


def once(httpserver: HTTPServer, response: Response) -> None:
    """Answer badly once, then well."""
    httpserver.expect_ordered_request("/x").respond_with_response(response)
    httpserver.expect_ordered_request("/x").respond_with_json({"ok": 1})


@pytest.mark.parametrize(
    "response",
    [
        Response("busy", 503),
        Response("slow down", 429),
        Response("<html>Sorry</html>", 200, content_type="text/html"),
        Response('{"ok": ', 200),
        Response("", 200),
        Response('"maintenance"', 200),
        Response('{"ok": 1}', 200, headers={"Content-Length": "900"}),
    ],
    ids=["503", "429", "html", "half", "empty", "scalar", "truncated"],
)
def test_trouble_that_passes_is_tried_again(
    httpserver: HTTPServer, transport: Transport, response: Response
) -> None:
    once(httpserver, response)
    assert transport.json("GET", "/x") == {"ok": 1}


def test_retry_after_is_honoured(
    httpserver: HTTPServer, transport: Transport, pauses: list[float]
) -> None:
    once(httpserver, Response("wait", 429, headers={"Retry-After": "3"}))
    transport.json("GET", "/x")
    assert pauses == [3.0]


def test_a_retry_after_beyond_the_cap_stops_the_run(
    httpserver: HTTPServer, transport: Transport, pauses: list[float]
) -> None:
    once(httpserver, Response("wait", 429, headers={"Retry-After": "86400"}))
    with pytest.raises(UnreachableError):
        transport.json("GET", "/x")
    assert pauses == []


def test_a_daily_limit_stops_at_once_and_says_so(
    httpserver: HTTPServer, transport: Transport, pauses: list[float]
) -> None:
    once(httpserver, Response('{"policyName":"DAILY"}', 429))
    with pytest.raises(DailyLimitError, match="tomorrow"):
        transport.json("GET", "/x")
    assert pauses == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, CredentialsError), (403, VendorRefusedError), (404, VendorRefusedError),
     (400, VendorRefusedError), (302, VendorRefusedError)],
)  # fmt: skip
def test_a_refusal_is_not_retried_and_names_the_next_step(
    httpserver: HTTPServer, transport: Transport, status: int, error: type[SourceError]
) -> None:
    httpserver.expect_oneshot_request("/x").respond_with_data(f"no {SECRET}", status)
    with pytest.raises(error, match="Next:") as caught:
        transport.json("GET", "/x")
    assert SECRET not in str(caught.value)


def test_a_slow_drip_runs_into_the_total_deadline(
    httpserver: HTTPServer, transport: Transport
) -> None:
    def drip(_: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            import time

            for _ in range(12):
                time.sleep(0.1)
                yield b" " * 300_000

        return Response(pieces())

    httpserver.expect_request("/x").respond_with_handler(drip)
    with pytest.raises(UnreachableError, match="too slowly"):
        transport.json("GET", "/x")


def test_an_unreachable_host_is_said_in_one_line() -> None:
    transport = Transport("vendor", "http://127.0.0.1:9", patience=QUICK, sleep=lambda _: None)
    with pytest.raises(UnreachableError, match=r"sources\.vendor\.base_url") as caught:
        transport.json("GET", "/x")
    assert "\n" not in str(caught.value)


def test_a_missing_member_is_trouble_not_a_crash(
    httpserver: HTTPServer, transport: Transport
) -> None:
    httpserver.expect_request("/x").respond_with_json({"something": "else"})
    with pytest.raises(UnreachableError):
        transport.json("GET", "/x", having="results")


@pytest.mark.parametrize(
    "spoiled",
    ['{"id": 1}', '{"id": 1}\n{"id"', "<html>Sorry</html>", ""],
    ids=["too few", "cut", "html", "empty"],
)
def test_a_file_is_taken_whole_or_fetched_again(
    httpserver: HTTPServer, transport: Transport, spoiled: str
) -> None:
    whole = '{"id": 1}\n{"id": 2}\n'
    httpserver.expect_ordered_request("/file").respond_with_data(spoiled)
    httpserver.expect_ordered_request("/file").respond_with_data(whole)
    assert list(transport.lines("/file", expected=2)) == [b'{"id": 1}', b'{"id": 2}']
