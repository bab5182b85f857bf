"""Size limits of everything that people and partners can send, tested at the limit and one above."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.test import Client

from liveblog import publishing
from liveblog.admin.bounds import LONGEST_SEARCH, MOST_AT_ONCE, BoundedLists
from liveblog.desk import differences, history, live, queues
from liveblog.models import (
    BlogProposal,
    Byline,
    GlossaryTerm,
    Image,
    LiveBlog,
    Partner,
    Presence,
    ReaderResponse,
    Revision,
    Topic,
    Update,
    Webhook,
    WorkingCopy,
)
from liveblog.models.partner import LONGEST_ORIGIN, MOST_ORIGINS, Scope
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story
from liveblog.publishing.limits import LONGEST, MOST
from newsroom import hongkong
from tests.admin.browsing import opened, with_row
from tests.api.tool import Tool
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_image, make_key, make_person, make_update, make_user, picture_file
from tests.work import assert_linear

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

_serial = count(1)

URL = "https://example.com/"
ADD = "/admin/liveblog/update/add/"


def words(length: int) -> str:
    return "字" * length


def address(length: int) -> str:
    return URL + "a" * (length - len(URL))


def paragraph(length: int) -> str:
    return f"<p>{words(length - 7)}</p>"


def rows(model: type, amount: int, /, **values: Callable[[int], object]) -> list[Any]:
    """Bulk-create `amount` rows; each keyword is a function from the index to the field's value."""
    return model.objects.bulk_create(
        model(**{name: value(index) for name, value in values.items()}) for index in range(amount)
    )


def make_bylines(number: int) -> tuple[Byline, ...]:
    return tuple(rows(Byline, number, name="記者{}".format))


def make_topics(number: int) -> tuple[Topic, ...]:
    return tuple(rows(Topic, number, name="題目{}".format, slug="topic-{}".format))


def make_images(number: int) -> tuple[Image, ...]:
    details = {"key": "{:016}".format, "file": "originals/{}.png".format, "alt": "圖{}".format}
    return tuple(rows(Image, number, **details, width=lambda index: 1, height=lambda index: 1))


def make_stories(number: int) -> tuple[Story, ...]:
    return tuple(Story(f"一則{index}") for index in range(number))


def make_blogs(number: int) -> list[LiveBlog]:
    return rows(LiveBlog, number, slug="many-{}".format, headline="標題{}".format)


def make_partner() -> Partner:
    return Partner.objects.create(name=f"夥伴{next(_serial)}", contact="desk@example.com")


def make_people(number: int) -> list[User]:
    return rows(User, number, username="person-{}".format)


# Verbs, field by field


@dataclass(frozen=True)
class Case:
    """One input of a verb with its limit; `field` is the key of the ValidationError above the limit."""

    field: str
    limit: int
    make: Callable[[int], object]
    act: Callable[[object], object]


def draft(name: str) -> Callable[[object], object]:
    return lambda value: publishing.draft_update(
        make_blog(), replace(Content("標題"), **{name: value}), by=SYSTEM
    )


def create(name: str) -> Callable[[object], object]:
    details = BlogDetails(slug="new", language="zh-hant", headline="標題")
    return lambda value: publishing.create_blog(replace(details, **{name: value}), by=SYSTEM)


def edit(name: str) -> Callable[[object], object]:
    def act(value: object) -> object:
        blog = make_blog(is_live=False)
        return publishing.edit_blog(blog, replace(BlogDetails.of(blog), **{name: value}), by=SYSTEM)

    return act


def story_of_update(name: str) -> Callable[[object], object]:
    return lambda value: draft("stories")((replace(Story("一則"), **{name: value}),))


def story_of_blog(name: str) -> Callable[[object], object]:
    return lambda value: create("stories")((replace(Story("一則"), **{name: value}),))


def edit_story(name: str) -> Callable[[object], object]:
    def act(value: object) -> object:
        story = make_update(make_blog(), stories=(Story("一則"),)).related_stories.get()
        return publishing.edit_story(story, by=SYSTEM, **{"title": "一則", name: value})

    return act


def flagged(reason: str = "", *, is_draft: bool = False) -> Update:
    blog = make_blog()
    update = publishing.draft_update(blog, Content("稿"), by=SYSTEM) if is_draft else make_update(blog)
    return publishing.flag_update(update, ["court"], by=SYSTEM, reason=reason)


