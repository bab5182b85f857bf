"""Embeds: a live blog or one update in a frame on a partner's page, and the oEmbed provider for both."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from csp.constants import SELF
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import ResolverMatch, resolve
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt

from liveblog.models import Partner, Update
from liveblog.presentation import reading
from liveblog.presentation.addresses import (
    AtPlainAddress,
    Withdrawn,
    find_blog,
    find_update_at,
    whole_blog,
)
from liveblog.presentation.timeline import days
from liveblog.presentation.views import BlogView, Head, ImageView, UpdateHead, UpdateView
from liveblog.reader.caching import answer, is_conditional, public
from liveblog.reader.pages import blog_page, read_update
from liveblog.visibility import PUBLIC
from newsroom import csp
from newsroom.http.caching import POLL
from newsroom.http.cors import read_anywhere
from newsroom.http.parameters import parameter, whole_number
from newsroom.site import absolute

UPDATES: Final = 10
WIDTH: Final = 640
HEIGHT: Final = 720
# How long, in seconds, consumers may cache an oEmbed response.
_CACHE_AGE: Final = 300
_PORTS: Final = {"http": 80, "https": 443}

Address = TypeVar("Address", Head, UpdateHead)


@xframe_options_exempt
@public
def embed(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """Show a live blog's newest updates in a frame, updated live like the page itself."""

    def render(head: Head, origins: list[str]) -> HttpResponse:
        return answer(request, _etag(head, origins), lambda: _page(request, head))

    is_complete = not is_conditional(request)
    return _framed(request, partial(find_blog, PUBLIC, slug, edition, is_complete=is_complete), render)


@xframe_options_exempt
@public
def embed_update(request: HttpRequest, slug: str, pk: int, edition: str | None = None) -> HttpResponse:
    """Show one update in a frame, updated live; respond 410 with its tombstone once it is withdrawn."""

    def render(head: UpdateHead, origins: list[str]) -> HttpResponse:
        if head.row.is_withdrawn:
            return _update_page(request, head)
        return answer(request, _etag(head.blog, origins), lambda: _update_page(request, head))

    return _framed(request, partial(find_update_at, slug, pk, edition), render)


def _framed(
    request: HttpRequest, find: Callable[[], Address], render: Callable[[Address, list[str]], HttpResponse]
) -> HttpResponse:
    """Return the response of `render` for what `find` returns and the framing origins, and allow framing.

    Every embed may be framed by this site and by all origins of all active partners. Shared caches serve one
    response to all readers, so the policy cannot depend on the framing partner. Embeds only show public
    content, so the policy protects nothing but the site's name. The ETag changes with the list of origins.
    """
    origins: list[str] = Partner.objects.framing_origins()
    try:
        head = find()
    except Withdrawn as withdrawn:
        response = blog_page(request, "reader/embed_gone.html", withdrawn.blog, {}, status=410)
    else:
        response = render(head, origins)
    csp.replace(response, {"frame-ancestors": [SELF, *origins]})
    return response


def _page(request: HttpRequest, head: Head) -> HttpResponse:
    blog = whole_blog(PUBLIC, head)
    rows = Update.objects.filter(blog=blog.pk).visible().newest_first().complete()
    updates = reading.updates(blog, rows[: UPDATES + 1])
    context = {
        "days": days(blog, updates[:UPDATES]),
        "size": UPDATES,
        "has_older": len(updates) > UPDATES,
    }
    return blog_page(request, "reader/embed.html", blog, context)


def _update_page(request: HttpRequest, head: UpdateHead) -> HttpResponse:
    blog = reading.title_of(head.blog)
    update = read_update(blog, head.row.pk)
    status = 410 if update.is_withdrawn else 200
    return blog_page(request, "reader/embed_update.html", blog, {"update": update}, status)


def _etag(blog: Head, origins: list[str]) -> str:
    """Return the blog's ETag with a hash of `origins`.

    A 304 updates only some of the headers in a cache, so a changed policy needs a new ETag.
    """
    digest = hashlib.blake2b(" ".join(origins).encode(), digest_size=6).hexdigest()
    return f'{blog.etag[:-1]}-f{digest}"'


