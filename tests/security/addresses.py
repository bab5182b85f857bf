"""A sample URL for every route of the URLconf, backed by real rows, so that tests can request all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.contrib import admin
from django.http import FileResponse, HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from liveblog import publishing
from liveblog.models import LiveBlog, ReaderResponse, Revision, Topic, Update
from liveblog.publishing import SYSTEM, Content
from tests.factories import edit_blog, make_blog, make_image, make_update

# Routes without a sample URL: unnamed ones, and the admin's redirect to an object's public page.
NO_EXAMPLE = {"admin:view_on_site", None}


@dataclass(frozen=True)
class Newsroom:
    """One row of each model that a URL refers to."""

    blog: LiveBlog
    update: Update
    response: ReaderResponse
    revision: Revision

    def kwargs(self, name: str, parameters: set[str]) -> dict[str, object]:
        """Return the URL arguments for the route called `name`."""
        is_topic = name.startswith("reader:topic")
        arguments = {
            "slug": "weather" if is_topic else self.blog.slug,
            "pk": self.blog.pk if name.startswith("desk:") else self.update.pk,
            "edition": "zh-hans",
            "form": "atom",
            # The version of an outdated share card, which redirects to the current one.
            "version": "0123456789abcdef",
            "section": "live",
            "key": self.update.images.get().key,
            "width": self.update.images.get().widths[0],
            "extension": "webp",
            "update_pk": self.update.pk,
            "image_pk": self.update.images.get().pk,
            "response_pk": self.response.pk,
            "action": "pin" if name == "desk:update" else "approve",
            "signature": "x",
            "object_id": "1",
            "id": "1",
            "app_label": "liveblog",
            "digest": "0",
            "uidb64": "MQ",
            "token": "set-password",
            "name": "csv",
        }
        return {parameter: arguments[parameter] for parameter in parameters}


def make_newsroom(updates: int = 22) -> Newsroom:
    """Create a live blog with pictures, a topic and a response, and an ended blog.

    By default the live blog has two pages. Its newest update was corrected.
    """
    blog = make_blog(slug="storm", headline="颱風", kicker="天氣", has_responses=True)
    topic = Topic.objects.create(slug="weather", name="天氣")
    blog = edit_blog(blog, topics=(topic,), hero_image=make_image())
    for number in range(updates):
        images = (make_image(),) if number == updates - 1 else ()
        update = make_update(blog, f"颱風消息{number}", images=images)
    content = replace(Content.of(update), heading=f"{update.heading}（更正）")
    update = publishing.correct_update(update, content, by=SYSTEM, note="標題有誤。")
    ended = make_blog(slug="old", headline="舊聞")
    make_update(ended)
    publishing.end_coverage(ended, by=SYSTEM)
    response = publishing.submit_response(blog, name="讀者", text="安全")
    return Newsroom(blog, update, response, update.revisions.first())


def names(
    resolver: URLResolver | None = None, spaces: tuple[str, ...] = ()
) -> Iterator[tuple[str, set[str]]]:
    """Yield the namespaced name and the parameter names of every route."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            outer = set(pattern.pattern.regex.groupindex)
            yield from ((name, outer | parameters) for name, parameters in names(pattern, inner))
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield ":".join((*spaces, pattern.name)), set(pattern.pattern.regex.groupindex)


def all_addresses(newsroom: Newsroom) -> list[str]:
    """Return a path for every named route."""
    return sorted(
        {
            reverse(name, kwargs=newsroom.kwargs(name, parameters))
            for name, parameters in names()
            if name not in NO_EXAMPLE
        }
    )


def public_addresses(newsroom: Newsroom) -> list[str]:
    """Return the paths outside the admin, which anybody may read and shared caches may store."""
    private = "/admin/"
    return [path for path in all_addresses(newsroom) if not path.startswith(private)]


def admin_models() -> list[str]:
    """Return `app_model` for every model registered with the admin."""
    return [f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry]


def assert_no_failure(response: HttpResponse, context: object) -> None:
    if isinstance(response, FileResponse):
        # The file stays open until it is read.
        response.getvalue()
    # oEmbed returns 501 for an unsupported format.
    assert response.status_code < 500 or response.status_code == 501, context


def constant_headers(response: HttpResponse) -> dict[str, str]:
    """Return the headers that are the same in two answers to one question.

    Expires names the second of the response, and two responses may fall into different ones.
    """
    return {k: v for k, v in response.headers.items() if k not in ("Expires", "X-Request-ID")}
