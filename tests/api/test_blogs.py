"""Live blogs, related stories and topics in the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, Topic
from liveblog.publishing import SYSTEM, Story
from newsroom import hongkong
from tests.api.description import breaches
from tests.factories import make_blog, make_image, make_update

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"


def test_root_lists_the_urls_of_all_resources(client):
    response = client.get("/api/v1/")

    root = f"{settings.SITE_URL}/api/v1/"
    assert response.json() == {
        "blogs": root + "blogs/",
        "blog": root + "blogs/{slug}/",
        "blog_updates": root + "blogs/{slug}/updates/",
        "blog_changes": root + "blogs/{slug}/changes/{?after}",
        "updates": root + "updates/",
        "update": root + "updates/{id}/",
        "related_stories": root + "related-stories/",
        "topics": root + "topics/",
        "search": root + "search/{?q}",
        "blog_ninjs": root + "blogs/{slug}/ninjs/",
        "update_ninjs": root + "updates/{id}/ninjs/",
        "schema": root + "schema/",
        "docs": root + "docs/",
    }
    assert breaches(client, "", response) == []


def test_a_blog_is_returned_in_full(client):
    topic = Topic.objects.create(slug="rail", name="鐵路")
    blog = make_blog(
        slug="east-shore-line",
        kicker="東岸綫",
        headline="通車首日",
        standfirst="首班車六時開出。",
        summary="<p>全綫已通車。</p>",
        coverage_end_at=timezone.now() + timedelta(days=1),
        hero_image=make_image(alt="月台", caption="首日", credit="本報"),
        bylines=(Byline.objects.create(name="陳大文", role="於東岸"),),
        topics=(topic,),
        stories=(Story(title="路綫圖", url="https://example.com/map"), Story(title="專題")),
    )
    event = make_update(blog, "首班車開出", is_key_event=True)
    publishing.pin_update(event, by=SYSTEM)

    response = client.get("/api/v1/blogs/east-shore-line/")

    blog.refresh_from_db()
    hero = blog.hero_image
    page = f"{SITE}/live/east-shore-line/"
    assert response.json() == {
        "slug": "east-shore-line",
        "url": page,
        "number": 3,
        "status": "live",
        "language": "zh-Hant-HK",
        "converted_from": None,
        "kicker": "東岸綫",
        "headline": "通車首日",
        "standfirst": "首班車六時開出。",
        "summary": "<p>全綫已通車。</p>",
        "coverage_start_at": hongkong.isoformat(blog.coverage_start_at),
        "coverage_end_at": hongkong.isoformat(blog.coverage_end_at),
        "first_published_at": hongkong.isoformat(blog.first_published_at),
        "modified_at": hongkong.isoformat(blog.modified_at),
        "pinned": event.pk,
        "key_events": [
            {
                "id": event.pk,
                "url": f"{page}{event.pk}/",
                "heading": "首班車開出",
                "happened_at": "2026-03-19T12:00:00+08:00",
                "happened_on": "2026-03-19",
            }
        ],
        "has_more_key_events": False,
        "bylines": [{"name": "陳大文", "role": "於東岸"}],
        "topics": [{"slug": "rail", "name": "鐵路", "url": f"{SITE}/topics/rail/"}],
        "hero_image": {
            "alt": "月台",
            "caption": "首日",
            "credit": "本報",
            "is_sensitive": False,
            "width": 400,
            "height": 300,
            "renditions": [
                {"width": width, "url": f"{SITE}/media/{hero.key}/{width}.jpg"} for width in hero.widths
            ],
        },
        "related_stories": [
            {"title": "路綫圖", "url": "https://example.com/map", "after_block": 0},
            {"title": "專題", "url": None, "after_block": 0},
        ],
        "responses": None,
        "continued_in": None,
        "continued_from": None,
    }
    assert breaches(client, "blogs/{slug}/", response) == []


def test_the_list_contains_public_blogs_newest_first(client):
    live, ended = make_blog(), make_blog()
    publishing.end_coverage(ended, by=SYSTEM)
    make_blog(is_live=False)
    make_blog(embargo_until_at=timezone.now() + timedelta(hours=1))
    publishing.withdraw_blog(make_blog(), by=SYSTEM)

    response = client.get("/api/v1/blogs/")

    assert response.json() == {
        "next": None,
        "previous": None,
        "results": [client.get(f"/api/v1/blogs/{blog.slug}/").json() for blog in (ended, live)],
    }
    assert breaches(client, "blogs/", response) == []


def test_continued_blogs_link_to_each_other(client):
    second = make_blog(headline="第二日", slug="day-two")
    make_blog(headline="第一日", slug="day-one", successor=second)

    response = client.get("/api/v1/blogs/")

    links = {
        blog["slug"]: (blog["continued_in"], blog["continued_from"]) for blog in response.json()["results"]
    }
    assert links == {
        "day-one": ({"headline": "第二日", "url": f"{SITE}/live/day-two/"}, None),
        "day-two": (None, {"headline": "第一日", "url": f"{SITE}/live/day-one/"}),
    }
    assert breaches(client, "blogs/", response) == []


def test_related_stories_of_blogs_and_published_updates_are_listed(client):
    blog = make_blog(slug="summit", stories=(Story(title="一", url="https://example.com/1"),))
    update = make_update(blog, stories=(Story(title="二", after_block=1),))
    withdrawn = make_update(blog, stories=(Story(title="撤回"),))
    publishing.withdraw_update(withdrawn, by=SYSTEM, reason="錯")
    make_blog(is_live=False, stories=(Story(title="草稿"),))

    response = client.get("/api/v1/related-stories/")

    assert response.json()["results"] == [
        {"title": "二", "url": None, "after_block": 1, "blog": "summit", "update": update.pk},
        {"title": "一", "url": "https://example.com/1", "after_block": 0, "blog": "summit", "update": None},
    ]
    assert breaches(client, "related-stories/", response) == []


def test_only_topics_of_public_blogs_are_listed(client):
    rail, secret = (Topic.objects.create(slug=slug, name=slug) for slug in ("rail", "secret"))
    make_blog(topics=(rail,))
    make_blog(topics=(rail,))
    make_blog(topics=(secret,), is_live=False)

    response = client.get("/api/v1/topics/")

    assert response.json()["results"] == [{"slug": "rail", "name": "rail", "url": f"{SITE}/topics/rail/"}]
    assert breaches(client, "topics/", response) == []


@pytest.mark.parametrize("address", ["", "updates/", "changes/?after=0"])
def test_withdrawn_blog_returns_410_without_its_text(client, address):
    blog = make_blog(slug="gone", headline="不應再見")
    make_update(blog, "不應再見")
    publishing.withdraw_blog(blog, by=SYSTEM)

    response = client.get(f"/api/v1/blogs/gone/{address}")

    assert response.status_code == 410
    assert response.json() == {
        "type": "about:blank",
        "title": "Gone",
        "status": 410,
        "detail": "This live blog was withdrawn.",
        "instance": f"/api/v1/blogs/gone/{address.partition('?')[0]}",
    }
    assert breaches(client, f"blogs/{{slug}}/{address.partition('?')[0]}", response) == []
    assert client.get("/api/v1/updates/").json()["results"] == []


@pytest.mark.parametrize("address", ["", "updates/", "changes/?after=0"])
def test_drafts_and_embargoed_blogs_return_404(client, address):
    make_blog(slug="draft", is_live=False)
    make_update(make_blog(slug="held", embargo_until_at=timezone.now() + timedelta(hours=1)))

    for slug in ("draft", "held", "never-was"):
        response = client.get(f"/api/v1/blogs/{slug}/{address}")
        assert (response.status_code, response.json()["detail"]) == (404, "There is nothing at this address.")
    assert LiveBlog.objects.count() == 2
