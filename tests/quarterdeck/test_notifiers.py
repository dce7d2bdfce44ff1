"""Notices reach the channels that the environment names."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from quarterdeck.notifiers import EMAIL, WEBHOOK, NoticeError, notifiers


class Receiver(BaseHTTPRequestHandler):
    """Takes what is posted; refuses where its path says so."""

    taken: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        self.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a receiver on this machine, whose requests no proxy takes."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv(EMAIL, raising=False)
    Receiver.taken.clear()
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_gets_the_notice(webhook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEBHOOK, webhook)
    for notifier in notifiers("held", "Held: Xshire", "B7 is 'tbc'."):
        notifier({})  # type: ignore[arg-type]
    assert Receiver.taken == [{"kind": "held", "subject": "Held: Xshire", "text": "Held: Xshire\nB7 is 'tbc'."}]


def test_a_webhook_that_does_not_take_it_fails_the_task(webhook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEBHOOK, f"{webhook}/broken")
    (notifier,) = notifiers("held", "Held: Xshire", "")
    with pytest.raises(NoticeError, match=f"{WEBHOOK} answered 500") as refused:
        notifier({})  # type: ignore[arg-type]
    assert webhook not in str(refused.value)


def test_mail_goes_through_airflows_notifier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WEBHOOK, raising=False)
    monkeypatch.setenv(EMAIL, "a@example.org,b@example.org")
    (notifier,) = notifiers("held", "Held: Xshire", "less < more")
    assert type(notifier).__name__ == "SmtpNotifier"
    assert notifier.to == ["a@example.org", "b@example.org"]
    assert "less &lt; more" in notifier.html_content


def test_nobody_is_told_where_nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WEBHOOK, raising=False)
    monkeypatch.delenv(EMAIL, raising=False)
    assert notifiers("held", "", "") == []
