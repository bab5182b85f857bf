"""Query counts: how many queries a page takes, and how many a 304."""

from __future__ import annotations

import pytest
from django.test import Client

from liveblog import publishing
from liveblog.models import LiveBlog, Topic, Update
from liveblog.presentation import pieces
from liveblog.presentation.timeline import PAGE_SIZE
from liveblog.publishing import SYSTEM, Content
from tests.factories import make_blog, make_key, make_rich_blog, make_update

pytestmark = pytest.mark.django_db

# The number of queries of a 304, by address. The first reads the row of the live blog, or the state of
# several; a second reads the other row that the address names, or the origins that may frame an embed.
PUBLIC = {
    "/live/storm/": 1,
    "/live/storm/?before={newer}": 2,
    "/live/storm/?text=1": 1,
    "/live/storm/{update}/": 1,
    "/live/storm/key-events/": 1,
    "/live/storm/key-events/?before={newer}": 2,
    "/live/storm/corrections/": 2,
    "/live/storm/corrections/?before={number}": 2,
    "/live/storm/changes.json?after=0": 1,
    "/live/storm/changes.json?after={number}": 1,
    "/live/storm/feed.atom": 1,
    "/live/storm/feed.rss": 1,
    "/live/storm/feed.json": 1,
    "/embed/storm/": 2,
    "/embed/storm/{update}/": 2,
    "/oembed?url=http://127.0.0.1:8000/live/storm/": 1,
    "/oembed?url=http://127.0.0.1:8000/live/storm/{update}/": 1,
    "/": 1,
    "/topics/weather/": 2,
    "/feed.atom": 1,
    "/feed.rss": 1,
    "/feed.json": 1,
    "/topics/weather/feed.atom": 2,
    "/topics/weather/feed.json": 2,
    "/search/?q=消息": 1,
    "/search/?q=消息&in=storm": 1,
    "/sitemap.xml": 1,
    "/sitemap-listings.xml": 1,
    "/sitemap-live.xml": 1,
    "/sitemap-updates.xml": 1,
    "/news-sitemap.xml": 2,
    "/manifest.webmanifest": 0,
    "/zh-hans/live/storm/": 1,
    "/zh-hans/live/storm/{update}/": 1,
    "/zh-hans/live/storm/key-events/": 1,
    "/zh-hans/live/storm/changes.json?after={number}": 1,
    "/zh-hans/live/storm/feed.atom": 1,
    "/zh-hans/embed/storm/": 2,
    "/zh-hans/embed/storm/{update}/": 2,
    "/zh-hans/": 1,
    "/zh-hans/topics/weather/": 2,
    "/zh-hans/feed.json": 1,
    "/zh-hans/topics/weather/feed.rss": 2,
    "/zh-hans/search/?q=消息": 1,
}
# The same for the API without a key; a key takes one query more.
API = {
    "/api/v1/blogs/": 1,
    "/api/v1/blogs/?edition=zh-hans": 1,
    "/api/v1/blogs/storm/": 1,
    "/api/v1/blogs/storm/?edition=zh-hans": 1,
    "/api/v1/blogs/storm/updates/": 1,
    "/api/v1/blogs/storm/updates/?edition=zh-hans&is_key_event=true": 1,
    "/api/v1/blogs/storm/changes/?after=0": 1,
    "/api/v1/blogs/storm/changes/?after={number}": 1,
    "/api/v1/blogs/storm/ninjs/": 1,
    "/api/v1/updates/": 1,
    "/api/v1/updates/?edition=zh-hans&fields=id,heading": 1,
    "/api/v1/updates/{update}/": 1,
    "/api/v1/updates/{update}/ninjs/": 1,
    "/api/v1/related-stories/": 1,
    "/api/v1/search/?q=消息": 1,
    "/api/v1/topics/": 1,
}
IDLE_POLLS = [
    "/live/storm/changes.json?after={number}",
    "/zh-hans/live/storm/changes.json?after={number}",
    "/api/v1/blogs/storm/changes/?after={number}",
]


@pytest.fixture
def blog() -> LiveBlog:
    blog = make_blog(slug="storm", topics=(Topic.objects.create(slug="weather", name="天氣"),))
    for heading in ("先前", "消息", "其後"):
        make_update(blog, heading, is_key_event=True)
    newest = blog.updates.get(heading="其後")
    publishing.correct_update(newest, Content.of(newest), by=SYSTEM, note="時間有誤。")
    blog.refresh_from_db()
    return blog


def address_of(template: str, blog: LiveBlog) -> str:
    older, update, newer = blog.updates.order_by("happened_at")
    return template.format(
        older=older.pk, update=update.pk, newer=newer.pk, number=blog.number, last=blog.number - 1
    )


@pytest.mark.parametrize("edition", ["", "/zh-hans"])
def test_page_with_everything_on_it_takes_three_queries(client, django_assert_num_queries, edition):
    """One reads the live blog and everything around it, one its updates, and one the pinned update."""
    make_rich_blog("storm", 2 * PAGE_SIZE)
    # The first request reads what a process reads only once: the glossary, and the features of SQLite.
    client.get(f"{edition}/live/storm/")
    pieces.forget()
    with django_assert_num_queries(3):
        page = client.get(f"{edition}/live/storm/").content.decode()
    # The pinned update is not among the newest. The last two were corrected, every fifth one has a picture.
    counts = [page.count(part) for part in ('<li class="update', 'class="corrections', "<figure")]
    assert counts == [PAGE_SIZE, 2, 6]


