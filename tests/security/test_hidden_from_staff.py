"""Team isolation: staff outside a live blog's team cannot read, find or count any of its rows.

Every field of every row of a hidden live blog contains CANARY. An outsider who may view and change every
model requests each URL of the admin and of the desk; the responses match those of a newsroom without the
blog.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Delivery, LiveBlog, Partner, Presence, Update, Webhook, WebhookCursor, WorkingCopy
from liveblog.publishing import SYSTEM, Content, Story
from tests.factories import make_blog, make_image, make_person, make_update, make_user, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

CANARY = "kanarie"
# A search term that matches CANARY but differs from it, because pages echo the search term.
PART = "kanari"
# All models of this project; only these have rows that can belong to a live blog.
LIVEBLOG_MODELS = [model for model in admin.site._registry if model._meta.app_label == "liveblog"]
LINK_FIELDS = [
    ("relatedstory", "live_blog"),
    ("liveblog", "successor"),
    ("update", "blog"),
    ("webhook", "blogs"),
    ("updateimage", "image"),
    ("liveblog", "hero_image"),
    ("revision", "update"),
]


class House:
    """A public blog and a partner's webhook; `hide` adds a blog that belongs to another team."""

    def __init__(self) -> None:
        everything = [
            f"{verb}_{model._meta.model_name}"
            for model in LIVEBLOG_MODELS
            for verb in ("view", "change")
            if verb in model._meta.default_permissions
        ]
        extra = ["publish_update", "withdraw_update", "add_update", "add_image", "moderate_readerresponse"]
        self.outsider = make_user(*{*everything, *extra, "add_partner", "add_webhook", "run_coverage"})
        self.client = signed_in(self.outsider)
        self.partner = Partner.objects.create(name="Wire", contact="desk@wire.example")
        self.webhook = publishing.add_webhook(self.partner, by=SYSTEM, url="https://wire.example/")
        self.blog = make_blog(slug="open", headline="Open", language="en")
        self.update = make_update(self.blog, "Open update")

    def hide(self, *, status: str) -> None:
        member = make_person("Editor", username="member")
        image = make_image(alt=f"{CANARY} picture", caption=CANARY, credit=CANARY)
        self.hidden = make_blog(
            slug=f"{CANARY}-slug",
            headline=f"{CANARY} headline",
            kicker=CANARY,
            standfirst=CANARY,
            summary=f"<p>{CANARY}</p>",
            language="en",
            has_responses=True,
            hero_image=image,
            stories=(Story(f"{CANARY} beside"),),
            embargo_until_at=timezone.now() + timedelta(hours=1),
            is_live=status != "draft",
            successor=self.blog,
        )
        publishing.set_team(self.hidden, [member], by=SYSTEM)
        self.secret = make_update(
            self.hidden,
            f"{CANARY} heading",
            body=f"<p>{CANARY} text</p>",
            source=CANARY,
            images=(image,),
            stories=(Story(f"{CANARY} story", live_blog=self.blog),),
        )
        self.gone = make_update(self.hidden, f"{CANARY} gone")
        publishing.withdraw_update(self.gone, by=SYSTEM, reason=f"{CANARY} reason")
        draft = publishing.draft_update(self.hidden, Content(f"{CANARY} draft"), by=SYSTEM)
        self.response = publishing.approve_response(
            self.hidden.responses.create(name=CANARY, text=f"{CANARY} response"), by=SYSTEM
        )
        unused = make_image(alt=f"{CANARY} unused")
        type(unused).objects.filter(pk=unused.pk).update(uploaded_for=self.hidden)
        self.images = [image, unused]
        Delivery.objects.create(
            webhook=self.webhook,
            blog=self.hidden,
            number=1,
            attempt=1,
            at=timezone.now(),
            body=f'{{"message": "{CANARY}"}}',
            answer=CANARY,
        )
        WebhookCursor.objects.update_or_create(webhook=self.webhook, blog=self.hidden, defaults={"number": 1})
        self.partner.granted_blogs.add(self.hidden)
        self.webhook.blogs.set([self.blog, self.hidden])
        now = timezone.now()
        WorkingCopy.objects.create(
            by=member, token="t", blog=self.hidden, fields={"heading": [CANARY]}, saved_at=now
        )
        Presence.objects.create(by=member, token="t", blog=self.hidden, update=draft, at=now)
        # The outsider edited the blog before it had a team.
        LogEntry.objects.create(
            user=self.outsider,
            content_type=ContentType.objects.get_for_model(Update),
            object_id=str(self.secret.pk),
            object_repr=f"{CANARY} heading",
            action_flag=CHANGE,
        )
        # Rows of the outsider's own blog that link to the hidden one.
        Update.objects.get(pk=self.update.pk).related_stories.create(title="A link", live_blog=self.hidden)
        LiveBlog.objects.filter(pk=self.blog.pk).update(successor=None)

    def rows(self) -> Iterator[models.Model]:
        """Yield every row of the hidden blog that has a page in the admin."""
        yield self.hidden
        for update in (self.secret, self.gone):
            yield update
            yield from update.revisions.all()
            yield from update.related_stories.all()
        yield from self.hidden.related_stories.all()
        yield from self.hidden.changes.all()
        yield from Delivery.objects.filter(blog=self.hidden)
        yield from WebhookCursor.objects.filter(blog=self.hidden)
        yield self.response
        yield from self.images


