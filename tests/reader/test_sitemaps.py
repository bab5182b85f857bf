"""Sitemaps, including the news sitemap of the last two days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.http import http_date
from lxml import html as markup

from liveblog import publishing
from liveblog.models import LiveBlog, Topic, Update
from liveblog.publishing import SYSTEM
from newsroom import hongkong, release
from tests.factories import make_blog, make_update
from tests.standards import NEWS, SITEMAP, read_xml

pytestmark = pytest.mark.django_db

XHTML = "{http://www.w3.org/1999/xhtml}"
SITE = "http://127.0.0.1:8000"
ADDRESSES = ["/sitemap-listings.xml", "/sitemap-live.xml", "/sitemap-updates.xml", "/news-sitemap.xml"]


def entries(client, path: str) -> dict[str, str]:
    """Return the lastmod times of a valid sitemap or sitemap index by URL."""
    root = read_xml("sitemap", client.get(path).content)
    return {element.findtext(f"{SITEMAP}loc"): element.findtext(f"{SITEMAP}lastmod") for element in root}


def test_sitemaps_list_only_public_pages(client):
    blog = make_blog(slug="storm")
    update, withdrawn, undone = (make_update(blog) for _ in range(3))
    publishing.withdraw_update(withdrawn, by=SYSTEM, reason="x")
    publishing.undo_publication(undone, by=SYSTEM)
    for hidden in (
        make_blog(is_live=False),
        make_blog(embargo_until_at=timezone.now() + timedelta(hours=1)),
    ):
        make_update(hidden)
    gone = make_blog()
    make_update(gone)
    publishing.withdraw_blog(gone, by=SYSTEM)
    blog.refresh_from_db()
    update.refresh_from_db()
    page = {f"{SITE}/live/storm/": hongkong.isoformat(blog.modified_at)}
    permalink = {f"{SITE}/live/storm/{update.pk}/": hongkong.isoformat(update.modified_at)}
    assert entries(client, "/sitemap-live.xml") == page | in_other_script(page)
    assert entries(client, "/sitemap-updates.xml") == permalink | in_other_script(permalink)
    assert entries(client, "/news-sitemap.xml") == page | permalink


def in_other_script(pages: dict[str, str]) -> dict[str, str]:
    return _under("zh-hans", pages)


def _under(language: str, pages: dict[str, str]) -> dict[str, str]:
    return {address.replace(SITE, f"{SITE}/{language}"): at for address, at in pages.items()}


def test_the_front_page_and_the_topics_are_listed_with_their_last_change(client):
    topics = [Topic.objects.create(slug=slug, name=slug) for slug in ("calm", "storm", "unused")]
    blogs = [make_blog(topics=(topic,)) for topic in topics[:2]]
    make_blog(topics=(topics[0],), is_live=False)
    make_update(blogs[1])
    for blog in blogs:
        blog.refresh_from_db()
    latest = hongkong.isoformat(blogs[1].modified_at)
    listings = {
        f"{SITE}/": latest,
        f"{SITE}/topics/calm/": hongkong.isoformat(blogs[0].modified_at),
        f"{SITE}/topics/storm/": latest,
    }
    assert entries(client, "/sitemap-listings.xml") == (
        listings | in_other_script(listings) | _under("en", listings)
    )


def test_sitemaps_have_the_same_hreflang_links_as_the_pages(client):
    make_update(make_blog(slug="storm", topics=(Topic.objects.create(slug="w", name="天氣"),)))
    make_update(make_blog(slug="english", language="en"))
    for section in ("listings", "live", "updates"):
        for url in read_xml("sitemap", client.get(f"/sitemap-{section}.xml").content):
            languages = {link.get("hreflang"): link.get("href") for link in url.findall(f"{XHTML}link")}
            path = url.findtext(f"{SITEMAP}loc").removeprefix(SITE)
            page = markup.fromstring(client.get(path).content.decode())
            page_languages = {
                link.get("hreflang"): link.get("href") for link in page.xpath("//link[@hreflang]")
            }
            page_languages.pop("x-default", None)
            assert languages == page_languages


def test_index_lists_each_sitemap_with_its_last_change(client):
    blog = make_blog()
    before = entries(client, "/sitemap.xml")
    assert list(before) == [f"{SITE}/sitemap-{section}.xml" for section in ("listings", "live", "updates")]
    publishing.withdraw_blog(blog, by=SYSTEM)
    blog.refresh_from_db()
    assert set(entries(client, "/sitemap.xml").values()) == {hongkong.isoformat(blog.modified_at)}


# The front page in each language is always listed, and so are the sitemaps in their index.
@pytest.mark.parametrize(("path", "count"), [*zip(ADDRESSES, (3, 0, 0, 0), strict=True), ("/sitemap.xml", 3)])
def test_sitemaps_of_an_empty_site_are_valid(client, path, count):
    assert len(entries(client, path)) == count


def test_news_sitemap_drops_entries_after_two_days(client):
    blog = make_blog(slug="storm", headline="新 & 舊")
    old, new = make_update(blog, "舊"), make_update(blog, "新 <聞>")
    two_days_ago = timezone.now() - timedelta(days=2, seconds=1)
    LiveBlog.objects.update(first_published_at=two_days_ago)
    Update.objects.filter(pk=old.pk).update(first_published_at=two_days_ago)
    root = read_xml("sitemap", client.get("/news-sitemap.xml").content)
    assert {element.tag.partition("}")[2]: element.text for element in root.iter(f"{NEWS}*")} == {
        "news": "\n      ",
        "publication": "\n        ",
        "name": "Newsroom",
        "language": "zh-tw",
        "publication_date": hongkong.isoformat(new.first_published_at),
        "title": "新 <聞>",
    }
    assert list(entries(client, "/news-sitemap.xml")) == [f"{SITE}/live/storm/{new.pk}/"]


def test_robots_txt_names_both_sitemaps(client):
    text = client.get("/robots.txt").content.decode()
    assert f"Sitemap: {SITE}/sitemap.xml\n" in text
    assert f"Sitemap: {SITE}/news-sitemap.xml\n" in text


@pytest.mark.parametrize("path", [*ADDRESSES, "/sitemap.xml"])
def test_if_modified_since_returns_304_until_a_change(client, path, monkeypatch):
    at = timezone.now() - timedelta(hours=1)
    monkeypatch.setattr(release, "built_at", lambda: int(at.timestamp()))
    blog = make_blog(slug="storm")
    update = make_update(blog)
    LiveBlog.objects.update(modified_at=at)
    first = client.get(path)
    by_date = {"If-Modified-Since": first.headers["Last-Modified"]}
    again = client.get(path, headers=by_date)
    assert (again.status_code, again.headers["Last-Modified"]) == (304, first.headers["Last-Modified"])
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    assert client.get(path, headers=by_date).status_code == 200


def test_news_sitemap_is_modified_when_an_entry_becomes_too_old(client, monkeypatch):
    at = timezone.now() - timedelta(days=3)
    monkeypatch.setattr(release, "built_at", lambda: int(at.timestamp()))
    make_update(make_blog(slug="storm"))
    LiveBlog.objects.update(modified_at=at, first_published_at=at)
    Update.objects.update(modified_at=at, first_published_at=at + timedelta(hours=1))
    dropped_at = at + timedelta(days=2, hours=1)
    assert client.get("/news-sitemap.xml").headers["Last-Modified"] == http_date(dropped_at.timestamp())


def test_if_modified_since_returns_200_after_a_new_release(client, monkeypatch):
    make_update(make_blog(slug="storm"))
    LiveBlog.objects.update(modified_at=timezone.now() - timedelta(hours=2))
    now = int(timezone.now().timestamp())
    monkeypatch.setattr(release, "built_at", lambda: now - 3600)
    by_date = {"If-Modified-Since": client.get("/live/storm/feed.atom").headers["Last-Modified"]}
    assert client.get("/live/storm/feed.atom", headers=by_date).status_code == 304
    monkeypatch.setattr(release, "built_at", lambda: now - 5)
    assert client.get("/live/storm/feed.atom", headers=by_date).status_code == 200
