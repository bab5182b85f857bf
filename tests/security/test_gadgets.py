"""Script gadgets: markup that got past the sanitizer cannot make the site's own scripts act on it.

Hostile markup is written directly to the database, or injected into pages on their way to the browser.
"""

from __future__ import annotations

import re
from contextlib import suppress
from html.parser import HTMLParser
from itertools import chain

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Error, Page, Request, Route, expect

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import Content
from tests.desk.conftest import desk_path
from tests.environment import ROOT
from tests.factories import make_blog, make_person, make_update
from tests.waiting import wait_for

MARKER = "此處夾帶"
OWN_SCRIPTS = sorted(
    f"/static/{path.relative_to(ROOT / 'static')}" for path in (ROOT / "static/js").rglob("*.*js")
)
# Requests that the desk itself sends while it is open.
DESK_POSTS = re.compile(r"/desk/(state|autosave|preview)/$")


def hostile_markup(draft: Update, user: User) -> str:
    """Return markup that would publish `draft`, make `user` a chief editor or run a script, if it could."""
    desk = desk_path(draft.blog)
    publish = f"{desk}updates/{draft.pk}/publish/"
    promote = f"/admin/auth/user/{user.pk}/change/"
    mine = "top.mine=self.mine=1"
    scripts = (
        f'<script type="module" src="{path}"></script><script src="{path}"></script>' for path in OWN_SCRIPTS
    )
    return "".join(
        chain(
            scripts,
            [
                f"<script>{mine}</script>",
                f"<img src=/none onerror='{mine}'><svg onload='{mine}'></svg>",
                f'<script src="data:text/javascript,{mine}"></script>',
                '<script src="/api/v1/docs/?script="></script><script src="/admin/jsi18n/"></script>',
                f"<link rel=modulepreload href={OWN_SCRIPTS[-1]}><link rel=import href=/admin/>",
                '<base href="https://evil.example/">',
                f'<meta http-equiv="refresh" content="0;url=javascript:{mine}">',
                f'<iframe srcdoc="<script>{mine}</script>"></iframe>',
                f'<iframe src="javascript:{mine}"></iframe>',
                f'<object data="{desk}"></object><embed src="{desk}">',
                # Imitate the desk, so that any of its scripts that run would pick this up.
                '<meta name="newsroom-user" content="out">',
                f'<div data-desk data-url="{publish}" data-state-url="{publish}"',
                f' data-autosave-url="{publish}" data-discard-url="{publish}" data-preview-url="{publish}"',
                " data-number=0 data-queue=drafts data-slug=x>",
                f'<form data-composer data-verbs method=post action="{publish}">',
                "<input name=token value=a><input name=update><input name=heading value=x autofocus>",
                f'<textarea name=body></textarea><button class=bait formaction="{publish}">A</button>',
                "</form></div>",
                f'<form method=post action="{promote}" data-verbs><input name=groups value=3>',
                f'<button class=bait formaction="{promote}">B</button></form>',
                "<form id=composer method=post></form>",
                f'<button class=bait form=composer formaction="{publish}">C</button>',
                "<div class=coverage data-number=0 data-status=live data-changes=/api/v1/ data-stream=/>",
                "<p data-live-state></p><button class=bait data-pause>D</button><div id=updates></div></div>",
                f'<button class=bait data-embed="{desk}" data-shape=wide>E</button>',
                f'<a class=bait href="javascript:{mine}">F</a>',
                f'<a class=bait data-share data-url="{desk}" href="javascript:{mine}" target=_top>G</a>',
                '<textarea data-django-prose-editor-configurable=\'{"extensions":{},"js_modules":'
                f'["{OWN_SCRIPTS[0]}","data:text/javascript,{mine}"]}}\'></textarea>',
                '<img name="head"><img name="currentScript"><form id="body"></form>',
            ],
        )
    )


class _BaitReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.baits: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("class", "bait") in attrs:
            self.baits.append(tag)


def baits_in(page: str) -> list[str]:
    """Return the hostile elements that a page contains as real elements, not as text."""
    reader = _BaitReader()
    reader.feed(page)
    return reader.baits


class Watch:
    """A recorder of the requests that a page sends and of hostile scripts that ran in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.posts: list[str] = []
        page.context.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method not in ("GET", "HEAD"):
            self.posts.append(request.url)

    def has_run(self) -> bool:
        """Return whether a hostile script ran in the page, or the desk's own script ran outside the desk."""
        is_desk = self.page.url.split("?")[0].endswith("/desk/")
        return self.page.evaluate("isDesk => 'mine' in self || ('desk' in self && !isDesk)", is_desk)


