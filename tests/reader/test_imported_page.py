"""Real running copy, from the file to the page that readers see."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from liveblog.models import LiveBlog

pytestmark = pytest.mark.django_db


def test_a_real_article_becomes_the_page_that_the_newspaper_printed(client, samples: Path):
    source = (samples / "ukraine-2025-03-18.txt").read_text()
    call_command("import_article", str(samples / "ukraine-2025-03-18.txt"), "--publish")
    blog = LiveBlog.objects.get()
    page = client.get(f"/live/{blog.slug}/").content.decode()
    head, timeline = page[: page.index('id="updates"')], page[page.index('id="updates"') :]
    assert 'lang="zh-Hans"' in head
    assert re.search(r'class="badge">直播</strong> <span class="running">持续更新', head)
    seen = re.findall(
        r'<h2 id="day[^>]*>([^<]+)|<time class="clock"[^>]*>([^<]+)|<h3 [^>]*>([^<]+)', timeline
    )
    printed = [html.unescape("".join(found)) for found in seen]
    # In the article a time stands below its heading, on the page above it.
    lines = [line[:7] if line.startswith("【") else line for line in source.split("\n")]
    written = [line for line in lines if line in printed]
    for index, line in enumerate(written):
        if line.startswith("【"):
            written[index - 1 : index + 1] = [line, written[index - 1]]
    assert printed == written
    assert [line for line in printed if line.startswith("【")] == ["【02:45】", "【01:26】", "【00:45】"]
    assert (printed[0], len(printed)) == ("19日最新消息", 13)
    bullets = re.findall(r"<li>([^<]+)</li>", timeline)
    assert [f".{bullet}" for bullet in bullets] == [
        line for line in source.split("\n") if line.startswith(".")
    ]
    related = [line.partition(":")[2] for line in source.split("\n") if line.startswith("相关新闻")]
    assert len(related) == 2
    assert [
        html.unescape(title) for title in re.findall(r'class="story">.*?<span>([^<]+)</span></p>', timeline)
    ] == related
    # In its place: after the words that stand before it in the article.
    before = source.split("相关新闻")[0].rstrip().split("\n")[-1].partition("】")[2]
    assert timeline.index(html.escape(before[-20:], quote=False)) < timeline.index(related[0][:10])
    assert page.index("最新回应") > page.index('id="updates"')