def proposed_headline() -> LiveBlog:
    """Return a live blog whose new headline waits for a second person."""
    blog = publishing.set_second_person(make_blog(), by=SYSTEM, is_needed=True, reason="法庭")
    details = replace(BlogDetails.of(blog), headline="另一標題")
    save = BlogProposal.Action.SAVE
    publishing.propose_on_blog(blog, save, by=make_person("Chief editor"), details=details)
    return blog


def on_update(verb: Callable[..., object], name: str) -> Callable[[object], object]:
    def act(value: object) -> object:
        update = make_update(make_blog())
        content = {"content": Content("另一標題")} if verb is publishing.correct_update else {}
        return verb(update, by=SYSTEM, **content, **{name: value})

    return act


def on_image(name: str, *, is_new: bool) -> Callable[[object], object]:
    def act(value: object) -> object:
        details = {"alt": "一幅", name: value}
        if is_new:
            with publishing.prepare_image(picture_file(), by=SYSTEM) as prepared:
                return publishing.add_image(prepared, by=SYSTEM, **details)
        return publishing.edit_image(make_image(), by=SYSTEM, **details)

    return act


def on_term(name: str, *, is_new: bool) -> Callable[[object], object]:
    def act(value: object) -> object:
        details = {"traditional": "網絡", "simplified": "网络", name: value}
        if is_new:
            return publishing.add_term(by=SYSTEM, **details)
        term = publishing.add_term(by=SYSTEM, traditional="舊", simplified="旧")
        return publishing.edit_term(term, by=SYSTEM, **details)

    return act


def on_webhook(name: str, *, is_new: bool) -> Callable[[object], object]:
    def act(value: object) -> object:
        partner = make_partner()
        details = {"url": "https://partner.example/hook", name: value}
        if is_new:
            return publishing.add_webhook(partner, by=SYSTEM, **details)
        webhook = publishing.add_webhook(partner, by=SYSTEM, url="https://partner.example/old")
        return publishing.edit_webhook(webhook, by=SYSTEM, **details)

    return act


def on_key(name: str, *, is_new: bool) -> Callable[[object], object]:
    def act(value: object) -> object:
        details = {"label": "鑰匙", "scopes": [Scope.READ], name: value}
        key, _secret = publishing.create_key(
            make_partner(), by=SYSTEM, **(details if is_new else {"label": "舊", "scopes": [Scope.READ]})
        )
        return key if is_new else publishing.edit_key(key, by=SYSTEM, expires_at=None, **details)

    return act


def respond(name: str) -> Callable[[object], object]:
    def act(value: object) -> object:
        blog = make_blog(has_responses=True)
        return publishing.submit_response(blog, **{"name": "讀者", "text": "好", name: value})

    return act


def edit_byline(name: str) -> Callable[[object], object]:
    byline = {"name": "記者"}
    return lambda value: publishing.edit_byline(
        Byline.objects.create(name="舊"), by=SYSTEM, **byline | {name: value}
    )


def add_byline(name: str) -> Callable[[object], object]:
    return lambda value: publishing.add_byline(by=SYSTEM, **{"name": "記者", name: value})


def add_topic(name: str) -> Callable[[object], object]:
    return lambda value: publishing.add_topic(by=SYSTEM, **{"name": "題目", "slug": "topic", name: value})


def edit_topic(value: object) -> object:
    return publishing.edit_topic(Topic.objects.create(name="舊", slug="old"), by=SYSTEM, name=value)


def submit(token: object) -> object:
    user = make_user("*")
    return publishing.once(
        user, token, "digest", lambda: publishing.draft_update(make_blog(), Content("一"), by=SYSTEM)
    )


def column(model: type, name: str) -> int:
    return model._meta.get_field(name).max_length


