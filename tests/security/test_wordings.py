"""Wordings and glossary terms are plain text and never become markup on any surface."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from xml.etree import ElementTree

import pytest

from liveblog import publishing
from liveblog.presentation import editions
from liveblog.publishing import SYSTEM
from newsroom.text.markup import Start, read
from tests.factories import make_blog, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SCRIPT = "<script>alert(1)</script>"
# Used both as wordings and as glossary terms; none may add an element to a page.
HOSTILE = {
    "停火": SCRIPT,
    "協議": "<img src=x onerror=alert(1)>",
    "amp": "<img src=x onerror=alert(2)>",
    "lt": "<svg onload=alert(3)>",
    "p": "script",
    "&": "<iframe srcdoc=x>",
    "<": "</p><object>",
    "今日": '" onmouseover="alert(4)',
    "明日": "]]><script>alert(5)</script>",
    "昨日": "</script><script>alert(6)</script>",
    "href": "javascript:alert(7)",
    "noopener": "x onclick",
    "生效": "&lt;script&gt;",
}
BODY = (
    '<p>停火<b>協</b>議今日生效 A &amp; B &lt;p&gt; <a href="https://a.example/?停火=1&amp;b=2">停火</a></p>'
    "<ul><li>明日</li><li>昨日</li></ul>"
)
SURFACES = [
    "/zh-hans/",
    "/zh-hans/live/truce/",
    "/zh-hans/live/truce/?text=1",
    "/zh-hans/live/truce/{pk}/",
    "/zh-hans/live/truce/changes.json?after=0",
    "/zh-hans/live/truce/feed.atom",
    "/zh-hans/live/truce/feed.rss",
    "/zh-hans/live/truce/feed.json",
    "/zh-hans/feed.atom",
    "/zh-hans/search/?q=停火",
    "/zh-hans/embed/truce/",
    "/api/v1/blogs/truce/?edition=zh-hans",
    "/api/v1/updates/{pk}/?edition=zh-hans",
    "/api/v1/blogs/truce/changes/?after=0&edition=zh-hans",
    "/api/v1/search/?q=停火&edition=zh-hans",
    "/api/v1/blogs/truce/ninjs/?edition=zh-hans",
]


# JSON members that contain HTML; `value` is the one in a ninjs body.
MARKUP_MEMBERS = {
    "body", "summary", "html", "content_html", "document", "head", "key_events", "lead", "after", "value",
}  # fmt: skip
# Plain text in ninjs: headlines and picture descriptions.
PLAIN_MEMBERS = {"headlines", "descriptions"}


def markup_in(member: str, value: object) -> Iterator[str]:
    if isinstance(value, str) and member in MARKUP_MEMBERS:
        yield value
    elif isinstance(value, dict):
        if "content_html" in value:
            # The summary of a JSON Feed item is plain text; read only the HTML.
            value = {"content_html": value["content_html"]}
        is_plain = value.get("contentType", "text/html") != "text/html" or member in PLAIN_MEMBERS
        for name, inner in value.items():
            yield from markup_in("" if is_plain else name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from markup_in(member, inner)


def markup_of(response) -> str:
    """Return everything in a response that clients render as HTML."""
    text = response.content.decode()
    kind = response.headers["Content-Type"]
    if "json" in kind:
        return "".join(markup_in("", json.loads(text)))
    if "xml" in kind:
        root = ElementTree.fromstring(text)
        entries = [*root.iter("{http://www.w3.org/2005/Atom}content")]
        entries += [inner for item in root.iter("item") for inner in item.iter("description")]
        return "".join(entry.text for entry in entries)
    return text


def elements(markup: str) -> set[str]:
    """Return the suspicious elements and attributes that only a hostile wording could have added."""
    suspicious = set()
    for token in read(markup):
        if isinstance(token, Start):
            names = {name for name, _value in token.attributes}
            suspicious |= {token.tag} & {"img", "svg", "object", "iframe"}
            suspicious |= {name for name in names if name.startswith("on") or name == "srcdoc"}
            if (token.get("href") or "").startswith("javascript"):
                suspicious.add("javascript:")
    return suspicious


@pytest.fixture(params=["wording", "glossary"])
def update(request):
    blog = make_blog(slug="truce", headline="停火協議", standfirst="停火", summary=BODY)
    wording = ""
    if request.param == "wording":
        wording = "\n".join(f"{term}={text}" for term, text in HOSTILE.items() if "=" not in text)
    else:
        for term, text in HOSTILE.items():
            publishing.add_term(by=SYSTEM, traditional=term, simplified=text)
    yield make_update(
        blog, "停火協議", body=BODY, is_key_event=True, source="今日停火", edition_wording=wording
    )
    editions.forget()


@pytest.mark.parametrize("surface", SURFACES)
def test_no_wording_becomes_markup_on_any_surface(client, update, surface):
    response = client.get(surface.format(pk=update.pk))
    assert response.status_code == 200
    markup = markup_of(response)
    assert elements(markup) == set()
    text = response.content.decode()
    assert SCRIPT not in markup
    assert "alert(5)</script>" not in markup
    # The wordings were applied, as text.
    if "search" not in surface and surface != "/zh-hans/":
        assert "alert(1)" in unescape(text).replace("\\u003C", "<")
