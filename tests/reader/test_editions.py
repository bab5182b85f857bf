"""Editions of Chinese blogs: pages, polls and feeds in the other script, with the glossary's terms."""

from __future__ import annotations

import json
import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from liveblog import publishing
from liveblog.models import Byline, Glossary, Topic
from liveblog.publishing import SYSTEM, Content, Story
from tests.factories import NOON, make_blog, make_image, make_update, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def blog():
    topic = Topic.objects.create(slug="weather", name="天氣")
    blog = make_blog(
        slug="storm",
        kicker="風暴",
        headline="颱風逼近，學校停課",
        standfirst="天文台發出警告。",
        summary="<p>渡輪停航。</p>",
        topics=(topic,),
        bylines=(Byline.objects.create(name="陳記者", role="灣仔報道"),),
        hero_image=make_image(alt="維港巨浪", caption="海濱無人", credit="本報"),
        stories=(Story("過往風暴", 0, "https://example.com/發"),),
        has_responses=True,
    )
    update = make_update(
        blog,
        "頭髮花白的老人獲救",
        body='<p>他說：「後來<b>發</b>現<a href="https://example.com/後">乾糧</a>。」</p>',
        source="警務處",
        is_key_event=True,
    )
    publishing.pin_update(update, by=SYSTEM)
    publishing.correct_update(update, Content.of(update), by=SYSTEM, note="更正姓名")
    response = publishing.submit_response(blog, name="發哥", text="謝謝報導")
    publishing.approve_response(response, by=SYSTEM)
    blog.refresh_from_db()
    return blog


def test_page_and_its_labels_are_converted(client, blog):
    page = client.get("/zh-hans/live/storm/").text
    assert '<html lang="zh-Hans">' in page
    for words in (
        "台风逼近，学校停课",
        "天文台发出警告。",
        "渡轮停航。",
        "陈记者",
        "湾仔报道",
        "维港巨浪",
        "过往风暴",
        "头发花白的老人获救",
        "警务处",
        "更正姓名",
        "谢谢报导",
        "持续更新",
        "天气",
    ):
        assert words in page, words
    # Readers' names, link targets and the label of the other script are not converted.
    assert "发哥" not in page
    assert "發哥" in page
    assert 'href="https://example.com/後"' in page
    visible = re.sub(r"<[^>]*>|發哥|繁", "", page[page.index("<main") :])
    assert re.findall("[發後乾颱學號灣謝續]", visible) == []


def test_links_on_the_page_stay_in_the_edition(client, blog):
    update = blog.updates.get()
    page = client.get("/zh-hans/live/storm/").text
    plain = set(re.findall(r'(?:href|src|action)="(/(?!zh-hans/|static/|media/)[^"]*)"', page))
    # Only the link to the original and the site's icons leave the edition.
    assert plain == {"/live/storm/", "/favicon.ico", "/apple-touch-icon.png"}
    assert f'href="/zh-hans/live/storm/{update.pk}/"' in page
    assert '<link rel="canonical" href="http://127.0.0.1:8000/zh-hans/live/storm/">' in page


def test_each_script_links_to_the_other_as_its_alternate(client, blog):
    for path in ("/live/storm/", "/zh-hans/live/storm/"):
        page = client.get(path).text
        assert re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', page) == [
            ("zh-Hant-HK", "http://127.0.0.1:8000/live/storm/"),
            ("x-default", "http://127.0.0.1:8000/live/storm/"),
            ("zh-Hans", "http://127.0.0.1:8000/zh-hans/live/storm/"),
        ]
    assert "由机器转换" in page
    assert "由機器轉換" not in client.get("/live/storm/").text