def press_every_bait(page: Page, address: str) -> None:
    """Press every bait, as a curious editor would, returning to the page after each press."""
    for index in range(page.locator(".bait").count()):
        page.locator(".bait").nth(index).dispatch_event("click")
        page.wait_for_load_state()
        wait_for(lambda: is_open(page, address))


def is_open(page: Page, address: str) -> bool:
    """Open a URL; return False if a navigation started by an earlier press interrupted it."""
    with suppress(Error):
        page.goto(address)
        return True
    return False


def forgive_policy(console_errors: list[str]) -> None:
    """Drop the console errors about blocked content; any other error still fails the test."""
    expected = re.compile(
        r"Refused to|Content Security Policy|sandboxed|javascript: url|MIME type|status of 4|ERR_"
        # The browser treats a page that a test has intercepted as coming from another network.
        r"|loopback|Error (loading extension module|initializing prose editor)"
        # Broken markup may stop a page's own script, but it cannot make it do anything else.
        r"|Cannot read properties of null"
    )
    assert sorted({error for error in console_errors if not expected.search(error)}) == []
    console_errors.clear()


def make_target() -> tuple[LiveBlog, Update, User]:
    """Return a live blog with hostile copy, an unapproved draft, and the draft's reporter."""
    blog = make_blog(slug="storm")
    reporter = make_person("Reporter")
    draft = publishing.draft_update(blog, Content("未審稿", "<p>未審</p>"), by=reporter)
    return blog, draft, reporter


def assert_nothing_changed(draft: Update, reporter: User) -> None:
    draft.refresh_from_db()
    assert draft.status == Update.Status.DRAFT
    assert [group.name for group in reporter.groups.all()] == ["Reporter"]
    assert not User.objects.filter(is_superuser=True).exists()


def test_hostile_copy_in_the_database_does_nothing_on_any_page(
    server, open_signed_in, page: Page, console_errors
):
    blog, draft, reporter = make_target()
    update = make_update(blog, "消息")
    hostile = hostile_markup(draft, reporter)
    body = f"<p>{MARKER}</p>{hostile}"
    Update.objects.filter(pk=update.pk).update(body=body, source=hostile[:120])
    Update.objects.filter(pk=draft.pk).update(body=body, heading=f"<b class=bait>{MARKER}</b>")

    for path in (
        "/live/storm/",
        "/zh-hans/live/storm/",
        f"/live/storm/{update.pk}/",
        "/embed/storm/",
        f"/search/?q={MARKER}",
        "/",
        "/live/storm/none/",
    ):
        address = f"{server.url}{path}"
        page.goto(address)
        watch = Watch(page)
        page.wait_for_load_state("load")
        press_every_bait(page, address)
        assert not watch.has_run(), path
    assert_nothing_changed(draft, reporter)
    forgive_policy(console_errors)

    desk = desk_path(blog)
    inside = open_signed_in(make_person("Chief editor"))
    watch = Watch(inside)
    for path in (
        desk,
        f"{desk}?update={draft.pk}",
        f"{desk}updates/{update.pk}/history/",
        f"/admin/liveblog/update/?q={MARKER}",
        f"/admin/liveblog/update/{draft.pk}/change/",
        f"/admin/liveblog/update/{draft.pk}/history/",
        "/admin/",
    ):
        inside.goto(path)
        inside.wait_for_load_state("load")
        assert inside.locator(".bait").count() == 0, path
        assert not watch.has_run(), path
    assert [url for url in watch.posts if not DESK_POSTS.search(url)] == []
    assert_nothing_changed(draft, reporter)
    forgive_policy(console_errors)


def smuggle(page: Page, pattern: str, hostile: str) -> None:
    """Replace the marker in intercepted pages with hostile markup, leaving their headers unchanged."""

    def fulfill(route: Route) -> None:
        if route.request.resource_type != "document":
            route.continue_()
            return
        response = route.fetch(max_redirects=0)
        head, end, body = response.text().partition("</head>")
        route.fulfill(response=response, body=head + end + body.replace(MARKER, hostile))

    page.route(re.compile(pattern), fulfill)


