"""The client of docs/partners.md, compared with the page."""

from __future__ import annotations

import random
import re
import sys
from urllib.request import urlopen

import pytest

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM, Content
from tests.environment import ROOT
from tests.factories import NOON, make_blog, make_update

DOCS = ROOT / "docs"
CLIENT = DOCS / "partner_client.py"


@pytest.fixture
def blog(transactional_db: None) -> LiveBlog:
    blog = make_blog(slug="east-shore-line", headline="通車首日")
    make_update(blog, "首班車開出", is_key_event=True)
    publishing.withdraw_update(make_update(blog, "不應再見"), by=SYSTEM, reason="錯")
    return blog


def test_client_has_at_most_60_lines_and_uses_only_the_standard_library():
    text = CLIENT.read_text()

    assert len(text.splitlines()) <= 60
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE))
    assert imported <= sys.stdlib_module_names


@pytest.fixture
def partner_client(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return pytest.importorskip("partner_client")


def rows_on_page(server_url: str) -> list[tuple[int, int, bool]]:
    """Return id, number and whether it is a tombstone for each update, in the order of the page."""
    with urlopen(f"{server_url}/live/east-shore-line/") as response:
        page = response.read().decode()
    items = re.findall(r'<li class="update.*?</li>', page, re.DOTALL)
    return [
        (
            int(re.search(r'data-id="(\d+)"', item)[1]),
            int(re.search(r'data-number="(\d+)"', item)[1]),
            "tombstone" in item,
        )
        for item in items
    ]


@pytest.mark.parametrize("seed", range(3))
def test_client_copies_end_up_equal_to_the_page(server, partner_client, blog, seed):
    choose = random.Random(seed)
    copies = [partner_client.LiveBlog(server.url, "east-shore-line") for _ in range(3)]
    for step in range(40):
        apply_random_verb(choose, blog, step)
        for copy in copies[1:]:
            # The second copy polls now and then, the third only once at the end.
            if choose.random() < 0.3 and copy is copies[1]:
                copy.catch_up()

    page = rows_on_page(server.url)
    for copy in copies:
        assert copy.catch_up() == 2
        rows = [(row["id"], row["number"], row["status"] == "withdrawn") for row in copy.page()]
        assert rows[: len(page)] == page
        assert copy.page() == copies[0].page()
        assert (copy.number, copy.blog["headline"]) == (LiveBlog.objects.get().number, "通車首日")
        published = {update.pk: (update.heading, update.body) for update in Update.objects.published()}
        assert {row["id"]: (row["heading"], row["body"]) for row in copy.page() if "body" in row} == published


def apply_random_verb(choose: random.Random, blog: LiveBlog, step: int) -> None:
    published = list(Update.objects.published().order_by("pk"))
    action = choose.choice(["publish", "publish", "correct", "withdraw", "restore", "undo", "pin"])
    if action == "publish" or not published:
        make_update(blog, f"第{step}則", happened_at=NOON.replace(minute=choose.randrange(60)))
        return
    update = choose.choice(published)
    match action:
        case "correct":
            publishing.correct_update(update, Content(f"改{step}", "<p>新</p>"), by=SYSTEM, note="更正")
        case "withdraw":
            publishing.withdraw_update(update, by=SYSTEM, reason="錯")
        case "restore":
            for withdrawn in Update.objects.filter(status="withdrawn")[:1]:
                publishing.restore_update(withdrawn, by=SYSTEM)
        case "undo":
            fresh = make_update(blog, f"撤回{step}")
            publishing.undo_publication(fresh, by=SYSTEM)
        case "pin":
            publishing.pin_update(update, by=SYSTEM)


def test_client_drops_a_withdrawn_live_blog(server, partner_client, blog):
    copy = partner_client.LiveBlog(server.url, "east-shore-line")
    copy.catch_up()
    assert copy.page()

    publishing.withdraw_blog(blog, by=SYSTEM)

    assert copy.catch_up() == 60
    assert (copy.blog, copy.page()) == (None, [])


def test_client_returns_the_requested_wait_when_rate_limited(start_server, partner_client, blog):
    server = start_server(API_REQUESTS_PER_MINUTE="1")
    copies = [partner_client.LiveBlog(server.url, "east-shore-line") for _ in range(3)]

    waits = [copy.catch_up() for copy in copies]

    # A new minute may begin between two requests, which admits one more.
    assert copies[0].page()
    assert any(not copy.page() for copy in copies)
    assert all(1 <= wait <= 60 for wait in waits)
