"""Linked data, read with a third-party parser and compared with every form of the page."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone
from extruct.jsonld import JsonLdExtractor
from lxml import html as markup

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, Update
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from tests.factories import NOON, make_blog, make_image, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SITE = "http://127.0.0.1:8000"
PATHS = ["/live/storm/", "/zh-hans/live/storm/"]
PUBLISHER = {"@type": "NewsMediaOrganization", "name": "Newsroom", "url": SITE}


@pytest.fixture
def blog() -> LiveBlog:
    """Return a blog with every kind of content and a second page of updates, which has the pinned one."""
    byline = Byline.objects.create(name="陳 <大文>")
    blog = make_blog(
        slug="storm",
        kicker="颱風",
        headline="八號信號 </script><b>生效",
        standfirst="首段 & 次段\n第二行",
        hero_image=make_image(alt="港口"),
        bylines=(byline, Byline.objects.create(name="李小文")),
        coverage_start_at=NOON - timedelta(hours=1),
    )
    images = [make_image(alt="甲"), make_image(alt="傷者", is_sensitive=True)]
    for i in range(24):
        update = make_update(
            blog,
            "" if i == 22 else f"第{i}則 <颱風> & </script>",
            body=f"<p>內文 <strong>{i}</strong> &lt;</p><ul><li>學校</li><li>停課</li></ul>",
            has_clock_time=i != 21,
            bylines=(byline,) if i % 2 else (),
            images=images if i == 23 else (),
            stories=(Story("前文", 1, "https://example.com/"),),
        )
        if i == 2:
            publishing.pin_update(update, by=SYSTEM)
        if i == 20:
            publishing.withdraw_update(update, by=SYSTEM, reason="x")
    for note in ("更正 <一>", "再更正"):
        update = publishing.correct_update(update, Content.of(update), by=SYSTEM, note=note)
    return LiveBlog.objects.get()


def read(client, path: str) -> tuple[markup.HtmlElement, dict[str, Any]]:
    """Return the page and its only piece of linked data."""
    text = client.get(path).content.decode()
    (data,) = JsonLdExtractor().extract(text)
    return markup.fromstring(text), data


def words(element: markup.HtmlElement) -> str:
    return "".join(element.text_content().split())


def displayed_posting(article: markup.HtmlElement) -> dict[str, Any]:
    """Return what the page displays of an update, as a schema.org BlogPosting."""
    permalink = article.find_class("permalink")[0].get("href")
    # The page shows no clock time if none is known, and never the exact time of the last change.
    update = Update.objects.get(pk=permalink.split("/")[-2])
    times = article.xpath('.//p[contains(@class, "update-time") or @class="meta"]//time/@datetime')
    moment = next((time for time in times if "T" in time), None)
    prose = article.find_class("prose")[0]
    opening = " ".join(block.text_content() for block in prose.xpath("./p[not(@class)] | ./ul/li"))
    names = article.xpath('.//footer[@class="update-foot"]/span/span/text()')
    posting = {
        "@type": "BlogPosting",
        "@id": SITE + permalink,
        "url": SITE + permalink,
        "headline": "".join(article.xpath(".//h3//text() | .//h1//text()")) or opening,
        "articleBody": "".join(words(block) for block in prose.xpath("./p[not(@class)] | ./ul")),
        # Only the day is known of an update without a clock time.
        "datePublished": moment or update.happened_on.isoformat(),
        "dateModified": hongkong.isoformat(update.modified_at),
        "author": [{"@type": "Person", "name": name} for name in names] or PUBLISHER,
    }
    if corrections := article.find_class("corrections"):
        times = corrections[0].xpath(".//time/@datetime")
        notes = corrections[0].xpath(".//time/following-sibling::span/text()")
        posting["correction"] = [
            {"@type": "CorrectionComment", "text": note, "datePublished": time}
            for time, note in zip(times, notes, strict=True)
        ]
    pictures = article.xpath('.//figure[not(contains(@class, "is-sensitive"))]//img/@src')
    return posting | ({"image": [SITE + src for src in pictures]} if pictures else {})


def without_spaces(posting: dict[str, Any]) -> dict[str, Any]:
    return posting | {"articleBody": "".join(posting["articleBody"].split())}


def test_live_blog_posting_matches_the_page(client, blog):
    older = blog.updates.get(heading__startswith="第10則").pk
    queries = ["", "?text=1", f"?before={older}", f"?before={older}&text=1"]
    for path, query in product(PATHS, queries):
        compare_page(client, blog, path, query)


def compare_page(client, blog: LiveBlog, path: str, query: str) -> None:
    page, data = read(client, path + query)
    postings = data.pop("liveBlogUpdate")
    is_latest, has_pictures = "before" not in query, "text" not in query
    pinned = page.xpath('//section[contains(@class, "pinned")]//article')
    articles = page.xpath('//li[contains(@class, "update")]/article[not(.//p[@class="tombstone"])]')
    assert len(articles) == (19 if is_latest else 10)
    assert len(pinned) == is_latest
    assert list(map(without_spaces, postings)) == list(map(displayed_posting, [*pinned, *articles]))
    # Pages of older updates have a shorter head.
    head = read(client, path)[0].find_class("head")[0]
    start = head.xpath('.//p[@class="meta"]//time/@datetime')[0]
    kicker, headline = head.xpath(".//h1/span/text()")[0], head.xpath(".//h1/text()")[-1].rstrip()
    names = head.xpath('string(.//p[@class="meta"]/span[1])').strip().split("、")
    # Each page of older updates is a posting of its own; text-only pages share the URL of the full page.
    address = SITE + path + query.removeprefix("?text=1").removesuffix("&text=1")
    expected = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "@id": address,
        "url": address,
        "headline": f"{kicker}︱{headline}",
        "inLanguage": page.get("lang"),
        "coverageStartTime": start,
        "datePublished": start,
        "dateModified": head.xpath('.//time[@class="updated"]/@datetime')[0],
        "author": [{"@type": "Person", "name": name} for name in names],
        "publisher": PUBLISHER,
    }
    if is_latest:
        expected["description"] = " ".join(page.xpath('//div[contains(@class, "standfirst")]/p/text()'))
    hero = page.xpath('//figure[contains(@class, "picture-hero")]//img/@src')
    assert bool(hero) == (is_latest and has_pictures)
    if hero:
        expected["image"] = [SITE + src for src in hero]
    assert data == expected


def test_linked_data_of_a_permalink_matches_the_page(client, blog):
    updates = blog.updates.published().filter(heading__regex="第(23|21|3)則")
    for path, query, update in product(PATHS, ["", "?text=1"], updates):
        page, data = read(client, f"{path}{update.pk}/{query}")
        assert data.pop("@context") == "https://schema.org"
        assert without_spaces(data) == displayed_permalink_posting(page, path, update)


def displayed_permalink_posting(page: markup.HtmlElement, path: str, update: Update) -> dict[str, Any]:
    (article,) = page.xpath('//*[contains(@class, "single")]//article')
    article.append(markup.fromstring(f'<a class="permalink" href="{path}{update.pk}/"></a>'))
    return displayed_posting(article)


def test_linked_data_has_every_correction_newest_first(client, blog):
    _page, data = read(client, "/live/storm/")
    corrected = [posting for posting in data["liveBlogUpdate"] if "correction" in posting]
    assert [[comment["text"] for comment in posting["correction"]] for posting in corrected] == [
        ["再更正", "更正 <一>"]
    ]


def test_withdrawn_update_has_no_linked_data(client, blog):
    withdrawn = blog.updates.get(status="withdrawn")
    response = client.get(f"/live/storm/{withdrawn.pk}/")
    assert response.status_code == 410
    assert JsonLdExtractor().extract(response.content.decode()) == []


def test_coverage_end_time_is_present_only_if_planned_or_over(client):
    assert "coverageEndTime" not in read(client, f"/live/{make_blog(slug='open').slug}/")[1]
    planned = timezone.now() + timedelta(days=1)
    make_blog(slug="planned", coverage_end_at=planned)
    assert read(client, "/live/planned/")[1]["coverageEndTime"] == hongkong.isoformat(planned)
    ended = publishing.end_coverage(make_blog(slug="ended"), by=SYSTEM)
    page, data = read(client, "/live/ended/")
    assert data["coverageEndTime"] == hongkong.isoformat(ended.coverage_end_at)
    assert data["coverageEndTime"] in page.xpath('//p[@class="meta"]//time/@datetime')
    publishing.start_coverage(ended, by=SYSTEM)
    assert "coverageEndTime" not in read(client, "/live/ended/")[1]


@pytest.mark.parametrize("logo", ["/static/logo.png", "https://cdn.example/logo.png"])
def test_publisher_has_the_configured_logo(client, settings, logo):
    settings.SITE_LOGO_URL = logo
    make_blog(slug="storm")
    url = SITE + logo if logo.startswith("/") else logo
    assert read(client, "/live/storm/")[1]["publisher"]["logo"] == {"@type": "ImageObject", "url": url}
