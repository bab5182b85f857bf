"""Live blogs in the admin: details, coverage, teams and embargo."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, Topic
from liveblog.publishing import SYSTEM, BlogDetails, Story
from newsroom import hongkong
from tests.admin.browsing import errors, open_form, page_of, with_row
from tests.change_log import kinds
from tests.factories import make_blog, make_image, make_person, make_update, signed_in

pytestmark = pytest.mark.django_db

ADD = "/admin/liveblog/liveblog/add/"


def save(admin, blog, **fields):
    return admin.post(page_of(blog), open_form(admin, page_of(blog)) | fields)


def reloaded(blog: LiveBlog) -> LiveBlog:
    return LiveBlog.objects.get(pk=blog.pk)


def test_blog_passes_through_every_status(admin, editor):
    form = open_form(admin, ADD) | {
        "headline": "颱風直擊",
        "slug": "typhoon-2026",
        "summary": "<p>一<script>x</script></p>",
    }
    assert admin.post(ADD, form).status_code == 302
    blog = LiveBlog.objects.get(slug="typhoon-2026")
    assert (blog.status, blog.summary, blog.created_by, blog.number) == ("draft", "<p>一</p>", editor, 0)
    steps = {"start": "live", "end": "ended", "resume": "live", "withdraw": "withdrawn", "restore": "live"}
    for action, status in steps.items():
        fields = {"reason": "錯", "title": "颱風直擊"} if action == "withdraw" else {}
        assert (
            admin.post(f"/admin/liveblog/liveblog/{blog.pk}/desk/coverage/{action}/", fields).status_code
            == 302
        )
        assert reloaded(blog).status == status
    assert kinds(blog) == ["blog_started", "blog_ended", "blog_resumed", "blog_withdrawn", "blog_restored"]
    assert blog.get_absolute_url() in admin.get(page_of(blog)).content.decode()


def test_details_bylines_topics_and_stories_are_saved_as_one_change(admin):
    blog, next_blog = make_blog(), make_blog(headline="續篇")
    byline, topic = Byline.objects.create(name="張三"), Topic.objects.create(slug="weather", name="天氣")
    image = make_image()
    form = open_form(admin, page_of(blog)) | {
        "headline": "新標題",
        "kicker": "風暴",
        "bylines": [byline.pk],
        "topics": [topic.pk],
        "hero_image": image.pk,
        "successor": next_blog.pk,
    }
    form = with_row(form, "related_stories", title="背景", url="https://example.com/")
    assert admin.post(page_of(blog), form).status_code == 302
    assert kinds(blog) == ["blog_started", "blog_edited"]
    details = BlogDetails.of(reloaded(blog))
    assert (details.headline, details.kicker, details.bylines, details.topics) == (
        "新標題",
        "風暴",
        (byline,),
        (topic,),
    )
    assert (details.hero_image, details.successor) == (image, next_blog)
    assert details.stories == (Story("背景", 0, "https://example.com/"),)

    assert save(admin, blog).status_code == 302
    assert reloaded(blog).number == 2
    assert BlogDetails.of(reloaded(blog)) == details


def test_embargo_is_set_and_lifted(admin):
    blog = make_blog()
    until = hongkong.now() + timedelta(days=1)
    embargo = {"embargo_until_at_0": f"{until:%Y-%m-%d}", "embargo_until_at_1": f"{until:%H:%M}"}
    assert save(admin, blog, **embargo).status_code == 302
    assert reloaded(blog).embargo_until_at == until.replace(second=0, microsecond=0)
    assert admin.post(reverse("desk:coverage", args=[blog.pk, "lift"])).status_code == 302
    assert reloaded(blog).embargo_until_at is None
    assert kinds(blog) == ["blog_started", "blog_embargoed", "embargo_lifted"]


def test_team_is_saved_without_a_change_number(admin):
    blog, editor, gone = make_blog(), make_person("Editor"), make_person("Editor", is_active=False)
    publishing.set_team(blog, [gone], by=SYSTEM)
    # The form does not offer inactive people, and keeps them as long as the team is not edited.
    assert save(admin, blog, kicker="風暴").status_code == 302
    assert list(blog.team.all()) == [gone]
    assert save(admin, blog, team=[editor.pk]).status_code == 302
    assert list(blog.team.all()) == [editor]
    assert kinds(blog) == ["blog_started", "blog_edited"]
    assert save(admin, blog, team=[]).status_code == 302
    assert not blog.team.exists()

    form = open_form(admin, ADD) | {"headline": "地震", "slug": "quake", "team": [editor.pk]}
    assert admin.post(ADD, form).status_code == 302
    assert list(LiveBlog.objects.get(slug="quake").team.all()) == [editor]


# Refusals


def test_only_active_staff_can_be_put_in_a_team():
    chief = signed_in(make_person("Chief editor", username="chief"))
    editor = make_person("Editor", username="editor")
    gone, outside = make_person(is_active=False), make_person(is_staff=False)
    query = {"app_label": "liveblog", "model_name": "liveblog", "field_name": "team"}
    matches = chief.get("/admin/autocomplete/", query).json()["results"]
    assert [person["text"] for person in matches] == ["chief", "editor"]
    blog = make_blog()
    response = save(chief, blog, team=[editor.pk, gone.pk, outside.pk])
    assert list(errors(response)) == ["team"]
    assert not blog.team.exists()


def test_stale_team_is_refused(admin):
    blog, editor = make_blog(is_live=False), make_person("Editor")
    stale = open_form(admin, page_of(blog)) | {"team": []}
    publishing.set_team(blog, [editor], by=SYSTEM)
    response = admin.post(page_of(blog), stale)
    assert errors(response)["__all__"][0].startswith("Somebody else has saved this since you opened it.")
    assert list(blog.team.all()) == [editor]


def test_missing_headline_and_duplicate_slug_are_refused_on_their_fields(admin):
    make_blog(slug="taken")
    form = open_form(admin, ADD)
    response = admin.post(ADD, form | {"headline": "甲", "slug": "taken"})
    assert errors(response) == {"slug": ["Live blog with this Slug already exists."]}
    assert 'value="甲"' in response.content.decode()
    assert list(errors(admin.post(ADD, form | {"slug": "free"}))) == ["headline"]
    assert LiveBlog.objects.count() == 1


def test_slug_cannot_change_after_publication(admin):
    blog = make_blog(slug="first")
    assert "slug" not in open_form(admin, page_of(blog))
    draft = make_blog(slug="second", is_live=False)
    stale = open_form(admin, page_of(draft)) | {"slug": "third"}
    publishing.start_coverage(draft, by=SYSTEM)
    admin.post(page_of(draft), stale)
    assert reloaded(draft).slug == "second"


def test_past_times_are_refused_on_their_fields(admin):
    blog = make_blog()
    past = {"_0": "2026-01-01", "_1": "10:00"}
    response = save(admin, blog, **{f"coverage_end_at{part}": value for part, value in past.items()})
    assert errors(response) == {"coverage_end_at": ["This time has passed. End the coverage instead."]}
    response = save(admin, blog, **{f"embargo_until_at{part}": value for part, value in past.items()})
    assert errors(response) == {"embargo_until_at": ["This time has passed. Leave it empty for no embargo."]}
    assert reloaded(blog).number == 1


def test_stale_form_overwrites_nothing(admin):
    blog = make_blog(headline="原")
    stale = open_form(admin, page_of(blog)) | {"headline": "我所改"}
    make_update(blog)
    assert admin.post(page_of(blog), open_form(admin, page_of(blog)) | {"kicker": "同事"}).status_code == 302
    response = admin.post(page_of(blog), stale)
    assert errors(response)["__all__"][0].startswith("Somebody else has saved this since you opened it.")
    assert (reloaded(blog).headline, reloaded(blog).kicker) == ("原", "同事")


def test_new_update_does_not_make_the_blog_form_stale(admin):
    blog = make_blog()
    form = open_form(admin, page_of(blog)) | {"headline": "改"}
    make_update(blog)
    assert admin.post(page_of(blog), form).status_code == 302
    assert reloaded(blog).headline == "改"


def test_planned_end_before_the_start_is_refused(admin):
    soon = timezone.now() + timedelta(days=2)
    blog = make_blog(is_live=False, coverage_start_at=soon)
    response = save(admin, blog, coverage_end_at_0="2026-01-01", coverage_end_at_1="10:00")
    assert errors(response) == {"__all__": ["Coverage cannot end before it starts."]}


def test_public_live_blog_shows_its_embed_code(admin):
    blog = make_blog(is_live=False, headline='號外 <"急">')
    assert "newsroom-embed" not in admin.get(page_of(blog)).content.decode()
    publishing.start_coverage(blog, by=SYSTEM)
    embed_code = re.search(
        r'<pre class="embed-code">(.*?)</pre>', admin.get(page_of(blog)).content.decode(), re.DOTALL
    )
    assert unescape(embed_code[1]) == (
        f'<blockquote class="newsroom-embed"><a href="http://127.0.0.1:8000/live/{blog.slug}/">'
        "號外 &lt;&quot;急&quot;&gt;</a></blockquote>\n"
        '<script async src="http://127.0.0.1:8000/static/js/embed.js"></script>'
    )
