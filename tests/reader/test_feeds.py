"""Content of feeds, read with third-party parsers and validated against the standards."""

from __future__ import annotations

from datetime import datetime

import feedparser
import pytest
from lxml import html as markup

from liveblog import publishing
from liveblog.models import Byline, Topic, Update
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from tests.factories import make_blog, make_image, make_update
from tests.standards import ATOM, read_atom, read_json_feed, read_xml

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SITE = "http://127.0.0.1:8000"
PLACES = ["/live/storm/", "/", "/topics/w/", "/zh-hans/live/storm/", "/zh-hans/", "/zh-hans/topics/w/"]


@pytest.fixture
def blog():
    blog = make_blog(
        slug="storm",
        kicker="風暴",
        standfirst="首段 & 次段",
        topics=(Topic.objects.create(slug="w", name="天氣"),),
    )
    make_update(
        blog, "一 < 二", body="<p>a &amp; <strong>b</strong></p>", bylines=(Byline.objects.create(name="陳"),)
    )
    make_update(blog, "三", stories=(Story("相關", 0, "https://example.com/"),))
    return blog


def newest(blog) -> Update:
    return blog.updates.newest_first().first()


def content_of(client, form: str, path: str = "/live/storm/") -> str:
    """Return the content of the newest entry as HTML."""
    body = client.get(f"{path}feed.{form}").content
    if form == "json":
        return read_json_feed(body)["items"][0]["content_html"]
    if form == "atom":
        return read_atom(body).findtext(f"{ATOM}entry/{ATOM}content")
    return read_xml("rss", body).findtext("channel/item/description")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", ["atom", "rss"])
def test_feeds_are_well_formed_and_contain_the_full_text(client, blog, place, form):
    response = client.get(f"{place}feed.{form}")
    assert response.headers["Content-Type"] == f"application/{form}+xml; charset=utf-8"
    feed = feedparser.parse(response.content)
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == ["三", "一 < 二"]
    assert (
        "<strong>b</strong>"
        in feed.entries[1].get("content", [{"value": feed.entries[1].get("summary")}])[0]["value"]
    )
    prefix = "/zh-hans" if "hans" in place else ""
    tag_uris = [f"tag:127.0.0.1,2026:{prefix}/live/storm/{pk}/" for pk in sorted(ids(blog), reverse=True)]
    assert [entry.id for entry in feed.entries] == tag_uris
    assert [entry.link for entry in feed.entries] == [SITE + name.partition("2026:")[2] for name in tag_uris]
    assert all(entry.updated and entry.published for entry in feed.entries)
    assert feed.entries[1].author == ("陈" if prefix else "陳")


def ids(blog) -> list[int]:
    return list(blog.updates.values_list("pk", flat=True))


@pytest.mark.parametrize("place", PLACES)
def test_feeds_with_every_kind_of_content_are_valid(client, blog, place):
    image, sensitive = make_image(alt="甲", caption="<乙>", credit="丙"), make_image(is_sensitive=True)
    update = make_update(
        blog, "", images=(image, sensitive), source="警方 & 消防", stories=(Story("x", 0), Story("y", 9))
    )
    publishing.correct_update(update, Content.of(update), by=SYSTEM, note="更正 <一>")
    publishing.withdraw_update(make_update(blog), by=SYSTEM, reason="x")
    publishing.undo_publication(make_update(blog), by=SYSTEM)
    assert len(read_atom(client.get(f"{place}feed.atom").content).findall(f"{ATOM}entry")) == 3
    assert len(read_xml("rss", client.get(f"{place}feed.rss").content).findall("channel/item")) == 3
    assert len(read_json_feed(client.get(f"{place}feed.json").content)["items"]) == 3