CASES = {
    # Fields of an update.
    "Content.heading": Case("heading", LONGEST["heading"], words, draft("heading")),
    "Content.body": Case("body", LONGEST["body"], paragraph, draft("body")),
    "Content.source": Case("source", LONGEST["source"], words, draft("source")),
    "Content.stories": Case("stories", MOST["stories"], make_stories, draft("stories")),
    "Content.images": Case("images", MOST["images"], make_images, draft("images")),
    "Story.title": Case("stories", LONGEST["title"], words, story_of_update("title")),
    "Story.url": Case("stories", LONGEST["url"], address, story_of_update("url")),
    # Fields of a live blog.
    "BlogDetails.slug": Case("slug", column(LiveBlog, "slug"), lambda n: "a" * n, create("slug")),
    "BlogDetails.headline": Case("headline", column(LiveBlog, "headline"), words, create("headline")),
    "BlogDetails.kicker": Case("kicker", column(LiveBlog, "kicker"), words, create("kicker")),
    "BlogDetails.standfirst": Case("standfirst", LONGEST["standfirst"], words, create("standfirst")),
    "BlogDetails.summary": Case("summary", LONGEST["summary"], paragraph, create("summary")),
    "Content.bylines": Case("bylines", MOST["bylines"], make_bylines, draft("bylines")),
    "BlogDetails.bylines": Case("bylines", MOST["bylines"], make_bylines, create("bylines")),
    "BlogDetails.topics": Case("topics", MOST["topics"], make_topics, create("topics")),
    "BlogDetails.stories": Case("stories", MOST["stories"], make_stories, create("stories")),
    "edit_blog, headline": Case("headline", column(LiveBlog, "headline"), words, edit("headline")),
    "edit_blog, summary": Case("summary", LONGEST["summary"], paragraph, edit("summary")),
    "Story.title beside a blog": Case("stories", LONGEST["title"], words, story_of_blog("title")),
    # Other parameters of verbs.
    "correct_update.note": Case("note", LONGEST["note"], words, on_update(publishing.correct_update, "note")),
    "withdraw_update.reason": Case(
        "note", LONGEST["note"], words, on_update(publishing.withdraw_update, "reason")
    ),
    "erase_update.reason": Case("note", LONGEST["note"], words, on_update(publishing.erase_update, "reason")),
    "set_hold.reason": Case(
        "note",
        LONGEST["note"],
        words,
        lambda reason: publishing.set_hold(make_blog(), by=SYSTEM, is_on_hold=True, reason=reason),
    ),
    "set_second_person.reason": Case(
        "note",
        LONGEST["note"],
        words,
        lambda reason: publishing.set_second_person(make_blog(), by=SYSTEM, is_needed=True, reason=reason),
    ),
    "flag_update.reason": Case("note", LONGEST["note"], words, lambda reason: flagged(reason)),
    "propose_change.note": Case(
        "note",
        LONGEST["note"],
        words,
        lambda note: publishing.propose_change(flagged(), Content("另一標題"), by=SYSTEM, note=note),
    ),
    "override_approval.reason": Case(
        "note",
        LONGEST["note"],
        words,
        lambda reason: publishing.override_approval(
            flagged(is_draft=True), by=make_person("Chief editor"), reason=reason
        ),
    ),
    "override_on_blog.reason": Case(
        "note",
        LONGEST["note"],
        words,
        lambda reason: publishing.override_on_blog(
            proposed_headline(), by=make_person("Chief editor"), reason=reason
        ),
    ),
    "checked_note.note": Case("note", LONGEST["note"], words, publishing.checked_note),
    "refuse_too_long.body": Case("__all__", LONGEST["body"], words, publishing.refuse_too_long),
    "add_image.alt": Case("alt", LONGEST["alt"], words, on_image("alt", is_new=True)),
    "add_image.caption": Case("caption", LONGEST["caption"], words, on_image("caption", is_new=True)),
    "add_image.credit": Case("credit", LONGEST["credit"], words, on_image("credit", is_new=True)),
    "edit_image.alt": Case("alt", LONGEST["alt"], words, on_image("alt", is_new=False)),
    "edit_image.caption": Case("caption", LONGEST["caption"], words, on_image("caption", is_new=False)),
    "edit_image.credit": Case("credit", LONGEST["credit"], words, on_image("credit", is_new=False)),
    "add_byline.name": Case("name", column(Byline, "name"), words, add_byline("name")),
    "add_byline.role": Case("role", column(Byline, "role"), words, add_byline("role")),
    "add_topic.name": Case("name", column(Topic, "name"), words, add_topic("name")),
    "add_topic.slug": Case("slug", column(Topic, "slug"), lambda n: "a" * n, add_topic("slug")),
    "edit_byline.name": Case("name", column(Byline, "name"), words, edit_byline("name")),
    "edit_byline.role": Case("role", column(Byline, "role"), words, edit_byline("role")),
    "edit_topic.name": Case("name", column(Topic, "name"), words, edit_topic),
    "edit_story.title": Case("stories", LONGEST["title"], words, edit_story("title")),
    "edit_story.url": Case("stories", LONGEST["url"], address, edit_story("url")),
    "add_term.traditional": Case(
        "traditional", column(GlossaryTerm, "traditional"), words, on_term("traditional", is_new=True)
    ),
    "add_term.simplified": Case(
        "simplified", column(GlossaryTerm, "simplified"), words, on_term("simplified", is_new=True)
    ),
    "add_term.note": Case("note", column(GlossaryTerm, "note"), words, on_term("note", is_new=True)),
    "edit_term.traditional": Case(
        "traditional", column(GlossaryTerm, "traditional"), words, on_term("traditional", is_new=False)
    ),
    "edit_term.simplified": Case(
        "simplified", column(GlossaryTerm, "simplified"), words, on_term("simplified", is_new=False)
    ),
    "edit_term.note": Case("note", column(GlossaryTerm, "note"), words, on_term("note", is_new=False)),
    "add_webhook.url": Case("url", column(Webhook, "url"), address, on_webhook("url", is_new=True)),
    "add_webhook.blogs": Case("blogs", MOST["blogs"], make_blogs, on_webhook("blogs", is_new=True)),
    "edit_webhook.url": Case("url", column(Webhook, "url"), address, on_webhook("url", is_new=False)),
    "edit_webhook.blogs": Case("blogs", MOST["blogs"], make_blogs, on_webhook("blogs", is_new=False)),
    "create_key.label": Case("label", 80, words, on_key("label", is_new=True)),
    "edit_key.label": Case("label", 80, words, on_key("label", is_new=False)),
    "set_team.team": Case(
        "team", MOST["team"], make_people, lambda team: publishing.set_team(make_blog(), team, by=SYSTEM)
    ),
    "submit_response.name": Case("name", 80, words, respond("name")),
    "submit_response.text": Case("text", 500, words, respond("text")),
    "once.token": Case("__all__", 255, lambda n: "a" * n, submit),
}
# Inputs that have no size limit, and why.
EXEMPT = {
    "Content.verification": "one of a few values",
    "Content.edition_wording": "bounded with the glossary, in tests of conversion",
    "BlogDetails.language": "one of a few values",
    "add_webhook.edition": "one of a few values",
    "edit_webhook.edition": "one of a few values",
    "create_key.scopes": "some of a few values",
    "edit_key.scopes": "some of a few values",
    "disable_webhook.because": "set by the sender and truncated",
    "once.digest": "computed by the entry points",
    "open_private.extension": "compared with a few values",
    "flag_update.flags": "some of a few values",
    "open_public.extension": "part of a file's name, which exists or does not",
    "open_public.key": "part of a file's name, which exists or does not",
    "erase_reader.ids": "only compared",
    "erase_reader.name": "only compared",
    "export_reader.name": "only compared",
    "require.permission": "constant in the code",
    "create_blog.imported_hash": "computed by the importer",
    "edit_blog.imported_hash": "computed by the importer",
    "draft_update.imported_hash": "computed by the importer",
    "publish_update.imported_hash": "computed by the importer",
    "correct_update.imported_hash": "computed by the importer",
    "edit_update.imported_hash": "computed by the importer",
    "perform.note": "checked by the verb that it is for",
    "*.seen": "only compared",
}


