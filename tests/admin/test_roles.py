"""Role matrix: each role tries each verb that the admin can call, on a live blog with a team.

Every role posts the form as a superuser gets it, so that the test checks the verbs and not what the pages
offer. The tables show whether an act succeeded: a refused act writes nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files import File
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from liveblog import publishing
from liveblog.models import Byline, GlossaryTerm, Image, LiveBlog, ReaderResponse, RelatedStory, Topic, Update
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story
from newsroom import hongkong
from tests.admin.browsing import open_form, page_of
from tests.factories import (
    IN_TEAM,
    ROLES,
    make_blog,
    make_image,
    make_person,
    make_staff,
    make_update,
    make_user,
    picture_file,
    signed_in,
)
from tests.rolling_back import rolled_back

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

LATER = hongkong.now() + timedelta(days=1)
AT_LATER = {"publish_at_0": f"{LATER:%Y-%m-%d}", "publish_at_1": "10:00"}

EDITORS, CHIEFS, WRITERS = ("editor", "chief"), ("chief",), ("reporter", "editor", "chief")
# Editors may change rows that belong to no live blog, whatever team they are in.
ALL_EDITORS, UPLOADERS = ("editor", "outsider", "chief"), ("reporter", "editor", "outsider", "chief")
EXPECTED = {
    "write a draft": WRITERS,
    "submit a new update": WRITERS,
    "publish a new update": EDITORS,
    "schedule a new update": EDITORS,
    "rewrite an own draft": WRITERS,
    "submit an own draft": WRITERS,
    "publish an own draft": EDITORS,
    "rewrite a colleague's draft": EDITORS,
    "publish a colleague's draft": EDITORS,
    "edit a published update": EDITORS,
    "correct a published update": EDITORS,
    "withdraw an update": EDITORS,
    "restore an update": EDITORS,
    "publish from the list": EDITORS,
    "withdraw from the list": EDITORS,
    "pin from the list": EDITORS,
    "unpin from the list": EDITORS,
    "mark as key from the list": EDITORS,
    "unmark as key from the list": EDITORS,
    "open a live blog": CHIEFS,
    "edit a live blog": CHIEFS,
    "name a team": CHIEFS,
    "start coverage from the list": CHIEFS,
    "end coverage from the list": CHIEFS,
    "upload a picture": UPLOADERS,
    "describe a picture": ALL_EDITORS,
    "add a byline": ALL_EDITORS,
    "edit a byline": ALL_EDITORS,
    "link a related story": EDITORS,
    "add a topic": CHIEFS,
    "rename a topic": CHIEFS,
    "add a term": CHIEFS,
    "edit a term": CHIEFS,
    "remove a term": CHIEFS,
    "approve a response": EDITORS,
    "reject a response": EDITORS,
    "withdraw a response": EDITORS,
    "add a person": CHIEFS,
    "give a role": CHIEFS,
}

TABLES = [Update, LiveBlog, LiveBlog.team.through, Image, Byline, Topic, RelatedStory, GlossaryTerm]
TABLES += [ReaderResponse, User, User.groups.through]


@dataclass(frozen=True)
class FormPost:
    """Form data and its address. A list redirects whether or not the action was carried out."""

    path: str
    form: dict[str, object]
    is_to_list: bool = False

    def by(self, client: Client) -> HttpResponse:
        for value in self.form.values():
            if isinstance(value, File):
                value.seek(0)
        return client.post(self.path, self.form)


class Newsroom:
    """Live blog with a team and rows in every state, and the posts that the acts below send."""

    def __init__(self) -> None:
        self.people = make_staff()
        self.clients = {name: signed_in(person) for name, person in self.people.items()}
        # The forms are read by a superuser, to whom no page is refused.
        self.filler = signed_in(make_person(is_superuser=True))
        self.blog = make_blog(has_responses=True)
        publishing.set_team(self.blog, [self.people[name] for name in IN_TEAM], by=SYSTEM)
        self.published = make_update(self.blog, "已發布", stories=(Story("相關"),))
        self.other = make_update(self.blog, "要聞", is_key_event=True)
        publishing.pin_update(self.other, by=SYSTEM)
        self.withdrawn = publishing.withdraw_update(make_update(self.blog), by=SYSTEM, reason="錯")
        self.draft = publishing.draft_update(self.blog, Content("稿"), by=SYSTEM)
        self.image = make_image()
        self.byline = Byline.objects.create(name="張三")
        self.topic = Topic.objects.create(slug="weather", name="天氣")
        self.term = publishing.add_term(by=SYSTEM, traditional="網路", simplified="网络")
        self.person = make_user()

    def roles_allowed(self, act: Callable[[Newsroom], FormPost]) -> tuple[str, ...]:
        """Return the roles for which the act succeeds; every change is rolled back."""
        with rolled_back():
            self.own_draft = publishing.draft_update(self.blog, Content("我的稿"), by=SYSTEM)
            post = act(self)
            return tuple(name for name in ROLES if self._is_done(name, post))

    def _is_done(self, name: str, post: FormPost) -> bool:
        with rolled_back():
            Update.objects.filter(pk=self.own_draft.pk).update(created_by=self.people[name])
            before = rows()
            response = post.by(self.clients[name])
            is_done = rows() != before
            if not post.is_to_list:
                assert response.status_code == (302 if is_done else _refusal(response)), name
        return is_done

    # Posts of a page, with its form values and the given changes, or of a list action.

    def save(self, row, **changes: object) -> FormPost:
        path = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        return FormPost(path, open_form(self.filler, path) | changes)

    def add(self, model: str, query: str = "", **changes: object) -> FormPost:
        path = f"/admin/{model}/add/"
        return FormPost(path, open_form(self.filler, path + query) | changes)

    def add_update(self, **changes: object) -> FormPost:
        return self.add("liveblog/update", f"?blog={self.blog.pk}", heading="號外", **changes)

    def choose(self, row, action: str, **changes: object) -> FormPost:
        path = reverse(f"admin:liveblog_{row._meta.model_name}_changelist")
        return FormPost(
            path,
            {"action": action, "_selected_action": [row.pk], "confirm": "yes"} | changes,
            is_to_list=True,
        )

    def remove(self, row) -> FormPost:
        path = reverse(f"admin:liveblog_{row._meta.model_name}_delete", args=[row.pk])
        return FormPost(path, {"post": "yes"})

    def with_blog(self, verb: Callable[..., object], make_post: Callable[[], FormPost]) -> FormPost:
        """Call the verb on the blog, and return the post made afterwards."""
        verb(LiveBlog.objects.get(pk=self.blog.pk), by=SYSTEM)
        return make_post()

    def with_response(self, action: str, *, is_shown: bool = False) -> FormPost:
        response = publishing.submit_response(self.blog, name="讀者", text="好")
        if is_shown:
            publishing.approve_response(response, by=SYSTEM)
        return self.choose(response, action)


def _refusal(response: HttpResponse) -> int:
    """Return the expected status: 403, or 200 for an add form that does not offer the other team's blog."""
    is_unknown_blog = response.status_code == 200 and "blog" in response.context["adminform"].form.errors
    return 200 if is_unknown_blog else 403


