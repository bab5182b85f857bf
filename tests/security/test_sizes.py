"""Size limits of every text and list that verbs take, tested at the limit and one above."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError

from liveblog import publishing
from liveblog.models import (
    BlogProposal,
    Byline,
    GlossaryTerm,
    LiveBlog,
    Topic,
    Update,
    Webhook,
)
from liveblog.models.partner import Scope
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story
from liveblog.publishing.limits import LONGEST, MOST
from newsroom import hongkong
from tests.factories import (
    edit_blog,
    make_blog,
    make_image,
    make_partner,
    make_person,
    make_update,
    make_user,
    picture_file,
)
from tests.security.amounts import (
    address,
    make_blogs,
    make_bylines,
    make_images,
    make_people,
    make_stories,
    make_topics,
    paragraph,
    words,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


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
        return edit_blog(blog, **{name: value})

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


# Cases of functions that check a value and store nothing.
ONLY_CHECKED = ("checked_", "refuse_")


def stored_text() -> str:
    """Return the values of all rows of the newsroom's tables, one a line."""
    models = apps.get_app_config("liveblog").get_models()
    rows = (row for model in models for row in model._base_manager.values_list())
    return "\n".join(text for row in rows for value in row for text in _texts_in(value))


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part)
    else:
        yield str(value)


@pytest.mark.parametrize("name", CASES)
def test_verbs_accept_values_at_the_limit(name):
    case = CASES[name]
    value = case.make(case.limit)
    result = case.act(value)
    if name.startswith(ONLY_CHECKED):
        assert result in (value, None)
    elif isinstance(value, str):
        assert value in stored_text()
    else:
        relation = "related_stories" if case.field == "stories" else case.field
        assert getattr(result, relation).count() == case.limit


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
    if case.make in (words, paragraph) and not name.startswith(ONLY_CHECKED)
]


@pytest.mark.parametrize("name", TYPED)
@pytest.mark.parametrize(
    "text", ["\u200b\u2060", "\x01\x0b字\ufffe", "\u3164"], ids=["zero width", "controls", "filler"]
)
def test_verbs_store_no_text_that_readers_cannot_see(name, text):
    # A field that must not be empty refuses such text.
    with suppress(ValidationError):
        CASES[name].act(text)
    assert set(text) & set(stored_text()) == set(text) & {"字"}


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
