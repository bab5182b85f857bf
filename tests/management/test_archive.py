"""Archives: complete, public, and readable from a disk without a network."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from lxml import html as document

from liveblog import publishing
from liveblog.management import archives
from liveblog.models import LiveBlog
from liveblog.presentation import reading
from liveblog.publishing import SYSTEM, Content
from tests.factories import make_blog, make_image, make_update

# The archive begins a transaction of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def blog() -> LiveBlog:
    blog = make_blog(slug="storm", headline="風暴")
    withdrawn = make_update(blog, "撤回的消息")
    publishing.withdraw_update(withdrawn, by=SYSTEM, reason="錯誤")
    corrected = make_update(blog, "更正的消息", is_key_event=True, images=(make_image(),))
    content = replace(Content.of(corrected), body="<p>新內文。</p>")
    publishing.correct_update(corrected, content, note="數字有誤。", by=SYSTEM)
    return blog


def archive_of(blog: LiveBlog, directory: Path) -> ZipFile:
    path = directory / "storm.zip"
    call_command("archive", blog.slug, "--output", str(path))
    return ZipFile(path)


def test_an_archive_contains_everything_that_readers_see(blog, tmp_path):
    with archive_of(blog, tmp_path) as archive:
        assert archive.testzip() is None
        page = archive.read("index.html").decode()
        coverage = json.loads(archive.read("coverage.json"))
        article = archive.read("article.txt").decode()
        names = set(archive.namelist())
    assert "數字有誤。" in page
    assert "此更新已於" in page
    assert "撤回的消息" not in page
    assert "更正的消息" in article
    assert [update["status"] for update in coverage["updates"]] == ["published", "withdrawn"]
    blog.refresh_from_db()
    assert [change["number"] for change in coverage["changes"]] == list(range(1, blog.number + 1))
    tree = document.document_fromstring(page)
    assert not tree.xpath("//script")
    # The archive has all files that the page loads. Links lead to anchors on the page or to the site.
    loaded = [*tree.xpath("//link[@rel='stylesheet']/@href"), *tree.xpath("//img/@src")]
    loaded += [part.split()[0] for value in tree.xpath("//@srcset") for part in value.split(",")]
    assert loaded
    assert set(loaded) <= names
    places = {f"#{name}" for name in tree.xpath("//@id")}
    for link in tree.xpath("//a/@href"):
        assert link in places or link.startswith(("http://", "https://", "mailto:"))


def test_a_blog_that_readers_may_not_see_is_not_archived(tmp_path):
    draft = make_blog(slug="draft", is_live=False)
    with pytest.raises(CommandError, match="not public"):
        archive_of(draft, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_archive_shows_one_moment_while_editors_publish(blog, tmp_path, monkeypatch):
    read_updates = reading.updates

    def read_while_somebody_publishes(*arguments: object) -> list:
        updates = read_updates(*arguments)
        with ThreadPoolExecutor(1) as threads:
            threads.submit(publish).result()
        return updates

    def publish() -> None:
        try:
            make_update(blog, "遲來的一則")
        finally:
            connection.close()

    monkeypatch.setattr(archives.reading, "updates", read_while_somebody_publishes)
    with archive_of(blog, tmp_path) as archive:
        coverage = json.loads(archive.read("coverage.json"))
        assert "遲來的一則" not in archive.read("article.txt").decode()
    assert coverage["changes"][-1]["number"] == coverage["blog"]["number"]