def test_json_feeds_follow_version_1_1(client, blog):
    response = client.get("/live/storm/feed.json")
    feed = read_json_feed(response.content)
    assert response.headers["Content-Type"] == "application/feed+json"
    update, item = newest(blog), feed["items"][0]
    assert {name: value for name, value in feed.items() if name != "items"} == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "風暴︱標題",
        "description": "首段 & 次段",
        "home_page_url": f"{SITE}/live/storm/",
        "feed_url": f"{SITE}/live/storm/feed.json",
        "language": "zh-Hant-HK",
        "icon": f"{SITE}/static/icons/icon-512.png",
        "favicon": f"{SITE}/static/icons/icon-144.png",
        "authors": [{"name": "Newsroom", "url": SITE}],
    }
    assert item == {
        "id": f"tag:127.0.0.1,2026:/live/storm/{update.pk}/",
        "url": f"{SITE}/live/storm/{update.pk}/",
        "title": "三",
        "content_html": item["content_html"],
        "summary": "內文。",
        "date_published": hongkong.isoformat(update.first_published_at),
        "date_modified": hongkong.isoformat(update.modified_at),
        "language": "zh-Hant-HK",
        "tags": ["天氣"],
    }
    assert '<a href="https://example.com/">相關</a>' in item["content_html"]
    assert feed["items"][1]["authors"] == [{"name": "陳"}]


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_entry_contains_all_content_of_the_page_with_absolute_urls(client, blog, form):
    image = make_image(alt="甲", caption="乙", credit="丙")
    update = make_update(
        blog,
        body='<p>見 <a href="/live/storm/">此</a>，<a href="//a.example/">彼</a> href="/x"。</p>',
        images=(image, make_image(alt="傷者", is_sensitive=True)),
        source="警方",
        stories=(Story("前文", 1, live_blog=make_blog(slug="calm")),),
    )
    update = publishing.correct_update(update, Content.of(update), by=SYSTEM, note="十人，非百人")
    content = content_of(client, form)
    picture = f'<img src="{SITE}{image.rendition_url(320, "jpg")}" width="400" height="300" alt="甲">'
    assert picture.replace("/320.", f"/{image.widths[-1]}.") in content
    assert "<figcaption>乙 (丙)</figcaption>" in content
    # The page shows a sensitive picture only on request, so feeds contain a link instead.
    assert f'<p>敏感圖片 <a href="{SITE}/live/storm/{update.pk}/">傷者</a></p>' in content
    assert f'見 <a href="{SITE}/live/storm/" rel="noopener">此</a>' in content
    assert '<a href="//a.example/" rel="noopener">彼</a> href="/x"。' in content
    assert f'<a href="{SITE}/live/calm/">前文</a>' in content
    assert "十人，非百人" in content
    assert "來源： 警方" in content


@pytest.mark.parametrize("place", PLACES)
def test_feeds_link_to_the_configured_websub_hub(client, blog, place, settings):
    settings.WEBSUB_HUB = hub = "https://hub.example/?a=1&b=2"
    for form in ("atom", "rss", "json"):
        response = client.get(f"{place}feed.{form}")
        links = {"hub": hub, "self": f"{SITE}{place}feed.{form}"}
        assert response.headers["Link"] == ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items())
        if form == "json":
            feed = read_json_feed(response.content)
            assert (feed["hubs"], feed["feed_url"]) == ([{"type": "WebSub", "url": hub}], links["self"])
        else:
            root = read_atom(response.content) if form == "atom" else read_xml("rss", response.content)
            feed = root if form == "atom" else root.find("channel")
            feed_links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
            assert links.items() <= feed_links.items()
            assert not feedparser.parse(response.content).bozo


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_publication_time_in_1900_has_an_offset_of_whole_minutes(client, blog, form):
    Update.objects.update(first_published_at=datetime(1900, 1, 2, 12, 0, tzinfo=hongkong.ZONE))
    body = client.get(f"/live/storm/feed.{form}").content
    assert ("+0737" if form == "rss" else "1900-01-02T12:00:18+07:37") in body.decode()
    if form == "json":
        read_json_feed(body)
    else:
        read_atom(body) if form == "atom" else read_xml("rss", body)


def test_characters_that_xml_forbids_are_dropped_from_feeds(client, blog):
    make_update(blog, "一\x07二\ufffe", body="<p>\x1b三</p>")
    assert (
        read_atom(client.get("/live/storm/feed.atom").content).findtext(f"{ATOM}entry/{ATOM}title") == "一二"
    )
    assert read_xml("rss", client.get("/feed.rss").content).findtext("channel/item/title") == "一二"
    assert read_xml("sitemap", client.get("/news-sitemap.xml").content) is not None