def test_permalink_poll_feeds_and_linked_data_are_converted(client, blog):
    update = blog.updates.get()
    permalink = client.get(f"/zh-hans/live/storm/{update.pk}/").text
    assert "<h1>头发花白的老人获救</h1>" in permalink
    linked = json.loads(re.search(r'ld\+json">(.*?)</script>', permalink)[1])
    assert (linked["headline"], linked["url"]) == (
        "头发花白的老人获救",
        f"http://127.0.0.1:8000/zh-hans/live/storm/{update.pk}/",
    )
    delta = client.get("/zh-hans/live/storm/changes.json?after=0").json()
    assert delta["blog"]["headline"] == "台风逼近，学校停课"
    assert (delta["blog"]["language"], delta["blog"]["converted_from"]) == ("zh-Hans", "zh-Hant-HK")
    assert "头发花白" in delta["updates"][0]["html"]
    assert "台风" in delta["regions"]["head"]
    for form in ("atom", "rss", "json"):
        for feed in (f"/zh-hans/live/storm/feed.{form}", f"/zh-hans/feed.{form}"):
            assert "头发花白" in client.get(feed).text, feed
        assert "天气" in client.get(f"/zh-hans/topics/weather/feed.{form}").text


def test_front_page_and_topic_are_converted(client, blog):
    for path in ("/zh-hans/", "/zh-hans/topics/weather/"):
        page = client.get(path).text
        assert "台风逼近" in page
        assert "头发花白" in page
        assert 'href="/zh-hans/live/storm/"' in page


def test_simplified_blog_is_converted_to_traditional(client):
    blog = make_blog(language="zh-hans", headline="随着台风发展，群众撤离")
    make_update(blog, "理发店里面停电", body="<p>内地学校停课。</p>")
    page = client.get(f"/zh-hant/live/{blog.slug}/").text
    assert '<html lang="zh-Hant-HK">' in page
    for words in ("隨着颱風發展，羣眾撤離", "理髮店裏面停電", "內地學校停課。", "持續更新"):
        assert words in page, words


@pytest.mark.parametrize(
    "path",
    ["/", "/live/storm/", "/live/storm/changes.json?after=0", "/live/storm/feed.atom", "/topics/weather/"],
)
def test_edition_of_the_original_script_redirects_to_the_plain_url(client, blog, path):
    response = client.get(f"/zh-hant{path}")
    assert (response.status_code, response.headers["Location"]) == (301, path)


def test_english_blog_has_no_other_edition(client):
    blog = make_blog(language="en", headline="Ferry runs again")
    make_update(blog, "First boat")
    for prefix in ("/zh-hant", "/zh-hans"):
        for path in (f"/live/{blog.slug}/", f"/live/{blog.slug}/changes.json?after=0"):
            assert client.get(prefix + path).status_code == 404
    assert "hreflang" not in client.get(f"/live/{blog.slug}/").text
    # Chinese listings link to the only URL of an English blog.
    assert f'href="/live/{blog.slug}/"' in client.get("/zh-hans/").text


def test_glossary_changes_conversion_and_the_etags_of_editions(client, blog):
    before = client.get("/zh-hans/live/storm/").headers["ETag"]
    plain = client.get("/live/storm/").headers["ETag"]
    term = publishing.add_term(by=SYSTEM, traditional="颱風", simplified="颱风（台风）")
    publishing.add_term(by=SYSTEM, traditional="警務處", simplified="警務處")
    response = client.get("/zh-hans/live/storm/")
    assert "颱风（台风）逼近" in response.text
    assert "警務處" in response.text
    assert response.headers["ETag"] == before.replace("-g0-", "-g2-")
    assert client.get("/zh-hans/live/storm/", headers={"If-None-Match": before}).status_code == 200
    assert client.get("/live/storm/").headers["ETag"] == plain
    publishing.remove_term(term, by=SYSTEM)
    assert Glossary.objects.revision() == 3
    assert "台风逼近" in client.get("/zh-hans/live/storm/").text


def test_edition_wording_of_an_update_survives_edits(client, blog):
    update = make_update(
        blog, "乾坤之后", body="<p>乾坤</p>", edition_wording="乾坤 = 乾坤\n\n后＝后（原文）"
    )
    for heading in ("乾坤之后", "乾坤再現"):
        publishing.edit_update(
            update, Content(heading, "<p>乾坤</p>", NOON, edition_wording=update.edition_wording), by=SYSTEM
        )
        delta = client.get(f"/zh-hans/live/storm/changes.json?after={blog.number}").json()
        assert "乾坤" in delta["updates"][0]["heading"]
    assert update.wording == (("乾坤", "乾坤"), ("后", "后（原文）"))


