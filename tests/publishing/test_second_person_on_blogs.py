"""The two-person rule on a live blog itself: its head, its start, its restoration and its embargo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.articles.article import ArticleError
from liveblog.articles.load import load
from liveblog.articles.parse import parse, read
from liveblog.models import AuditEntry, BlogProposal, Byline, LiveBlog, Topic
from liveblog.publishing import SYSTEM, BlogAction, BlogDetails, BlogNeedsSecondPerson, Story
from newsroom import hongkong
from tests.factories import make_blog, make_image, make_key, make_person, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def one():
    return make_person("Chief editor")


@pytest.fixture
def other():
    return make_person("Chief editor")


@pytest.fixture
def blog(one):
    return guarded(make_blog(slug="court"), one)


def guarded(blog: LiveBlog, by) -> LiveBlog:
    return publishing.set_second_person(blog, by=by, is_needed=True)


def fresh(blog: LiveBlog) -> LiveBlog:
    return LiveBlog.objects.get(pk=blog.pk)


def changed(blog: LiveBlog, **values) -> BlogDetails:
    return replace(BlogDetails.of(fresh(blog)), **values)


def propose_edit(blog, by, **values) -> BlogProposal:
    return publishing.propose_on_blog(blog, BlogProposal.Action.SAVE, by=by, details=changed(blog, **values))


IN_SIGHT: dict[str, Callable] = {
    "kicker": lambda blog: {"kicker": "命案"},
    "headline": lambda blog: {"headline": "疑犯陳某"},
    "standfirst": lambda blog: {"standfirst": "疑犯是陳某"},
    "summary": lambda blog: {"summary": "<p>疑犯是陳某</p>"},
    "hero_image": lambda blog: {"hero_image": make_image()},
    "bylines": lambda blog: {"bylines": (Byline.objects.create(name="陳某"),)},
    "topics": lambda blog: {"topics": (Topic.objects.create(name="陳某案", slug="chan"),)},
    "stories": lambda blog: {"stories": (Story("陳某是誰"),)},
    "successor": lambda blog: {"successor": make_blog(headline="陳某")},
}


@pytest.mark.parametrize("status", ["live", "ended", "withdrawn", "embargoed"])
@pytest.mark.parametrize("name", IN_SIGHT)
def test_head_of_a_guarded_blog_changes_only_once_a_second_person_approves_it(one, other, name, status):
    blog = make_blog(slug="court")
    if status == "ended":
        publishing.end_coverage(blog, by=one)
    elif status == "withdrawn":
        publishing.withdraw_blog(blog, by=one)
    elif status == "embargoed":
        until = timezone.now() + timedelta(hours=1)
        publishing.edit_blog(blog, changed(blog, embargo_until_at=until), by=one)
    guarded(blog, one)
    details = changed(blog, **IN_SIGHT[name](blog)).checked()
    number = fresh(blog).number
    for by in (one, other, SYSTEM):
        with pytest.raises(BlogNeedsSecondPerson):
            publishing.edit_blog(blog, details, by=by)
    publishing.propose_on_blog(blog, BlogProposal.Action.SAVE, by=one, details=details)
    with pytest.raises(ValidationError):
        publishing.approve_on_blog(blog, by=one)
    with pytest.raises(BlogNeedsSecondPerson):
        publishing.edit_blog(blog, details, by=one)
    assert fresh(blog).number == number
    publishing.approve_on_blog(blog, by=other)
    assert BlogDetails.of(fresh(blog)) == details
    entries = AuditEntry.objects.filter(action="approved")
    assert [(entry.by_id, entry.details["proposed_by"]) for entry in entries] == [(other.pk, one.pk)]
    assert not BlogProposal.objects.exists()


def test_changes_that_readers_do_not_see_need_no_second_person(blog, one):
    later = timezone.now() + timedelta(hours=1)
    for values in ({"front_position": 1}, {"has_responses": True}, {"embargo_until_at": later}):
        publishing.edit_blog(blog, changed(blog, **values), by=one)
    publishing.edit_blog(blog, changed(blog, embargo_until_at=later + timedelta(hours=1)), by=one)
    publishing.end_coverage(blog, by=one)
    assert publishing.start_coverage(blog, by=one).is_live
    assert publishing.withdraw_blog(blog, by=one).status == "withdrawn"


def test_head_of_a_draft_is_free_and_its_start_needs_two_people(one, other):
    blog = guarded(make_blog(is_live=False), one)
    publishing.edit_blog(blog, changed(blog, headline="疑犯陳某"), by=one)
    with pytest.raises(BlogNeedsSecondPerson):
        publishing.start_coverage(blog, by=one)
    assert isinstance(publishing.perform_on_blog(BlogAction.START, blog, by=one), BlogProposal)
    publishing.perform_on_blog(BlogAction.START, blog, by=one)
    assert fresh(blog).status == "draft"
    publishing.edit_blog(blog, changed(blog, headline="兇手陳某"), by=one)
    with pytest.raises(publishing.Stale):
        publishing.start_coverage(blog, by=other)
    publishing.perform_on_blog(BlogAction.START, blog, by=one)
    publishing.perform_on_blog(BlogAction.START, blog, by=other)
    assert fresh(blog).is_live


def test_restoring_a_guarded_blog_needs_two_people(blog, one, other):
    publishing.withdraw_blog(blog, by=other)
    for by in (one, other, SYSTEM):
        with pytest.raises(BlogNeedsSecondPerson):
            publishing.restore_blog(blog, by=by)
    publishing.perform_on_blog(BlogAction.RESTORE, blog, by=one)
    publishing.restore_blog(blog, by=other)
    assert fresh(blog).is_live


def test_embargo_of_a_guarded_blog_ends_on_time_by_itself_but_early_only_by_two_people(blog, one, other):
    until = timezone.now() + timedelta(hours=1)
    publishing.edit_blog(blog, changed(blog, embargo_until_at=until), by=one)
    for act in (
        lambda: publishing.lift_embargo(blog, by=one),
        lambda: publishing.lift_embargo(blog, by=one, lapsed_by=until),
        lambda: publishing.edit_blog(blog, changed(blog, embargo_until_at=None), by=one),
        lambda: publishing.edit_blog(
            blog, changed(blog, embargo_until_at=until - timedelta(minutes=30)), by=one
        ),
    ):
        with pytest.raises(BlogNeedsSecondPerson):
            act()
    with transaction.atomic():
        publishing.perform_on_blog(BlogAction.LIFT, blog, by=one)
        publishing.lift_embargo(blog, by=other)
        assert fresh(blog).embargo_until_at is None
        transaction.set_rollback(True)
    LiveBlog.objects.update(embargo_until_at=timezone.now())
    assert publishing.publish_due(by=SYSTEM) == 1
    assert fresh(blog).embargo_until_at is None


def test_proposal_is_void_once_the_head_has_changed(blog, one, other):
    propose_edit(blog, one, headline="疑犯陳某")
    publishing.edit_blog(blog, changed(blog, front_position=1), by=one)
    with pytest.raises(publishing.Stale):
        publishing.approve_on_blog(blog, by=other)


def test_second_person_cannot_change_the_proposal(blog, one, other):
    propose_edit(blog, one, headline="疑犯陳某")
    with pytest.raises(BlogNeedsSecondPerson):
        publishing.edit_blog(blog, changed(blog, headline="兇手陳某"), by=other)


def test_approving_needs_the_permission_for_the_action(blog, one):
    reporter = make_person("Reporter")
    proposal = propose_edit(blog, one, headline="疑犯陳某")
    assert not publishing.can_approve_on_blog(reporter, proposal)
    with pytest.raises(PermissionDenied):
        publishing.approve_on_blog(blog, by=reporter)
    assert fresh(blog).headline == blog.headline


def test_only_chief_editors_override_with_a_reason_and_the_log_keeps_it(blog, one):
    editor = make_person("Editor")
    propose_edit(blog, one, headline="疑犯陳某")
    with pytest.raises(PermissionDenied):
        publishing.override_on_blog(blog, by=editor, reason="急")
    with pytest.raises(ValidationError):
        publishing.override_on_blog(blog, by=one, reason=" ")
    publishing.override_on_blog(blog, by=one, reason="八號風球，只得一人")
    assert fresh(blog).headline == "疑犯陳某"
    entry = AuditEntry.objects.get(action="overridden")
    assert (entry.by_id, entry.details["reason"]) == (one.pk, "八號風球，只得一人")


def test_legal_hold_refuses_a_new_head_even_as_a_proposal(blog, one, other):
    propose_edit(blog, one, headline="疑犯陳某")
    publishing.set_hold(blog, by=one, is_on_hold=True, reason="訴訟")
    for act in (
        lambda: propose_edit(blog, one, headline="兇手陳某"),
        lambda: publishing.approve_on_blog(blog, by=other),
        lambda: publishing.override_on_blog(blog, by=one, reason="急"),
    ):
        with pytest.raises(ValidationError, match="legal hold"):
            act()
    assert fresh(blog).headline == blog.headline


@pytest.mark.parametrize("is_on_hold", [False, True])
def test_rows_shown_in_a_guarded_head_cannot_bypass_the_rules(one, is_on_hold):
    image, byline = make_image(), Byline.objects.create(name="記者")
    topic = Topic.objects.create(name="法庭", slug="courts")
    blog = make_blog(topics=(topic,))
    details = changed(blog, hero_image=image, bylines=(byline,), stories=(Story("另文"),))
    publishing.edit_blog(blog, details, by=one)
    guarded(blog, one)
    publishing.set_hold(blog, by=one, is_on_hold=is_on_hold, reason="訴訟")
    for act in (
        lambda: publishing.edit_image(image, by=one, alt="疑犯"),
        lambda: publishing.edit_byline(byline, by=one, name="疑犯"),
        lambda: publishing.edit_topic(topic, by=one, name="疑犯"),
        lambda: publishing.edit_story(blog.related_stories.get(), by=one, title="疑犯"),
    ):
        with pytest.raises(ValidationError, match="legal hold" if is_on_hold else "second person"):
            act()


# Entry points


def admin_form(client: Client, blog: LiveBlog) -> dict:
    form = client.get(reverse("admin:liveblog_liveblog_change", args=[blog.pk])).context["adminform"].form
    data = {"_save": "1", "relatedstory-TOTAL_FORMS": "0", "relatedstory-INITIAL_FORMS": "0"}
    prefix = "related_stories"
    data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        if value in (None, "", [], False):
            continue
        parts = field.widget.decompress(value) if hasattr(field.widget, "decompress") else [value]
        if len(parts) == 2:
            data |= {f"{name}_{i}": str(part) for i, part in enumerate(parts)}
        else:
            data[name] = getattr(value, "pk", value)
    return data


def test_admin_turns_a_change_of_the_head_into_a_proposal_that_the_desk_approves(blog, one, other):
    client = signed_in(one)
    path = reverse("admin:liveblog_liveblog_change", args=[blog.pk])
    response = client.post(path, admin_form(client, blog) | {"headline": "疑犯陳某"})
    assert response.status_code == 302, response.content.decode()
    assert fresh(blog).headline == blog.headline
    desk = reverse("desk:desk", args=[blog.pk])
    assert "疑犯陳某" in client.get(desk).text
    approve = reverse("desk:safeguard", args=[blog.pk, "approve"])
    client.post(approve)
    assert fresh(blog).headline == blog.headline
    client.force_login(other)
    page = client.get(desk).text
    assert "Waiting for a second person: text changes" in page
    assert approve in page
    client.post(approve)
    assert fresh(blog).headline == "疑犯陳某"
    assert "data-proposal" not in client.get(desk).text


def test_no_entry_point_lets_one_person_show_more_of_a_guarded_blog(one):
    draft = guarded(make_blog(slug="draft", is_live=False), one)
    withdrawn = guarded(publishing.withdraw_blog(make_blog(slug="gone"), by=one), one)
    client = signed_in(one)
    for blog, action in ((draft, "start"), (withdrawn, "restore")):
        path = reverse("desk:coverage", args=[blog.pk, action])
        for _attempt in range(2):
            assert client.post(path).status_code == 302
        client.post(
            reverse("admin:liveblog_liveblog_changelist"), {"action": "start", "_selected_action": blog.pk}
        )
        assert fresh(blog).status == blog.status
    key = make_key("write:publish", blogs=[draft])
    api = Client(headers={"authorization": f"Bearer {key}", "idempotency-key": "k"})
    for method in ("post", "put", "patch"):
        response = getattr(api, method)("/api/v1/blogs/draft/", "{}", content_type="application/json")
        assert response.status_code in (404, 405)
    assert fresh(draft).status == "draft"


COPY = """命案{suffix}

發布時間：2026年3月19日 12:00

【11:05】
標題
內文一段。
"""


def test_importer_neither_changes_a_guarded_head_nor_starts_alone(one):
    article = parse(read(COPY.format(suffix="").encode()), now=hongkong.now())
    load(article, by=SYSTEM, slug="murder", publish=False)
    blog = guarded(LiveBlog.objects.get(slug="murder"), one)
    with pytest.raises(ArticleError, match="Needs a second person"):
        load(article, by=SYSTEM, slug="murder", publish=True)
    assert fresh(blog).status == "draft"
    LiveBlog.objects.update(needs_second_person=False)
    load(article, by=SYSTEM, slug="murder", publish=True)
    LiveBlog.objects.update(needs_second_person=True)
    other_head = parse(read(COPY.format(suffix="：疑犯陳某").encode()), now=hongkong.now())
    with pytest.raises(ArticleError, match="Needs a second person"):
        load(
            other_head,
            by=SYSTEM,
            slug="murder",
            publish=True,
        )
    assert "陳某" not in fresh(blog).headline
