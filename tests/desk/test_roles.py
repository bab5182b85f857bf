"""Permissions at the desk: each URL and each action, requested by each role on a live blog with a team.

Every role sends the requests that the page of a fully permitted user would send. The tests compare the
database tables before and after: a refused request writes nothing and gives its reason as HTML and as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape

import pytest
from django.core.files import File
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from liveblog import publishing
from liveblog.articles.load import load
from liveblog.articles.parse import parse
from liveblog.desk import coverage, urls, verbs
from liveblog.models import (
    Approval,
    BlogProposal,
    Change,
    Image,
    LiveBlog,
    Presence,
    Proposal,
    ReaderResponse,
    RelatedStory,
    Revision,
    Submission,
    Update,
    WorkingCopy,
)
from liveblog.publishing import SYSTEM, Action, Content
from newsroom import hongkong
from tests.desk.composing import COPY
from tests.factories import (
    IN_TEAM,
    ROLES,
    make_blog,
    make_image,
    make_staff,
    make_update,
    picture_file,
    signed_in,
)
from tests.rolling_back import rolled_back

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

LATER = hongkong.now() + timedelta(days=1)
SCHEDULE_FIELDS = {"publish_day": f"{LATER:%Y-%m-%d}", "publish_clock": "10:00"}
# Copy with one update more than COPY, and with one fewer.
OTHER_COPY = COPY + "籌備\n【07:00】集合。\n"
NEWER_COPY = COPY.partition("動工")[0]

WRITERS, EDITORS, CHIEFS = ("reporter", "editor", "chief"), ("editor", "chief"), ("chief",)
EXPECTED = {
    "open the desk": WRITERS,
    "open an own draft": WRITERS,
    "open a colleague's draft": EDITORS,
    "open a scheduled update": EDITORS,
    "open a published update": EDITORS,
    "ask for the token of forms": WRITERS,
    "hear what is new": WRITERS,
    "keep what is typed": WRITERS,
    "throw away what was typed": WRITERS,
    "preview": WRITERS,
    "upload a picture": WRITERS,
    "describe a picture": EDITORS,
    "find a related story": WRITERS,
    "read a history": WRITERS,
    "open the page to paste": WRITERS,
    "paste a web page": WRITERS,
    "see how copy is understood": WRITERS,
    "see what publishing copy would do": EDITORS,
    "load copy as drafts": WRITERS,
    "load and publish copy": EDITORS,
    "load copy with its head": CHIEFS,
    "withdraw what newer copy lacks": EDITORS,
    "write a draft": WRITERS,
    "send a new update to the editors": WRITERS,
    "publish a new update": EDITORS,
    "publish and pin": EDITORS,
    "schedule a new update": EDITORS,
    "rewrite an own draft": WRITERS,
    "send an own draft to the editors": WRITERS,
    "publish an own draft": EDITORS,
    "schedule an own draft": EDITORS,
    "rewrite a colleague's draft": EDITORS,
    "send a colleague's draft to the editors": EDITORS,
    "publish a colleague's draft": EDITORS,
    "take an own update off its schedule": EDITORS,
    "save a minor edit": EDITORS,
    "ask what a change is": WRITERS,
    "flag an update": EDITORS,
    "ask for a second person": CHIEFS,
    "place under a legal hold": CHIEFS,
    "approve": EDITORS,
    "override a second person": CHIEFS,
    "correct": EDITORS,
    "publish from a queue": EDITORS,
    "undo": EDITORS,
    "withdraw": EDITORS,
    "restore": EDITORS,
    "confirm": EDITORS,
    "pin": EDITORS,
    "unpin": EDITORS,
    "mark": EDITORS,
    "unmark": EDITORS,
    "bring an earlier text back": EDITORS,
    "bring an own draft's earlier text back": WRITERS,
    "approve a response": EDITORS,
    "reject a response": EDITORS,
    "start coverage": CHIEFS,
    "end coverage": CHIEFS,
    "resume coverage": CHIEFS,
    "lift an embargo": CHIEFS,
    "open the page to withdraw a live blog": CHIEFS,
    "withdraw a live blog": CHIEFS,
    "restore a live blog": CHIEFS,
}
NOT_DESK_STAFF = {"The live desk is for staff who write, edit or moderate."}
NOT_IN_TEAM = {"You are not in the team of this live blog."}


def missing_permission(permission: str) -> str:
    return f"Your account may not do this. It needs the permission “{permission}”."


REASONS = {
    "reporter": {
        "You can change only your own drafts. This update is somebody else's, or is already public.",
        missing_permission("publish_update"),
        missing_permission("change_update"),
        missing_permission("change_image"),
        missing_permission("withdraw_update"),
        missing_permission("moderate_readerresponse"),
        missing_permission("change_liveblog"),
        missing_permission("run_coverage"),
        missing_permission("override_safeguards"),
    },
    "editor": {
        missing_permission("change_liveblog"),
        missing_permission("run_coverage"),
        missing_permission("override_safeguards"),
    },
    "outsider": NOT_IN_TEAM,
    "chief": set(),
    "syndication": NOT_DESK_STAFF,
    "nobody": NOT_DESK_STAFF,
}
# Markup of the controls for people who may publish, withdraw and moderate.
CONTROLS = [
    'value="publish"',
    'value="submit"',
    'value="schedule"',
    "/withdraw/",
    "/pin/",
    "/publish/",
    "/approve/",
]
TABLES = [Update, LiveBlog, Revision, Change, RelatedStory, Image, ReaderResponse]
TABLES += [WorkingCopy, Presence, Submission, Approval, BlogProposal, Proposal]


@dataclass(frozen=True)
class DeskRequest:
    """A request to the desk URL with this name: a POST if there is a `form`, else a GET."""

    name: str
    args: tuple[object, ...] = ()
    form: dict[str, object] | None = None
    query: dict[str, object] = field(default_factory=dict)
    is_reading: bool = False

    def by(self, client: Client, blog: LiveBlog, **headers: str) -> HttpResponse:
        path = reverse(f"desk:{self.name}", args=[blog.pk, *self.args])
        if self.form is None:
            return client.get(path, self.query, headers=headers)
        for value in self.form.values():
            if isinstance(value, File):
                value.seek(0)
        return client.post(path, self.form, headers=headers)


class Desk:
    """A live blog with a team and an update in every state."""

    def __init__(self) -> None:
        self.people = make_staff()
        self.blog = make_blog(has_responses=True)
        load(parse(COPY), by=SYSTEM, slug=self.blog.slug, publish=True, keep_head=True)
        publishing.set_team(self.blog, [self.people[name] for name in IN_TEAM], by=SYSTEM)
        self.published = make_update(self.blog, "已發布", verification="unconfirmed")
        self.other = make_update(self.blog, "要聞", is_key_event=True)
        publishing.pin_update(self.other, by=SYSTEM)
        self.withdrawn = publishing.withdraw_update(make_update(self.blog), by=SYSTEM, reason="錯")
        self.draft = publishing.draft_update(self.blog, Content("稿"), by=SYSTEM)
        self.own_draft = publishing.draft_update(self.blog, Content("我的稿"), by=SYSTEM)
        self.scheduled = publishing.schedule_update(self.blog, Content("預定"), LATER, by=SYSTEM)
        self.undone_draft = publishing.undo_publication(make_update(self.blog, "收回"), by=SYSTEM)
        publishing.draft_update(self.blog, Content("收回後"), by=SYSTEM, update=self.undone_draft)
        self.response = publishing.submit_response(self.blog, name="讀者", text="好")

    def as_each_role(self) -> Iterator[str]:
        """Yield each role's name while its person owns the "own" updates; roll back after each role."""
        own = [self.own_draft, self.scheduled, self.undone_draft]
        for name, person in self.people.items():
            with rolled_back():
                Update.objects.filter(pk__in=[update.pk for update in own]).update(created_by=person)
                WorkingCopy.objects.create(
                    by=person, token="typed", blog=self.blog, fields={}, saved_at=hongkong.now()
                )
                yield name

    def client_of(self, name: str) -> Client:
        return signed_in(self.people[name])

    def compose(self, action: str, update: Update | None = None, **fields: object) -> DeskRequest:
        form = {"token": "t", "update": update.pk if update else "", "heading": "號外", "body": "<p>文</p>"}
        return DeskRequest("desk", form=form | {"action": action} | fields)

    def verb(self, name: str, update: Update, **fields: object) -> DeskRequest:
        return DeskRequest("update", (update.pk, name), fields)

    def run(self, action: str, verb: Callable[..., object] | None = None, **state: object) -> DeskRequest:
        """Bring the live blog into a state in which its header offers the action."""
        if verb:
            verb(self.blog, by=SYSTEM)
        LiveBlog.objects.filter(pk=self.blog.pk).update(**state)
        return DeskRequest("coverage", (action,), {})

    def paste(self, copy: str = COPY, **options: str) -> DeskRequest:
        return DeskRequest("paste", form={"text": copy} | options, is_reading="confirm" not in options)