def addresses(patterns: list, prefix: str = "") -> Iterator[str]:
    """Yield every route below `patterns`."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def filled(route: str, **ids: object) -> str:
    values = {"object_id": 1, "pk": 1, "update_pk": 1, "response_pk": 1, "verb": "pin", "id": 1} | ids
    values |= {
        "key": "0" * 16,
        "width": 400,
        "extension": "webp",
        "content_type_id": 1,
        "app_label": "liveblog",
    }
    route = re.sub(r"\(\?P<app_label>[^)]*\)", "liveblog", route)
    route = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values.get(match[1], match[1])), route)
    return "/" + route.replace("^", "").replace("$", "").replace("(?:.*)", "").replace("\\Z", "")


def text_of(response: HttpResponse) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode(errors="replace") + str(sorted(response.headers.items()))


@pytest.mark.parametrize("status", ["draft", "live"])
def test_admin_and_desk_urls_reveal_nothing_of_a_hidden_blog_to_an_outsider(status):
    house = House()
    house.hide(status=status)
    routes = [route for route in addresses(get_resolver().url_patterns) if route.startswith("admin/")]
    requests = 0
    for row in house.rows():
        ids = dict.fromkeys(("object_id", "pk", "update_pk", "response_pk", "id"), row.pk)
        ids["content_type_id"] = ContentType.objects.get_for_model(row).pk
        own = f"/{row._meta.model_name}/"
        for route in routes:
            is_own = own in route or "/desk/" in route or route.startswith("admin/r/")
            if not is_own or "logout" in route:
                continue
            ids["pk"] = house.hidden.pk
            for method in ("get", "post"):
                response = getattr(house.client, method)(filled(route, **ids), {"q": PART})
                assert response.status_code < 500, route
                assert CANARY not in text_of(response), (route, row)
                requests += 1
    assert requests > 100


def test_hidden_blog_does_not_change_lists_searches_and_filters_for_an_outsider():
    house = House()
    queries = [{}, {"q": "update"}, {"q": PART}, {"_facets": "True"}, {"all": ""}]
    assert house.client.get("/admin/liveblog/auditentry/").status_code == 403
    names = {model._meta.model_name for model in LIVEBLOG_MODELS} - {"auditentry"}
    paths = [f"/admin/liveblog/{name}/" for name in sorted(names)]
    before = {
        (path, str(query)): counts(house.client.get(path, query)) for path in paths for query in queries
    }
    house.hide(status="live")
    # The outsider may see the link on their own blog, so remove it before comparing counts.
    house.update.related_stories.all().delete()
    Delivery.objects.exclude(blog=house.hidden).delete()
    for path in paths:
        for query in queries:
            response = house.client.get(path, query)
            assert CANARY not in text_of(response), (path, query)
            assert counts(response) == before[path, str(query)], (path, query)


def counts(response: HttpResponse) -> tuple[int, ...]:
    changelist = response.context["cl"]
    return changelist.result_count, changelist.full_result_count, changelist.queryset.count()


def test_admin_lookups_do_not_find_a_hidden_blog():
    house = House()
    house.hide(status="live")
    for path, query in [
        ("update", {"blog": house.hidden.pk}),
        ("update", {"blog__id__exact": house.hidden.pk}),
        ("change", {"blog": house.hidden.pk}),
        ("revision", {"blog": house.hidden.pk}),
        ("delivery", {"blog": house.hidden.pk}),
        ("webhookcursor", {"blog": house.hidden.pk}),
        ("readerresponse", {"blog__id__exact": house.hidden.pk}),
        ("liveblog", {"successor__id__exact": house.hidden.pk}),
        ("liveblog", {"id__exact": house.hidden.pk, "_popup": "1"}),
        ("image", {"id__exact": house.images[0].pk}),
        ("relatedstory", {"q": PART}),
        ("webhook", {"blogs__headline__startswith": PART}),
        ("partner", {"granted_blogs__headline__startswith": PART}),
    ]:
        response = house.client.get(f"/admin/liveblog/{path}/", query)
        if response.status_code == 200:
            assert not response.context["cl"].result_count, (path, query)
            assert CANARY not in text_of(response), (path, query)
        else:
            assert response.status_code in (302, 400), (path, query)


@pytest.mark.parametrize(("model", "field"), LINK_FIELDS)
def test_autocomplete_does_not_offer_hidden_rows(model, field):
    house = House()
    house.hide(status="live")
    query = {"app_label": "liveblog", "model_name": model, "field_name": field, "term": PART}
    response = house.client.get("/admin/autocomplete/", query)
    assert response.status_code == 403 or response.json()["results"] == []


def test_forms_with_a_link_to_a_hidden_blog_hide_it_and_keep_it_on_save():
    house = House()
    house.hide(status="live")
    story = house.update.related_stories.get()
    LiveBlog.objects.filter(pk=house.hidden.pk).update(successor=None)
    LiveBlog.objects.filter(pk=house.blog.pk).update(successor=house.hidden)
    desk = f"/admin/liveblog/liveblog/{house.blog.pk}/desk/"
    for path in [
        "/admin/",
        f"/admin/liveblog/liveblog/{house.blog.pk}/change/",
        f"/admin/liveblog/update/{house.update.pk}/change/",
        f"/admin/liveblog/relatedstory/{story.pk}/change/",
        "/admin/liveblog/relatedstory/",
        f"/admin/liveblog/update/add/?blog={house.hidden.pk}",
        f"/admin/liveblog/partner/{house.partner.pk}/change/",
        f"/admin/liveblog/webhook/{house.webhook.pk}/change/",
        desk,
        f"{desk}?update={house.update.pk}",
        f"{desk}stories/?q={PART}",
        f"{desk}updates/{house.update.pk}/history/",
    ]:
        response = house.client.get(path)
        assert response.status_code == 200, path
        assert CANARY not in text_of(response), path
    form = {
        "name": "Wire",
        "contact": "desk@wire.example",
        "is_active": "on",
        "granted_blogs": [],
        "embed_origins": "",
    }
    assert house.client.post(f"/admin/liveblog/partner/{house.partner.pk}/change/", form).status_code == 302
    assert house.partner.granted_blogs.get() == house.hidden
    form = {"url": house.webhook.url, "edition": "", "blogs": [house.blog.pk], "action": "save"}
    assert house.client.post(f"/admin/liveblog/webhook/{house.webhook.pk}/change/", form).status_code == 302
    assert set(Webhook.objects.get().blogs.all()) == {house.blog, house.hidden}
    form = {"title": "A link", "url": "", "live_blog": "", "_save": "1"}
    assert house.client.post(f"/admin/liveblog/relatedstory/{story.pk}/change/", form).status_code == 302
    story.refresh_from_db()
    assert story.live_blog == house.hidden


def test_pictures_of_a_hidden_blog_return_404_and_cannot_be_reused():
    house = House()
    house.hide(status="draft")
    desk = f"/admin/liveblog/liveblog/{house.blog.pk}/desk/"
    for image in house.images:
        path = f"/admin/liveblog/image/renditions/{image.key}/400.webp"
        assert house.client.get(path).status_code == 404
        payload = {"token": "t", "heading": "x", "picture": image.pk, "action": "draft"}
        response = house.client.post(desk, payload)
        assert response.status_code == 422
        assert CANARY not in text_of(response)
    member = signed_in(User.objects.get(username="member"))
    assert member.get(path).status_code == 200


def test_chief_editors_can_read_every_teams_blog():
    house = House()
    house.hide(status="live")
    chief = signed_in(make_person("Chief editor"))
    assert f"{CANARY} heading" in text_of(chief.get(f"/admin/liveblog/update/{house.secret.pk}/change/"))
    assert f"{CANARY} draft" in text_of(chief.get("/admin/liveblog/update/"))