@pytest.mark.parametrize("line", ["乾坤", "=乾坤", "乾坤=", "甲=乙=丙"])
def test_malformed_edition_wording_is_refused(blog, line):
    with pytest.raises(ValidationError, match="每行一項"):
        make_update(blog, "標題", edition_wording=line)


def test_glossary_changes_require_permission_and_unique_terms():
    editor = make_user("add_glossaryterm")
    term = publishing.add_term(by=editor, traditional="裏", simplified="里")
    for verb, arguments in (
        (publishing.edit_term, {"term": term, "traditional": "裡", "simplified": "里"}),
        (publishing.remove_term, {"term": term}),
    ):
        with pytest.raises(PermissionDenied):
            verb(by=editor, **arguments)
    with pytest.raises(ValidationError):
        publishing.add_term(by=editor, traditional="裏", simplified="里面")
    assert Glossary.objects.revision() == 1


def test_glossary_can_be_edited_in_the_admin(client, blog):
    editor = make_user("view_glossaryterm", "add_glossaryterm", "change_glossaryterm", "delete_glossaryterm")
    client.force_login(editor)
    url = "/admin/liveblog/glossaryterm/"
    form_data = {"traditional": "警務處", "simplified": "警队", "note": ""}
    assert client.post(f"{url}add/", form_data).status_code == 302
    assert "警队" in client.get("/zh-hans/live/storm/").text
    again = client.post(f"{url}add/", form_data)
    assert again.status_code == 200
    pk = re.search(r"/glossaryterm/(\d+)/change/", client.get(url).text)[1]
    assert client.post(f"{url}{pk}/change/", form_data | {"simplified": "警务处"}).status_code == 302
    assert client.post(f"{url}{pk}/delete/", {"post": "yes"}).status_code == 302
    assert Glossary.objects.revision() == 3


def test_response_form_is_shown_in_the_edition(client, blog):
    form = client.get("/zh-hans/live/storm/respond/").text
    assert 'action="/zh-hans/live/storm/respond/"' in form
    assert "写下回应" in form or "回应" in form
    assert client.get("/zh-hant/live/storm/respond/").status_code == 301


def test_reading_an_edition_leaves_the_original_unchanged(client, blog, django_assert_num_queries):
    client.get("/zh-hans/live/storm/")
    blog.refresh_from_db()
    assert blog.headline == "颱風逼近，學校停課"
    assert blog.updates.get().heading == "頭髮花白的老人獲救"


def test_names_given_in_full_keep_their_characters(client):
    byline = Byline.objects.create(name="余香凝", role="记者于里昂")
    blog = make_blog(language="zh-hans", headline="局长请辞", bylines=(byline,))
    update = make_update(
        blog, "于浩洋辞职内情", body="<p>局长<b>于浩洋</b>说，外长发言不准确，现金发放处于正常水平。</p>"
    )
    for path in (f"/zh-hant/live/{blog.slug}/", f"/zh-hant/live/{blog.slug}/{update.pk}/"):
        page = client.get(path).text
        assert "于浩洋辭職內情" in page
        assert "<p>局長<b>于浩洋</b>説，外長發言不準確，現金發放處於正常水平。</p>" in page
    # A byline is converted as a name, not as part of a sentence.
    page = client.get(f"/zh-hant/live/{blog.slug}/").text
    assert "余香凝" in page
    assert "記者於里昂" in page


def test_glossary_term_does_not_change_other_words(client):
    publishing.add_term(by=SYSTEM, traditional="范太太", simplified="范太")
    blog = make_blog(language="zh-hans", headline="规范太宽松 范太不满")
    assert "規範太寬鬆 范太太不滿" in client.get(f"/zh-hant/live/{blog.slug}/").text
