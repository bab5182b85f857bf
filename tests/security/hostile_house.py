"""A newsroom with XSS payloads in every printed field; given other payloads, a harmless one to compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import cycle
from typing import Final

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from liveblog import publishing
from liveblog.models import (
    Byline,
    Delivery,
    LiveBlog,
    Partner,
    RelatedStory,
    Revision,
    Topic,
    Update,
    Webhook,
    WorkingCopy,
)
from liveblog.publishing import SYSTEM, Content, Story
from newsroom.text import html
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_image, make_person
from tests.security.payloads import ADDRESSES, CLOSE_ALL, PAYLOADS

UPDATES: Final = 80
# Each body uses some glossary terms, and the bodies of one page use all of them.
_TERM: Final = "彙{}"
_WORDING: Final = "詞{}"


def words_of(payloads: Iterable[str]) -> list[str]:
    """Return the payloads without NUL, which PostgreSQL cannot store."""
    return [payload.replace("\0", "") for payload in payloads]


def pack(payloads: Iterable[str], limit: int, between: str = " ") -> list[str]:
    """Return all payloads in texts of at most `limit` characters."""
    texts, text = [], ""
    for payload in payloads:
        if len(payload) > limit:
            continue
        longer = f"{text}{between}{payload}" if text else payload
        if len(longer) > limit:
            texts.append(text)
            longer = payload
        text = longer
    return [*texts, text]


class Copy:
    """A round robin of texts packed with payloads; over its rows, each field gets all of them."""

    def __init__(self, payloads: Iterable[str]) -> None:
        self._payloads = words_of(payloads)
        self._texts: dict[tuple[str, int], Iterator[str]] = {}

    def __call__(self, field: str, limit: int, between: str = " ") -> str:
        if (field, limit) not in self._texts:
            self._texts[field, limit] = cycle(pack(self._payloads, limit, between))
        return next(self._texts[field, limit])

    def count(self, limit: int) -> int:
        """Return how many texts of `limit` characters it takes to hold all payloads."""
        return len(pack(self._payloads, limit))


class HostileHouse:
    """A newsroom with payloads in every field, written by the verbs.

    `write_past_the_sanitizer` then stores raw payloads directly in the rows.
    """

    def __init__(self, payloads: Iterable[str] = PAYLOADS) -> None:
        self.payloads = words_of(payloads)
        self.copy = Copy(self.payloads)
        self.chief = make_person(
            "Chief editor", "Syndication manager", first_name=self.copy("name", 150), is_superuser=True
        )
        self._make_people()
        self._fill_glossary()
        self.topic = Topic.objects.create(slug="weather", name=self.copy("topic", 80))
        for number in range(1, self.copy.count(120) + 1):
            Byline.objects.create(
                name=html.one_line(f"{self.copy('byline', 110)} {number}"), role=self.copy("role", 120)
            )
        self.bylines = list(Byline.objects.all())
        self.images = [
            make_image(
                alt=self.copy("alt", 300), caption=self.copy("caption", 300), credit=self.copy("credit", 120)
            )
            for _number in range(12)
        ]
        self.blog = self._make_blog("storm")
        self.updates = [self._make_update(number) for number in range(UPDATES)]
        self._make_neighbours()
        self._make_responses()
        self._make_partner()
        self._make_unpublished()
        self._log_actions()

    def body(self, number: int, every: int = 20) -> str:
        """Return the rich text of an update: each page of 20 updates holds all payloads."""
        return "".join(
            f"<p>{number}</p>{payload}{CLOSE_ALL}" for payload in self.payloads[number % every :: every]
        )

    def public_paths(self) -> list[str]:
        """Return a path for each kind of public response, for readers and partners, in both scripts."""
        pages = ["/", "/live/storm/", "/live/storm/{pk}/", "/embed/storm/", "/topics/weather/"]
        pages += ["/search/?q=彙", "/live/storm/respond/", "/live/gone/", "/live/storm/{gone}/"]
        pages += ["/live/storm/?text=1", "/embed/gone/"]
        older = [f"/live/storm/?before={self.updates[place].pk}" for place in (60, 40, 20)]
        feeds = ["/live/storm/feed.atom", "/live/storm/feed.rss", "/live/storm/feed.json", "/feed.atom"]
        feeds += ["/topics/weather/feed.rss", "/live/storm/changes.json?after=0"]
        api = [
            "blogs/storm/",
            "blogs/",
            "updates/{pk}/",
            "blogs/storm/changes/?after=0",
            "blogs/storm/ninjs/",
        ]
        api += ["updates/{pk}/ninjs/", "search/?q=彙", "related-stories/", "topics/", "docs/"]
        paths = [
            *(f"{prefix}{path}" for prefix in ("", "/zh-hans") for path in (*pages, *older, *feeds)),
            *(f"/api/v1/{path}" for path in api),
            "/sitemap.xml",
            "/sitemap-updates.xml",
            "/news-sitemap.xml",
            f"/oembed?url={settings.SITE_URL}/live/storm/",
        ]
        update = self.updates[-2]
        return [path.format(pk=update.pk, gone=self.gone.pk) for path in paths]

    def staff_paths(self) -> list[str]:
        """Return the pages of the desk and of the admin that print copy."""
        desk = desk_path(self.blog)
        models = "liveblog update topic byline image relatedstory readerresponse glossaryterm change revision"
        models += " revision partner apikey webhook webhookcursor delivery"
        rows = {
            "liveblog": self.blog,
            "update": self.updates[-1],
            "topic": self.topic,
            "byline": self.bylines[0],
            "image": self.images[0],
            "relatedstory": RelatedStory.objects.filter(update=self.updates[-1]).first(),
            "readerresponse": self.blog.responses.first(),
            "revision": Revision.objects.first(),
            "partner": self.partner,
            "webhook": self.webhook,
            "delivery": Delivery.objects.first(),
        }
        return [
            desk,
            *(f"{desk}?queue={queue}" for queue in ("drafts", "responses", "withdrawn")),
            f"{desk}?update={self.updates[-1].pk}",
            f"{desk}?update={self.draft.pk}",
            f"{desk}?copy=unsaved",
            f"{desk}updates/{self.updates[0].pk}/history/",
            f"{desk}stories/?q=xss",
            f"{desk}paste/",
            "/admin/",
            "/admin/auth/user/",
            f"/admin/auth/user/{self.chief.pk}/change/",
            *(f"/admin/liveblog/{model}/" for model in models.split()),
            *(f"/admin/liveblog/{model}/{row.pk}/change/" for model, row in rows.items() if row),
            f"/admin/liveblog/update/{self.updates[-1].pk}/history/",
            f"/admin/liveblog/liveblog/{self.blog.pk}/history/",
        ]

    def running_copy(self) -> str:
        """Return an article with payloads on every line."""
        # With control characters the file would be taken for binary.
        lines = [html.one_line(text) for text in pack(self.payloads, 200)]
        entries = (
            f"{lines[place]}\n【{place // 4 + 8:02}:{place % 4 * 10:02}】{line}\n相關新聞：{lines[~place]}"
            for place, line in enumerate(lines[:40])
        )
        return f"{lines[0]}\n2026-03-19 10:00\n{lines[1]}\n19日最新消息\n" + "\n".join(entries)

    def conflicting_post(self) -> dict[str, object]:
        """Return the post of a composer that was opened before a colleague's change: an edit conflict."""
        body = "".join(f"{payload}{CLOSE_ALL}" for payload in self.payloads)
        update = self.updates[-1]
        fields = {"heading": self.copy("conflict", 250), "source": self.copy("conflict", 120), "body": body}
        return {"token": "conflict", "update": update.pk, "seen": "stale", "action": "edit", **fields}

    def write_past_the_sanitizer(self) -> None:
        """Store raw payloads in the rich text and URL fields, bypassing the sanitizer."""
        for number, update in enumerate(self.updates):
            Update.objects.filter(pk=update.pk).update(body=self.body(number))
        for number, revision in enumerate(Revision.objects.filter(update__in=self.updates[:2])):
            revision.content["body"] = self.body(number, every=2)
            Revision.objects.filter(pk=revision.pk).update(content=revision.content)
        Update.objects.filter(pk=self.draft.pk).update(body=self.body(0, every=1))
        addresses = cycle(words_of(ADDRESSES))
        # The preview rejects such a URL, so leave the draft's own in place.
        for story in RelatedStory.objects.exclude(update=self.draft):
            RelatedStory.objects.filter(pk=story.pk).update(url=next(addresses))
        LiveBlog.objects.update(summary=self.body(0, every=1))

    def _make_people(self) -> None:
        for _number in range(self.copy.count(150)):
            person = make_person("Editor", last_name=self.copy("last name", 150))
            User.objects.filter(pk=person.pk).update(first_name=self.copy("first name", 150))

    def _fill_glossary(self) -> None:
        """Add a glossary term whose simplified form is the payload, for each short payload."""
        terms = set()
        for place, payload in enumerate(self.payloads):
            simplified = html.one_line(payload)
            if len(simplified) <= 80 and simplified not in terms:
                terms.add(simplified)
                term = _TERM.format(chr(0x4E00 + place))
                publishing.add_term(by=SYSTEM, traditional=term, simplified=simplified, note=simplified)

    def _terms(self, number: int) -> str:
        places = range(number % 20, len(self.payloads), 20)
        return "".join(
            pattern.format(chr(0x4E00 + place)) for place in places for pattern in (_TERM, _WORDING)
        )

    def _make_blog(self, slug: str, **details: object) -> LiveBlog:
        return make_blog(
            **{
                "slug": slug,
                "headline": f"{_TERM.format(chr(0x4E00))} {self.copy('headline', 240)}",
                "kicker": self.copy("kicker", 80),
                "standfirst": self.copy("standfirst", 5_000, "\n"),
                "summary": self.copy("summary", 8_000, CLOSE_ALL),
                "has_responses": True,
                "hero_image": self.images[0],
                "topics": (self.topic,),
                "bylines": tuple(self.bylines[:20]),
                "stories": self._stories(),
            }
            | details
        )

    def _stories(self) -> tuple[Story, ...]:
        """Return stories whose titles and URLs, over one page of 20 updates, include every payload."""
        texts = [self.copy("story", 250) for _number in range(5)]
        paths = ["".join(self.copy("url", 120).split()) for _text in texts]
        return tuple(
            Story(text, place, f"https://a.example/{path}")
            for place, (text, path) in enumerate(zip(texts, paths, strict=True))
        )

    def _make_update(self, number: int) -> Update:
        content = Content(
            heading=self.copy("heading", 250),
            body=f"{self.body(number)}<p>{self._terms(number)}</p>",
            source=self.copy("source", 120),
            is_key_event=number % 2 == 0,
            bylines=tuple(self.bylines[number % len(self.bylines) :][:3]),
            edition_wording=self._wording(number),
            stories=self._stories(),
            images=(self.images[number % len(self.images)],),
        )
        update = publishing.publish_update(self.blog, content, by=SYSTEM, is_pinned=number == UPDATES - 1)
        if number % 4 == 0:
            publishing.correct_update(update, lambda saved: saved, by=SYSTEM, note=self.copy("note", 1_000))
        return update

    def _wording(self, number: int) -> str:
        """Return an update's wording lines, without payloads that contain the separator, an equals sign."""
        places = range(number % 20, len(self.payloads), 20)
        return "\n".join(
            f"{_WORDING.format(chr(0x4E00 + place))}={' '.join(self.payloads[place].split())}"
            for place in places
            if len(self.payloads[place]) <= 80
            and not {"=", "＝"} & set(self.payloads[place])
            and self.payloads[place].strip()
        )

    def _make_neighbours(self) -> None:
        for number in range(20):
            self._make_blog(f"neighbour-{number}")
        publishing.withdraw_blog(self._make_blog("gone"), by=SYSTEM)
        self.gone = self._make_update(1)
        publishing.withdraw_update(self.gone, by=SYSTEM, reason=self.copy("reason", 1_000))

    def _make_responses(self) -> None:
        for number in range(self.copy.count(500)):
            response = publishing.submit_response(
                self.blog, name=self.copy("response", 80), text=self.copy("response", 500)
            )
            if number % 3:
                publishing.approve_response(response, by=SYSTEM)

    def _make_partner(self) -> None:
        for number in range(20):
            self.partner = Partner.objects.create(
                name=f"{self.copy('partner', 110)} {number}", contact='"<script>xss()</script>"@a.example'
            )
        self.webhook = publishing.add_webhook(
            self.partner, by=SYSTEM, url="https://a.example/?<script>xss()</script>"
        )
        publishing.create_key(self.partner, by=SYSTEM, label=self.copy("label", 80), scopes=["read"])
        Webhook.objects.filter(pk=self.webhook.pk).update(
            disabled_because=self.copy("because", 300), disabled_at=timezone.now()
        )
        for _number in range(5):
            Delivery.objects.create(
                webhook=self.webhook,
                blog=self.blog,
                number=1,
                attempt=1,
                at=timezone.now(),
                status=500,
                error=self.copy("error", 300),
                body=self.copy("delivery", 9_000),
                answer=self.copy("answer", 4_000),
            )

    def _make_unpublished(self) -> None:
        """Create a draft, a submitted update and an unsaved working copy."""
        # The composer splits bylines at these characters, so a name containing one cannot be typed there.
        typed = tuple(byline for byline in self.bylines if not set(byline.name) & set(",，、;；"))
        content = replace(Content.of(self.updates[0]), bylines=typed[:3])
        self.draft = publishing.draft_update(self.blog, content, by=SYSTEM)
        publishing.submit_update(self.blog, content, by=self.chief)
        raw = "".join(f"{payload}{CLOSE_ALL}" for payload in self.payloads)
        fields = {"heading": [self.copy("typed", 250)], "source": [self.copy("typed", 120)], "body": [raw]}
        WorkingCopy.objects.create(
            by=self.chief, token="unsaved", blog=self.blog, fields=fields, saved_at=timezone.now()
        )

    def _log_actions(self) -> None:
        kind = ContentType.objects.get_for_model(Update)
        for _number in range(10):
            LogEntry.objects.create(
                user=self.chief,
                content_type=kind,
                object_id=str(self.updates[-1].pk),
                object_repr=self.copy("log", 200),
                action_flag=CHANGE,
                change_message=self.copy("message", 2_000),
            )
