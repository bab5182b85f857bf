"""Changelists: search, filters, counts and bulk actions."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin import site
from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from liveblog import publishing
from liveblog.models import (
    Byline,
    Change,
    CopyProfile,
    Delivery,
    LiveBlog,
    Partner,
    Topic,
    Update,
    Webhook,
    WebhookCursor,
)
from liveblog.publishing import SYSTEM, Content, Story
from tests.factories import NOON, make_blog, make_image, make_key, make_person, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

UPDATES = "/admin/liveblog/update/"
BLOGS = "/admin/liveblog/liveblog/"
# Every list of the admin, as `app/model`.
LISTS = [f"{model._meta.app_label}/{model._meta.model_name}" for model in site._registry]


def rows_of(admin, path: str, **query: object) -> list[str]:
    response = admin.get(path, query)
    assert response.status_code == 200, response
    return [str(row) for row in response.context["cl"].result_list]


def act(admin, path: str, action: str, *rows, **fields: object):
    return admin.post(
        path,
        {"action": action, "_selected_action": [row.pk for row in rows], "index": "0", "confirm": "yes"}
        | fields,
    )


def messages_of(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_search_matches_chinese_text(admin):
    blog = make_blog(headline="颱風直擊")
    make_update(blog, "天文台改發八號風球", body="<p>渡輪停航。</p>")
    make_update(make_blog(headline="會談"), "雙方握手", body="<p>沒有聲明。</p>", source="法新社")
    assert rows_of(admin, UPDATES, q="八號") == ["天文台改發八號風球"]
    assert rows_of(admin, UPDATES, q="停航") == ["天文台改發八號風球"]
    assert rows_of(admin, UPDATES, q="颱風") == ["天文台改發八號風球"]
    assert rows_of(admin, UPDATES, q="法新社") == ["雙方握手"]
    assert rows_of(admin, BLOGS, q="會談") == ["會談"]


@pytest.mark.parametrize(
    ("model", "field", "expected"),
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
def test_autocomplete_matches_typed_text(admin, model, field, expected):
    make_blog(headline="颱風直擊")
    make_blog(headline="會談")
    make_image(alt="颱風下的渡輪")
    Byline.objects.create(name="颱風組")
    Topic.objects.create(slug="typhoon", name="颱風")
    query = {"app_label": "liveblog", "model_name": model, "field_name": field, "term": "颱風"}
    results = admin.get("/admin/autocomplete/", query).json()["results"]
    assert [result["text"] for result in results] == expected


def test_updates_are_filtered(admin):
    weather = Topic.objects.create(slug="weather", name="天氣")
    storm = make_blog(headline="颱風", topics=(weather,))
    talks = make_blog(headline="Talks", language="en")
    make_update(storm, "鍵", is_key_event=True, verification="unconfirmed")
    make_update(talks, "Handshake")
    publishing.draft_update(storm, Content(heading="稿", happened_at=NOON - timedelta(days=40)), by=SYSTEM)
    assert rows_of(admin, UPDATES, status__exact="draft") == ["稿"]
    assert rows_of(admin, UPDATES, is_key_event__exact="1") == ["鍵"]
    assert rows_of(admin, UPDATES, verification__exact="unconfirmed") == ["鍵"]
    assert rows_of(admin, UPDATES, blog=talks.pk) == ["Handshake"]
    assert rows_of(admin, UPDATES, blog="nonsense") == []
    assert rows_of(admin, UPDATES, blog__language__exact="en") == ["Handshake"]
    assert rows_of(admin, UPDATES, blog__topics__id__exact=weather.pk) == ["鍵", "稿"]
    assert rows_of(admin, UPDATES, happened_at__year="2026", happened_at__month="2") == ["稿"]
    assert rows_of(admin, BLOGS, topics__id__exact=weather.pk, status__exact="live") == ["颱風"]


def test_updates_are_counted_by_status_for_each_blog(admin):
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


@pytest.mark.parametrize("path", LISTS)
def test_queries_do_not_grow_with_the_list(admin, editor, path):
    User.objects.filter(pk=editor.pk).update(is_superuser=True)
    path = f"/admin/{path}/"
    fill()
    # Warm up per-process caches before counting.
    admin.get(path)
    with CaptureQueriesContext(connection) as queries_before:
        count_before = len(rows_of(admin, path))
    for _number in range(4):
        fill()
    with CaptureQueriesContext(connection) as queries_after:
        count_after = len(rows_of(admin, path))
    assert count_after > count_before
    assert len(queries_after) == len(queries_before) <= 20


def fill() -> None:
    """Create at least one row of each listed model."""
    serial = Topic.objects.count()
    blog = make_blog(topics=(Topic.objects.create(slug=f"topic-{serial}", name="題"),), has_responses=True)
    byline = Byline.objects.create(name=f"記者{serial}")
    update = make_update(
        blog, bylines=(byline,), images=(make_image(),), stories=(Story("相關", live_blog=blog),)
    )
    publishing.pin_update(update, by=SYSTEM)
    publishing.submit_response(blog, name="讀者", text="安全")
    publishing.add_term(by=SYSTEM, traditional=f"詞{serial}", simplified=f"词{serial}")
    CopyProfile.objects.create(name=f"來源{serial}")
    Group.objects.create(name=f"職務{serial}")
    make_person("Reporter", first_name=f"記者{serial}")
    partner = Partner.objects.create(name=f"夥伴{serial}", contact="desk@example.com")
    make_key("read", blogs=(blog,), partner=partner)
    webhook = Webhook.objects.create(partner=partner, url=f"https://example.com/{serial}", secret="x")
    webhook.blogs.add(blog)
    WebhookCursor.objects.create(webhook=webhook, blog=blog, number=1)
    Delivery.objects.create(webhook=webhook, blog=blog, number=1, attempt=1, at=timezone.now(), body="{}")


@pytest.mark.parametrize("model", site._registry, ids=LISTS)
def test_columns_and_filters_are_labelled_in_chinese(admin, editor, model):
    """Look for names in lower case: those of fields without a verbose name, or without its translation."""
    User.objects.filter(pk=editor.pk).update(is_superuser=True)
    page = admin.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/")
    with override("zh-hant"):
        cl = page.context["cl"]
        labels = [str(label_for_field(name, model, cl.model_admin)) for name in cl.list_display[1:]]
        labels += [str(filter.title) for filter in cl.filter_specs]
    assert [label for label in labels if re.match("[a-z]", label)] == []


def test_unlinked_related_stories_are_filtered_and_linked(admin):
    update = make_update(make_blog(), stories=(Story("懸空"), Story("已接", url="https://example.com/")))
    path = "/admin/liveblog/relatedstory/"
    assert rows_of(admin, path, leads="nowhere") == ["懸空"]
    assert rows_of(admin, path, leads="url") == ["已接"]
    story = update.related_stories.get(title="懸空")
    form = {"title": "懸空", "url": "example.com/x", "live_blog": ""}
    assert admin.post(f"{path}{story.pk}/change/", form).status_code == 302
    story.refresh_from_db()
    assert (story.url, LiveBlog.objects.get().number) == ("https://example.com/x", 3)
    assert admin.post(f"{path}{story.pk}/change/", form | {"url": story.url}).status_code == 302
    assert LiveBlog.objects.get().number == 3
    assert admin.get(f"{path}add/").status_code == 403


def test_bulk_publishing_reports_each_refusal(admin, editor):
    blog = make_blog()
    ready = publishing.draft_update(blog, Content(heading="可出"), by=SYSTEM)
    empty = publishing.draft_update(blog, Content(), by=SYSTEM)
    future = Content(heading="未到", happened_at=timezone.now() + timedelta(hours=2))
    future = publishing.draft_update(blog, future, by=SYSTEM)
    out = make_update(blog, "已出")
    response = act(admin, UPDATES, "publish", ready, empty, future, out)
    assert sorted(messages_of(response)) == sorted(
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


@pytest.mark.parametrize(
    ("model", "action", "words"),
    [
        ("update", "publish", "Readers will see each of them at once."),
        ("liveblog", "start", "Readers will see each as live, and drafts become public."),
        ("liveblog", "end", "Readers will see that the coverage of each has ended."),
        ("readerresponse", "approve", "Readers will see each of them at once."),
        ("readerresponse", "reject", "Readers will see none of them."),
        ("readerresponse", "withdraw", "They disappear for readers at once."),
    ],
)
def test_bulk_actions_that_readers_notice_need_confirmation(admin, model, action, words):
    draft, live = make_blog(headline="直播", is_live=False), make_blog(headline="直播", has_responses=True)
    update = publishing.draft_update(live, Content(heading="稿"), by=SYSTEM)
    response = publishing.submit_response(live, name="讀者", text="安全")
    row = {"update": update, "readerresponse": response, "liveblog": draft if action == "start" else live}[
        model
    ]
    number = LiveBlog.objects.get(pk=live.pk).number
    path = f"/admin/liveblog/{model}/"
    page = admin.post(path, {"action": action, "_selected_action": [row.pk]})
    assert words in page.content.decode()
    assert str(row) in page.content.decode()
    assert f'name="_selected_action" value="{row.pk}"' in page.content.decode()
    states = (
        LiveBlog.objects.filter(pk__in=[draft.pk, live.pk]).order_by("pk").values_list("status", "number")
    )
    assert list(states) == [("draft", draft.number), ("live", number)]
    response.refresh_from_db()
    assert response.status == "pending"


def test_bulk_withdrawal_requires_a_reason(admin):
    blog = make_blog()
    one, two = make_update(blog, "其一"), make_update(blog, "其二")
    form_page = act(admin, UPDATES, "withdraw", one, two)
    assert "其一" in form_page.content.decode()
    response = admin.post(UPDATES, {"action": "withdraw", "_selected_action": [one.pk], "reason": " "})
    assert "Say why they are withdrawn." in response.content.decode()
    assert Update.objects.published().count() == 2
    payload = {"action": "withdraw", "_selected_action": [one.pk, two.pk], "reason": "不實"}
    assert messages_of(admin.post(UPDATES, payload)) == ["Withdrawn: “其二”, “其一”"]
    assert Update.objects.published().count() == 0
    assert one.revisions.latest("pk").note == "不實"


def test_bulk_actions_pin_and_mark_updates(admin):
    blog, other = make_blog(), make_blog()
    one, two = make_update(blog, "其一"), make_update(other, "其二")
    draft = publishing.draft_update(blog, Content(heading="稿"), by=SYSTEM)
    assert "“稿”: This update is not published." in messages_of(act(admin, UPDATES, "pin", one, two, draft))
    for action in ("mark_key", "unmark_key", "unpin"):
        act(admin, UPDATES, action, one)
    kinds = Change.objects.filter(blog=blog).after(2).values_list("kind", flat=True)
    assert list(kinds) == ["pinned", "marked_key", "unmarked_key", "unpinned"]
    assert LiveBlog.objects.get(pk=other.pk).pinned_update == two


def test_bulk_actions_start_and_end_coverage(admin):
    draft, live = make_blog(headline="稿", is_live=False), make_blog(headline="直播")
    response = act(admin, BLOGS, "start", draft, live)
    assert messages_of(response) == [
        "“直播”: Only a draft or ended live blog can be started.",
        "Coverage runs: “稿”",
    ]
    act(admin, BLOGS, "end", draft, live)
    assert LiveBlog.objects.ended().count() == 2


def test_index_lists_our_models_and_those_of_django(admin, editor):
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


def test_blog_filter_offers_the_latest_blogs_and_the_selected_one(admin):
    oldest = make_blog(headline="最舊")
    make_update(oldest, "舊聞")
    for _number in range(20):
        make_blog()
    assert "最舊</a>" not in admin.get(UPDATES, {"q": "無"}).content.decode()
    assert rows_of(admin, UPDATES, blog=oldest.pk) == ["舊聞"]
    assert "最舊</a>" in admin.get(UPDATES, {"blog": oldest.pk}).content.decode()