@pytest.mark.parametrize("name", CASES)
def test_verbs_accept_values_at_the_limit(name):
    case = CASES[name]
    case.act(case.make(case.limit))


@pytest.mark.parametrize("name", CASES)
def test_verbs_refuse_values_above_the_limit_by_field(name):
    case = CASES[name]
    before = LiveBlog.objects.count(), Update.objects.exists()
    with pytest.raises(ValidationError) as raised:
        case.act(case.make(case.limit + 1))
    errors = raised.value.message_dict if hasattr(raised.value, "error_dict") else {"__all__": []}
    assert list(errors) == [case.field]
    assert before[0] <= LiveBlog.objects.count()
    assert all(len(reason) < 200 for reasons in errors.values() for reason in reasons)


# Cases that store what somebody has typed.
TYPED = [
    name
    for name, case in CASES.items()
    if case.make in (words, paragraph) and not name.startswith(("checked_", "refuse_"))
]


@pytest.mark.parametrize("name", TYPED)
@pytest.mark.parametrize(
    "text", ["\u200b\u2060", "\x01\x0b字\ufffe", "\u3164"], ids=["zero width", "controls", "filler"]
)
def test_verbs_store_no_text_that_readers_cannot_see(name, text):
    try:
        row = CASES[name].act(text)
    except ValidationError:
        return
    assert isinstance(row, Model)
    stored = "".join(str(getattr(row, field.attname)) for field in row._meta.concrete_fields)
    assert set(text) & set(stored) <= {"字"}