def test_markup_injected_into_pages_runs_no_script(server, open_signed_in, console_errors):
    blog, draft, reporter = make_target()
    update = make_update(blog, MARKER, body=f"<p>{MARKER}</p>", source=MARKER)
    chief = make_person("Chief editor", first_name=MARKER)
    inside = open_signed_in(chief)
    watch = Watch(inside)
    smuggle(inside, r"/(live|embed|search|admin|api|zh-hans|topics)?(/|$)", hostile_markup(draft, reporter))
    desk = desk_path(blog)
    for path in (
        "/",
        "/live/storm/",
        f"/live/storm/{update.pk}/",
        "/embed/storm/",
        f"/search/?q={MARKER}",
        f"/api/v1/updates/{update.pk}/",
        "/api/v1/docs/",
        "/admin/",
        "/admin/liveblog/update/",
        f"/admin/liveblog/update/{update.pk}/change/",
        f"/admin/liveblog/update/{update.pk}/history/",
        desk,
        f"{desk}updates/{update.pk}/history/",
        f"{desk}paste/",
        "/admin/password_change/",
        "/live/none/",
    ):
        inside.goto(path)
        inside.wait_for_load_state("networkidle" if path.startswith("/api") else "load")
        assert not watch.has_run(), path
        assert [url for url in watch.posts if not DESK_POSTS.search(url)] == [], path
    assert_nothing_changed(draft, reporter)
    forgive_policy(console_errors)


def test_hostile_draft_that_is_previewed_and_published_does_nothing(server, open_signed_in, console_errors):
    blog, draft, reporter = make_target()
    editor = make_person("Editor")
    mine = publishing.draft_update(blog, Content("預覽", f"<p>{MARKER}</p>"), by=editor)
    page = open_signed_in(editor)
    watch = Watch(page)
    smuggle(page, r"/preview/$", hostile_markup(draft, reporter))
    page.goto(f"{desk_path(blog)}?update={mine.pk}")
    page.wait_for_selector(".tiptap")
    with page.expect_response(re.compile("/preview/$")) as answer:
        page.get_by_role("button", name="Preview").click()
    assert re.search(r"(^|; )sandbox(;|$)", answer.value.headers["content-security-policy"])
    preview = page.frame_locator("[data-preview-dialog] iframe")
    expect(preview.locator("li.update h3")).to_have_text("預覽")
    assert page.locator("[data-preview-dialog] iframe").get_attribute("sandbox") == ""
    for index in range(preview.locator(".bait").count()):
        preview.locator(".bait").nth(index).dispatch_event("click")
    frame = page.frame(name="preview")
    frame.wait_for_load_state("load")
    assert [url for url in watch.posts if not DESK_POSTS.search(url)] == []
    assert not watch.has_run()
    assert frame.evaluate("'mine' in self || 'desk' in self") is False
    page.keyboard.press("Escape")
    page.locator("#id_heading").press("Control+Enter")
    expect(page.locator(".row h3")).to_have_text("預覽")
    assert_nothing_changed(draft, reporter)
    forgive_policy(console_errors)


@pytest.mark.django_db
def test_conflict_and_pasted_copy_print_no_hostile_markup_near_the_desk_forms(client):
    blog, draft, reporter = make_target()
    update = make_update(blog)
    hostile = hostile_markup(draft, reporter)
    Update.objects.filter(pk=update.pk).update(body=f"<p>{MARKER}</p>{hostile}")
    client.force_login(make_person("Editor"))
    payload = {"token": "a", "update": update.pk, "seen": "stale", "body": hostile, "action": "edit"}
    conflict = client.post(desk_path(blog), payload)
    copy = f"標題\n2026-03-19 10:00\n導語。\n19日最新消息\n小標\n【09:05】{MARKER}{hostile}\n"
    pasted = client.post(f"{desk_path(blog)}paste/", {"text": copy})
    assert (conflict.status_code, pasted.status_code) == (409, 200)
    for page in (conflict.content.decode(), pasted.content.decode()):
        assert MARKER in page
        assert baits_in(page) == []


@pytest.mark.django_db
def test_expired_reader_form_is_not_offered_a_fresh_token(client):
    """Only admin forms are offered a fresh token for resubmission."""
    blog, draft, _reporter = make_target()
    client.handler.enforce_csrf_checks = True
    client.force_login(make_person("Chief editor"))
    publish = f"{desk_path(blog)}updates/{draft.pk}/publish/"
    for referer, is_offered in (
        ("http://testserver/live/storm/", False),
        ("", False),
        (f"http://testserver{desk_path(blog)}", True),
    ):
        headers = {"Sec-Fetch-Site": "same-origin", "Referer": referer}
        answer = client.post(publish, {"csrfmiddlewaretoken": "a" * 64}, headers=headers)
        assert answer.status_code == 403
        assert ("csrfmiddlewaretoken" in answer.content.decode()) is is_offered, referer
    draft.refresh_from_db()
    assert draft.status == Update.Status.DRAFT