def rows() -> list[list[tuple]]:
    """Return all rows of the tables that desk actions write."""
    return [list(table.objects.order_by("pk").values_list()) for table in TABLES]


def publish_update(desk: Desk) -> Update:
    return make_update(desk.blog, "剛剛")


def request_to_open(update: Update) -> DeskRequest:
    return DeskRequest("desk", query={"update": update.pk}, is_reading=True)


REQUESTS: dict[str, Callable[[Desk], DeskRequest]] = {
    "open the desk": lambda desk: DeskRequest("desk", is_reading=True),
    "open an own draft": lambda desk: request_to_open(desk.own_draft),
    "open a colleague's draft": lambda desk: request_to_open(desk.draft),
    "open a scheduled update": lambda desk: request_to_open(desk.scheduled),
    "open a published update": lambda desk: request_to_open(desk.published),
    "ask for the token of forms": lambda desk: DeskRequest("token", is_reading=True),
    "hear what is new": lambda desk: DeskRequest("state", form={"after": "1", "token": "here"}),
    "keep what is typed": lambda desk: DeskRequest("autosave", form={"token": "t", "heading": "號"}),
    "throw away what was typed": lambda desk: DeskRequest("discard", form={"token": "typed"}),
    "preview": lambda desk: DeskRequest("preview", form={"token": "t", "heading": "號外"}, is_reading=True),
    "upload a picture": lambda desk: DeskRequest(
        "pictures", form={"alt": "圖", "file": picture_file(size=(40, 30))}
    ),
    "describe a picture": lambda desk: DeskRequest("picture", (make_image().pk,), {"alt": "海旁"}),
    "find a related story": lambda desk: DeskRequest("stories", query={"q": "標題"}, is_reading=True),
    "read a history": lambda desk: DeskRequest("history", (desk.published.pk,), is_reading=True),
    "open the page to paste": lambda desk: DeskRequest("paste", is_reading=True),
    "paste a web page": lambda desk: DeskRequest("paste_text", form={"html": "<p>甲</p>"}, is_reading=True),
    "see how copy is understood": lambda desk: desk.paste(OTHER_COPY),
    "see what publishing copy would do": lambda desk: desk.paste(OTHER_COPY, publish="on"),
    "load copy as drafts": lambda desk: desk.paste(OTHER_COPY, confirm="yes"),
    "load and publish copy": lambda desk: desk.paste(OTHER_COPY, confirm="yes", publish="on"),
    "load copy with its head": lambda desk: desk.paste(confirm="yes", head="on"),
    "withdraw what newer copy lacks": lambda desk: desk.paste(
        NEWER_COPY, confirm="yes", withdraw_missing="on"
    ),
    "write a draft": lambda desk: desk.compose("draft"),
    "send a new update to the editors": lambda desk: desk.compose("submit"),
    "publish a new update": lambda desk: desk.compose("publish"),
    "publish and pin": lambda desk: desk.compose("publish", is_pinned="on"),
    "schedule a new update": lambda desk: desk.compose("schedule", **SCHEDULE_FIELDS),
    "rewrite an own draft": lambda desk: desk.compose("draft", desk.own_draft),
    "send an own draft to the editors": lambda desk: desk.compose("submit", desk.own_draft),
    "publish an own draft": lambda desk: desk.compose("publish", desk.own_draft),
    "schedule an own draft": lambda desk: desk.compose("schedule", desk.own_draft, **SCHEDULE_FIELDS),
    "rewrite a colleague's draft": lambda desk: desk.compose("draft", desk.draft),
    "send a colleague's draft to the editors": lambda desk: desk.compose("submit", desk.draft),
    "publish a colleague's draft": lambda desk: desk.compose("publish", desk.draft),
    "take an own update off its schedule": lambda desk: desk.compose("draft", desk.scheduled),
    "save a minor edit": lambda desk: desk.compose("edit", desk.published),
    "ask what a change is": lambda desk: DeskRequest(
        "ask",
        form={"token": "t", "update": desk.published.pk, "heading": "號外", "body": "<p>文</p>"},
        is_reading=True,
    ),
    "flag an update": lambda desk: DeskRequest("flags", (desk.published.pk,), {"flags": "court"}),
    "ask for a second person": lambda desk: DeskRequest("safeguard", ("guard",), {"reason": "法庭"}),
    "place under a legal hold": lambda desk: DeskRequest("safeguard", ("hold",), {"reason": "法庭"}),
    "approve": lambda desk: desk.verb("approve", flagged_draft(desk)),
    "override a second person": lambda desk: desk.verb("override", flagged_draft(desk), reason="急"),
    "correct": lambda desk: desk.compose("correct", desk.published, note="數字"),
    "publish from a queue": lambda desk: desk.verb("publish", desk.draft),
    "undo": lambda desk: desk.verb("undo", publish_update(desk)),
    "withdraw": lambda desk: desk.verb("withdraw", desk.published, reason="錯"),
    "restore": lambda desk: desk.verb("restore", desk.withdrawn),
    "confirm": lambda desk: desk.verb("confirm", desk.published),
    "pin": lambda desk: desk.verb("pin", desk.published),
    "unpin": lambda desk: desk.verb("unpin", desk.other),
    "mark": lambda desk: desk.verb("mark", desk.published),
    "unmark": lambda desk: desk.verb("unmark", desk.other),
    "bring an earlier text back": lambda desk: desk.verb(
        "revert", make_minor_edit(desk), revision=desk.published.revisions.last().pk
    ),
    "bring an own draft's earlier text back": lambda desk: desk.verb(
        "revert", desk.undone_draft, revision=desk.undone_draft.revisions.last().pk
    ),
    "approve a response": lambda desk: DeskRequest("response", (desk.response.pk, "approve"), {}),
    "reject a response": lambda desk: DeskRequest("response", (desk.response.pk, "reject"), {}),
    "start coverage": lambda desk: desk.run("start", status="draft", first_published_at=None),
    "end coverage": lambda desk: desk.run("end"),
    "resume coverage": lambda desk: desk.run("resume", publishing.end_coverage),
    "lift an embargo": lambda desk: desk.run("lift", embargo_until_at=LATER),
    "restore a live blog": lambda desk: desk.run("restore", publishing.withdraw_blog),
    "open the page to withdraw a live blog": lambda desk: DeskRequest("withdraw", is_reading=True),
    "withdraw a live blog": lambda desk: DeskRequest(
        "withdraw", form={"reason": "錯", "title": desk.blog.kicker or desk.blog.headline}
    ),
}


