"""Work on hidden live blogs does not show: no public response changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, ReaderResponse, Topic
from liveblog.publishing import SYSTEM, Content, Story
from tests.factories import edit_blog, make_blog, make_image, make_update
from tests.security.addresses import constant_headers

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def embargoed_until() -> datetime:
    return timezone.now() + timedelta(hours=1)


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
        edit_blog(self.hidden, **changes)

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


# After these, others could do nothing more, so each is done by itself.
LAST_ACTS = {"withdraw", "erase", "withdraw a response", "end coverage", "move a draft's address"} | {
    name for name in ONLY_UNDER_EMBARGO if name.startswith("withdraw")
}


@pytest.mark.parametrize("is_draft", [True, False])
def test_changes_to_a_hidden_blog_change_no_public_response(client, is_draft):
    room = Newsroom(is_draft=is_draft)
    before, changed = room.snapshot(client), {}
    verbs = VERBS | (ONLY_DRAFTS if is_draft else ONLY_UNDER_EMBARGO)
    for names in [tuple(verbs.keys() - LAST_ACTS), *((name,) for name in verbs if name in LAST_ACTS)]:
        with transaction.atomic():
            for name in sorted(names):
                verbs[name](room)
            after = room.snapshot(client)
            transaction.set_rollback(True)
        changed |= {path: names for path in before if before[path] != after[path]}
        assert "機密標題" not in json.dumps([str(body, errors="replace") for *_rest, body in after.values()])
    assert changed == {}


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
