"""Reports to Sentry: an error of a real server arrives at a receiver, without personal data."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import brotli
import pytest

from tests.environment import ROOT
from tests.waiting import wait_for

# A view that fails with a reader's words, a key and a local variable in scope.
FAILING = """
import os, sys, django
import tests.environment
os.environ["SENTRY_DSN"] = sys.argv[1]
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
import logging
from django.test import Client
from django.urls import path
from newsroom import urls

def fail(request):
    private = "local-variable-text"
    body = request.POST["text"]
    logging.getLogger("desk").error("Could not save %s", body)
    raise RuntimeError("token=sup3rs3cret is refused")

urls.urlpatterns.insert(0, path("fail/", fail, name="fail"))
headers = {"x-request-id": "trace-9", "user-agent": "reader-agent"}
client = Client(raise_request_exception=False, SERVER_NAME="localhost", headers=headers)
client.cookies["sessionid"] = "cookie-value"
answer = client.post("/fail/?q=query-text", {"text": "reader-text"}, REMOTE_ADDR="203.0.113.9")
assert answer.status_code == 500, answer.status_code
import sentry_sdk
sentry_sdk.flush(20)
"""


@pytest.fixture
def sentry() -> Iterator[tuple[str, list[str]]]:
    """Yield a DSN, and the envelopes that are sent to it."""
    envelopes: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            decode = {"gzip": gzip.decompress, "br": brotli.decompress}[self.headers["Content-Encoding"]]
            envelopes.append(decode(body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://public@127.0.0.1:{server.server_port}/1", envelopes
        server.shutdown()


def run_failing(dsn: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", FAILING, dsn]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_an_error_is_reported_with_its_request_id_and_without_personal_data(sentry):
    dsn, envelopes = sentry
    result = run_failing(dsn)
    assert result.returncode == 0, result.stderr
    wait_for(lambda: len(envelopes) >= 2)
    events = [json.loads(envelope.splitlines()[2]) for envelope in envelopes]
    [raised] = [event for event in events if "exception" in event]
    [exception] = raised["exception"]["values"]
    assert (exception["type"], exception["value"]) == ("RuntimeError", "token=[removed] is refused")
    assert raised["tags"]["request_id"] == "trace-9"
    assert raised["transaction"] == "/fail/"
    text = "".join(envelopes)
    private = (
        *("reader-text", "query-text", "cookie-value", "local-variable-text", "203.0.113.9"),
        *("reader-agent", "sup3rs3cret"),
    )
    assert [word for word in private if word in text] == []


def test_nothing_is_sent_without_a_dsn(sentry):
    _dsn, envelopes = sentry
    result = run_failing("")
    assert result.returncode == 0, result.stderr
    assert envelopes == []