def test_every_text_and_list_parameter_of_a_verb_has_a_limit():
    """Fail when a new field or verb parameter is in neither of the two tables above."""
    inputs = {
        f"{kind.__name__}.{field.name}"
        for kind in (Content, BlogDetails, Story)
        for field in fields(kind)
        if _is_open_ended(str(field.type))
    }
    for name in publishing.__all__:
        verb = getattr(publishing, name)
        if inspect.isfunction(verb):
            signature = inspect.signature(verb)
            inputs |= {
                f"{name}.{parameter.name}"
                for parameter in signature.parameters.values()
                if _is_open_ended(str(parameter.annotation))
            }
    covered = set(CASES) | set(EXEMPT)
    assert sorted(name for name in inputs - covered if f"*.{name.partition('.')[2]}" not in EXEMPT) == []


def _is_open_ended(annotation: str) -> bool:
    return annotation in ("str", "str | None") or annotation.startswith(("tuple[", "Iterable["))


@pytest.mark.parametrize("year", [1, 1899, 2101, 9999])
@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("happened_at", draft("happened_at")),
        ("coverage_start_at", create("coverage_start_at")),
        ("coverage_end_at", create("coverage_end_at")),
        ("embargo_until_at", create("embargo_until_at")),
    ],
)
def test_years_outside_1900_to_2100_are_refused(name, act, year):
    with pytest.raises(ValidationError) as raised:
        act(datetime(year, 6, 1, tzinfo=hongkong.ZONE))
    assert raised.value.message_dict == {name: ["Give a year from 1900 to 2100."]}


def test_body_lengthened_by_sanitizing_can_be_saved_again():
    body = f"<p>{'&' * 100_000}</p>"
    with pytest.raises(ValidationError):
        draft("body")(body)
    update = draft("body")(f"<p>{'&' * 39_000}</p>")
    publishing.publish_update(update.blog, Content.of(update), by=SYSTEM, update=update)


# Entry points: the API, the desk and the admin


@dataclass
class Door:
    """An entry point for new updates.

    `send` posts an update with one field set and returns the status and the names of refused fields.
    """

    send: Callable[[str, object], tuple[int, set[str]]]
    success_status: int


@pytest.fixture
def doors() -> dict[str, Door]:
    blog = make_blog()
    tool = Tool(make_key(*Scope, blogs=[blog]))
    desk, editor = Client(headers={"accept": "application/json", "accept-language": "en"}), make_user("*")
    desk.force_login(editor)
    admin = Client(headers={"accept-language": "en"})
    admin.force_login(editor)
    tokens = (f"token-{index}" for index in range(1_000))

    def to_api(name: str, value: object) -> tuple[int, set[str]]:
        answer = tool.post({"heading": "標題", "status": "draft", name: value}, slug=blog.slug)
        return answer.status_code, set(answer.json().get("errors", {}))

    def to_desk(name: str, value: object) -> tuple[int, set[str]]:
        payload = {"token": next(tokens), "heading": "標題", "action": "draft", name: value}
        answer = desk.post(desk_path(blog), payload)
        return answer.status_code, set(answer.json().get("errors", {}))

    def to_admin(name: str, value: object) -> tuple[int, set[str]]:
        form = opened(admin, f"{ADD}?blog={blog.pk}") | {"heading": "標題", "action": "draft"}
        answer = admin.post(ADD, form | {name: value})
        errors = set(answer.context["adminform"].form.errors) if answer.status_code == 200 else set()
        return answer.status_code, errors

    return {
        "api": Door(to_api, 201),
        "desk": Door(to_desk, 200),
        "admin": Door(to_admin, 302),
    }