def rows() -> list[list[tuple]]:
    """Return every row of the tables that the verbs write to."""
    return [sorted(table.objects.values_list(), key=repr) for table in TABLES]


def embargo(blog: LiveBlog, *, by: object) -> None:
    publishing.edit_blog(blog, BlogDetails(**vars(BlogDetails.of(blog)) | {"embargo_until_at": LATER}), by=by)


ACTS: dict[str, Callable[[Newsroom], FormPost]] = {
    "write a draft": lambda room: room.add_update(action="draft"),
    "submit a new update": lambda room: room.add_update(action="submit"),
    "publish a new update": lambda room: room.add_update(action="publish"),
    "schedule a new update": lambda room: room.add_update(action="schedule", **AT_LATER),
    "rewrite an own draft": lambda room: room.save(room.own_draft, heading="改", action="draft"),
    "submit an own draft": lambda room: room.save(room.own_draft, action="submit"),
    "publish an own draft": lambda room: room.save(room.own_draft, action="publish"),
    "rewrite a colleague's draft": lambda room: room.save(room.draft, heading="改", action="draft"),
    "publish a colleague's draft": lambda room: room.save(room.draft, action="publish"),
    "edit a published update": lambda room: room.save(room.published, heading="改", action="edit"),
    "correct a published update": lambda room: room.save(
        room.published, heading="改", action="correct", note="數字"
    ),
    "withdraw an update": lambda room: room.save(room.published, action="withdraw", note="錯"),
    "restore an update": lambda room: room.save(room.withdrawn, action="restore"),
    "publish from the list": lambda room: room.choose(room.draft, "publish"),
    "withdraw from the list": lambda room: room.choose(room.published, "withdraw", reason="錯"),
    "pin from the list": lambda room: room.choose(room.published, "pin"),
    "unpin from the list": lambda room: room.choose(room.other, "unpin"),
    "mark as key from the list": lambda room: room.choose(room.published, "mark_key"),
    "unmark as key from the list": lambda room: room.choose(room.other, "unmark_key"),
    "open a live blog": lambda room: room.add("liveblog/liveblog", headline="新", slug="new"),
    "edit a live blog": lambda room: room.save(room.blog, headline="改", action="save"),
    "name a team": lambda room: room.save(room.blog, team=[room.people["editor"].pk], action="save"),
    "start coverage from the list": lambda room: room.with_blog(
        publishing.end_coverage, lambda: room.choose(room.blog, "start")
    ),
    "end coverage from the list": lambda room: room.choose(room.blog, "end"),
    "upload a picture": lambda room: room.add("liveblog/image", alt="圖", file=picture_file(size=(40, 30))),
    "describe a picture": lambda room: room.save(room.image, alt="改"),
    "add a byline": lambda room: room.add("liveblog/byline", name="李四"),
    "edit a byline": lambda room: room.save(room.byline, role="在日內瓦"),
    "link a related story": lambda room: room.save(
        room.published.related_stories.get(), url="https://example.com/"
    ),
    "add a topic": lambda room: room.add("liveblog/topic", name="交通", slug="traffic"),
    "rename a topic": lambda room: room.save(room.topic, name="風暴"),
    "add a term": lambda room: room.add("liveblog/glossaryterm", traditional="軟體", simplified="软件"),
    "edit a term": lambda room: room.save(room.term, note="註"),
    "remove a term": lambda room: room.remove(room.term),
    "approve a response": lambda room: room.with_response("approve"),
    "reject a response": lambda room: room.with_response("reject"),
    "withdraw a response": lambda room: room.with_response("withdraw", is_shown=True),
    "add a person": lambda room: room.add(
        "auth/user", username="ming", password1="tram ferry lantern", password2="tram ferry lantern"
    ),
    "give a role": lambda room: room.save(
        room.person, groups=[room.people["reporter"].groups.get().pk], is_staff=""
    ),
}