def assert_unchanged_takes(count: int, client: Client, path: str, headers: dict[str, str], queries) -> None:
    first = client.get(path, headers=headers)
    assert first.status_code == 200, path
    with queries(count):
        again = client.get(path, headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("template", "count"), (PUBLIC | API).items())
def test_unchanged_answer_takes_at_most_two_queries(client, blog, django_assert_num_queries, template, count):
    assert count <= 2
    path = address_of(template, blog)
    assert_unchanged_takes(count, client, path, {}, django_assert_num_queries)


@pytest.mark.parametrize(("template", "count"), API.items())
def test_unchanged_answer_to_a_key_takes_one_query_more_for_the_key(
    client, blog, django_assert_num_queries, template, count
):
    headers = {"Authorization": f"Bearer {make_key('read')}"}
    path = address_of(template, blog)
    assert_unchanged_takes(count + 1, client, path, headers, django_assert_num_queries)


@pytest.mark.parametrize("template", IDLE_POLLS)
def test_idle_poll_takes_one_query(client, blog, django_assert_num_queries, template):
    path = address_of(template, blog)
    with django_assert_num_queries(1):
        response = client.get(path)
    assert (response.status_code, response.json()["has_more"]) == (200, False)


# The number of queries of a whole answer to a request without a condition.
WHOLE = {
    "/live/storm/": 10,
    "/live/storm/?before={newer}": 11,
    "/live/storm/{update}/": 10,
    "/live/storm/changes.json?after={last}": 12,
    "/live/storm/key-events/": 8,
    "/live/storm/corrections/": 10,
    "/embed/storm/": 11,
    "/embed/storm/{update}/": 7,
    "/live/storm/feed.atom": 11,
    "/api/v1/blogs/storm/updates/": 6,
    "/api/v1/updates/{update}/": 6,
}


@pytest.mark.parametrize(("template", "count"), WHOLE.items())
def test_whole_answer_takes_a_fixed_number_of_queries(
    client, blog, django_assert_max_num_queries, template, count
):
    path = address_of(template, blog)
    with django_assert_max_num_queries(count):
        assert client.get(path).status_code == 200


SEVERAL = [
    "/",
    "/topics/weather/",
    "/feed.atom",
    "/topics/weather/feed.json",
    "/api/v1/updates/",
    "/sitemap.xml",
]


def edit_other(blog: LiveBlog) -> None:
    other = make_blog(slug="other", topics=blog.topics.all())
    make_update(other, "別處")


def embargo(blog: LiveBlog) -> None:
    LiveBlog.objects.filter(pk=blog.pk).update(embargo_until_at="2099-01-01T00:00:00Z")


CHANGES = {
    "an update is edited": lambda blog: publishing.edit_update(
        blog.updates.get(heading="消息"), Content(heading="改"), by=SYSTEM
    ),
    "an update is withdrawn": lambda blog: publishing.withdraw_update(
        blog.updates.get(heading="消息"), by=SYSTEM, reason="有誤"
    ),
    "another live blog is published": edit_other,
    "the live blog is withdrawn": lambda blog: publishing.withdraw_blog(blog, by=SYSTEM),
    "the topic is renamed": lambda blog: publishing.edit_topic(blog.topics.get(), by=SYSTEM, name="颱風"),
}


@pytest.mark.parametrize("path", SEVERAL)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_answer_over_several_blogs_changes_after_every_change(client, blog, path, change):
    make_blog(slug="quiet", topics=blog.topics.all())
    etag = client.get(path).headers["ETag"]
    change(blog)
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.headers["ETag"] == etag) == (200, False)


def test_state_differs_although_another_blog_makes_up_for_a_hidden_ones_number(client, blog):
    other = make_blog(slug="other")
    etag = client.get("/feed.atom").headers["ETag"]
    embargo(blog)
    for index in range(blog.number):
        make_update(other, f"補上{index}")
    assert client.get("/feed.atom", headers={"If-None-Match": etag}).status_code == 200


def test_changes_of_hidden_blogs_leave_answers_unchanged(client, blog):
    etag = client.get("/feed.atom").headers["ETag"]
    hidden = make_blog(slug="hidden", is_live=False)
    publishing.start_coverage(hidden, by=SYSTEM)
    embargo(hidden)
    make_update(hidden, "秘密")
    assert client.get("/feed.atom", headers={"If-None-Match": etag}).status_code == 304


def test_unknown_update_of_a_known_blog_is_not_found(client, blog):
    assert Update.objects.count() == 3
    headers = {"If-None-Match": "*"}
    for path in ("/live/storm/1/", "/embed/storm/1/", "/zh-hans/live/storm/1/", "/live/storm/?before=1"):
        assert client.get(path, headers=headers).status_code == 404, path