@pytest.mark.parametrize("door", ["api", "desk", "admin"])
@pytest.mark.parametrize(
    ("name", "limit", "make"),
    [("heading", 250, words), ("body", LONGEST["body"], paragraph), ("source", 120, words)],
)
def test_every_entry_point_accepts_the_limit_and_refuses_one_more_by_field(doors, door, name, limit, make):
    send, success = doors[door].send, doors[door].success_status
    assert send(name, make(limit)) == (success, set())
    status, errors = send(name, make(limit + 1))
    assert (status in (200, 400, 422), errors) == (True, {name})
    assert Update.objects.count() == 1


def test_desk_limits_stories_pictures_and_notes():
    blog = make_blog()
    desk = Client(headers={"accept": "application/json", "accept-language": "en"})
    desk.force_login(make_person("Editor"))
    for stories, status in ((MOST["stories"], 200), (MOST["stories"] + 1, 422)):
        titles = ["一"] * stories
        payload = {"token": f"stories-{stories}", "heading": "標題", "action": "draft", "story_title": titles}
        assert desk.post(desk_path(blog), payload).status_code == status
    images = [image.pk for image in make_images(MOST["images"] + 1)]
    for pks, status in ((images[1:], 200), (images, 422)):
        payload = {"token": f"images-{len(pks)}", "heading": "標題", "action": "draft", "picture": pks}
        assert desk.post(desk_path(blog), payload).status_code == status
    update = make_update(blog)
    withdraw = f"{desk_path(blog)}updates/{update.pk}/withdraw/"
    assert desk.post(withdraw, {"reason": words(LONGEST["note"] + 1)}).status_code == 422
    assert desk.post(withdraw, {"reason": words(LONGEST["note"])}).status_code == 200


def test_admin_caps_inline_rows():
    """Cap the number of inline rows, which the client controls with TOTAL_FORMS."""
    blog = make_blog()
    admin = Client(headers={"accept-language": "en"})
    admin.force_login(make_user("*"))
    form = opened(admin, f"{ADD}?blog={blog.pk}") | {"heading": "標題", "action": "draft"}
    answer = admin.post(ADD, form | {"related_stories-TOTAL_FORMS": "2000"})
    assert answer.status_code == 200
    assert len(answer.context["inline_admin_formsets"][0].formset.forms) <= MOST["stories"] + 1
    answer = admin.post(ADD, with_row(form, "related_stories", title="一則", after_block="0"))
    assert answer.status_code == 302


# Response sizes: refusals do not amplify the request


@pytest.mark.parametrize(
    "entry",
    [
        {f"member{index}": 1 for index in range(20_000)},
        {"m" * 100_000: 1},
        {"byline": "b" * 500_000, "status": "draft"},
        {"status": "s" * 500_000},
        {"verification": "v" * 500_000, "status": "draft"},
        {"happened_at": "1" * 500_000, "status": "draft"},
        {"related_stories": [{"title": "t", "live_blog": "l" * 500_000}], "status": "draft"},
        {"related_stories": [{"title": "t", "url": URL + "l" * 500_000}], "status": "draft"},
        {"related_stories": [{"x": 1}] * 20_000, "status": "draft"},
    ],
    ids=["members", "a member", "byline", "status", "verification", "moment", "slug", "url", "stories"],
)
def test_api_errors_do_not_echo_large_payloads(entry):
    blog = make_blog()
    answer = Tool(make_key(*Scope, blogs=[blog])).post(entry, slug=blog.slug)
    assert answer.status_code in (400, 422)
    assert len(answer.content) < 6_000


@pytest.mark.parametrize(
    "query", ["&".join(f"p{index}=1" for index in range(900)), f"fields={'x,' * 20_000}", "x" * 30_000 + "=1"]
)
def test_api_errors_do_not_echo_large_queries(client, query):
    answer = client.get(f"/api/v1/blogs/?{query}")
    assert (answer.status_code, len(answer.content) < 6_000) == (400, True)


# Working copies, presence, history and accumulating rows


@pytest.fixture
def desk() -> Client:
    client = Client(headers={"accept": "application/json", "accept-language": "en"})
    client.force_login(make_person("Editor"))
    return client