@read_anywhere
@public
def oembed(request: HttpRequest) -> HttpResponse:
    """Return the oEmbed response (https://oembed.com) for the live blog or update at `?url=`.

    The embed has at most `maxwidth` by `maxheight` pixels. Respond 404 to any other URL and to drafts and
    embargoed live blogs, which must be indistinguishable from unknown ones; 401 to pages of the admin,
    whether they exist or not; 410 to withdrawn pages; 501 to formats other than JSON.
    """
    if parameter(request.GET, "format") not in (None, "json"):
        return _refusal(501, _("Only JSON is supported; remove the format parameter."))
    try:
        width = _size(request, "maxwidth", WIDTH)
        height = _size(request, "maxheight", HEIGHT)
    except ValueError:
        return _refusal(400, _("maxwidth and maxheight must be whole numbers of pixels."))
    address = parameter(request.GET, "url")
    if not address:
        return _refusal(400, _("Give the page's address: ?url=…"))
    try:
        path = _path_on_this_site(address)
        if path.startswith("/admin/"):
            return _refusal(401, _("This address is not public."))
        head = _head_at(path)
    except Http404:
        return _refusal(404, _("There is no live blog or update at this address."))
    except Withdrawn:
        return _refusal(410, _("This page was withdrawn."))
    etag = head.etag if isinstance(head, Head) else head.blog.etag
    return answer(request, etag, lambda: _json(_rich(_whole(head), width, height)), POLL)


def _size(request: HttpRequest, name: str, most: int) -> int:
    """Return a limit in pixels, at most `most`. Raises ValueError unless it is a positive integer."""
    size = whole_number(parameter(request.GET, name) or str(most), digits=9)
    if not size:
        raise ValueError(name)
    return min(size, most)


def _path_on_this_site(address: str) -> str:
    """Return the path of a page of this site, with its last slash.

    Accept any URL that a browser would show for the page: either scheme, with or without `www.`, any host
    name of the site, a query or a fragment. Raise Http404 for a URL of another site.
    """
    try:
        parts = urlsplit(address.strip())
        is_ours = _is_site(parts) if parts.scheme in _PORTS else False
    except ValueError as error:
        raise Http404 from error
    if not is_ours:
        raise Http404
    path = unquote(parts.path)
    return path if path.endswith("/") else f"{path}/"


def _is_site(parts: SplitResult) -> bool:
    site = urlsplit(settings.SITE_URL)
    names = {_without_www(name) for name in [site.hostname or "", *settings.ALLOWED_HOSTS]}
    ports = {site.port} if site.port else {None, *_PORTS.values()}
    is_named = _without_www(parts.hostname or "") in names
    return is_named and parts.port in ports and "@" not in parts.netloc


def _without_www(host: str) -> str:
    return host.lower().removeprefix("www.")


def _head_at(path: str) -> Head | UpdateHead:
    """Return the live blog or the update whose page is at `path`.

    Raises Http404 if there is none that readers may know of, and Withdrawn if it was withdrawn.
    """
    match = resolve(path)
    if match.view_name not in ("reader:blog", "reader:update"):
        raise Http404
    try:
        head = _head_of(match, match.kwargs.get("edition"))
    except AtPlainAddress:
        head = _head_of(match, None)
    if isinstance(head, UpdateHead) and head.row.is_withdrawn:
        raise Withdrawn(head.blog, head)
    return head


def _head_of(match: ResolverMatch, edition: str | None) -> Head | UpdateHead:
    if match.view_name == "reader:blog":
        return find_blog(PUBLIC, match.kwargs["slug"], edition)
    return find_update_at(match.kwargs["slug"], match.kwargs["pk"], edition)


def _whole(head: Head | UpdateHead) -> BlogView | UpdateView:
    if isinstance(head, Head):
        return whole_blog(PUBLIC, head)
    return read_update(reading.title_of(head.blog), head.row.pk)


def _rich(subject: BlogView | UpdateView, width: int, height: int) -> dict[str, Any]:
    images: Iterable[ImageView | None]
    if isinstance(subject, BlogView):
        title, address, images = subject.full_headline, subject.address("embed"), [subject.hero_image]
    else:
        address = subject.blog.address("embed_update", subject.pk)
        title, images = subject.title, subject.images
    answer = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": settings.SITE_NAME,
        "provider_url": settings.SITE_URL,
        "cache_age": _CACHE_AGE,
        "width": width,
        "height": height,
        "html": format_html(
            '<iframe src="{}" width="{}" height="{}" title="{}" loading="lazy" frameborder="0"></iframe>',
            absolute(address),
            width,
            height,
            title,
        ),
    }
    image = next((image for image in images if image and not image.is_sensitive), None)
    return answer | _thumbnail(image, width, height) if image else answer


def _thumbnail(image: ImageView, width: int, height: int) -> dict[str, Any]:
    """Return the members for the largest rendition that fits; empty if none does."""
    for wide in sorted(image.widths, reverse=True):
        high = round(image.height * wide / image.width)
        if wide <= width and high <= height:
            url = absolute(image.rendition_url(wide, "jpg"))
            return {"thumbnail_url": url, "thumbnail_width": wide, "thumbnail_height": high}
    return {}


def _refusal(status: int, reason: str) -> HttpResponse:
    return _json({"error": reason}, status)


def _json(data: dict[str, Any], status: int = 200) -> HttpResponse:
    response = JsonResponse(data, status=status, json_dumps_params={"ensure_ascii": False})
    response.headers["Cache-Control"] = POLL
    return response
