"""Hidden live blogs do not leak: not in content, status, headers, SQL or changes of public pages.

Responses for a draft or embargoed live blog must be the same as for a URL that does not exist, and no public
response may change when somebody works on it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, ReaderResponse, Topic, Update
from liveblog.presentation import addresses
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story
from liveblog.streams.sse import Streams
from liveblog.visibility import PUBLIC
from tests.factories import make_blog, make_image, make_key, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

# These slugs have the same length, as the ids do, so that responses to them have the same length too.
UNKNOWN = "unknown-blog"
HIDDEN = ["drafted-blog", "embargo-blog", "embargo-gone"]
# Queries for usable keys contain the current time; normalize it before comparing.
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+(\+\d\d:\d\d)?")
METHODS = ["get", "head", "post", "options"]
# Public URLs that contain a slug; `{pk}` is an update's id.
BY_SLUG = [
    "/live/{slug}/",
    "/live/{slug}/?before={pk}",
    "/live/{slug}/?text=1",
    "/live/{slug}/{pk}/",
    "/live/{slug}/changes.json?after=0",
    "/live/{slug}/changes.json",
    "/live/{slug}/key-events/",
    "/live/{slug}/key-events/?before={pk}",
    "/live/{slug}/corrections/",
    "/live/{slug}/corrections/?before={pk}",
    "/live/{slug}/respond/",
    "/live/{slug}/respond/?sent",
    "/live/{slug}/feed.atom",
    "/live/{slug}/feed.rss",
    "/live/{slug}/feed.json",
    "/embed/{slug}/",
    "/embed/{slug}/{pk}/",
    "/live/{slug}/card-0123456789abcdef.png",
    "/live/{slug}/{pk}/card-0123456789abcdef.png",
    "/topics/{slug}/",
    "/topics/{slug}/card-0123456789abcdef.png",
    "/topics/{slug}/feed.atom",
    "/search/?q=機密&in={slug}",
    "/search/?q=機密&before={pk}",
    "/?before={slug}",
    "/oembed?url=http://127.0.0.1:8000/live/{slug}/",
    "/oembed?url=http://127.0.0.1:8000/live/{slug}/{pk}/",
    "/oembed?url=http://127.0.0.1:8000/zh-hans/live/{slug}/",
    "/api/v1/blogs/{slug}/",
    "/api/v1/blogs/{slug}/updates/",
    "/api/v1/blogs/{slug}/changes/?after=0",
    "/api/v1/blogs/{slug}/ninjs/",
    "/api/v1/updates/{pk}/",
    "/api/v1/updates/{pk}/ninjs/",
    "/api/v1/updates/?blog={slug}",
    "/api/v1/updates/?topic={slug}",
    "/api/v1/blogs/?topic={slug}",
    "/api/v1/related-stories/?blog={slug}",
    "/api/v1/search/?q=機密&blog={slug}",
]
WITH_EDITION = [path for path in BY_SLUG if path.startswith(("/live", "/embed", "/topics", "/search", "/?"))]


def embargoed_until() -> object:
    return timezone.now() + timedelta(hours=1)


@pytest.fixture
def hidden() -> dict[str, tuple[LiveBlog, Update]]:
    """Return a hidden live blog of each kind by slug, with a published update and a topic of that slug."""
    blogs = {}
    for slug in HIDDEN:
        topic = Topic.objects.create(slug=slug, name="機密題目")
        blog = make_blog(
            slug=slug,
            headline="機密標題",
            is_live=slug != "drafted-blog",
            embargo_until_at=None if slug == "drafted-blog" else embargoed_until(),
            topics=(topic,),
            has_responses=True,
        )
        update = make_update(blog, "機密消息")
        if slug == "embargo-gone":
            publishing.withdraw_blog(blog, by=SYSTEM)
        blogs[slug] = (blog, update)
    # One public blog, so that lists and feeds are not empty.
    make_update(make_blog(slug="public"), "公開")
    return blogs


def constant_headers(response: HttpResponse) -> dict[str, str]:
    """Return the headers that are the same in two answers to one question.

    Expires names the second of the response, and two responses may fall into different ones.
    """
    return {k: v for k, v in response.headers.items() if k not in ("Expires", "X-Request-ID")}


def answer_to(
    client: Client, method: str, path: str, slug: str, pk: int
) -> tuple[int, dict[str, str], str, list[str]]:
    """Return status, headers, body and executed SQL, with slug and id replaced by placeholders."""

    def nameless(text: str) -> str:
        return TIME.sub("TIME", text.replace(slug, "SLUG").replace(str(pk), "ID"))

    with CaptureQueriesContext(connection) as queries:
        response: HttpResponse = getattr(client, method)(path.format(slug=slug, pk=pk))
    headers = {name: nameless(value) for name, value in constant_headers(response).items()}
    sql = [nameless(query["sql"]) for query in queries]
    return response.status_code, headers, nameless(response.content.decode()), sql


def unknown_ids(hidden: dict[str, tuple[LiveBlog, Update]]) -> list[int]:
    newest = max(update.pk for _blog, update in hidden.values())
    return [newest + 2**30, newest + 2**31]


@pytest.mark.parametrize("path", [*BY_SLUG, *(f"/zh-hans{path}" for path in WITH_EDITION)])
def test_hidden_blogs_get_the_same_response_and_queries_as_unknown_ones(client, hidden, path):
    first, second = unknown_ids(hidden)
    for method in METHODS:
        # Warm up, so that once-per-process queries are not counted below.
        answer_to(client, method, path, UNKNOWN, first)
        unknown = answer_to(client, method, path, UNKNOWN, second)
        for slug, (_blog, update) in hidden.items():
            assert answer_to(client, method, path, slug, update.pk) == unknown, (method, slug)


@pytest.mark.parametrize("scope", ["read", "read:embargoed"])
def test_read_keys_cannot_tell_ungranted_blogs_from_unknown_ones(hidden, scope):
    client = Client(headers={"authorization": f"Bearer {make_key(scope)}"})
    first, second = unknown_ids(hidden)
    for path in BY_SLUG:
        if path.startswith("/api/"):
            answer_to(client, "get", path, UNKNOWN, first)
            unknown = answer_to(client, "get", path, UNKNOWN, second)
            for slug, (_blog, update) in hidden.items():
                assert answer_to(client, "get", path, slug, update.pk) == unknown, (path, slug)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/api/v1/blogs/{slug}/updates/", {"heading": "x", "status": "draft"}),
        ("patch", "/api/v1/updates/{pk}/", {"heading": "x"}),
        ("post", "/api/v1/updates/{pk}/withdrawal/", {"reason": "x"}),
    ],
)
def test_write_keys_cannot_tell_ungranted_blogs_from_unknown_ones(hidden, method, path, body):
    client = Client(headers={"authorization": f"Bearer {make_key('write:publish', 'read:embargoed')}"})

    def ask(slug: str, pk: int) -> tuple[int, str, int]:
        with CaptureQueriesContext(connection) as queries:
            response = getattr(client, method)(
                path.format(slug=slug, pk=pk),
                body,
                content_type="application/json",
                headers={"idempotency-key": "one"},
            )
        return (
            response.status_code,
            response.content.decode().replace(slug, "").replace(str(pk), ""),
            len(queries),
        )

    first, second = unknown_ids(hidden)
    ask(UNKNOWN, first)
    unknown = ask(UNKNOWN, second)
    assert unknown[0] == 404
    for slug, (_blog, update) in hidden.items():
        assert ask(slug, update.pk) == unknown, slug


def test_every_reader_route_with_a_slug_is_covered():
    """Fail when a new reader route with a slug is missing from BY_SLUG."""
    covered = {
        get_resolver().resolve(path.partition("?")[0].format(slug="a", pk=1)).view_name for path in BY_SLUG
    }
    reader = get_resolver("liveblog.reader.urls").url_patterns
    by_slug = {
        f"reader:{pattern.name}"
        for pattern in reader
        if "slug" in getattr(pattern.pattern, "converters", {}) or "P<slug>" in str(pattern.pattern)
    }
    assert by_slug - covered == set()


@pytest.mark.parametrize("name", ["blog", "update"])
def test_hidden_rows_return_404_after_one_query(hidden, name):
    find = {
        "blog": lambda slug, pk: addresses.find_blog(PUBLIC, slug),
        "update": lambda slug, pk: addresses.find_update(PUBLIC, pk, None),
    }[name]
    for slug, (_blog, update) in hidden.items():
        with CaptureQueriesContext(connection) as queries, pytest.raises(addresses.Http404):
            find(slug, update.pk)
        assert len(queries) == 1


@pytest.mark.parametrize(
    "path", ["/live/public/", "/live/public/changes.json?after=0", "/live/public/feed.atom"]
)
def test_conditional_requests_return_304_after_one_query(client, hidden, path):
    etag = client.get(path).headers["ETag"]
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, headers={"if-none-match": etag})
    assert (response.status_code, len(queries)) == (304, 1)


@pytest.mark.django_db(transaction=True)
def test_streams_return_the_same_404_for_hidden_and_unknown_blogs(hidden):
    def ask(slug: str) -> list[dict[str, object]]:
        messages = []

        async def send(message: dict[str, object]) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/live/{slug}/stream",
            "query_string": b"after=0",
            "headers": [(b"host", b"127.0.0.1:8000")],
        }
        asyncio.run(Streams(SimpleNamespace(is_running=True))(scope, None, send))
        return messages

    unknown = ask(UNKNOWN)
    assert unknown[0]["status"] == 404
    assert [ask(slug) for slug in hidden] == [unknown] * len(hidden)


# Side effects on public responses


class Newsroom:
    """A public live blog related to a hidden one in every possible way."""

    def __init__(self, *, is_draft: bool) -> None:
        self.rail = Topic.objects.create(slug="rail", name="鐵路")
        self.secret_topic = Topic.objects.create(slug="secret", name="機密題")
        self.byline, self.image = Byline.objects.create(name="機密記者"), make_image(alt="機密圖")
        embargo = None if is_draft else embargoed_until()
        self.hidden = make_blog(
            slug="hidden",
            headline="機密標題",
            is_live=not is_draft,
            embargo_until_at=embargo,
            topics=(self.rail, self.secret_topic),
            bylines=(self.byline,),
            hero_image=self.image,
            has_responses=True,
            stories=(Story("機密旁"),),
        )
        self.update = make_update(self.hidden, "機密", bylines=(self.byline,), images=(self.image,))
        self.draft = publishing.draft_update(self.hidden, Content("機密稿"), by=SYSTEM)
        self.response = publishing.approve_response(self._response(), by=SYSTEM)
        self.public = make_blog(
            slug="public",
            topics=(self.rail,),
            has_responses=True,
            stories=(Story("機密標題", live_blog=self.hidden),),
            successor=self.hidden,
        )
        self.linking = make_update(
            self.public, "公開", stories=(Story("機密標題", live_blog=self.hidden), Story("外"))
        )
        self.ended = make_blog(slug="ended", headline="舊")
        publishing.end_coverage(self.ended, by=SYSTEM)
        # Age the rows, because responses about very recent changes carry no settled HTTP date.
        long_ago = timezone.now() - timedelta(hours=1)
        LiveBlog.objects.update(modified_at=long_ago, created_at=long_ago)

    def _response(self) -> ReaderResponse:
        return self.hidden.responses.create(name="讀者", text="機密回應")

    def edit(self, **changes: object) -> None:
        blog = LiveBlog.objects.get(pk=self.hidden.pk)
        publishing.edit_blog(blog, replace(BlogDetails.of(blog), **changes), by=SYSTEM)

    def paths(self) -> list[str]:
        """Return every public path that lists several live blogs or shows the public one."""
        several = [
            "/",
            "/?before=ended",
            "/feed.atom",
            "/feed.rss",
            "/feed.json",
            "/topics/rail/",
            "/topics/rail/feed.atom",
            "/topics/rail/feed.json",
            "/topics/secret/",
            "/topics/secret/feed.atom",
            "/search/?q=機密",
            "/search/?q=公開",
        ]
        blog = ["/live/public/" + name for name in ("", "changes.json?after=0", "feed.atom", "feed.json")]
        pages = [*several, *blog, f"/live/public/{self.linking.pk}/", "/embed/public/", "/live/hidden/"]
        list_endpoints = [
            "blogs/",
            "updates/",
            "topics/",
            "related-stories/",
            "search/?q=機密",
            "blogs/?topic=rail",
        ]
        detail_endpoints = [
            "blogs/public/",
            "blogs/public/changes/?after=0",
            "blogs/public/updates/",
            "blogs/public/ninjs/",
        ]
        detail_endpoints += [f"updates/{self.linking.pk}/", f"updates/{self.linking.pk}/ninjs/"]
        maps = [
            "/sitemap.xml",
            "/sitemap-live.xml",
            "/sitemap-updates.xml",
            "/news-sitemap.xml",
            "/robots.txt",
        ]
        return [
            *pages,
            *(f"/zh-hans{path}" for path in ("/", "/feed.atom", "/live/public/", "/topics/secret/")),
            *(f"/api/v1/{path}" for path in [*list_endpoints, *detail_endpoints]),
            *maps,
            "/oembed?url=http://127.0.0.1:8000/live/public/",
            f"/media/{self.image.key}/400.jpg",
        ]

    def snapshot(self, client: Client) -> dict[str, tuple[int, dict[str, str], bytes]]:
        """Return status, headers and body of the response at each of `paths`."""
        return {
            path: (answer.status_code, constant_headers(answer), answer.content)
            for path in self.paths()
            for answer in [client.get(path)]
        }


VERBS: dict[str, Callable[[Newsroom], object]] = {
    "draft": lambda room: publishing.draft_update(room.hidden, Content("新機密"), by=SYSTEM),
    "submit": lambda room: publishing.submit_update(room.hidden, update=room.draft, by=SYSTEM),
    "schedule": lambda room: publishing.schedule_update(
        room.hidden, Content("預"), timezone.now() + timedelta(hours=2), by=SYSTEM
    ),
    "publish": lambda room: publishing.publish_update(room.hidden, Content("新機密"), by=SYSTEM),
    "correct": lambda room: publishing.correct_update(room.update, Content("改"), by=SYSTEM, note="更正"),
    "withdraw": lambda room: publishing.withdraw_update(room.update, by=SYSTEM, reason="錯"),
    "undo": lambda room: publishing.undo_publication(
        publishing.publish_update(room.hidden, Content("新機密"), by=SYSTEM), by=SYSTEM
    ),
    "pin": lambda room: publishing.pin_update(room.update, by=SYSTEM),
    "mark": lambda room: publishing.mark_key_event(room.update, by=SYSTEM),
    "erase": lambda room: publishing.erase_update(room.update, by=SYSTEM, reason="法庭命令"),
    "rename": lambda room: room.edit(headline="另一機密標題", kicker="機密眉"),
    "change the standfirst": lambda room: room.edit(standfirst="機密導語"),
    "leave a topic": lambda room: room.edit(topics=()),
    "continue in a public one": lambda room: room.edit(successor=room.ended),
    "link to a public one": lambda room: room.edit(stories=(Story("公開", live_blog=room.public),)),
    "show another picture": lambda room: room.edit(hero_image=make_image(alt="機密圖二")),
    "name a team": lambda room: publishing.set_team(room.hidden, [], by=SYSTEM),
    "receive a response": lambda room: room._response(),
    "approve a response": lambda room: publishing.approve_response(room._response(), by=SYSTEM),
    "withdraw a response": lambda room: publishing.withdraw_response(room.response, by=SYSTEM),
    "edit its picture": lambda room: publishing.edit_image(room.image, by=SYSTEM, alt="機密圖改"),
    "edit its byline": lambda room: publishing.edit_byline(room.byline, by=SYSTEM, name="機密記者改"),
    "rename its topic": lambda room: publishing.edit_topic(room.secret_topic, by=SYSTEM, name="機密題改"),
    "link its story": lambda room: publishing.edit_story(
        room.hidden.related_stories.get(), by=SYSTEM, title="機密旁", url="https://example.com/"
    ),
    "open another draft": lambda room: make_update(make_blog(is_live=False), "又一機密"),
}
ONLY_UNDER_EMBARGO: dict[str, Callable[[Newsroom], object]] = {
    "end coverage": lambda room: publishing.end_coverage(room.hidden, by=SYSTEM),
    "withdraw the blog": lambda room: publishing.withdraw_blog(room.hidden, by=SYSTEM),
    "withdraw and restore the blog": lambda room: publishing.restore_blog(
        publishing.withdraw_blog(room.hidden, by=SYSTEM), by=SYSTEM
    ),
    "prolong the embargo": lambda room: room.edit(embargo_until_at=timezone.now() + timedelta(days=2)),
}
ONLY_DRAFTS: dict[str, Callable[[Newsroom], object]] = {
    "embargo a draft": lambda room: room.edit(embargo_until_at=embargoed_until()),
    "move a draft's address": lambda room: room.edit(slug="hidden-elsewhere"),
}


@pytest.mark.any_database
@pytest.mark.parametrize("is_draft", [True, False])
def test_changes_to_a_hidden_blog_change_no_public_response(client, is_draft):
    room = Newsroom(is_draft=is_draft)
    before, changed = room.snapshot(client), {}
    verbs = VERBS | (ONLY_DRAFTS if is_draft else ONLY_UNDER_EMBARGO)
    for name, verb in verbs.items():
        with transaction.atomic():
            verb(room)
            after = room.snapshot(client)
            transaction.set_rollback(True)
        changed[name] = [path for path in before if before[path] != after[path]]
        assert "機密標題" not in json.dumps([str(body, errors="replace") for *_rest, body in after.values()])
    assert changed == {name: [] for name in verbs}


def test_public_pages_change_when_an_embargo_is_lifted_and_not_at_the_start(client):
    room = Newsroom(is_draft=True)
    room.edit(embargo_until_at=embargoed_until())
    before = room.snapshot(client)
    publishing.start_coverage(LiveBlog.objects.get(pk=room.hidden.pk), by=SYSTEM)
    assert room.snapshot(client) == before
    publishing.lift_embargo(room.hidden, by=SYSTEM)
    page = client.get("/live/public/").content.decode()
    assert page.count('href="/live/hidden/"') >= 3
    assert "機密標題" in page


def test_links_to_a_hidden_blog_appear_only_once_it_is_public(client):
    room = Newsroom(is_draft=False)
    page = client.get("/live/public/").content.decode()
    assert "機密標題" not in page
    number = LiveBlog.objects.get(pk=room.public.pk).number
    publishing.lift_embargo(room.hidden, by=SYSTEM)
    delta = client.get("/live/public/changes.json", {"after": number}).json()
    assert [update["id"] for update in delta["updates"]] == [room.linking.pk]
    titles = [
        story["title"]
        for story in client.get(f"/api/v1/updates/{room.linking.pk}/").json()["related_stories"]
    ]
    assert titles == ["機密標題", "外"]


def test_public_ids_do_not_reveal_the_number_of_drafts(client):
    blog = make_blog(slug="public", has_responses=True)
    first = make_update(blog)
    for _each in range(20):
        publishing.draft_update(blog, Content("稿"), by=SYSTEM)
    second = make_update(blog)
    assert second.pk - first.pk != 21
    assert second.pk > first.pk > 2**40
