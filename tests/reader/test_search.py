"""Search in one blog and across all: in either script, for phrases, with the newest result first."""

from __future__ import annotations

import re

import pytest

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, Content
from liveblog.reader import search
from newsroom.text import marking
from tests.factories import NOON, make_blog, make_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def truce() -> LiveBlog:
    blog = make_blog(slug="truce", headline="和談進展")
    make_update(blog, "雙方同意停火", body="<p>停火協議今晚生效，隨後在日內瓦會談。</p>")
    make_update(blog, "人道走廊開放", body="<p>物資將於停電前運抵。火車恢復行駛。</p>")
    make_update(blog, "G7峰會表態", body="<p>Leaders welcomed the ceasefire talks in Geneva.</p>")
    return blog


def search_headings(client, query: str, **parameters: str) -> list[str]:
    page = client.get("/search/", {"q": query} | parameters).content.decode()
    return [
        re.sub("<[^>]*>", "", title).strip() for title in re.findall(r"<h3><a[^>]*>(.*?)\s*</a></h3>", page)
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("停火", ["雙方同意停火"]),
        ("停火协议", ["雙方同意停火"]),
        ("停火協議 日內瓦", ["雙方同意停火"]),
        ("隨後", ["雙方同意停火"]),
        ("随后", ["雙方同意停火"]),
        ("火車", ["人道走廊開放"]),
        ("停火車", []),
        ("協議停火", []),
        ("ceasefire", ["G7峰會表態"]),
        ("CEASEFIRE talks", ["G7峰會表態"]),
        ("g7", ["G7峰會表態"]),
        ("Ｇ７峰会", ["G7峰會表態"]),
        ("停", ["人道走廊開放", "雙方同意停火"]),
        ("「停火」", ["雙方同意停火"]),
        ("\"'*:()&|!<->", []),
        ("AND OR NOT", []),
        ("沒有的字", []),
    ],
)
def test_query_matches_text_in_either_script(client, truce, query, expected):
    assert search_headings(client, query) == expected


def test_a_search_in_one_blog_finds_nothing_from_another(client, truce):
    other = make_blog(slug="other")
    make_update(other, "另一場停火")
    assert search_headings(client, "停火") == ["另一場停火", "雙方同意停火"]
    assert search_headings(client, "停火", **{"in": "other"}) == ["另一場停火"]
    assert client.get("/search/", {"q": "停火", "in": "none"}).status_code == 404


def test_results_link_to_permalinks_and_mark_the_matches(client, truce):
    update = truce.updates.get(heading="雙方同意停火")
    page = client.get("/search/", {"q": "停火"}).content.decode()
    assert re.search(rf'<a href="/live/truce/{update.pk}/"\s*>雙方同意<mark>停火</mark>\s*</a>', page)
    assert "<p><mark>停火</mark>協議今晚生效，隨後在日內瓦會談。\n</p>" in page


def test_a_live_blog_is_found_by_its_headline(client, truce):
    page = client.get("/search/", {"q": "和谈"}).content.decode()
    assert re.search(r'<a href="/live/truce/">.*?<mark>和談</mark>進展', page, re.DOTALL)


def test_search_results_are_converted_in_the_edition(client, truce):
    page = client.get("/zh-hans/search/", {"q": "停火"}).content.decode()
    assert "双方同意<mark>停火</mark>" in page
    assert 'href="/zh-hans/live/truce/' in page
    response = client.get("/zh-hant/search/", {"q": "停火"})
    assert (response.status_code, response.headers["Location"]) == (301, "/search/?q=%E5%81%9C%E7%81%AB")


def test_search_finds_only_public_text(client, truce):
    update = truce.updates.get(heading="雙方同意停火")
    publishing.draft_update(truce, Content("停火草稿"), by=SYSTEM)
    publishing.edit_update(update, Content("雙方停戰", "<p>停戰</p>", NOON), by=SYSTEM)
    assert search_headings(client, "停火") == []
    assert search_headings(client, "停戰") == ["雙方停戰"]
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    assert search_headings(client, "停戰") == []
    publishing.restore_update(update, by=SYSTEM)
    assert search_headings(client, "停戰") == ["雙方停戰"]
    publishing.withdraw_blog(truce, by=SYSTEM)
    assert search_headings(client, "停戰") == []
    assert search_headings(client, "和談") == []


def test_older_results_are_on_the_following_pages(client, monkeypatch):
    monkeypatch.setattr(search, "RESULTS_PER_PAGE", 2)
    blog = make_blog()
    for number in range(5):
        make_update(blog, f"停火第{number}天")
    days, query = [], "?q=停火"
    while query:
        page = client.get(f"/search/{query}").content.decode()
        days += re.findall(r"第(\d)天\s*</a>", page)
        older = re.search(r'rel="next"\s+href="([^"]+)"', page)
        query = older and older[1].replace("&amp;", "&")
    assert days == ["4", "3", "2", "1", "0"]


def test_search_without_a_query_explains_how_to_search(client):
    page = client.get("/search/").content.decode()
    assert "繁體或簡體均可" in page
    assert client.get("/search/", {"q": "x" * 5_000}).status_code == 200
    assert client.get("/search/", {"q": "停火", "before": "x"}).status_code == 400


def test_a_very_long_update_is_found_by_its_last_words(client):
    make_update(make_blog(), "長文", body=f"<p>{'一二三四五六七八九十' * 2_500}終於停火</p>")
    assert search_headings(client, "終於停火") == ["長文"]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("隨着發展", "发展", [("隨着", False), ("發展", True)]),
        ("ＡＢＣ", "abc", [("ＡＢＣ", True)]),
        ("停火停火", "停火", [("停火停火", True)]),
        ("停火協議", "協議 停火", [("停火協議", True)]),
        ("", "停火", []),
    ],
)
def test_matches_are_marked_in_their_original_form(text, query, expected):
    assert marking.mark(text, query) == expected


def test_snippet_surrounds_the_match():
    runs = [("前" * 100, False), ("停火", True), ("後" * 300, False)]
    assert marking.cut(runs) == [
        ("…" + "前" * 24, False),
        ("停火", True),
        ("後" * 93 + "…", False),
    ]


def test_results_are_counted_and_filtered_by_state(client, truce):
    ended = make_blog(slug="ended", headline="舊聞")
    make_update(ended, "停火破裂")
    publishing.end_coverage(ended, by=SYSTEM)

    assert search_headings(client, "停火", state="live") == ["雙方同意停火"]
    assert search_headings(client, "停火", state="ended") == ["停火破裂"]
    assert len(search_headings(client, "停火")) == 2
    page = client.get("/search/", {"q": "停火", "state": "ended"}).content.decode()
    assert " 1 " in re.search(r'<p class="count"[^>]*>(.*?)</p>', page, re.DOTALL)[1]
    assert client.get("/search/?q=停火&state=none").status_code == 400
