"""Request ids in every answer of a real server and in its log."""

from __future__ import annotations

import json
import re
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.environment import DATA_DIR
from tests.factories import make_blog, make_update
from tests.waiting import wait_for

MADE = re.compile(r"[0-9a-f]{32}")


def id_of(url: str, request_id: str | None = None, **headers: str) -> str:
    """Return the X-Request-ID of the answer; an empty string if there is none."""
    given = {} if request_id is None else {"X-Request-ID": request_id}
    try:
        with urlopen(Request(url, headers=given | headers)) as response:
            values = response.headers.get_all("X-Request-ID", [])
    except HTTPError as error:
        values = error.headers.get_all("X-Request-ID", [])
    assert len(values) <= 1
    return "".join(values)


@pytest.mark.any_database
def test_every_answer_has_the_clients_id_or_a_new_one(server):
    blog = make_blog(slug="harbour")
    make_update(blog, "A ferry leaves")
    surfaces = {
        "page": "/live/harbour/",
        "front page": "/",
        "stream": "/live/harbour/stream?after=0",
        "API": "/api/v1/blogs/",
        "sign-in": "/admin/login/",
        "not found": "/nothing/",
        "refused query": "/live/harbour/?before=%00",
        "health": "/healthz",
        "poll": "/live/harbour/changes.json?after=0",
    }
    for _round in range(3):
        for name, path in surfaces.items():
            assert id_of(server.url + path, "trace-1.2_A") == "trace-1.2_A", name
            made = id_of(server.url + path)
            assert MADE.fullmatch(made) or (name == "poll" and made == ""), (name, made)
    # A generated id is never reused for the next request.
    assert len({id_of(f"{server.url}/live/harbour/") for _request in range(5)}) == 5


@pytest.mark.any_database
@pytest.mark.parametrize("malformed", ["a b", 'x"y', "x" * 129, "é", "<script>", "a%0ab", ""])
def test_a_malformed_id_is_replaced(server, malformed):
    for path in ("/", "/admin/login/", "/healthz"):
        assert MADE.fullmatch(id_of(server.url + path, malformed.encode().decode("latin-1")))


@pytest.mark.any_database
def test_an_idle_poll_stays_small_unless_it_asks_for_an_id(server):
    make_update(make_blog(slug="harbour"), "A ferry leaves")
    url = f"{server.url}/live/harbour/changes.json?after=1"
    with urlopen(url) as response:
        assert "X-Request-ID" not in response.headers


@pytest.mark.any_database
def test_log_records_of_a_request_have_its_id_but_no_query(start_server):
    server = start_server(LOG_FORMAT="json", LOG_REQUESTS="true")
    id_of(f"{server.url}/search/?q=my-private-search", "trace-7")
    log = DATA_DIR / f"server-{server.url.rsplit(':', 1)[1]}.log"

    def records() -> list[dict]:
        lines = log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    record = wait_for(lambda: [one for one in records() if one.get("request_id") == "trace-7"])[0]
    assert record["message"].startswith("GET reader:search 200 ")
    assert record["logger"] == "newsroom.metrics"
    assert "my-private-search" not in log.read_text()
    # uvicorn's own records are in the same format once it serves.
    assert any(one["logger"] == "uvicorn.error" for one in records())