def test_feeds_and_polls_allow_cors_without_credentials(client, blog):
    for path in (
        "/live/storm/feed.atom",
        "/feed.json",
        "/topics/w/feed.rss",
        "/live/storm/changes.json?after=0",
    ):
        response = client.get(path, headers={"Origin": "https://partner.example"})
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
        again = client.get(path, headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.headers["Access-Control-Allow-Origin"]) == (304, "*")
        preflight = client.options(path, headers={"Access-Control-Request-Headers": "if-none-match"})
        assert (preflight.status_code, preflight.content) == (204, b"")
        assert "If-None-Match" in preflight.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in client.get("/live/storm/").headers


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("place", ["/", "/topics/w/"])
def test_entries_of_combined_feeds_name_their_live_blog(client, blog, prefix, place):
    title = "风暴︱标题" if prefix else "風暴︱標題"
    address = f"{SITE}{prefix}/live/storm/"
    entry = read_atom(client.get(f"{prefix}{place}feed.atom").content).find(f"{ATOM}entry")
    source = entry.find(f"{ATOM}source")
    own = read_atom(client.get(f"{prefix}/live/storm/feed.atom").content)
    names = ("id", "title", "updated")
    assert [source.findtext(ATOM + name) for name in names] == [own.findtext(ATOM + name) for name in names]
    assert source.findtext(f"{ATOM}title") == title
    links = {link.get("rel"): link.get("href") for link in source.findall(f"{ATOM}link")}
    assert links == {"alternate": address, "self": f"{address}feed.atom"}
    item = read_xml("rss", client.get(f"{prefix}{place}feed.rss").content).find("channel/item")
    assert (item.findtext("source"), item.find("source").get("url")) == (title, f"{address}feed.rss")
    item = read_json_feed(client.get(f"{prefix}{place}feed.json").content)["items"][0]
    assert item["_live_blog"] == {"title": title, "url": address, "feed_url": f"{address}feed.json"}


def test_entries_of_a_live_blogs_own_feed_have_no_source(client, blog):
    assert b"<source" not in client.get("/live/storm/feed.atom").content
    assert b"<source" not in client.get("/live/storm/feed.rss").content
    assert "_live_blog" not in client.get("/live/storm/feed.json").json()["items"][0]


@pytest.mark.parametrize("place", PLACES)
def test_entries_have_the_topics_of_their_live_blog(client, blog, place):
    name = "天气" if "hans" in place else "天氣"
    root = read_atom(client.get(f"{place}feed.atom").content)
    categories = [element.attrib for element in root.findall(f"{ATOM}entry/{ATOM}category")]
    assert categories == [{"term": "w", "label": name}] * 2
    channel = read_xml("rss", client.get(f"{place}feed.rss").content).find("channel")
    assert [element.text for element in channel.findall("item/category")] == [name] * 2
    items = read_json_feed(client.get(f"{place}feed.json").content)["items"]
    assert [item["tags"] for item in items] == [[name]] * 2


def test_feeds_have_an_icon(client, blog):
    icon = f"{SITE}/static/icons/icon-144.png"
    assert read_atom(client.get("/feed.atom").content).findtext(f"{ATOM}icon") == icon
    image = read_xml("rss", client.get("/feed.rss").content).find("channel/image")
    assert {part.tag: part.text for part in image} == {
        "url": icon,
        "title": "Newsroom",
        "link": f"{SITE}/",
        "width": "144",
        "height": "144",
    }


def test_the_json_feed_of_ended_coverage_is_expired(client, blog):
    assert "expired" not in client.get("/live/storm/feed.json").json()
    publishing.end_coverage(blog, by=SYSTEM)
    assert read_json_feed(client.get("/live/storm/feed.json").content)["expired"] is True
    assert "expired" not in client.get("/feed.json").json()


def test_feed_links_have_titles_with_subject_and_format(client, blog):
    update = newest(blog)
    titles = {
        "/": "Newsroom",
        "/topics/w/": "天氣 - Newsroom",
        "/live/storm/": "風暴︱標題",
        f"/live/storm/{update.pk}/": "風暴︱標題",
    }
    for path, title in titles.items():
        page = markup.fromstring(client.get(path).content.decode())
        links = page.xpath('//link[@rel="alternate"][contains(@href, "feed.")]')
        assert [link.get("title") for link in links] == [
            f"{title} (Atom)",
            f"{title} (RSS)",
            f"{title} (JSON Feed)",
        ]
        for link in links:
            assert client.get(link.get("href")).status_code == 200
