"""XSS corpus: no payload, in any printed field, runs on any surface.

One test parses the responses; two open them in Chromium. The first has copy that went through the verbs and
the Content Security Policy switched off, so that it tests the sanitizer and the templates alone; the second
has raw copy stored past the sanitizer and the policy as served, so that it tests the policy alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import lxml.etree
import lxml.html
import pytest
from playwright.sync_api import BrowserContext, Dialog, Error, Page, Route, expect

from liveblog import publishing
from liveblog.publishing import SYSTEM, Content
from newsroom.text import html
from tests.desk.conftest import desk_path
from tests.factories import signed_in
from tests.security.hostile_house import HostileHouse, pack
from tests.security.payloads import CANARY, PAYLOADS
from tests.security.test_wordings import markup_of
from tests.waiting import wait_for

pytestmark = pytest.mark.any_database

# Attributes whose value a browser may navigate to or load.
URL_ATTRIBUTES = {"href", "src", "action", "formaction", "data", "xlink:href", "poster", "background", "cite"}
SCRIPT_ADDRESS = re.compile(
    r"[\x00-\x20]*(java|vb)script[\t\r\n]*:|[\x00-\x20]*data:(?!image/)", re.IGNORECASE
)
PROSE_TAGS = html.BLOCK_TAGS | html.INNER_TAGS | html.PHRASING_TAGS
PROSE_ATTRIBUTES = {"href", "rel", "start", "colspan", "rowspan", "scope", "lang"}
# The same rules as `dangers`, applied by a real browser's parser.
FIND_DANGER = """() => [...document.querySelectorAll('*')].flatMap(element =>
  Element.prototype.getAttributeNames.call(element).filter(name => {
    const value = Element.prototype.getAttribute.call(element, name);
    if (name.startsWith('on') || name === 'srcdoc') return true;
    if (!['href', 'src', 'action', 'formaction', 'data', 'xlink:href'].includes(name)) return false;
    if (!URL.canParse(value, document.baseURI)) return false;
    const {protocol} = new URL(value, document.baseURI);
    return !['http:', 'https:', 'mailto:'].includes(protocol) && !(element.localName === 'img');
  }).map(name => `${element.tagName} ${name}=${Element.prototype.getAttribute.call(element, name)}`))"""
# Simulate a curious reader: fire each handler's event, and follow each link and form that leads to a script.
PROD = """() => {
  for (const element of document.querySelectorAll('*'))
    for (const name of Element.prototype.getAttributeNames.call(element))
      if (name.startsWith('on'))
        EventTarget.prototype.dispatchEvent.call(element, new Event(name.slice(2)));
      else if (/^[\\x00-\\x20]*java\\s*script/i.test(Element.prototype.getAttribute.call(element, name)))
        HTMLElement.prototype.isPrototypeOf(element) && HTMLElement.prototype.click.call(element);
}"""


def dangers(page: str) -> Iterator[str]:
    """Yield whatever in a page could run a script or is not allowed in rich text."""
    document = lxml.html.fromstring(page)
    for element in document.iter(lxml.etree.Element):
        for name, value in element.attrib.items():
            is_script = name in URL_ATTRIBUTES and SCRIPT_ADDRESS.match(value)
            if name.startswith("on") or name == "srcdoc" or is_script:
                yield f"{element.tag} {name}={value}"
    for prose in document.find_class("prose"):
        for element in prose.iterdescendants(lxml.etree.Element):
            if is_ours(element):
                continue
            if element.tag not in PROSE_TAGS or not set(element.attrib) <= PROSE_ATTRIBUTES:
                yield lxml.html.tostring(element, encoding="unicode")[:200]


def is_ours(element: lxml.html.HtmlElement) -> bool:
    """Return whether the element comes from a template: a picture, story or table frame, not rich text."""
    own = ("figure", "picture"), ("p", "story")
    if element.tag == "div" and set(element.attrib) == {"class", "role", "tabindex", "aria-label"}:
        return "table" in element.get("class").split()
    around = [(outer.tag, outer.get("class", "").split()) for outer in (element, *element.iterancestors())]
    return any(tag == name and style in classes for name, classes in around for tag, style in own)


def answers(house: HostileHouse) -> Iterator[tuple[str, int, str, str]]:
    """Yield the path, status, content type and markup of every surface."""
    staff = signed_in(house.chief)
    public = type(staff)(headers={"accept-language": "en"})
    desk = desk_path(house.blog)
    responses = [
        *((path, public.get(path)) for path in house.public_paths()),
        *((path, staff.get(path)) for path in house.staff_paths()),
        ("conflict", staff.post(desk, house.conflicting_post())),
        ("preview", staff.post(f"{desk}preview/", house.conflicting_post())),
        ("preview zh-hans", staff.post(f"{desk}preview/", house.conflicting_post() | {"edition": "zh-hans"})),
        ("paste", staff.post(f"{desk}paste/", {"text": house.running_copy()})),
    ]
    for path, response in responses:
        kind = response.headers["Content-Type"]
        markup = response.content.decode() if "sitemap" in path else markup_of(response)
        yield path, response.status_code, kind, markup


@pytest.mark.django_db
def test_no_response_contains_executable_markup():
    assert len(PAYLOADS) >= 300
    house = HostileHouse()
    for path, status, kind, markup in answers(house):
        assert status in ((409,) if path == "conflict" else (200, 410)), path
        if "xml" in kind and "html" not in kind:
            continue
        if markup.strip():
            assert list(dangers(markup)) == [], path
        if "text/html" in kind:
            for script in lxml.html.fromstring(markup).iter("script"):
                if script.get("type", "").endswith("json"):
                    json.loads(script.text)


class Watch:
    """A recorder of every payload that runs in any page or frame of a browser context."""

    def __init__(self, context: BrowserContext) -> None:
        self.runs: list[str] = []
        context.expose_binding("xss", lambda source, *_given: self.runs.append(source["frame"].url))
        context.on("dialog", self._dismiss)
        context.route(re.compile(rf"^https?://{re.escape(CANARY)}/"), self._refuse)

    def _dismiss(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self.runs.append(f"dialog on {dialog.page.url}")
        dialog.accept()

    def _refuse(self, route: Route) -> None:
        if route.request.resource_type in ("script", "document", "stylesheet"):
            self.runs.append(route.request.url)
        route.abort()


def open_path(page: Page, path: str) -> None:
    """Open a path, retrying if a navigation started by the previous page interrupts it."""
    wait_for(lambda: is_open(page, path))


def is_open(page: Page, path: str) -> bool:
    try:
        page.goto(path, wait_until="load")
    except Error as error:
        # A browser may download a feed or JSON response instead of displaying it.
        return "Download is starting" in str(error)
    return True


def send(page: Page, path: str, fields: dict[str, object]) -> None:
    """Post a form from the open page, and wait for the resulting page."""
    with page.expect_navigation():
        page.evaluate(
            """([action, fields]) => {
              const form = document.createElement("form");
              const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
              for (const [name, value] of Object.entries({...fields, csrfmiddlewaretoken: token})) {
                const field = document.createElement("textarea");
                Object.assign(field, {name, value});
                form.append(field);
              }
              Object.assign(form, {method: "post", action});
              document.body.append(form);
              HTMLFormElement.prototype.submit.call(form);
            }""",
            [path, fields],
        )


def browser_paths(house: HostileHouse) -> list[str]:
    """Return the public surfaces to open: each once, and those that print copy in both scripts."""
    twice = ("/", "/live/storm/", f"/live/storm/{house.updates[-2].pk}/", "/embed/storm/", "/topics/weather/")
    both = {f"/zh-hans{path}" for path in twice}
    left_out = {"/api/v1/blogs/", "/api/v1/topics/", "/api/v1/related-stories/", "/live/storm/?text=1"}
    paths = house.public_paths()
    return [
        path
        for path in paths
        if path not in left_out
        and (path in both or not path.startswith("/zh-hans"))
        and not re.search("sitemap|oembed", path)
    ]


def open_everything(
    house: HostileHouse, reader: Page, editor: Page, watches: list[Watch], *, prod: bool
) -> None:
    """Open every surface, and either trigger everything in it or look for executable markup."""

    def look(page: Page, path: str) -> None:
        if "/api/v1/docs/" in path or "/desk/" in path:
            page.wait_for_load_state("networkidle") if "docs" in path else page.wait_for_load_state()
        if prod:
            page.evaluate(PROD)
            page.wait_for_load_state()
        else:
            assert page.evaluate(FIND_DANGER) == [], path
        assert [watch.runs for watch in watches if watch.runs] == [], path

    for path in browser_paths(house):
        open_path(reader, path)
        look(reader, path)
    for path in house.staff_paths():
        open_path(editor, path)
        look(editor, path)
    desk = desk_path(house.blog)
    posts = [("", house.conflicting_post()), ("preview/", house.conflicting_post())]
    posts += [("paste/", {"text": house.running_copy()})]
    for action, fields in posts:
        open_path(editor, f"{desk}paste/")
        send(editor, f"{desk}{action}", fields)
        look(editor, action)


def preview(page: Page, house: HostileHouse) -> None:
    """Preview the draft in the frame of the desk."""
    page.goto(f"{desk_path(house.blog)}?update={house.draft.pk}")
    page.wait_for_selector(".tiptap")
    with page.expect_response(re.compile("/preview/$")) as answer:
        page.get_by_role("button", name="Preview").click()
    assert answer.value.status == 200
    previewed = page.frame_locator("[data-preview-dialog] iframe").locator(f"#update-{house.draft.pk}")
    expect(previewed).to_be_attached()


def test_payloads_run_without_sanitizer_and_policy(new_page, console_errors):
    """Check that the payloads and the watch work, or the other tests would prove nothing."""
    page = new_page()
    watch = Watch(page.context)
    dull = []
    for payload in PAYLOADS[:40]:
        watch.runs.clear()
        page.set_content(f"<!doctype html><body><p>{payload}</p>")
        page.evaluate(PROD)
        dull += [] if watch.runs else [payload]
    assert len(dull) < 25, dull
    # Expected errors: blocked scripts and missing pictures.
    console_errors.clear()


def test_sanitized_copy_runs_nothing_without_a_policy(server, new_page, open_signed_in, console_errors):
    house = HostileHouse()
    reader = new_page(base_url=server.url, bypass_csp=True)
    editor = open_signed_in(house.chief, bypass_csp=True)
    watches = [Watch(reader.context), Watch(editor.context)]
    open_everything(house, reader, editor, watches, prod=False)
    preview(editor, house)

    oembed = reader.request.get("/oembed", params={"url": f"{server.url}/live/storm/"})
    reader.goto("/robots.txt")
    reader.set_content(oembed.json()["html"])
    expect(reader.frame_locator("iframe").locator("li.update").first).to_be_attached()

    with reader.expect_response(re.compile("changes.json")):
        reader.goto("/live/storm/")
    for number, heading in enumerate(pack(house.payloads, 240)[:3]):
        content = Content(heading, house.body(number, every=3))
        update = publishing.publish_update(house.blog, content, by=SYSTEM)
        reader.evaluate("scrollTo(0, 0)")
        expect(reader.locator(f"#update-{update.pk}")).to_be_attached()
    assert reader.evaluate(FIND_DANGER) == []
    assert [watch.runs for watch in watches] == [[], []]
    # Expected errors: blocked scripts and missing pictures, until the pages are left.
    for page in (reader, editor):
        page.goto("about:blank")
    console_errors.clear()


def test_unsanitized_copy_runs_nothing_under_the_policy(server, new_page, open_signed_in, console_errors):
    house = HostileHouse()
    house.write_past_the_sanitizer()
    reader = new_page(base_url=server.url)
    editor = open_signed_in(house.chief)
    watches = [Watch(reader.context), Watch(editor.context)]
    open_everything(house, reader, editor, watches, prod=True)
    preview(editor, house)
    assert [watch.runs for watch in watches] == [[], []]
    # Expected errors: blocked scripts and missing pictures, until the pages are left.
    for page in (reader, editor):
        page.goto("about:blank")
    console_errors.clear()
