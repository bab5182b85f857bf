"""Parser of live blog pages, for comparing an open page with a fresh one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.test import Client

from liveblog.models import LiveBlog

REGIONS = re.compile(
    r'data-region="head">(?P<head>.*?)</div>'
    r'\s*<div class="slot" data-region="key_events">(?P<key_events>.*?)</div>'
    r'\s*<div class="body">\s*<div data-region="lead">(?P<lead>.*?)</div>'
    r'\s*<div data-region="pinned">(?P<pinned>.*?)</div>\s*<div class="live-bar".*'
    r'data-region="after">(?P<after>.*?)</div>\s*<div data-region="responses">(?P<responses>.*?)</div>'
    r"\s*</div>\s*</div>\s*</main>",
    re.DOTALL,
)

# The parts of `<head>` that an open page updates; the rest never changes.
DOCUMENT = re.compile(
    r'<title>.*?</title>|<link rel="canonical"[^>]*>'
    r'|<meta (?:property="|name="(?:description|robots|twitter:))[^>]*>',
    re.DOTALL,
)


@dataclass(frozen=True)
class PageContent:
    """The markup of a page's updates by order key, newest first, and its header."""

    edition: str
    number: int
    updates: dict[str, str]
    head: dict[str, object]
    regions: dict[str, str]


def read_page(blog: LiveBlog, client: Client, edition: str, before: str = "") -> PageContent:
    path = f"{edition}/live/{blog.slug}/"
    return parse_page(client.get(path + before).content.decode(), path, edition, is_first=not before)


def parse_page(page: str, path: str, edition: str, *, is_first: bool = True) -> PageContent:
    timeline = page[page.index('id="updates"') :]
    matches = re.findall(
        r'(<li class="update[^>]*data-order="([^"]+)".*?</article>\s*</li>)', timeline, re.DOTALL
    )
    pinned = re.search(r'id="pinned-time-(\d+)"', page)
    key_events = page[page.find('data-region="key_events"') : page.find('class="body"')]
    return PageContent(
        edition=edition,
        number=int(re.search(r'data-number="(\d+)"', page)[1]),
        updates={order: markup.strip() for markup, order in matches},
        head={
            "headline": re.search(r"<h1[^>]*>(.*?)\s*</h1>", page)[1],
            "is_live": 'class="running"' in page,
            "pinned": int(pinned[1]) if pinned else None,
            "key_events": re.findall(rf'href="{path}(\d+)/"', key_events),
        },
        regions=read_regions({"document": page, **REGIONS.search(page).groupdict()}) if is_first else {},
    )


def read_regions(regions: dict[str, str]) -> dict[str, str]:
    """Return a page's or a delta's regions as they can be compared with each other."""
    comparable = {name: html.strip() for name, html in regions.items()}
    if "document" in regions:
        comparable["document"] = "\n".join(DOCUMENT.findall(regions["document"]))
    return comparable


def catch_up(blog: LiveBlog, page: PageContent, client: Client) -> PageContent:
    """Return the stale page after it has applied the changes that follow its number."""
    number, updates, head = page.number, dict(page.updates), page.head
    regions = dict(page.regions)
    has_more = True
    while has_more:
        response = client.get(f"{page.edition}/live/{blog.slug}/changes.json", {"after": number}).json()
        has_more, number = response["has_more"], response["number"]
        for update in response.get("updates", []):
            ids = {int(order.split("-")[1], 16): order for order in updates}
            updates.pop(ids.get(update["id"]), None)
            if update["status"] != "unpublished":
                updates[update["order"]] = update["html"].strip()
        regions |= read_regions(response.get("regions", {}))
        if state := response.get("blog"):
            head = {
                "headline": state["headline"],
                "is_live": state["status"] == "live",
                "pinned": state["pinned"],
                "key_events": [str(event["id"]) for event in state["key_events"]],
            }
    return PageContent(page.edition, number, dict(sorted(updates.items(), reverse=True)), head, regions)