def flagged_draft(desk: Desk) -> Update:
    return publishing.flag_update(desk.draft, ["court"], by=SYSTEM)


def make_minor_edit(desk: Desk) -> Update:
    content = Content("改", "<p>改</p>", desk.published.happened_at)
    return publishing.edit_update(desk.published, content, by=SYSTEM)


def test_request_table_covers_every_url_and_action():
    desk = Desk()
    desk_requests = []
    for make_request in REQUESTS.values():
        with rolled_back():
            desk_requests.append(make_request(desk))
    # Preview pictures need a signature instead of a role (see test_preview).
    names = {pattern.name for pattern in urls.urlpatterns} - {"preview_picture"}
    assert {desk_request.name for desk_request in desk_requests} == names
    actions = {desk_request.args[1] for desk_request in desk_requests if desk_request.name == "update"}
    assert actions == {*verbs._DONE, Action.REVERT}
    assert {desk_request.args[0] for desk_request in desk_requests if desk_request.name == "coverage"} == set(
        coverage._DONE
    )
    assert {desk_request.args[1] for desk_request in desk_requests if desk_request.name == "response"} == set(
        verbs._ON_RESPONSES
    )


def test_each_role_may_do_what_the_table_says_and_refusals_give_a_reason():
    desk = Desk()
    clients = {name: desk.client_of(name) for name in ROLES}
    allowed: dict[str, tuple[str, ...]] = {}
    reasons: dict[str, set[str]] = {name: set() for name in ROLES}
    for description, make_request in REQUESTS.items():
        with rolled_back():
            desk_request, allowed_roles = make_request(desk), []
            for name in desk.as_each_role():
                before = rows()
                response = desk_request.by(clients[name], desk.blog)
                is_changed = rows() != before
                if response.status_code != 403:
                    assert response.status_code in (200, 302), (description, name, response.status_code)
                    assert is_changed != desk_request.is_reading, (description, name)
                    allowed_roles.append(name)
                    continue
                assert not is_changed, (description, name)
                json_response = desk_request.by(clients[name], desk.blog, accept="application/json")
                assert (json_response.status_code, rows() != before) == (403, False), (description, name)
                [reason] = json_response.json()["errors"][""]
                page = unescape(response.content.decode())
                assert "<h1>You may not do this</h1>" in page
                assert reason in page, (description, name)
                reasons[name].add(reason)
            allowed[description] = tuple(allowed_roles)
    assert allowed == EXPECTED
    assert reasons == REASONS


