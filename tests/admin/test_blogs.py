"""Live blogs in the admin: their details, their coverage, their embargo."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, Change, LiveBlog, Topic
from liveblog.publishing import SYSTEM, BlogDetails, Story
from newsroom import hongkong
from tests.admin.browsing import errors, opened, with_row
from tests.factories import make_blog, make_image, make_person, make_update

pytestmark = pytest.mark.django_db

ADD = "/admin/liveblog/liveblog/add/"


def page_of(blog: LiveBlog) -> str:
    return reverse("admin:liveblog_liveblog_change", args=[blog.pk])


def save(admin, blog, **fields):
    return admin.post(page_of(blog), opened(admin, page_of(blog)) | fields)


def kinds(blog: LiveBlog) -> list[str]:
    return list(Change.objects.filter(blog=blog).after(0).values_list("kind", flat=True))


def fresh(blog: LiveBlog) -> LiveBlog:
    return LiveBlog.objects.get(pk=blog.pk)


def test_blog_goes_from_draft_to_restored(admin, editor):
    form = opened(admin, ADD) | {
        "headline": "颱風直擊",
        "slug": "typhoon-2026",
        "summary": "<p>一<script>x</script></p>",
    }
    assert admin.post(ADD, form).status_code == 302
    blog = LiveBlog.objects.get(slug="typhoon-2026")
    assert (blog.status, blog.summary, blog.created_by, blog.number) == ("draft", "<p>一</p>", editor, 0)
    steps = {"start": "live", "end": "ended", "resume": "live", "withdraw": "withdrawn", "restore": "live"}
    for action, status in steps.items():
        assert save(admin, blog, action=action).status_code == 302
        assert fresh(blog).status == status
    assert kinds(blog) == ["blog_started", "blog_ended", "blog_resumed", "blog_withdrawn", "blog_restored"]
    assert blog.get_absolute_url() in admin.get(page_of(blog)).content.decode()


def test_details_with_bylines_topics_and_stories_are_one_change(admin):
    blog, next_blog = make_blog(), make_blog(headline="續篇")
    byline, topic = Byline.objects.create(name="張三"), Topic.objects.create(slug="weather", name="天氣")
    image = make_image()
    form = opened(admin, page_of(blog)) | {
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
    details = BlogDetails.of(fresh(blog))
    assert (details.headline, details.kicker, details.bylines, details.topics) == (
        "新標題",
        "風暴",
        (byline,),
        (topic,),
    )
    assert (details.hero_image, details.successor) == (image, next_blog)
    assert details.stories == (Story("背景", 0, "https://example.com/"),)

    assert save(admin, blog).status_code == 302
    assert fresh(blog).number == 2
    assert BlogDetails.of(fresh(blog)) == details


def test_embargo_is_set_and_lifted(admin):
    blog = make_blog()
    until = hongkong.now() + timedelta(days=1)
    embargo = {"embargo_until_at_0": f"{until:%Y-%m-%d}", "embargo_until_at_1": f"{until:%H:%M}"}
    assert save(admin, blog, **embargo).status_code == 302
    assert fresh(blog).embargo_until_at == until.replace(second=0, microsecond=0)
    assert save(admin, blog, action="lift").status_code == 302
    assert fresh(blog).embargo_until_at is None
    assert kinds(blog) == ["blog_started", "blog_embargoed", "embargo_lifted"]


def test_a_team_is_named_beside_the_details_and_readers_hear_nothing_of_it(admin):
    blog, editor, gone = make_blog(), make_person("Editor"), make_person("Editor", is_active=False)
    publishing.set_team(blog, [gone], by=SYSTEM)
    # Who was switched off is not shown, and stays as long as the team is left alone.
    assert save(admin, blog, kicker="風暴").status_code == 302
    assert list(blog.team.all()) == [gone]
    assert save(admin, blog, team=[editor.pk]).status_code == 302
    assert list(blog.team.all()) == [editor]
    assert kinds(blog) == ["blog_started", "blog_edited"]
    assert save(admin, blog, team=[]).status_code == 302
    assert not blog.team.exists()

    form = opened(admin, ADD) | {"headline": "地震", "slug": "quake", "team": [editor.pk]}
    assert admin.post(ADD, form).status_code == 302
    assert list(LiveBlog.objects.get(slug="quake").team.all()) == [editor]


# Refusals


def test_only_staff_who_are_there_are_put_in_a_team():
    chief = Client(headers={"accept-language": "en"})
    chief.force_login(make_person("Chief editor", username="chief"))
    editor = make_person("Editor", username="editor")
    gone, outside = make_person(is_active=False), make_person(is_staff=False)
    asked = {"app_label": "liveblog", "model_name": "liveblog", "field_name": "team"}
    found = chief.get("/admin/autocomplete/", asked).json()["results"]
    assert [person["text"] for person in found] == ["chief", "editor"]
    blog = make_blog()
    refused = save(chief, blog, team=[editor.pk, gone.pk, outside.pk])
    assert list(errors(refused)) == ["team"]
    assert not blog.team.exists()


def test_a_team_is_saved_before_coverage_starts_and_over_no_other(admin):
    blog, editor = make_blog(is_live=False), make_person("Editor")
    response = save(admin, blog, team=[editor.pk], action="start")
    assert errors(response) == {"action": ["You have unsaved changes to the text. Save them first."]}
    stale = opened(admin, page_of(blog)) | {"team": []}
    publishing.set_team(blog, [editor], by=SYSTEM)
    response = admin.post(page_of(blog), stale)
    assert errors(response)["__all__"][0].startswith("Somebody else has saved this since you opened it.")
    assert list(blog.team.all()) == [editor]


def test_headline_and_address_are_refused_on_their_fields(admin):
    make_blog(slug="taken")
    form = opened(admin, ADD)
    refused = admin.post(ADD, form | {"headline": "甲", "slug": "taken"})
    assert errors(refused) == {"slug": ["Live blog with this Slug already exists."]}
    assert 'value="甲"' in refused.content.decode()
    assert list(errors(admin.post(ADD, form | {"slug": "free"}))) == ["headline"]
    assert LiveBlog.objects.count() == 1


def test_address_cannot_change_after_publication(admin):
    blog = make_blog(slug="first")
    assert "slug" not in opened(admin, page_of(blog))
    draft = make_blog(slug="second", is_live=False)
    stale = opened(admin, page_of(draft)) | {"slug": "third"}
    publishing.start_coverage(draft, by=SYSTEM)
    admin.post(page_of(draft), stale)
    assert fresh(draft).slug == "second"


def test_times_are_refused_on_their_fields(admin):
    blog = make_blog()
    past = {"_0": "2026-01-01", "_1": "10:00"}
    response = save(admin, blog, **{f"coverage_end_at{part}": value for part, value in past.items()})
    assert errors(response) == {"coverage_end_at": ["This time has passed. End the coverage instead."]}
    response = save(admin, blog, **{f"embargo_until_at{part}": value for part, value in past.items()})
    assert errors(response) == {"embargo_until_at": ["This time has passed. Leave it empty for no embargo."]}
    assert fresh(blog).number == 1


def test_action_of_another_state_is_refused_in_words(admin):
    blog = make_blog(is_live=False)
    stale = opened(admin, page_of(blog)) | {"action": "start"}
    publishing.start_coverage(blog, by=SYSTEM)
    stale["slug"] = blog.slug
    response = admin.post(page_of(blog), stale)
    assert response.status_code == 200
    assert fresh(blog).number == 1


def test_changed_details_are_saved_before_coverage_starts(admin):
    blog = make_blog(is_live=False)
    response = save(admin, blog, headline="改", action="start")
    assert errors(response) == {"action": ["You have unsaved changes to the text. Save them first."]}
    assert fresh(blog).status == "draft"


def test_form_that_was_opened_on_other_details_overwrites_nothing(admin):
    blog = make_blog(headline="原")
    stale = opened(admin, page_of(blog)) | {"headline": "我所改"}
    make_update(blog)
    assert admin.post(page_of(blog), opened(admin, page_of(blog)) | {"kicker": "同事"}).status_code == 302
    response = admin.post(page_of(blog), stale)
    assert errors(response)["__all__"][0].startswith("Somebody else has saved this since you opened it.")
    assert (fresh(blog).headline, fresh(blog).kicker) == ("原", "同事")


def test_updates_do_not_make_the_blogs_form_stale(admin):
    blog = make_blog()
    form = opened(admin, page_of(blog)) | {"headline": "改"}
    make_update(blog)
    assert admin.post(page_of(blog), form).status_code == 302
    assert fresh(blog).headline == "改"


def test_planned_end_in_the_past_of_the_start_is_refused(admin):
    soon = timezone.now() + timedelta(days=2)
    blog = make_blog(is_live=False, coverage_start_at=soon)
    response = save(admin, blog, coverage_end_at_0="2026-01-01", coverage_end_at_1="10:00")
    assert errors(response) == {"__all__": ["Coverage cannot end before it starts."]}


def test_a_public_live_blog_shows_the_code_that_embeds_it(admin):
    blog = make_blog(is_live=False, headline='號外 <"急">')
    assert "newsroom-embed" not in admin.get(page_of(blog)).content.decode()
    publishing.start_coverage(blog, by=SYSTEM)
    shown = re.search(
        r'<pre class="embed-code">(.*?)</pre>', admin.get(page_of(blog)).content.decode(), re.DOTALL
    )
    assert unescape(shown[1]) == (
        f'<blockquote class="newsroom-embed"><a href="http://127.0.0.1:8000/live/{blog.slug}/">'
        "號外 &lt;&quot;急&quot;&gt;</a></blockquote>\n"
        '<script async src="http://127.0.0.1:8000/static/js/embed.js"></script>'
    )
