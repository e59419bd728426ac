"""One path for every alert: it arrives at every kind of sink; one that is down is survived."""

import logging
import socketserver
import threading
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from orchestration.operations import causes
from orchestration.operations.alerting import Alert, deliver, targets

ALERT = Alert("Tandem: refresh failed", "load_hubspot: no token", "orchestration/runbooks/x.md")


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a sender needs; keeps what was sent."""

    messages: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        body: list[str] | None = None
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if body is not None:
                if line != ".":
                    body.append(line)
                    continue
                self.messages.append("\n".join(body))
                body = None
                self.wfile.write(b"250 kept\r\n")
            elif line.upper().startswith("DATA"):
                body = []
                self.wfile.write(b"354 go on\r\n")
            elif line.upper().startswith("QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def mailbox() -> Iterator[tuple[int, list[str]]]:
    """A local SMTP sink: its port and what it received."""
    messages: list[str] = []
    handler = type("Handler", (Mailbox,), {"messages": messages})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], messages
        server.shutdown()


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens on."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        return int(server.server_address[1])


def test_an_alert_arrives_at_a_webhook_with_cause_and_runbook(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("ok")
    sent = deliver(ALERT, [f"json://127.0.0.1:{httpserver.port}/hook"])
    assert sent.reached == ("json",)
    body = httpserver.log[0][0].get_json()
    assert body["title"] == ALERT.title
    assert "load_hubspot: no token" in body["message"]
    assert "orchestration/runbooks/x.md" in body["message"]


def test_an_alert_arrives_by_mail(mailbox: tuple[int, list[str]]) -> None:
    port, messages = mailbox
    address = f"mailto://127.0.0.1:{port}?from=hub@example.org&to=ops@example.org&mode=insecure"
    assert deliver(ALERT, [address]).reached == ("mailto",)
    assert "Tandem: refresh failed" in messages[0]


def test_a_sink_that_is_down_is_survived_and_named_by_its_kind_only(
    httpserver: HTTPServer, closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/hook").respond_with_data("ok")
    canary = "canary-words"
    down = f"json://name:{canary}@127.0.0.1:{closed_port}/canary-path"
    with caplog.at_level(logging.DEBUG):
        sent = deliver(ALERT, [down, f"json://127.0.0.1:{httpserver.port}/hook"])
    assert (sent.reached, sent.missed, sent.is_lost) == (("json",), ("json",), False)
    assert deliver(ALERT, [down]).is_lost
    assert "could not be delivered by json" in caplog.text
    assert "canary" not in caplog.text


def test_an_address_that_is_none_is_a_miss_not_a_crash() -> None:
    assert deliver(ALERT, ["nonsense://"]).missed == ("nonsense",)


def test_targets_come_from_the_environment_and_none_is_a_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TANDEM_ALERTS", raising=False)
    assert targets() == []
    assert not deliver(ALERT).is_lost
    monkeypatch.setenv("TANDEM_ALERTS", "json://one\nmailto://two three://")
    assert targets() == ["json://one", "mailto://two", "three://"]


def test_our_own_errors_are_told_and_strangers_keep_their_text() -> None:
    ours = causes.Failure(
        "load_hubspot", "LoadError", "ingestion.pipelines.LoadError: raw_hubspot: no token\n"
    )
    alien = causes.Failure(
        "identity", "UniqueViolation", "psycopg.errors.UniqueViolation: Key (x)=(ada@example.org)"
    )
    alert = causes.run_failed("refresh", "1", [ours, alien], "")
    assert "raw_hubspot: no token" in alert.cause
    assert "ada@example.org" not in alert.text
    assert alert.runbook.endswith("load_failed.md")


def test_every_page_that_an_alert_names_exists() -> None:
    from ingestion.settings import project_root

    for name in {*causes.PAGES.values(), "run_failed", "check_error", "freshness", "sensor_error"}:
        assert (project_root() / causes.RUNBOOKS / f"{name}.md").exists(), name


def test_links_lead_where_the_operator_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_UI_URL", "https://hub.example.org/")
    monkeypatch.setenv("TANDEM_RUNBOOKS_URL", "https://docs.example.org/runbooks/")
    alert = causes.run_failed("refresh", "abc", [], "ended")
    assert alert.place == "https://hub.example.org/runs/abc"
    assert alert.runbook == "https://docs.example.org/runbooks/run_failed.md"