def test_anonymous_requests_get_the_login_and_keep_their_text():
    desk = Desk()
    for make_request in REQUESTS.values():
        with rolled_back():
            desk_request, before = make_request(desk), rows()
            path = reverse(f"desk:{desk_request.name}", args=[desk.blog.pk, *desk_request.args])
            anonymous = Client(headers={"accept-language": "en"})
            response = desk_request.by(anonymous, desk.blog)
            if desk_request.form is None:
                assert (response.status_code, response.url.partition("%3F")[0]) == (
                    302,
                    f"/admin/login/?next={path}",
                )
            else:
                fields = [value for value in desk_request.form.values() if not isinstance(value, File)]
                page = unescape(response.content.decode())
                assert response.status_code == 401
                assert [value for value in fields if str(value) not in page] == []
            json_response = desk_request.by(anonymous, desk.blog, accept="application/json")
            assert (json_response.status_code, json_response.json()) == (401, {"login": "/admin/login/"})
            after = rows()
        assert before == after, path


def test_refusal_is_in_the_language_of_the_user():
    desk = Desk()
    messages = {
        "en": "You are not in the team of this live blog.",
        "zh-hant": "你不屬於這篇報道的團隊。",
        "zh-hans": "你不属于这篇报道的团队。",
    }
    for language, reason in messages.items():
        page = DeskRequest("desk").by(desk.client_of("outsider"), desk.blog, **{"accept-language": language})
        assert (page.status_code, reason in page.content.decode()) == (403, True)


def test_live_blog_without_a_team_is_open_to_all_desk_staff():
    desk, blog = Desk(), make_blog()
    statuses = {name: DeskRequest("desk").by(desk.client_of(name), blog).status_code for name in ROLES}
    welcome, unwelcome = ("reporter", "editor", "outsider", "chief"), ("syndication", "nobody")
    assert statuses == dict.fromkeys(welcome, 200) | dict.fromkeys(unwelcome, 403)


def test_page_offers_only_permitted_controls():
    desk = Desk()
    controls = {
        name: [word for word in CONTROLS if word in queues_of(desk, name)] for name in ("reporter", "editor")
    }
    assert controls == {"reporter": ['value="submit"'], "editor": CONTROLS}


def queues_of(desk: Desk, name: str) -> str:
    pages = [
        DeskRequest("desk", query={"queue": queue}).by(desk.client_of(name), desk.blog).content.decode()
        for queue in ("drafts", "responses")
    ]
    return "".join(pages)
