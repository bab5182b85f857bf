"""End-to-end test of the sample receiver in docs/webhooks.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from standardwebhooks import Webhook

from liveblog import publishing
from liveblog.models import Delivery
from liveblog.publishing import SYSTEM
from tests.environment import ROOT
from tests.factories import make_blog, make_update
from tests.waiting import find_free_port, wait_for, wait_until_listening
from tests.webhooks.test_replica import page_payloads

SAMPLE = ROOT / "docs" / "webhook_receiver.py"


def read_copies(path: Path) -> dict:
    """Return the copies that the sample receiver printed last, by slug."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else {}


def forged_headers(secret: str, body: str) -> Iterator[dict[str, str]]:
    """Yield the headers of requests that are forged, or replayed much later."""
    now = datetime.now(UTC)
    for moment, signed_body in ((now, body + " "), (now - timedelta(minutes=6), body)):
        yield {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret).sign("msg_1", moment, signed_body),
        }
    yield {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp()))}
    yield {}


def test_sample_receiver_keeps_a_copy_that_equals_the_page(sender, partner, settings, tmp_path):
    settings.WEBHOOK_TEST_HOSTS = ["127.0.0.1"]
    port, output = find_free_port(), tmp_path / "output"
    url = f"http://127.0.0.1:{port}/"
    webhook = publishing.add_webhook(partner, by=SYSTEM, url=url)
    with (
        output.open("wb") as log,
        subprocess.Popen(
            [sys.executable, SAMPLE, str(port)],
            env=os.environ | {"WEBHOOK_SECRET": webhook.secret},
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            wait_until_listening(process, port)
            sender.start()
            publishing.send_test(webhook, by=SYSTEM)
            blog = make_blog(slug="storm")
            pinned, undone, withdrawn = (make_update(blog, heading) for heading in ("留", "撤", "回"))
            publishing.undo_publication(undone, by=SYSTEM)
            publishing.withdraw_update(withdrawn, by=SYSTEM, reason="錯")
            publishing.pin_update(pinned, by=SYSTEM)
            other = make_blog(slug="other")
            delivered = Delivery.objects.filter(is_delivered=True)
            wait_for(lambda: delivered.filter(blog=blog, number=7) and delivered.filter(blog=other))
            blog_payload, updates = page_payloads(blog, "")
            copy = read_copies(output)["storm"]
            assert copy["blog"] == json.loads(json.dumps(blog_payload))
            assert copy["updates"] == json.loads(json.dumps(updates))
            publishing.withdraw_blog(other, by=SYSTEM)
            wait_for(lambda: list(read_copies(output)) == ["storm"])
            assert Delivery.objects.get(blog=None).status == 204

            body = json.dumps({"type": "test"})
            for headers in forged_headers(webhook.secret, body):
                with pytest.raises(HTTPError) as refusal:
                    urlopen(Request(url, body.encode(), headers))
                refusal.value.close()
                assert refusal.value.code == 401, headers
        finally:
            process.terminate()
    assert SAMPLE.read_text().count("\n") <= 60
