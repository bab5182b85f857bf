"""Who may do what at the desk: each address and each verb, tried by each role on a live blog with a team.

Everybody sends what the page would send to somebody who may do everything. Whether it was done is read from
the tables: a refusal writes nothing at all, and says why, to a page and to the desk's own script.
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
from liveblog.desk import urls, verbs
from liveblog.models import (
    Change,
    Image,
    LiveBlog,
    Presence,
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
from tests.factories import IN_TEAM, ROLES, make_blog, make_staff, make_update, picture_file
from tests.rolling_back import rolled_back

pytestmark = pytest.mark.django_db

LATER = hongkong.now() + timedelta(days=1)
AT_LATER = {"publish_day": f"{LATER:%Y-%m-%d}", "publish_clock": "10:00"}
# One update more, and one less.
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
    "find a related story": WRITERS,
    "read a history": WRITERS,
    "open the page to paste": WRITERS,
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
}
NO_WORK_HERE = {"The live desk is for staff who write, edit or moderate."}
NOT_IN_TEAM = {"You are not in the team of this live blog."}


def lacking(permission: str) -> str:
    return f"Your account may not do this (it needs the permission “{permission}”)."


REASONS = {
    "reporter": {
        "You can change only your own drafts. This update is somebody else's, or is already public.",
        lacking("publish_update"),
        lacking("change_update"),
        lacking("withdraw_update"),
        lacking("moderate_readerresponse"),
        lacking("change_liveblog"),
    },
    "editor": {lacking("change_liveblog")},
    "outsider": NOT_IN_TEAM,
    "chief": set(),
    "syndication": NO_WORK_HERE,
    "nobody": NO_WORK_HERE,
}
# What the page has for those who publish, withdraw and moderate.
OFFERS = [
    'value="publish"',
    'value="submit"',
    'value="schedule"',
    "/withdraw/",
    "/pin/",
    "/publish/",
    "/approve/",
]
TABLES = [Update, LiveBlog, Revision, Change, RelatedStory, Image, ReaderResponse]
TABLES += [WorkingCopy, Presence, Submission]


@dataclass(frozen=True)
class Sending:
    """What is asked of the desk, at the address of this name; with a `form` it is posted."""

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
    """A live blog with a team and something in every state."""

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
        self.taken_back = publishing.undo_publication(make_update(self.blog, "收回"), by=SYSTEM)
        publishing.draft_update(self.blog, Content("收回後"), by=SYSTEM, update=self.taken_back)
        self.response = publishing.submit_response(self.blog, name="讀者", text="好")

    def each(self) -> Iterator[str]:
        """Each role's name, while what is said to be one's own is theirs; afterwards all is as before."""
        own = [self.own_draft, self.scheduled, self.taken_back]
        for name, person in self.people.items():
            with rolled_back():
                Update.objects.filter(pk__in=[update.pk for update in own]).update(created_by=person)
                WorkingCopy.objects.create(
                    by=person, token="typed", blog=self.blog, fields={}, saved_at=hongkong.now()
                )
                yield name

    def client_of(self, name: str) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(self.people[name])
        return client

    # What the composer sends.

    def compose(self, action: str, update: Update | None = None, **typed: object) -> Sending:
        form = {"token": "t", "update": update.pk if update else "", "heading": "號外", "body": "<p>文</p>"}
        return Sending("desk", form=form | {"action": action} | typed)

    def verb(self, name: str, update: Update, **typed: object) -> Sending:
        return Sending("update", (update.pk, name), typed)

    def paste(self, copy: str = COPY, **chosen: str) -> Sending:
        return Sending("paste", form={"text": copy} | chosen, is_reading="confirm" not in chosen)


def rows() -> list[list[tuple]]:
    """Every row that any of the verbs writes."""
    return [list(table.objects.order_by("pk").values_list()) for table in TABLES]


def just_published(desk: Desk) -> Update:
    return make_update(desk.blog, "剛剛")


def opening(update: Update) -> Sending:
    return Sending("desk", query={"update": update.pk}, is_reading=True)


ACTS: dict[str, Callable[[Desk], Sending]] = {
    "open the desk": lambda desk: Sending("desk", is_reading=True),
    "open an own draft": lambda desk: opening(desk.own_draft),
    "open a colleague's draft": lambda desk: opening(desk.draft),
    "open a scheduled update": lambda desk: opening(desk.scheduled),
    "open a published update": lambda desk: opening(desk.published),
    "ask for the token of forms": lambda desk: Sending("token", is_reading=True),
    "hear what is new": lambda desk: Sending("state", form={"after": "1", "token": "here"}),
    "keep what is typed": lambda desk: Sending("autosave", form={"token": "t", "heading": "號"}),
    "throw away what was typed": lambda desk: Sending("discard", form={"token": "typed"}),
    "preview": lambda desk: Sending("preview", form={"token": "t", "heading": "號外"}, is_reading=True),
    "upload a picture": lambda desk: Sending(
        "pictures", form={"alt": "圖", "file": picture_file(size=(40, 30))}
    ),
    "find a related story": lambda desk: Sending("stories", query={"q": "標題"}, is_reading=True),
    "read a history": lambda desk: Sending("history", (desk.published.pk,), is_reading=True),
    "open the page to paste": lambda desk: Sending("paste", is_reading=True),
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
    "schedule a new update": lambda desk: desk.compose("schedule", **AT_LATER),
    "rewrite an own draft": lambda desk: desk.compose("draft", desk.own_draft),
    "send an own draft to the editors": lambda desk: desk.compose("submit", desk.own_draft),
    "publish an own draft": lambda desk: desk.compose("publish", desk.own_draft),
    "schedule an own draft": lambda desk: desk.compose("schedule", desk.own_draft, **AT_LATER),
    "rewrite a colleague's draft": lambda desk: desk.compose("draft", desk.draft),
    "send a colleague's draft to the editors": lambda desk: desk.compose("submit", desk.draft),
    "publish a colleague's draft": lambda desk: desk.compose("publish", desk.draft),
    "take an own update off its schedule": lambda desk: desk.compose("draft", desk.scheduled),
    "save a minor edit": lambda desk: desk.compose("edit", desk.published),
    "correct": lambda desk: desk.compose("correct", desk.published, note="數字"),
    "publish from a queue": lambda desk: desk.verb("publish", desk.draft),
    "undo": lambda desk: desk.verb("undo", just_published(desk)),
    "withdraw": lambda desk: desk.verb("withdraw", desk.published, reason="錯"),
    "restore": lambda desk: desk.verb("restore", desk.withdrawn),
    "confirm": lambda desk: desk.verb("confirm", desk.published),
    "pin": lambda desk: desk.verb("pin", desk.published),
    "unpin": lambda desk: desk.verb("unpin", desk.other),
    "mark": lambda desk: desk.verb("mark", desk.published),
    "unmark": lambda desk: desk.verb("unmark", desk.other),
    "bring an earlier text back": lambda desk: desk.verb(
        "revert", corrected(desk), revision=desk.published.revisions.last().pk
    ),
    "bring an own draft's earlier text back": lambda desk: desk.verb(
        "revert", desk.taken_back, revision=desk.taken_back.revisions.last().pk
    ),
    "approve a response": lambda desk: Sending("response", (desk.response.pk, "approve"), {}),
    "reject a response": lambda desk: Sending("response", (desk.response.pk, "reject"), {}),
}


def corrected(desk: Desk) -> Update:
    content = Content("改", "<p>改</p>", desk.published.happened_at)
    return publishing.edit_update(desk.published, content, by=SYSTEM)


def test_the_table_has_every_address_and_every_verb():
    desk = Desk()
    sendings = [act(desk) for act in ACTS.values()]
    # Preview pictures need a signature instead of a role (see test_preview).
    names = {pattern.name for pattern in urls.urlpatterns} - {"preview_picture"}
    assert {sending.name for sending in sendings} == names
    actions = {sending.args[1] for sending in sendings if sending.name == "update"}
    assert actions == {*verbs._DONE, Action.REVERT}
    assert {sending.args[1] for sending in sendings if sending.name == "response"} == set(verbs._ON_RESPONSES)


def test_each_role_does_what_it_is_for_and_every_refusal_says_why():
    desk = Desk()
    clients = {name: desk.client_of(name) for name in ROLES}
    done: dict[str, tuple[str, ...]] = {}
    reasons: dict[str, set[str]] = {name: set() for name in ROLES}
    for what, act in ACTS.items():
        with rolled_back():
            sending, may = act(desk), []
            for name in desk.each():
                before = rows()
                response = sending.by(clients[name], desk.blog)
                is_changed = rows() != before
                if response.status_code != 403:
                    assert response.status_code in (200, 302), (what, name, response.status_code)
                    assert is_changed != sending.is_reading, (what, name)
                    may.append(name)
                    continue
                assert not is_changed, (what, name)
                as_json = sending.by(clients[name], desk.blog, accept="application/json")
                assert (as_json.status_code, rows() != before) == (403, False), (what, name)
                [reason] = as_json.json()["errors"][""]
                page = unescape(response.content.decode())
                assert "<h1>You may not do this</h1>" in page
                assert reason in page, (what, name)
                reasons[name].add(reason)
            done[what] = tuple(may)
    assert done == EXPECTED
    assert reasons == REASONS


def test_who_is_not_signed_in_comes_to_the_login_and_loses_no_text():
    desk = Desk()
    for act in ACTS.values():
        with rolled_back():
            sending, before = act(desk), rows()
            path = reverse(f"desk:{sending.name}", args=[desk.blog.pk, *sending.args])
            anonymous = Client(headers={"accept-language": "en"})
            response = sending.by(anonymous, desk.blog)
            if sending.form is None:
                assert (response.status_code, response.url.partition("%3F")[0]) == (
                    302,
                    f"/admin/login/?next={path}",
                )
            else:
                typed = [value for value in sending.form.values() if not isinstance(value, File)]
                page = unescape(response.content.decode())
                assert response.status_code == 401
                assert [value for value in typed if str(value) not in page] == []
            as_json = sending.by(anonymous, desk.blog, accept="application/json")
            assert (as_json.status_code, as_json.json()) == (401, {"login": "/admin/login/"})
            after = rows()
        assert before == after, path


def test_a_refusal_is_in_the_editor_s_language():
    desk = Desk()
    said = {
        "en": "You are not in the team of this live blog.",
        "zh-hant": "你不屬於這篇報道的團隊。",
        "zh-hans": "你不属于这篇报道的团队。",
    }
    for language, reason in said.items():
        page = Sending("desk").by(desk.client_of("outsider"), desk.blog, **{"accept-language": language})
        assert (page.status_code, reason in page.content.decode()) == (403, True)


def test_without_a_team_a_live_blog_is_everybodys_who_writes():
    desk, blog = Desk(), make_blog()
    opened = {name: Sending("desk").by(desk.client_of(name), blog).status_code for name in ROLES}
    welcome, unwelcome = ("reporter", "editor", "outsider", "chief"), ("syndication", "nobody")
    assert opened == dict.fromkeys(welcome, 200) | dict.fromkeys(unwelcome, 403)


def test_the_page_offers_nobody_what_would_be_refused():
    desk = Desk()
    offered = {
        name: [word for word in OFFERS if word in page_of(desk, name)] for name in ("reporter", "editor")
    }
    assert offered == {"reporter": ['value="submit"'], "editor": OFFERS}


def page_of(desk: Desk, name: str) -> str:
    pages = [
        Sending("desk", query={"queue": queue}).by(desk.client_of(name), desk.blog).content.decode()
        for queue in ("drafts", "responses")
    ]
    return "".join(pages)