def test_working_copies_are_bounded_in_number_and_length(desk):
    path = f"{desk_path(make_blog())}autosave/"
    for index in range(queues.MOST_KEPT):
        assert desk.post(path, {"token": f"t{index}", "heading": "字"}).status_code == 200
    assert desk.post(path, {"token": "t0", "heading": "字字"}).status_code == 200
    response = desk.post(path, {"token": "one more", "heading": "字"})
    assert response.status_code == 422
    assert response.json()["errors"][""] == ["You have 30 unsaved texts. Save or discard some of them."]
    assert desk.post(path, {"token": "t0", "body": words(queues.MAX_KEPT + 1)}).status_code == 422
    assert desk.post(path, {"token": "t0", "x" * 500: "1", "y": "1", "body": "字"}).status_code == 200
    assert sorted(WorkingCopy.objects.get(token="t0").fields) == ["body", "token"]
    assert WorkingCopy.objects.count() == queues.MOST_KEPT


def test_conflict_does_not_exceed_the_limit_of_working_copies(desk):
    blog = make_blog()
    update = publishing.draft_update(blog, Content("一"), by=SYSTEM)
    for index in range(queues.MOST_KEPT):
        desk.post(f"{desk_path(blog)}autosave/", {"token": f"t{index}", "heading": "字"})
    payload = {"token": "late", "update": update.pk, "seen": "x" * 64, "heading": "二", "action": "draft"}
    assert desk.post(desk_path(blog), payload).status_code in (403, 409, 422)
    assert WorkingCopy.objects.count() == queues.MOST_KEPT


def test_presences_of_one_person_are_bounded(desk):
    path = f"{desk_path(make_blog())}state/"
    for index in range(live.MOST_PRESENCES + 5):
        assert desk.post(path, {"token": f"t{index}", "after": "1"}).status_code == 200
    assert Presence.objects.count() == live.MOST_PRESENCES
    assert Presence.objects.filter(token=f"t{live.MOST_PRESENCES + 4}").exists()


def test_history_is_paginated(desk):
    update = make_update(make_blog(), body="<p>一</p>")
    for index in range(history.PAGE_SIZE + 3):
        publishing.edit_update(update, Content(f"第{index}稿"), by=SYSTEM)
    path = f"{desk_path(update.blog)}updates/{update.pk}/history/"
    page = desk.get(path)
    assert len(page.context["entries"]) == history.PAGE_SIZE
    assert [entry.is_earlier_text for entry in page.context["entries"][:2]] == [False, True]
    older = desk.get(path, {"before": page.context["older"].pk})
    assert (len(older.context["entries"]), older.context["older"]) == (4, None)
    assert all(entry.is_earlier_text for entry in older.context["entries"])


def test_comparing_fully_different_revisions_is_linear():
    def compare(revisions: int) -> None:
        effort = differences.Effort()
        for index in range(revisions):
            old, new = (f"{start}" + "的一二" * 4_000 + f"{index}" for start in "甲乙")
            differences.compared(old, new[::-1], effort)

    assert_linear(compare, 4)


def test_corrections_are_bounded_but_edits_and_withdrawal_stay_possible():
    update = make_update(make_blog())
    rows(
        Revision,
        MOST["corrections"],
        update=lambda index: update,
        number=lambda index: 1_000 + index,
        kind=lambda index: Revision.Kind.CORRECTION,
        content=lambda index: {},
        at=lambda index: update.modified_at,
    )
    with pytest.raises(ValidationError) as raised:
        publishing.correct_update(update, Content("二"), by=SYSTEM, note="更正")
    assert list(raised.value.message_dict) == ["note"]
    publishing.edit_update(update, Content("二"), by=SYSTEM)
    publishing.withdraw_update(update, by=SYSTEM, reason="有誤")


def test_pending_responses_are_bounded():
    blog = make_blog(has_responses=True)
    values = {"blog": lambda index: blog, "name": "讀者{}".format, "text": "好{}".format}
    rows(ReaderResponse, MOST["pending"], **values)
    with pytest.raises(ValidationError, match="Try again later"):
        publishing.submit_response(blog, name="讀者", text="好")


