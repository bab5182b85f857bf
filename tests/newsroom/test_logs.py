"""Log formats: JSON lines with the request's id, but without secrets or readers' text."""

from __future__ import annotations

import asyncio
import io
import json
import logging

import pytest
from django.conf import settings

from newsroom import logs
from newsroom.http import request_ids
from newsroom.logs import AddRequestId, JsonLines, Lines, redact


@pytest.fixture
def json_log():
    """Yield a logger and a function that returns the records which it has written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(AddRequestId())
    logger = logging.getLogger("tests.json")
    logger.addHandler(handler)
    yield logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_each_record_is_one_json_object_with_time_level_logger_message_and_request_id(json_log):
    logger, records = json_log
    token = request_ids.current.set("abc-1")
    logger.warning("Two\nlines: %s", "颱風", extra={"request": "<POST /?key=1>", "status_code": 500})
    request_ids.current.reset(token)
    logger.info("Background")
    warning, background = records()
    assert warning.pop("time").endswith("Z")
    assert warning.pop("process") > 0
    assert warning == {
        "level": "WARNING",
        "logger": "tests.json",
        "message": "Two\nlines: 颱風",
        "request_id": "abc-1",
        "thread": "MainThread",
    }
    assert "request_id" not in background


def test_a_traceback_is_part_of_the_object(json_log):
    logger, records = json_log
    try:
        raise ValueError("password=hunter2-hunter2")
    except ValueError:
        logger.exception("It broke")
    [record] = records()
    assert record["message"] == "It broke"
    assert record["exception"].endswith(f"ValueError: password={logs.MASK}")


def test_concurrent_requests_log_their_own_ids(json_log):
    logger, records = json_log

    async def request(request_id: str) -> None:
        request_ids.current.set(request_id)
        for _round in range(3):
            await asyncio.sleep(0)
            await asyncio.to_thread(logger.warning, request_id)

    async def main() -> None:
        await asyncio.gather(*(request(f"id-{number}") for number in range(5)))

    asyncio.run(main())
    assert len(records()) == 15
    assert all(record["request_id"] == record["message"] for record in records())


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("key nrk_0a1b2c3d_abcDEF-123_x of", f"key nrk_0a1b2c3d_{logs.MASK} of"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", f"whsec_{logs.MASK}"),
        ("Authorization: Bearer abcdef.ghi", f"Authorization: Bearer {logs.MASK}"),
        ("postgresql://desk:pa55@db/n", f"postgresql://desk:{logs.MASK}@db/n"),
        ("{'password': 'open sesame', 'name': 'x'}", f"{{'password': {logs.MASK}, 'name': 'x'}}"),
        ("/hook?token=t0psecret&x=1", f"/hook?token={logs.MASK}&x=1"),
        ("Cookie: sessionid=abc123", f"Cookie: {logs.MASK}"),
        (
            "null value\nDETAIL:  Failing row contains (7, 陳大文, my address).",
            f"null value\nDETAIL: {logs.MASK}",
        ),
        ("The database is busy: lock timeout at 10:31:02", "The database is busy: lock timeout at 10:31:02"),
        ("https://news.example/live/a-b/1/", "https://news.example/live/a-b/1/"),
    ],
)
def test_keys_tokens_passwords_and_refused_rows_are_removed(text, cleaned):
    assert redact(text) == cleaned


def test_the_sites_own_secrets_are_removed_wherever_they_appear():
    assert redact(f"bad signature for {settings.SECRET_KEY}!") == f"bad signature for {logs.MASK}!"


def test_a_plain_line_ends_with_the_request_id():
    record = logging.LogRecord("a.b", logging.ERROR, "", 1, "Lost", (), None)
    record.request_id = "r1"
    line = Lines("{levelname} {name}: {message}", style="{").format(record)
    assert line == "ERROR a.b: Lost [r1]"


def test_malformed_requests_do_not_log_tracebacks(client, db, caplog):
    assert client.get("/?" + "&".join(["a=b"] * 1_001)).status_code == 400
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400
    assert client.post("/admin/login/", {f"a{number}": "b" for number in range(1_001)}).status_code == 400
    assert [record for record in caplog.records if record.exc_info] == []
