"""Single updates, lists of updates and their paging."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from tests.api.description import breaches
from tests.factories import NOON, make_blog, make_image, make_update

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"


def ids(response) -> list[int]:
    return [update["id"] for update in response.json()["results"]]


def test_an_update_is_returned_in_full(client):
    blog = make_blog(slug="summit")
    image = make_image(alt="會場")
    update = make_update(
        blog,
        "會議開始",
        body="<p>雙方已入座。</p>",
        is_key_event=True,
        bylines=(Byline.objects.create(name="陳大文"),),
        source="法新社",
        verification="confirmed",
        stories=(Story(title="背景", url="https://example.com/", after_block=1),),
        images=(image,),
    )
    update = publishing.correct_update(update, Content.of(update), by=SYSTEM, note="早前誤植時間。")

    response = client.get(f"/api/v1/updates/{update.pk}/")

    assert response.json() == {
        "id": update.pk,
        "blog": "summit",
        "url": f"{SITE}/live/summit/{update.pk}/",
        "number": 3,
        "status": "published",
        "happened_at": "2026-03-19T12:00:00+08:00",
        "happened_on": "2026-03-19",
        "order": update.order,
        "heading": "會議開始",
        "body": "<p>雙方已入座。</p>",
        "is_key_event": True,
        "is_pinned": False,
        "bylines": [{"name": "陳大文", "role": ""}],
        "source": "法新社",
        "verification": "confirmed",
        "first_published_at": hongkong.isoformat(update.first_published_at),
        "modified_at": hongkong.isoformat(update.modified_at),
        "corrections": [{"at": hongkong.isoformat(update.modified_at), "note": "早前誤植時間。"}],
        "related_stories": [{"title": "背景", "url": "https://example.com/", "after_block": 1}],
        "images": [
            {
                "alt": "會場",
                "caption": "",
                "credit": "",
                "is_sensitive": False,
                "width": 400,
                "height": 300,
                "renditions": [
                    {"width": width, "url": f"{SITE}/media/{image.key}/{width}.jpg"} for width in image.widths
                ],
            }
        ],
    }
    assert breaches(client, "updates/{id}/", response) == []


def test_an_update_without_a_clock_time_has_only_a_day(client):
    update = make_update(make_blog(), happened_at=NOON, has_clock_time=False)

    response = client.get(f"/api/v1/updates/{update.pk}/")

    assert (response.json()["happened_at"], response.json()["happened_on"]) == (None, "2026-03-19")
    assert breaches(client, "updates/{id}/", response) == []


def test_lists_contain_updates_and_tombstones_of_withdrawn_ones(client):
    blog = make_blog(slug="summit")
    published, withdrawn = make_update(blog), make_update(blog, "不應再見", body="<p>不應再見</p>")
    withdrawn = publishing.withdraw_update(withdrawn, by=SYSTEM, reason="錯")
    publishing.draft_update(blog, Content(heading="草稿"), by=SYSTEM)
    elsewhere = make_update(make_blog())
    make_update(make_blog(embargo_until_at=timezone.now() + timedelta(hours=1)))

    of_blog, of_all = client.get("/api/v1/blogs/summit/updates/"), client.get("/api/v1/updates/")

    tombstone = {
        "id": withdrawn.pk,
        "blog": "summit",
        "url": f"{SITE}/live/summit/{withdrawn.pk}/",
        "number": 4,
        "status": "withdrawn",
        "happened_at": "2026-03-19T12:01:00+08:00",
        "happened_on": "2026-03-19",
        "order": withdrawn.order,
        "withdrawn_at": hongkong.isoformat(withdrawn.withdrawn_at),
    }
    full = client.get(f"/api/v1/updates/{published.pk}/").json()
    other = client.get(f"/api/v1/updates/{elsewhere.pk}/").json()
    assert of_blog.json() == {"next": None, "previous": None, "results": [tombstone, full]}
    assert of_all.json() == {"next": None, "previous": None, "results": [other, tombstone, full]}
    assert breaches(client, "blogs/{slug}/updates/", of_blog) == []
    assert breaches(client, "updates/", of_all) == []


def test_following_next_returns_every_update_once_while_more_are_published(client):
    blog = make_blog(slug="summit")
    pks = [make_update(blog).pk for _ in range(5)]

    first = client.get("/api/v1/blogs/summit/updates/?page_size=2")
    make_update(blog)
    second = client.get(first.json()["next"])
    third = client.get(second.json()["next"])

    assert [ids(page) for page in (first, second, third)] == [pks[:2:-1], pks[2:0:-1], pks[:1]]
    assert first.json()["next"].startswith(f"{settings.SITE_URL}/api/v1/blogs/summit/updates/?cursor=")
    assert third.json()["next"] is None
    assert ids(client.get(third.json()["previous"])) == ids(second)
    assert [breaches(client, "blogs/{slug}/updates/", page) for page in (first, second, third)] == [
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/blogs/?page_size=100",
        "/api/v1/blogs/summit/",
        "/api/v1/blogs/summit/updates/?page_size=100",
        "/api/v1/blogs/summit/changes/?after=0",
        "/api/v1/updates/?page_size=100",
        "/api/v1/related-stories/?page_size=100",
        "/api/v1/topics/",
    ],
)
def test_query_count_does_not_grow_with_updates(client, django_assert_num_queries, address):
    blog = make_blog(slug="summit")
    other = make_blog(slug="other")

    def publish(times: int) -> None:
        for _ in range(times):
            stories = (Story(title="背景", live_blog=other),)
            update = make_update(blog, is_key_event=True, images=(make_image(),), stories=stories)
            publishing.correct_update(update, Content.of(update), by=SYSTEM, note="更正")
        make_blog(stories=(Story(title="背景", live_blog=other),))

    publish(3)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    publish(27)
    with django_assert_num_queries(len(queries)):
        client.get(address)


def test_a_withdrawn_update_returns_410_without_its_text(client):
    update = make_update(make_blog(), "不應再見")
    publishing.withdraw_update(update, by=SYSTEM, reason="內部原因")

    response = client.get(f"/api/v1/updates/{update.pk}/")

    assert response.status_code == 410
    assert response.json() == {
        "type": "about:blank",
        "title": "Gone",
        "status": 410,
        "detail": "This update was withdrawn.",
        "instance": f"/api/v1/updates/{update.pk}/",
    }
    assert breaches(client, "updates/{id}/", response) == []


def test_updates_of_withdrawn_embargoed_and_draft_blogs_are_not_served(client):
    withdrawn, embargoed, draft = (
        make_blog(),
        make_blog(embargo_until_at=timezone.now() + timedelta(hours=1)),
        make_blog(),
    )
    updates = [make_update(withdrawn), make_update(embargoed)]
    updates.append(publishing.draft_update(draft, Content(heading="草稿"), by=SYSTEM))
    publishing.withdraw_blog(withdrawn, by=SYSTEM)

    statuses = [client.get(f"/api/v1/updates/{update.pk}/").status_code for update in updates]

    assert statuses == [410, 404, 404]


@pytest.mark.parametrize("name", ["0", "987654321", "9" * 40])
def test_an_unknown_update_returns_404(client, name):
    assert client.get(f"/api/v1/updates/{name}/").status_code == 404
