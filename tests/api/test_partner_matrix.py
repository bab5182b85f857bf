"""Visibility of embargoed coverage: every combination of scopes and grant against every address.

Through the API it is visible only to keys with both the scope `read:embargoed` and a grant of the live blog;
elsewhere it is visible to nobody. The first test fails for a route that no address here covers: add the new
route to the list below that states its visibility.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from liveblog import publishing
from liveblog.models import LiveBlog, Scope, Topic, Update
from liveblog.publishing import SYSTEM, Content, Story
from newsroom.site import absolute
from tests.factories import embargo, make_blog, make_image, make_key, make_partner, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SECRET = "未可發布"
SLUG = "secret-merger"

# Addresses of the live blog itself, which return 404 to keys that may not see it.
API_DETAILS = [
    "/api/v1/blogs/{slug}/",
    "/api/v1/blogs/{slug}/updates/",
    "/api/v1/blogs/{slug}/changes/?after=0",
    "/api/v1/blogs/{slug}/ninjs/",
    "/api/v1/updates/{update}/",
    "/api/v1/updates/{update}/ninjs/",
    "/api/v1/updates/?blog={slug}",
    "/api/v1/related-stories/?blog={slug}",
    "/api/v1/search/?blog={slug}&q=" + SECRET,
    "/api/v1/blogs/?topic={topic}",
]
# Public lists, which mention the live blog only to keys that may see it.
API_LISTS = [
    "/api/v1/blogs/",
    "/api/v1/blogs/?q=" + SECRET,
    "/api/v1/updates/",
    "/api/v1/related-stories/",
    "/api/v1/topics/",
    "/api/v1/search/?q=" + SECRET,
]
# Addresses that never mention any live blog.
API_NEUTRAL = ["/api/v1/", "/api/v1/schema/", "/api/v1/docs/", "/api/v1/none/"]
API_WRITES = {
    "POST /api/v1/blogs/{slug}/updates/ draft": Scope.WRITE_DRAFT,
    "POST /api/v1/blogs/{slug}/updates/ published": Scope.WRITE_PUBLISH,
    "PATCH /api/v1/updates/{update}/": Scope.WRITE_PUBLISH,
    "POST /api/v1/updates/{update}/withdrawal/": Scope.WRITE_PUBLISH,
}
# Pages of the live blog itself (PAGES, PLAIN_PAGES) return 404 to everybody; indexes span several blogs.
PAGES = [
    "/live/{slug}/",
    "/live/{slug}/{update}/",
    "/live/{slug}/respond/",
    "/live/{slug}/key-events/",
    "/live/{slug}/corrections/",
    "/live/{slug}/changes.json?after=0",
    "/live/{slug}/feed.atom",
    "/live/{slug}/feed.rss",
    "/live/{slug}/feed.json",
    "/live/{slug}/stream",
    "/embed/{slug}/",
    "/embed/{slug}/{update}/",
    "/search/?q=x&in={slug}",
]
# Share cards, under a version that is not theirs: those that exist redirect to the current one.
CARDS = ["/live/{slug}/card-0123456789abcdef.png", "/live/{slug}/{update}/card-0123456789abcdef.png"]
INDEX_CARDS = ["/card-0123456789abcdef.png", "/topics/rail/card-0123456789abcdef.png"]
PLAIN_PAGES = ["/oembed?url={url}", "/oembed?url={url}&format=json", "/media/{image}/320.jpg"]
INDEXES = [
    "/",
    "/?text=1",
    "/topics/rail/",
    "/topics/rail/feed.atom",
    "/topics/rail/feed.rss",
    "/topics/rail/feed.json",
    "/feed.atom",
    "/feed.rss",
    "/feed.json",
    "/search/?q=" + SECRET,
    "/live/before/",
    "/live/before/changes.json?after=0",
    "/live/before/feed.atom",
]
PLAIN_INDEXES = [
    "/sitemap.xml",
    "/sitemap-blogs.xml",
    "/sitemap-updates.xml",
    "/news-sitemap.xml",
    "/robots.txt",
    "/.well-known/security.txt",
    "/manifest.webmanifest",
    "/0123456789abcdef.txt",
    "/api/",
]


@dataclass
class Embargoed:
    """Embargoed live blog whose text is all secret, with a public live blog that links to it."""

    blog: LiveBlog
    update: Update
    parameters: dict[str, object] = field(default_factory=dict)

    def at(self, address: str) -> str:
        return quote(address.format(**self.parameters), safe="/:?&=%")


def make_embargoed(*, is_ended: bool = False, is_draft: bool = False) -> Embargoed:
    rail = Topic.objects.create(slug="rail", name="鐵路")
    image = make_image(alt=SECRET)
    blog = make_blog(
        slug=SLUG,
        headline=SECRET,
        summary=f"<p>{SECRET}</p>",
        topics=(rail, Topic.objects.create(slug="only-there", name=f"{SECRET}題")),
        hero_image=image,
        stories=(Story(SECRET),),
        has_responses=True,
        is_live=not is_draft,
    )
    update = make_update(blog, SECRET, body=f"<p>{SECRET}</p>", stories=(Story(SECRET),), is_key_event=True)
    publishing.correct_update(update, Content.of(update), by=SYSTEM, note=SECRET)
    if is_ended:
        blog = publishing.end_coverage(blog, by=SYSTEM)
    if not is_draft:
        blog = embargo(blog)
    before = make_blog(
        slug="before", topics=(rail,), successor=blog, stories=(Story("其後", live_blog=blog),)
    )
    make_update(before, stories=(Story("其後", live_blog=blog),))
    parameters = {
        "slug": SLUG,
        "update": update.pk,
        "topic": "only-there",
        "image": image.key,
        "url": quote(absolute(blog.get_absolute_url()), safe=""),
    }
    return Embargoed(blog, update, parameters)


@pytest.fixture(params=["live", "ended"])
def embargoed(db: None, request: pytest.FixtureRequest) -> Embargoed:
    return make_embargoed(is_ended=request.param == "ended")


ACTORS = [
    (scopes, is_granted)
    for size in range(1, len(Scope) + 1)
    for scopes in combinations(Scope, size)
    for is_granted in (True, False)
]


@dataclass
class Actor:
    """Key of a partner, its scopes, and whether its partner is granted the live blog."""

    scopes: tuple[Scope, ...]
    is_granted: bool
    client: Client
    update: Update

    def __str__(self) -> str:
        return f"{' '.join(self.scopes)}{', granted' if self.is_granted else ''}"

    @property
    def may_read(self) -> bool:
        return bool({Scope.READ, Scope.READ_EMBARGOED} & set(self.scopes))

    @property
    def sees(self) -> bool:
        return self.is_granted and Scope.READ_EMBARGOED in self.scopes

    def may_write(self, scope: Scope) -> bool:
        drafting = {Scope.WRITE_DRAFT, Scope.WRITE_PUBLISH}
        return bool(set(self.scopes) & (drafting if scope == Scope.WRITE_DRAFT else {scope}))


def make_actor(
    embargoed: Embargoed, scopes: tuple[Scope, ...] = tuple(Scope), *, is_granted: bool = True
) -> Actor:
    """Return an actor that owns an update in the live blog, so that ownership never explains a refusal."""
    partner = make_partner(*([embargoed.blog] if is_granted else []))
    update = make_update(embargoed.blog, SECRET)
    Update.objects.filter(pk=update.pk).update(created_by_partner=partner)
    key = make_key(*scopes, partner=partner)
    return Actor(scopes, is_granted, Client(headers={"authorization": f"Bearer {key}"}), update)


def every_actor(embargoed: Embargoed) -> Iterator[Actor]:
    for scopes, is_granted in ACTORS:
        yield make_actor(embargoed, scopes, is_granted=is_granted)


def reveals_blog(response) -> bool:
    """Return whether `response` reveals text or slug of the live blog, ignoring echoes of the request."""
    text = response.content.decode()
    if response.status_code >= 400 or "q" in response.wsgi_request.GET:
        text = re.sub(r'<title>.*?</title>|value="[^"]*"|“[^”]*”|「[^」]*」|"instance": ?"[^"]*"', "", text)
    return SECRET in text or "未可发布" in text or SLUG in text


# Coverage of all routes


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Yield every route in the form that `resolve` returns."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).removeprefix("^" if prefix else "")
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from routes(entry, route)


def all_addresses() -> list[str]:
    """Return every address listed in this module, pages also with their Simplified edition."""
    writes = [name.split()[1] for name in API_WRITES]
    converted = [
        f"/zh-hans{page}" for page in (*PAGES, *CARDS, *INDEXES, *INDEX_CARDS, "/manifest.webmanifest")
    ]
    api = [*API_DETAILS, *API_LISTS, *API_NEUTRAL, *writes]
    return [*api, *PAGES, *PLAIN_PAGES, *CARDS, *INDEXES, *PLAIN_INDEXES, *INDEX_CARDS, *converted]


def test_every_route_is_covered():
    sample = {"slug": SLUG, "update": 1, "topic": "x", "image": "x", "url": "x"}
    paths = {address.format(**sample).partition("?")[0] for address in all_addresses()}
    # Streams are served before Django sees the request, and some addresses belong to other releases.
    reached = {resolve(path).route for path in paths if _is_routed(path)}

    uncovered = {route for route in routes(get_resolver()) if not route.startswith("admin/")} - reached
    assert sorted(uncovered) == []


def _is_routed(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


# The API, by key


def test_the_api_shows_it_only_to_keys_with_scope_and_grant(embargoed):
    for actor in every_actor(embargoed):
        responses = {
            address: actor.client.get(embargoed.at(address)) for address in (*API_DETAILS, *API_LISTS)
        }
        expected = dict.fromkeys(API_DETAILS, 200 if actor.sees else 404) | dict.fromkeys(API_LISTS, 200)
        if not actor.may_read:
            expected = dict.fromkeys(expected, 403)
        assert {address: response.status_code for address, response in responses.items()} == expected, str(
            actor
        )
        revealed = {address: reveals_blog(response) for address, response in responses.items()}
        assert revealed == dict.fromkeys(responses, actor.sees), str(actor)
        assert {response.headers["Cache-Control"] for response in responses.values()} == {"private, no-store"}


def test_writes_need_visibility_and_the_write_scope(embargoed):
    for actor in every_actor(embargoed):
        for number, (name, scope) in enumerate(API_WRITES.items()):
            method, address, *status = name.split()
            body = {"reason": "錯"} if "withdrawal" in address else {"heading": f"{SECRET}改"}
            body |= {"status": status[0]} if status else {}
            expected = 404
            if actor.sees:
                is_new = "blogs" in address
                expected = (201 if is_new else 200) if actor.may_write(scope) else 403
            before = LiveBlog.objects.get(slug=SLUG).number
            response = actor.client.generic(
                method,
                embargoed.at(address.replace("{update}", str(actor.update.pk))),
                json.dumps(body),
                content_type="application/json",
                headers={"idempotency-key": str(number)},
            )
            assert response.status_code == expected, (str(actor), name)
            has_moved = LiveBlog.objects.get(slug=SLUG).number > before
            assert has_moved == (expected < 400 and status != ["draft"]), (str(actor), name)


def test_the_api_hides_it_without_a_valid_key(embargoed):
    revoked = make_actor(embargoed)
    publishing.revoke_key(embargoed.blog.granted_partners.get().keys.get(), by=SYSTEM)
    for address in (*API_DETAILS, *API_LISTS):
        response = Client().get(embargoed.at(address))
        assert response.status_code == (404 if address in API_DETAILS else 200), address
        assert not reveals_blog(response), address
        assert revoked.client.get(embargoed.at(address)).status_code == 401
    for name in API_WRITES:
        method, address, *_status = name.split()
        assert (
            Client().generic(method, embargoed.at(address), "{}", content_type="application/json").status_code
            == 401
        )


def test_a_draft_is_visible_to_nobody():
    draft = make_embargoed(is_draft=True)
    actor = make_actor(draft)

    for client in (Client(), actor.client):
        for address in (*API_DETAILS, *PAGES):
            assert client.get(draft.at(address)).status_code == 404, address
        for address in (*API_LISTS, *INDEXES):
            assert not reveals_blog(client.get(draft.at(address))), address


# Outside the API, with or without a key


def test_no_page_poll_feed_or_index_shows_it(embargoed):
    strongest = make_actor(embargoed)
    for client in (Client(), strongest.client):
        for page in (*PAGES, *PLAIN_PAGES, *CARDS, *(f"/zh-hans{page}" for page in (*PAGES, *CARDS))):
            assert client.get(embargoed.at(page)).status_code == 404, page
        for index in (*INDEXES, *PLAIN_INDEXES, *(f"/zh-hans{index}" for index in INDEXES)):
            response = client.get(embargoed.at(index))
            assert response.status_code in (200, 404), index
            assert not reveals_blog(response), index
        for card in INDEX_CARDS:
            response = client.get(card)
            assert response.status_code == 302, card
            assert not reveals_blog(response), card


def test_lifting_the_embargo_shows_it_everywhere(embargoed):
    """Prove that each address can show the live blog, so the tests above cannot pass vacuously."""
    publishing.lift_embargo(embargoed.blog, by=SYSTEM)
    # Streams are served before Django sees the request, and the search for x matches nothing.
    silent = {"/live/{slug}/stream", "/search/?q=x&in={slug}"}
    addresses = {*API_DETAILS, *API_LISTS, *PAGES, *INDEXES} - silent

    assert [address for address in sorted(addresses) if not _shows(embargoed.at(address))] == []


def _shows(address: str) -> bool:
    response = Client().get(address)
    return response.status_code == 200 and reveals_blog(response)


def test_a_key_does_not_open_the_admin(embargoed):
    client = make_actor(embargoed).client
    blog, update = (
        f"/admin/liveblog/liveblog/{embargoed.blog.pk}",
        f"/admin/liveblog/update/{embargoed.update.pk}",
    )
    for page in ("/admin/", f"{blog}/change/", f"{blog}/desk/", f"{update}/change/", "/admin/labels.js"):
        response = client.get(page)
        assert response.status_code in (200, 302, 404), page
        assert not reveals_blog(response), page


@pytest.mark.django_db(transaction=True)
def test_no_stream_shows_it(server):
    embargoed = make_embargoed()
    key = make_key(*Scope, blogs=[embargoed.blog])
    for path in ("/live/{slug}/stream", "/zh-hans/live/{slug}/stream?after=0"):
        for headers in ({}, {"Authorization": f"Bearer {key}"}):
            with pytest.raises(HTTPError) as refused:
                urlopen(Request(server.url + embargoed.at(path), headers=headers), timeout=30)
            with refused.value as response:
                assert (response.status, SECRET in response.read().decode()) == (404, False)


def test_an_embargoed_update_returns_the_same_404_as_an_unknown_one(embargoed):
    number = embargoed.update.pk
    never = Client().get(f"/api/v1/updates/{number + 1000}/").json()
    hidden = Client().get(f"/api/v1/updates/{number}/").json()

    assert hidden | {"instance": ""} == never | {"instance": ""}


def test_a_write_only_key_cannot_read_back_an_editors_content(embargoed):
    """A key without a read scope must not read text that an editor added to its partner's draft."""
    partner = make_partner()
    partner.granted_blogs.set([embargoed.blog])
    update = publishing.draft_update(embargoed.blog, Content(SECRET), by=SYSTEM)
    Update.objects.filter(pk=update.pk).update(created_by_partner=partner)
    client = Client(headers={"authorization": f"Bearer {make_key(Scope.WRITE_DRAFT, partner=partner)}"})

    response = client.patch(
        f"/api/v1/updates/{update.pk}/",
        "{}",
        content_type="application/json",
        headers={"idempotency-key": "1"},
    )

    assert (response.status_code, SECRET in response.content.decode()) == (404, False)