def test_each_act_succeeds_for_exactly_the_expected_roles():
    room = Newsroom()
    assert {name: room.roles_allowed(act) for name, act in ACTS.items()} == EXPECTED


def test_refusal_gives_its_reason_in_the_language_of_the_editor():
    room = Newsroom()
    path = page_of(room.published)
    form = open_form(room.filler, path) | {"heading": "改", "action": "edit"}
    texts = {
        "en": ["You may not do this", "You are not in the team of this live blog.", "To the newsroom"],
        "zh-hant": ["你沒有權限", "你不屬於這篇報道的團隊。", "返回編輯後台"],
        "zh-hans": ["你没有权限", "你不属于这篇报道的团队。", "返回编辑后台"],
    }
    for language, words in texts.items():
        response = room.clients["outsider"].post(path, form, headers={"accept-language": language})
        assert response.status_code == 403
        page = response.content.decode()
        assert [word for word in words if word not in page] == []
    response = room.add_update(action="publish").by(room.clients["reporter"])
    assert "It needs the permission “publish_update”" in response.content.decode()


def test_outsider_gets_403_and_list_actions_skip_other_teams_updates():
    room = Newsroom()
    outsider, own_update = room.clients["outsider"], make_update(make_blog(headline="別的"), "別的")
    page = outsider.get(page_of(room.published))
    assert page.status_code == 403
    assert "You are not in the team of this live blog." in page.content.decode()
    payload = {"action": "mark_key", "_selected_action": [room.published.pk, own_update.pk]}
    result = outsider.post("/admin/liveblog/update/", payload, follow=True).content.decode()
    assert "已發布" not in result
    marked = {
        update.pk: update.is_key_event
        for update in Update.objects.filter(pk__in=[room.published.pk, own_update.pk])
    }
    assert marked == {room.published.pk: False, own_update.pk: True}


def test_reporter_edits_own_draft_and_reads_other_updates():
    room = Newsroom()
    reporter = room.clients["reporter"]
    own = publishing.draft_update(room.blog, Content("我的稿"), by=room.people["reporter"])
    page = reporter.get(page_of(own))
    actions = [value for value, _label in page.context["adminform"].form.fields["action"].choices]
    assert actions == ["draft", "submit"]
    publishing.publish_update(room.blog, Content.of(own), by=SYSTEM, update=own)
    for update in (own, room.draft, room.published):
        page = reporter.get(page_of(update))
        assert (page.status_code, b'name="heading"' in page.content) == (200, False)
