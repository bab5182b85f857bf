"""Hidden desk tabs, lost responses, and confirmations of actions."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from liveblog import publishing
from liveblog.models import Update
from liveblog.publishing import SYSTEM, Content
from tests.desk.composing import CHORD, save_as_minor_edit, wait_for_composer, write
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_person, make_update
from tests.waiting import wait_for

UNDO_CHORD = "Control+Alt+z"
# Simulate a background tab.
HIDE = """Object.defineProperty(document, "hidden", { get: () => window.isInFront !== true });"""
SHOW = """window.isInFront = true; document.dispatchEvent(new Event("visibilitychange"));"""


def record_stream_urls(page: Page) -> list[str]:
    urls: list[str] = []
    page.on("request", lambda request: "/stream?" in request.url and urls.append(request.url))
    return urls


def test_hidden_desks_open_no_stream_until_shown(open_desk):
    blog = make_blog()
    page = open_desk(blog)
    hidden_tabs = []
    for _tab in range(6):
        tab = page.context.new_page()
        tab.add_init_script(HIDE)
        urls = record_stream_urls(tab)
        tab.goto(desk_path(blog))
        wait_for_composer(tab)
        hidden_tabs.append((tab, urls))

    write(page, "第七個分頁")
    page.keyboard.press(CHORD)

    expect(page.locator(".row")).to_have_count(1)
    assert [urls for _tab, urls in hidden_tabs] == [[]] * 6
    tab, urls = hidden_tabs[0]
    with tab.expect_request(lambda request: "/stream?" in request.url):
        tab.evaluate(SHOW)
    expect(tab.locator(".row")).to_have_count(1)


def test_failed_story_search_says_so_and_recovers(open_desk, console_errors):
    make_blog(slug="summit", headline="海峽峰會")
    page = open_desk(make_blog())
    page.get_by_text("Byline, source, related stories").click()
    page.route("**/stories/?*", lambda route: route.abort())
    page.get_by_label("Find a live blog, or paste an address").fill("海峽峰")
    expect(page.locator("[data-toasts]")).to_contain_text("The newsroom cannot be reached")
    page.unroute("**/stories/?*")
    page.get_by_label("Find a live blog, or paste an address").fill("海峽峰會")
    expect(page.get_by_role("option").first).to_contain_text("海峽峰會")
    console_errors.clear()


def test_desk_reports_an_outage_only_after_ten_seconds(open_desk, console_errors):
    page = open_desk(make_blog())
    page.route("**/state/", lambda route: route.abort())
    page.evaluate("window.brokenAt = Date.now()")
    page.evaluate(
        """() => new MutationObserver(() => { window.toldAt ??= Date.now(); })
          .observe(document.querySelector("[data-toasts]"), { childList: true, subtree: true })"""
    )
    expect(page.locator(".toast")).to_contain_text("The connection is lost.")
    assert page.evaluate("toldAt - brokenAt") >= 10_000
    page.unroute("**/state/")
    expect(page.locator(".toast").last).to_contain_text("The connection is back.")
    console_errors.clear()


def test_desk_reconnects_when_its_stream_fails_or_stalls(open_desk, console_errors):
    page = open_desk(make_blog())
    streams: list[Route] = []

    def fail_first(route: Route) -> None:
        streams.append(route)
        if len(streams) == 1:
            route.abort()
        elif len(streams) > 2:
            route.continue_()
        # The second request stays without a response.

    page.route("**/stream?*", fail_first)
    page.clock.install()
    page.reload()
    wait_for_composer(page)
    wait_for(lambda: page.clock.run_for(2_000) or len(streams) == 2)
    with page.expect_response("**/stream?*"):
        page.clock.run_for(40_000)
    assert len(streams) == 3
    console_errors.clear()


def test_publish_with_a_lost_response_keeps_the_text_and_is_published_once(open_desk):
    blog = make_blog()
    page = open_desk(blog)
    routes: list[Route] = []

    def lose_first(route: Route) -> None:
        if routes or route.request.method != "POST":
            route.continue_()
            return
        routes.append(route)
        # The request reaches the server, but the response is lost.
        route.fetch()

    page.route(lambda url: url.endswith("/desk/"), lose_first)
    write(page, "號外", "內文。")
    page.keyboard.press(CHORD)

    expect(page.locator("[data-errors]")).to_contain_text("The newsroom did not answer.")
    expect(page.locator("#id_heading")).to_have_value("號外")
    page.locator("#id_heading").press(CHORD)
    expect(page.locator(".toast")).to_contain_text("Live: “號外”")
    expect(page.locator("#id_heading")).to_have_value("")
    assert list(Update.objects.values_list("heading", "status")) == [("號外", "published")]


def test_typing_during_a_submission_goes_into_the_next_update(open_desk):
    blog = make_blog()
    page = open_desk(blog)
    routes: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            routes.append(route)
        else:
            route.continue_()

    page.route(lambda url: url.endswith("/desk/"), hold)
    write(page, "第一則")
    page.keyboard.press(CHORD)
    page.wait_for_selector("form[aria-busy]")
    expect(page.locator("#id_heading")).to_have_value("第一則")
    page.keyboard.insert_text("第二則")
    expect(page.locator("#id_heading")).to_have_value("第一則")
    # A call to the page lets Playwright handle the intercepted request.
    wait_for(lambda: page.title() and routes)
    routes[0].continue_()
    expect(page.locator("#id_heading")).to_have_value("第二則")
    expect(page.locator(".row")).to_have_count(1)


def test_update_undone_by_shortcut_and_republished_is_live_once(open_desk):
    blog = make_blog()
    page = open_desk(blog)
    write(page, "急電")
    page.keyboard.press(CHORD)
    expect(page.locator(".toast-undo")).to_be_visible()
    page.keyboard.press(UNDO_CHORD)
    page.wait_for_url("**?update=*")
    wait_for_composer(page)
    expect(page.locator("#id_heading")).to_have_value("急電")
    update = Update.objects.get()
    assert (update.status, update.given_time) == ("draft", None)

    page.locator("#id_heading").press(CHORD)
    expect(page.locator(".row")).to_have_count(1)
    update.refresh_from_db()
    assert update.is_published
    assert update.happened_at == update.first_published_at


def test_publish_shortcut_on_a_scheduled_update_saves_it_as_scheduled(open_desk):
    blog = make_blog()
    update = publishing.schedule_update(blog, Content("稍後"), timezone.now() + timedelta(hours=2), by=SYSTEM)
    page = open_desk(blog, query=f"?update={update.pk}")
    page.locator("#id_heading").fill("稍後再報")
    page.locator("#id_heading").press(CHORD)
    expect(page.locator(".messagelist")).to_contain_text("“稍後再報”")
    update.refresh_from_db()
    assert (update.heading, update.status) == ("稍後再報", "scheduled")
    assert publishing.actions_for(make_person("Editor"), blog, update)


def test_minor_edit_shows_a_confirmation(open_desk):
    blog = make_blog()
    update = make_update(blog, "舊標題")
    page = open_desk(blog, query=f"?update={update.pk}")
    page.locator("#id_heading").fill("新標題")
    save_as_minor_edit(page)
    expect(page.locator(".messagelist")).to_contain_text("Saved as a minor edit: “新標題”")
    expect(page.locator(".row h3")).to_have_text("新標題")
