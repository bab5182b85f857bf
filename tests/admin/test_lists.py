"""Changelists: search, filters, counts, and verbs on many rows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, Change, LiveBlog, Topic, Update
from liveblog.publishing import SYSTEM, Content, Story
from tests.factories import NOON, make_blog, make_image, make_update

pytestmark = pytest.mark.django_db

UPDATES = "/admin/liveblog/update/"
BLOGS = "/admin/liveblog/liveblog/"
MODELS = ["liveblog", "update", "relatedstory", "topic", "byline", "image", "change", "revision"]


def listed(admin, path: str, **query: object) -> list[str]:
    response = admin.get(path, query)
    assert response.status_code == 200, response
    return [str(row) for row in response.context["cl"].result_list]


def act(admin, path: str, action: str, *rows, **fields: object):
    return admin.post(
        path, {"action": action, "_selected_action": [row.pk for row in rows], "index": "0"} | fields
    )


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_updates_are_found_in_chinese(admin):
    blog = make_blog(headline="颱風直擊")
    make_update(blog, "天文台改發八號風球", body="<p>渡輪停航。</p>")
    make_update(make_blog(headline="會談"), "雙方握手", body="<p>沒有聲明。</p>", source="法新社")
    assert listed(admin, UPDATES, q="八號") == ["天文台改發八號風球"]
    assert listed(admin, UPDATES, q="停航") == ["天文台改發八號風球"]
    assert listed(admin, UPDATES, q="颱風") == ["天文台改發八號風球"]
    assert listed(admin, UPDATES, q="法新社") == ["雙方握手"]
    assert listed(admin, BLOGS, q="會談") == ["會談"]


@pytest.mark.parametrize(
    ("model", "field", "found"),
    [
        ("update", "blog", ["颱風直擊"]),
        ("updatebyline", "byline", ["颱風組"]),
        ("updateimage", "image", ["颱風下的渡輪"]),
        ("relatedstory", "live_blog", ["颱風直擊"]),
        ("liveblog", "topics", ["颱風"]),
        ("liveblog", "successor", ["颱風直擊"]),
        ("liveblog", "hero_image", ["颱風下的渡輪"]),
    ],
)
def test_what_is_chosen_is_found_by_typing(admin, model, field, found):
    make_blog(headline="颱風直擊")
    make_blog(headline="會談")
    make_image(alt="颱風下的渡輪")
    Byline.objects.create(name="颱風組")
    Topic.objects.create(slug="typhoon", name="颱風")
    query = {"app_label": "liveblog", "model_name": model, "field_name": field, "term": "颱風"}
    results = admin.get("/admin/autocomplete/", query).json()["results"]
    assert [result["text"] for result in results] == found


def test_updates_are_filtered(admin):
    weather = Topic.objects.create(slug="weather", name="天氣")
    storm = make_blog(headline="颱風", topics=(weather,))
    talks = make_blog(headline="Talks", language="en")
    make_update(storm, "鍵", is_key_event=True, verification="unconfirmed")
    make_update(talks, "Handshake")
    publishing.draft_update(storm, Content(heading="稿", happened_at=NOON - timedelta(days=40)), by=SYSTEM)
    assert listed(admin, UPDATES, status__exact="draft") == ["稿"]
    assert listed(admin, UPDATES, is_key_event__exact="1") == ["鍵"]
    assert listed(admin, UPDATES, verification__exact="unconfirmed") == ["鍵"]
    assert listed(admin, UPDATES, blog=talks.pk) == ["Handshake"]
    assert listed(admin, UPDATES, blog="nonsense") == []
    assert listed(admin, UPDATES, blog__language__exact="en") == ["Handshake"]
    assert listed(admin, UPDATES, blog__topics__id__exact=weather.pk) == ["鍵", "稿"]
    assert listed(admin, UPDATES, happened_at__year="2026", happened_at__month="2") == ["稿"]
    assert listed(admin, BLOGS, topics__id__exact=weather.pk, status__exact="live") == ["颱風"]


def test_blogs_are_counted(admin):
    blog = make_blog()
    empty = make_blog(headline="空")
    make_update(blog)
    make_update(blog)
    publishing.draft_update(blog, Content(heading="稿"), by=SYSTEM)
    publishing.submit_update(blog, Content(heading="請審"), by=SYSTEM)
    publishing.schedule_update(blog, Content(heading="預告"), timezone.now() + timedelta(hours=1), by=SYSTEM)
    page = admin.get(BLOGS).content.decode()
    counts = re.findall(r"\?blog=(\d+)&amp;status__exact=(\w+)\">(\d+)<", page)
    statuses = ("published", "draft", "submitted", "scheduled")
    assert counts == [
        *((str(empty.pk), status, "0") for status in statuses),
        *((str(blog.pk), status, count) for status, count in zip(statuses, "2111", strict=True)),
    ]


@pytest.mark.parametrize("model", MODELS)
def test_queries_do_not_grow_with_the_list(admin, model):
    path = f"/admin/liveblog/{model}/"
    fill()
    # What is asked once for each process is asked here.
    admin.get(path)
    with CaptureQueriesContext(connection) as few:
        listed_before = len(listed(admin, path))
    for _each in range(4):
        fill()
    with CaptureQueriesContext(connection) as many:
        listed_after = len(listed(admin, path))
    assert listed_after > listed_before
    assert len(many) == len(few) <= 20


def fill() -> None:
    """A row of everything."""
    blog = make_blog(topics=(Topic.objects.create(slug=f"topic-{Topic.objects.count()}", name="題"),))
    byline = Byline.objects.create(name=f"記者{Byline.objects.count()}")
    update = make_update(
        blog, bylines=(byline,), images=(make_image(),), stories=(Story("相關", live_blog=blog),)
    )
    publishing.pin_update(update, by=SYSTEM)


def test_related_stories_without_an_address_are_found_and_linked(admin):
    update = make_update(make_blog(), stories=(Story("懸空"), Story("已接", url="https://example.com/")))
    path = "/admin/liveblog/relatedstory/"
    assert listed(admin, path, leads="nowhere") == ["懸空"]
    assert listed(admin, path, leads="url") == ["已接"]
    story = update.related_stories.get(title="懸空")
    form = {"title": "懸空", "url": "example.com/x", "live_blog": ""}
    assert admin.post(f"{path}{story.pk}/change/", form).status_code == 302
    story.refresh_from_db()
    assert (story.url, LiveBlog.objects.get().number) == ("https://example.com/x", 3)
    assert admin.post(f"{path}{story.pk}/change/", form | {"url": story.url}).status_code == 302
    assert LiveBlog.objects.get().number == 3
    assert admin.get(f"{path}add/").status_code == 403


def test_many_are_published_and_refusals_are_named(admin, editor):
    blog = make_blog()
    ready = publishing.draft_update(blog, Content(heading="可出"), by=SYSTEM)
    empty = publishing.draft_update(blog, Content(), by=SYSTEM)
    ahead = Content(heading="未到", happened_at=timezone.now() + timedelta(hours=2))
    ahead = publishing.draft_update(blog, ahead, by=SYSTEM)
    out = make_update(blog, "已出")
    response = act(admin, UPDATES, "publish", ready, empty, ahead, out)
    assert sorted(said(response)) == sorted(
        [
            f"“#{empty.pk}”: Write a heading or a text first.",
            "“未到”: This time is in the future. Schedule the update, or correct the time.",
            "“已出”: This update has been published. Correct or restore it instead.",
            "Published: “可出”",
        ]
    )
    ready.refresh_from_db()
    assert ready.is_published
    assert ready.happened_at == ready.first_published_at
    assert LiveBlog.objects.get().number == 3


def test_many_are_withdrawn_after_the_reason_was_asked_for(admin):
    blog = make_blog()
    one, two = make_update(blog, "其一"), make_update(blog, "其二")
    asked = act(admin, UPDATES, "withdraw", one, two)
    assert "其一" in asked.content.decode()
    refused = admin.post(UPDATES, {"action": "withdraw", "_selected_action": [one.pk], "reason": " "})
    assert "Say why they are withdrawn." in refused.content.decode()
    assert Update.objects.published().count() == 2
    sent = {"action": "withdraw", "_selected_action": [one.pk, two.pk], "reason": "不實"}
    assert said(admin.post(UPDATES, sent)) == ["Withdrawn: “其二”, “其一”"]
    assert Update.objects.published().count() == 0
    assert one.revisions.latest("pk").note == "不實"


def test_many_are_pinned_and_marked(admin):
    blog, other = make_blog(), make_blog()
    one, two = make_update(blog, "其一"), make_update(other, "其二")
    draft = publishing.draft_update(blog, Content(heading="稿"), by=SYSTEM)
    assert "“稿”: This update is not published." in said(act(admin, UPDATES, "pin", one, two, draft))
    for action in ("mark_key", "unmark_key", "unpin"):
        act(admin, UPDATES, action, one)
    kinds = Change.objects.filter(blog=blog).after(2).values_list("kind", flat=True)
    assert list(kinds) == ["pinned", "marked_key", "unmarked_key", "unpinned"]
    assert LiveBlog.objects.get(pk=other.pk).pinned_update == two


def test_coverage_of_many_is_started_and_ended(admin):
    draft, live = make_blog(headline="稿", is_live=False), make_blog(headline="直播")
    response = act(admin, BLOGS, "start", draft, live)
    assert said(response) == [
        "“直播”: Only a draft or ended live blog can be started.",
        "Coverage runs: “稿”",
    ]
    act(admin, BLOGS, "end", draft, live)
    assert LiveBlog.objects.ended().count() == 2


def test_index_and_stock_models_are_there(admin, editor):
    editor.is_superuser = True
    editor.save()
    page = admin.get("/admin/").content.decode()
    for name in (
        "Live blogs",
        "Updates",
        "Pictures",
        "Related stories",
        "Changes",
        "Revisions",
        "Users",
        "Groups",
    ):
        assert name in page
    assert admin.get("/admin/auth/user/").status_code == 200


def test_filter_of_blogs_keeps_to_the_latest_and_the_chosen(admin):
    oldest = make_blog(headline="最舊")
    make_update(oldest, "舊聞")
    for _each in range(20):
        make_blog()
    assert "最舊</a>" not in admin.get(UPDATES, {"q": "無"}).content.decode()
    assert listed(admin, UPDATES, blog=oldest.pk) == ["舊聞"]
    assert "最舊</a>" in admin.get(UPDATES, {"blog": oldest.pk}).content.decode()
