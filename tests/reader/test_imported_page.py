"""A real article, from the imported file to the page that readers see."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from liveblog.models import LiveBlog

pytestmark = pytest.mark.django_db


def test_imported_article_has_the_order_and_text_of_the_newspaper(client, samples: Path):
    source = (samples / "ukraine-2025-03-18.txt").read_text()
    call_command("import_article", str(samples / "ukraine-2025-03-18.txt"), "--publish")
    blog = LiveBlog.objects.get()
    page = client.get(f"/live/{blog.slug}/").content.decode()
    head, timeline = page[: page.index('id="updates"')], page[page.index('id="updates"') :]
    assert 'lang="zh-Hans"' in head
    assert re.search(r'class="badge">直播</strong> <span class="running">持续更新', head)
    matches = re.findall(
        r'<h2 id="day[^>]*>([^<]+)|<time class="clock"[^>]*>([^<]+)|<h3 [^>]*>([^<]+)', timeline
    )
    page_lines = [html.unescape("".join(groups)) for groups in matches]
    # The article prints a time below its heading, the page above it.
    lines = [line[:7] if line.startswith("【") else line for line in source.split("\n")]
    source_lines = [line for line in lines if line in page_lines]
    for index, line in enumerate(source_lines):
        if line.startswith("【"):
            source_lines[index - 1 : index + 1] = [line, source_lines[index - 1]]
    assert page_lines == source_lines
    assert [line for line in page_lines if line.startswith("【")] == ["【02:45】", "【01:26】", "【00:45】"]
    assert (page_lines[0], len(page_lines)) == ("19日最新消息", 13)
    bullets = re.findall(r"<li>([^<]+)</li>", timeline)
    assert [f".{bullet}" for bullet in bullets] == [
        line for line in source.split("\n") if line.startswith(".")
    ]
    related = [line.partition(":")[2] for line in source.split("\n") if line.startswith("相关新闻")]
    assert len(related) == 2
    assert [
        html.unescape(title)
        for title in re.findall(r'class="story">.*?<span>([^<]+)</span></p>', timeline, re.DOTALL)
    ] == related
    # The related story follows the same words as in the article.
    before = source.split("相关新闻")[0].rstrip().split("\n")[-1].partition("】")[2]
    assert timeline.index(html.escape(before[-20:], quote=False)) < timeline.index(related[0][:10])
    assert page.index("最新回应") > page.index('id="updates"')
