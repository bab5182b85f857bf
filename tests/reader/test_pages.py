"""Public pages as the server renders them: order, days, tombstones, refusals and query counts."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from django.test.signals import template_rendered
from django.utils import timezone
from lxml import html as markup

from liveblog import publishing
from liveblog.models import Byline, Topic, Update
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from tests.factories import NOON, edit_blog, make_blog, make_image, make_update

pytestmark = pytest.mark.django_db


def headings_of(page: str) -> list[str]:
    return re.findall(r"<h[23] id=[^>]*>([^<]*)</h[23]>", page[page.index('id="updates"') :])


def test_updates_are_newest_first_under_hong_kong_days(client):
    blog = make_blog(coverage_start_at=datetime(2026, 3, 18, 20, tzinfo=hongkong.ZONE))
    midnight = datetime(2026, 3, 19, 0, 5, tzinfo=hongkong.ZONE)
    make_update(blog, "零時五分", happened_at=midnight)
    make_update(blog, "前一晚", happened_at=midnight - timedelta(minutes=10))
    make_update(blog, "較新", happened_at=midnight + timedelta(hours=2))
    make_update(blog, "無時間", happened_at=midnight + timedelta(hours=1), has_clock_time=False)
    page = client.get(f"/live/{blog.slug}/").text
    assert headings_of(page) == ["19日最新消息", "較新", "無時間", "零時五分", "18日最新消息", "前一晚"]
    assert re.findall(r'<time class="clock" datetime="([^"]+)"\s*>([^<]+)</time>', page) == [
        ("2026-03-19T02:05:00+08:00", "【02:05】"),
        ("2026-03-19T00:05:00+08:00", "【00:05】"),
        ("2026-03-18T23:55:00+08:00", "【23:55】"),
    ]


def test_day_heading_includes_the_month_after_coverage_crosses_into_another(client):
    blog = make_blog(coverage_start_at=datetime(2026, 7, 31, 12, tzinfo=hongkong.ZONE), language="zh-hant")
    make_update(blog, "一", happened_at=datetime(2026, 7, 31, 13, tzinfo=hongkong.ZONE))
    make_update(blog, "二", happened_at=datetime(2026, 8, 1, 13, tzinfo=hongkong.ZONE))
    page = client.get(f"/live/{blog.slug}/").text
    assert headings_of(page) == ["8月1日最新消息", "二", "31日最新消息", "一"]


def test_labels_are_in_the_language_of_the_blog(client):
    words = {
        "zh-hant": ("zh-Hant-HK", "直播", "持續更新", "19日最新消息"),
        "zh-hans": ("zh-Hans", "直播", "持续更新", "19日最新消息"),
        "en": ("en", "Live", "Updating", "Updates: 19 March"),
    }
    for language, expected in words.items():
        start = datetime(2026, 3, 19, tzinfo=hongkong.ZONE)
        blog = make_blog(language=language, coverage_start_at=start)
        make_update(blog, "x", body="<p>x</p>", happened_at=NOON)
        page = client.get(f"/live/{blog.slug}/", headers={"Accept-Language": "fr, de"}).text
        for word in expected:
            assert word in page, (language, word)
        if language == "zh-hans":
            assert not re.search("[續報導時間連結]", page)
        if language == "en":
            assert not re.search("[\u4e00-\u9fff]", page.replace("標題", ""))


def test_live_badge_disappears_when_coverage_ends(client):
    blog = make_blog()
    assert 'class="badge"' in client.get(f"/live/{blog.slug}/").text
    publishing.end_coverage(blog, by=SYSTEM)
    page = client.get(f"/live/{blog.slug}/").text
    assert 'class="badge"' not in page
    assert "報道已結束" in page


def test_page_shows_every_field_of_a_blog_and_an_update(client):
    byline = Byline.objects.create(name="陳大文", role="日內瓦")
    blog = make_blog(
        kicker="風暴",
        standfirst="首段。\n次段。",
        summary="<ul><li>要點</li></ul>",
        bylines=(byline,),
        topics=(Topic.objects.create(slug="weather", name="天氣"),),
        hero_image=make_image(caption="海邊", credit="本報"),
    )
    update = make_update(
        blog,
        "甲 < 乙",
        body="<p>一</p><p>二</p>",
        bylines=(byline,),
        source="天文台",
        verification="unconfirmed",
        is_key_event=True,
        images=(make_image(alt="樹木"),),
        stories=(Story("航班一覽", 1, "https://example.com/a?b=1&c=2"), Story("未連結", 2)),
    )
    publishing.pin_update(update, by=SYSTEM)
    page = client.get(f"/live/{blog.slug}/").text
    for expected in (
        "<p>首段。</p><p>次段。</p>",
        "<ul><li>要點</li></ul>",
        'href="/topics/weather/"',
        "海邊",
        "甲 &lt; 乙",
        "未經證實",
        "來源： 天文台",
        'alt="樹木"',
        'href="https://example.com/a?b=1&amp;c=2">航班一覽</a>',
        "<span>未連結</span>",
        "置頂",
        f'<a href="/live/{blog.slug}/{update.pk}/">',
    ):
        assert expected in page, expected
    timeline = page[page.index('id="updates"') :]
    assert re.search(r"<p>一</p>.*航班一覽.*<p>二</p>.*未連結", timeline, re.DOTALL)


def test_a_withdrawn_update_is_a_tombstone_on_fresh_pages(client):
    blog = make_blog()
    update = make_update(blog, "秘密", body="<p>秘密</p>", is_key_event=True)
    publishing.pin_update(update, by=SYSTEM)
    publishing.withdraw_update(update, by=SYSTEM, reason="內部原因")
    at = Update.objects.get(pk=update.pk).withdrawn_at
    withdrawn = f"{hongkong.day_of(at).day}日{hongkong.clock_label(at)}"
    page = client.get(f"/live/{blog.slug}/").text
    assert f"此更新已於{withdrawn}撤回" in page
    assert "秘密" not in page
    assert "內部原因" not in page
    response = client.get(f"/live/{blog.slug}/{update.pk}/")
    assert response.status_code == 410
    assert f"此更新已於{withdrawn}撤回" in response.text
    assert "秘密" not in response.text


def test_a_correction_shows_its_note_and_its_history(client):
    update = make_update(make_blog())
    for note in ("首次更正", "再次更正"):
        publishing.correct_update(update, Content.of(update), by=SYSTEM, note=note)
    page = client.get(f"/live/{update.blog.slug}/").text
    assert re.search(r"<strong>更正</strong>.*再次更正.*<details>.*首次更正", page, re.DOTALL)


def test_paging_reaches_every_older_update_once(client):
    blog = make_blog()
    updates = [make_update(blog, f"第{i}則", happened_at=NOON) for i in range(45)]
    update_ids, address = [], f"/live/{blog.slug}/"
    while address:
        page = client.get(address).text
        update_ids += [int(pk) for pk in re.findall(r'<li class="update" id="update-(\d+)"', page)]
        match = re.search(r'rel="next" href="(\?before=\d+)"', page)
        address = match and f"/live/{blog.slug}/{match[1]}"
    assert update_ids == [update.pk for update in reversed(updates)]


def test_permalink_names_its_blog_and_links_to_its_neighbours(client):
    blog = make_blog(kicker="風暴")
    older, update, newer = (make_update(blog, heading) for heading in ("先", "中", "後"))
    page = client.get(f"/live/{blog.slug}/{update.pk}/").text
    assert "<title>中｜風暴︱標題 - Newsroom</title>" in page
    assert f'<link rel="canonical" href="http://127.0.0.1:8000/live/{blog.slug}/{update.pk}/">' in page
    assert '<meta property="og:title" content="中">' in page
    assert f'rel="prev" href="/live/{blog.slug}/{newer.pk}/"' in page
    assert f'rel="next" href="/live/{blog.slug}/{older.pk}/"' in page


def test_linked_data_matches_the_page_and_cannot_close_its_script_element(client):
    blog = make_blog(language="en", headline="</script><b>x")
    update = make_update(blog, "</script>", body="<p>a &amp; b</p>", happened_at=NOON)
    publishing.withdraw_update(make_update(blog, "Gone"), by=SYSTEM, reason="x")
    page = client.get(f"/live/{blog.slug}/").text
    raw = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1]
    data = json.loads(raw)
    assert "<" not in raw
    assert (data["@type"], data["headline"], "coverageEndTime" in data) == (
        "LiveBlogPosting",
        "</script><b>x",
        False,
    )
    assert data["liveBlogUpdate"] == [
        {
            "@type": "BlogPosting",
            "@id": f"http://127.0.0.1:8000/live/{blog.slug}/{update.pk}/",
            "url": f"http://127.0.0.1:8000/live/{blog.slug}/{update.pk}/",
            "headline": "</script>",
            "articleBody": "a & b",
            "datePublished": "2026-03-19T12:00:00+08:00",
            "dateModified": hongkong.isoformat(Update.objects.get(pk=update.pk).modified_at),
            "author": {"@type": "NewsMediaOrganization", "name": "Newsroom", "url": "http://127.0.0.1:8000"},
        }
    ]


def test_front_page_lists_live_and_ended_blogs(client):
    live, ended, draft = (
        make_blog(headline="直播中"),
        make_blog(headline="已完"),
        make_blog(is_live=False, headline="未發"),
    )
    for i in range(5):
        make_update(live, f"第{i}則")
    publishing.end_coverage(ended, by=SYSTEM)
    page = client.get("/").text
    assert re.search("正在直播.*直播中.*第4則.*第3則.*第2則.*已結束的報道.*已完", page, re.DOTALL)
    assert "第1則" not in page
    assert draft.headline not in page


def test_front_page_says_that_there_are_no_live_blogs(client):
    assert "現時沒有直播中的報道" in client.get("/").text


def test_a_topic_lists_its_blogs(client):
    topic = Topic.objects.create(slug="weather", name="天氣")
    make_blog(headline="風暴", topics=(topic,))
    make_blog(headline="別的")
    page = client.get("/topics/weather/").text
    assert "風暴" in page
    assert "別的" not in page


def test_blog_links_to_its_successor_once_that_is_public(client):
    successor = make_blog(headline="續篇", is_live=False)
    blog = make_blog(headline="前篇")
    edit_blog(blog, successor=successor)
    assert "續篇" not in client.get(f"/live/{blog.slug}/").text
    publishing.start_coverage(successor, by=SYSTEM)
    assert "續見： <a" in client.get(f"/live/{blog.slug}/").text
    assert "承接： <a" in client.get(f"/live/{successor.slug}/").text


@pytest.mark.parametrize(
    "path",
    ["", "{update}/", "changes.json?after=0", "feed.atom", "feed.rss", "feed.json", "?before={update}"],
)
def test_hidden_blogs_return_404_and_withdrawn_blogs_return_410(client, path):
    soon = timezone.now() + timedelta(hours=1)
    answers = {}
    for name, blog in {
        "draft": make_blog(is_live=False),
        "embargoed": make_blog(embargo_until_at=soon),
        "withdrawn": make_blog(),
        "live": make_blog(),
    }.items():
        update = make_update(blog)
        if name == "withdrawn":
            publishing.withdraw_blog(blog, by=SYSTEM)
        answers[name] = client.get(f"/live/{blog.slug}/" + path.format(update=update.pk)).status_code
    assert answers == {"draft": 404, "embargoed": 404, "withdrawn": 410, "live": 200}


@pytest.mark.parametrize("path", ["?before=999999", "999999/"])
def test_unknown_updates_return_404(client, path):
    blog = make_blog()
    draft = publishing.draft_update(blog, Content(heading="x"), by=SYSTEM)
    assert client.get(f"/live/{blog.slug}/{path}").status_code == 404
    assert client.get(f"/live/{blog.slug}/{draft.pk}/").status_code == 404
    assert client.get(f"/live/{make_blog().slug}/{make_update(blog).pk}/").status_code == 404


@pytest.mark.parametrize(
    "query", ["?before=x", "?before=", "?before=-1", f"?before={'9' * 30}", "?before=1&before=1"]
)
def test_invalid_before_parameter_returns_400(client, query):
    blog = make_blog()
    make_update(blog)
    assert client.get(f"/live/{blog.slug}/{query}").status_code == 400


def test_query_count_does_not_depend_on_the_number_of_updates(client, django_assert_max_num_queries):
    byline, image, other = Byline.objects.create(name="陳"), make_image(), make_blog()

    def count_queries(path: str) -> int:
        with django_assert_max_num_queries(20) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    def fill(blog, count: int):
        for i in range(count):
            update = make_update(
                blog,
                f"{i}",
                bylines=(byline,),
                images=(image,),
                is_key_event=True,
                stories=(Story("a", 0, live_blog=other), Story("b", 1, "https://example.com/")),
            )
            publishing.correct_update(update, Content.of(update), by=SYSTEM, note="更正")
        return update

    short, long = make_blog(hero_image=image), make_blog(hero_image=image)
    first, last = fill(short, 2), fill(long, 30)
    publishing.pin_update(first, by=SYSTEM)
    publishing.pin_update(last, by=SYSTEM)
    for path in ("", "changes.json?after=1", "feed.atom", "feed.rss", "feed.json"):
        assert count_queries(f"/live/{long.slug}/{path}") == count_queries(f"/live/{short.slug}/{path}"), path
    assert count_queries(f"/live/{long.slug}/{last.pk}/") == count_queries(f"/live/{short.slug}/{first.pk}/")


def test_thumbnails_of_ended_coverage_have_every_picture_format(client):
    image = make_image()
    make_blog()
    publishing.end_coverage(make_blog(slug="storm", hero_image=image), by=SYSTEM)
    page = markup.fromstring(client.get("/").content.decode())
    (thumbnail,) = page.find_class("thumb")
    sources = {source.get("type"): source.get("srcset") for source in thumbnail.iter("source")}
    assert sources == {
        f"image/{extension}": ", ".join(
            f"{image.rendition_url(width, extension)} {width}w" for width in image.widths
        )
        for extension in ("avif", "webp")
    }
    assert thumbnail.xpath(".//img/@src")[0] == image.rendition_url(320, "jpg")


def test_the_pinned_section_has_a_heading(client):
    blog = make_blog(slug="storm")
    publishing.pin_update(make_update(blog, "停課"), by=SYSTEM)
    page = markup.fromstring(client.get("/live/storm/").content.decode())
    (section,) = page.find_class("pinned")
    assert section.find("h2").text == "置頂"
    assert section.get("aria-labelledby") == section.find("h2").get("id")


def test_an_update_is_rendered_once_however_often_others_change(client):
    blog = make_blog(slug="storm")
    for _ in range(3):
        make_update(blog)
    rendered: list[int] = []

    def note(sender, template, context, **kwargs):
        if template.name == "presentation/_update.html":
            rendered.append(context["update"].pk)

    template_rendered.connect(note)
    try:
        client.get("/live/storm/")
        newest = make_update(blog)
        markup = client.get("/live/storm/").content.decode()
    finally:
        template_rendered.disconnect(note)

    assert len(rendered) == 4 == len(set(rendered))
    assert markup.count(f'id="update-{newest.pk}"') == 1