def test_keys_and_webhooks_of_a_partner_are_bounded():
    partner = make_partner()
    for index in range(MOST["keys"]):
        publishing.create_key(partner, by=SYSTEM, label=f"{index}", scopes=[Scope.READ])
        publishing.add_webhook(partner, by=SYSTEM, url=f"{URL}{index}")
    with pytest.raises(ValidationError, match="20 active keys"):
        publishing.create_key(partner, by=SYSTEM, label="x", scopes=[Scope.READ])
    with pytest.raises(ValidationError, match="20 webhooks"):
        publishing.add_webhook(partner, by=SYSTEM, url=f"{URL}x")


# The admin


@pytest.fixture
def chief() -> Client:
    user = make_user("*")
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.mark.parametrize(
    ("origins", "status"),
    [
        ([f"https://{index}.example" for index in range(MOST_ORIGINS)], 302),
        ([f"https://{index}.example" for index in range(MOST_ORIGINS + 1)], 200),
        ([f"https://{'a' * (LONGEST_ORIGIN - 8)}"], 302),
        ([f"https://{'a' * (LONGEST_ORIGIN - 7)}"], 200),
    ],
)
def test_origins_of_a_partner_are_bounded(chief, origins, status):
    payload = {"name": "夥伴", "contact": "desk@example.com", "embed_origins": "\n".join(origins)}
    assert chief.post("/admin/liveblog/partner/add/", payload).status_code == status


def test_grants_of_a_partner_are_bounded(chief):
    pks = [blog.pk for blog in make_blogs(MOST["granted_blogs"] + 1)]
    payload = {"name": "夥伴", "contact": "desk@example.com", "granted_blogs": pks}
    assert chief.post("/admin/liveblog/partner/add/", payload).status_code == 200
    assert chief.post("/admin/liveblog/partner/add/", payload | {"granted_blogs": pks[1:]}).status_code == 302
    assert Partner.objects.get().granted_blogs.count() == MOST["granted_blogs"]


def test_every_admin_list_uses_bounded_lists():
    ours = {
        model: model_admin
        for model, model_admin in django_admin.site._registry.items()
        if model._meta.app_label in ("liveblog", "auth")
    }
    assert [model for model, model_admin in ours.items() if not isinstance(model_admin, BoundedLists)] == []


@pytest.mark.parametrize("model", ["liveblog/update", "liveblog/liveblog", "auth/user"])
def test_long_admin_search_shows_an_error(chief, model):
    """Refuse long searches, because one condition per word exceeds SQLite's expression limits."""
    answer = chief.get(f"/admin/{model}/", {"q": "a " * 500})
    assert answer.status_code == 200
    assert [str(message) for message in answer.context["messages"]] == ["Search for at most 100 characters."]
    assert chief.get(f"/admin/{model}/", {"q": "a " * (LONGEST_SEARCH // 2)}).status_code == 200


def test_admin_actions_refuse_too_many_rows(chief):
    blog = make_blog()
    now = hongkong.now()
    values = {"blog": lambda index: blog, "heading": "稿{}".format}
    moments = {"happened_at": lambda index: now, "modified_at": lambda index: now}
    updates = rows(Update, MOST_AT_ONCE + 1, **values, **moments)
    path = "/admin/liveblog/update/"
    for selection in ({"select_across": "1"}, {"_selected_action": [update.pk for update in updates]}):
        for action in ("publish", "withdraw"):
            chosen = {"action": action, "_selected_action": [updates[0].pk], "index": "0"} | selection
            answer = chief.post(path, chosen, follow=True)
            assert [str(text) for text in answer.context["messages"]] == [
                "201 items were selected. Select at most 200 at once: nothing was done."
            ]
    assert not Update.objects.published().exists()


def test_overlong_story_search_finds_nothing(desk):
    blog = make_blog(headline="標題")
    path = f"{desk_path(make_blog())}stories/"
    assert desk.get(path, {"q": "x" * 1_000}).json() == {"stories": []}
    assert [row["slug"] for row in desk.get(path, {"q": blog.slug}).json()["stories"]] == [blog.slug]


def test_json_that_is_too_large_too_deep_or_has_too_many_digits_is_refused():
    blog = make_blog()
    tool = Tool(make_key(*Scope, blogs=[blog]))
    for body in ("[" * 100_000, '{"a":' * 100_000, "1" * 1_000_000, json.dumps({"heading": "a" * 1_700_000})):
        answer = tool.post(body, slug=blog.slug)
        assert answer.status_code in (400, 413)
        assert len(answer.content) < 2_000
