"""docs/partners.md, run as it stands against a real server; and its client, against what the page shows."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from liveblog import publishing
from liveblog.models import Change, LiveBlog, Scope, Update
from liveblog.publishing import SYSTEM, Content
from tests.environment import ROOT
from tests.factories import NOON, make_blog, make_key, make_update

DOCS = ROOT / "docs"
CLIENT = DOCS / "partner_client.py"


@pytest.fixture
def blog(transactional_db: None) -> LiveBlog:
    blog = make_blog(slug="east-shore-line", headline="通車首日")
    make_update(blog, "首班車開出", is_key_event=True)
    publishing.withdraw_update(make_update(blog, "不應再見"), by=SYSTEM, reason="錯")
    return blog


def blocks() -> Iterator[tuple[str, str]]:
    """The language and the text of each block of code, in order."""
    yield from re.findall(
        r"^```(\w+)\n(.*?)^```$", (DOCS / "partners.md").read_text(), re.MULTILINE | re.DOTALL
    )


def as_one_script() -> str:
    """All of them as one shell script, so that each goes on with what those before it set."""
    parts = ["set -euo pipefail"]
    for language, text in blocks():
        if language == "sh":
            parts.append(text)
        else:
            assert language == "python", language
            parts.append(f"{sys.executable} - <<'END'\n{text}END\n")
        parts.append("echo '── done'")
    return "\n".join(parts)


def test_every_command_of_a_partners_first_hour_works(server, blog, tmp_path):
    key = make_key(*Scope, blogs=[blog])
    script = as_one_script().replace("https://news.example.com", server.url).replace("nrk_…", key)
    environment = os.environ | {"PYTHONPATH": str(DOCS)}

    run = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert run.returncode == 0, run.stdout + run.stderr
    said = run.stdout.split("── done\n")
    assert len(said) == len(list(blocks())) + 1
    assert '"blogs":' in said[0]
    assert said[4].strip() == "304"
    assert "首班車開出" in said[6]
    assert '"type":"composite"' in said[7]
    update = Update.objects.get(source="Example Wire")
    kinds = Change.objects.filter(update=update).order_by("number").values_list("kind", flat=True)
    assert list(kinds) == ["published", "corrected", "withdrawn"]
    assert update.heading == "East Shore line carries 14,000 by noon"


def test_the_client_has_at_most_sixty_lines_and_needs_nothing_installed():
    text = CLIENT.read_text()

    assert len(text.splitlines()) <= 60
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE))
    assert imported <= sys.stdlib_module_names


@pytest.fixture
def partner_client(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return pytest.importorskip("partner_client")


def shown_on_page(server_url: str) -> list[tuple[int, int, bool]]:
    """Id, number and whether it is a tombstone, of each update in the order of the page."""
    with urlopen(f"{server_url}/live/east-shore-line/") as answer:
        page = answer.read().decode()
    found = re.findall(r'<li class="update.*?</li>', page, re.DOTALL)
    return [
        (
            int(re.search(r'data-id="(\d+)"', item)[1]),
            int(re.search(r'data-number="(\d+)"', item)[1]),
            "tombstone" in item,
        )
        for item in found
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_client_ends_with_the_blog_as_its_page_shows_it(server, partner_client, blog, seed):
    choose = random.Random(seed)
    copies = [partner_client.LiveBlog(server.url, "east-shore-line") for _ in range(3)]
    for step in range(40):
        change_something(choose, blog, step)
        for copy in copies[1:]:
            # One looks now and then, one but once at the end.
            if choose.random() < 0.3 and copy is copies[1]:
                copy.catch_up()

    page = shown_on_page(server.url)
    for copy in copies:
        assert copy.catch_up() == 2
        kept = [(found["id"], found["number"], found["status"] == "withdrawn") for found in copy.page()]
        assert kept[: len(page)] == page
        assert copy.page() == copies[0].page()
        assert (copy.number, copy.blog["headline"]) == (LiveBlog.objects.get().number, "通車首日")
        said = {update.pk: (update.heading, update.body) for update in Update.objects.published()}
        assert {
            found["id"]: (found["heading"], found["body"]) for found in copy.page() if "body" in found
        } == said


def change_something(choose: random.Random, blog: LiveBlog, step: int) -> None:
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


def test_the_client_drops_a_live_blog_that_was_withdrawn(server, partner_client, blog):
    copy = partner_client.LiveBlog(server.url, "east-shore-line")
    copy.catch_up()
    assert copy.page()

    publishing.withdraw_blog(blog, by=SYSTEM)

    assert copy.catch_up() == 60
    assert (copy.blog, copy.page()) == (None, [])


def test_the_client_waits_when_it_is_told_to(start_server, partner_client, blog):
    server = start_server(API_REQUESTS_PER_MINUTE="1")
    copies = [partner_client.LiveBlog(server.url, "east-shore-line") for _ in range(3)]

    waits = [copy.catch_up() for copy in copies]

    # A minute may begin between two of them, and lets one more through.
    assert copies[0].page()
    assert any(not copy.page() for copy in copies)
    assert all(1 <= wait <= 60 for wait in waits)
