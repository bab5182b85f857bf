"""Pages that list everything of one kind in a live blog, of which the live page shows only the newest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise

from liveblog.presentation.addresses import find_blog, whole_blog
from liveblog.presentation.sharing import Share, share_of_blog
from liveblog.presentation.views import BlogView, Head
from liveblog.reader.caching import answer, is_conditional
from liveblog.reader.pages import blog_page, gone_if_withdrawn
from liveblog.reader.scripts import canonical_path
from liveblog.visibility import PUBLIC
from newsroom.http.doors import set_language

PAGE_SIZE: Final = 50
Start = TypeVar("Start")


@gone_if_withdrawn
def answer_with_list(
    request: HttpRequest,
    slug: str,
    edition: str | None,
    *,
    template: str,
    title: Promise,
    start_in: Callable[[HttpRequest, Head], Start],
    context_of: Callable[[BlogView, Start], dict[str, Any]],
) -> HttpResponse:
    """Show a page of the list.

    `start_in` reads where it begins from the query, None for the newest entries. `context_of` returns the
    context of the template, with the first entry of the next page as `older`.
    """
    head = find_blog(PUBLIC, slug, edition, is_complete=not is_conditional(request))
    set_language(request, head.language)
    before = start_in(request, head)

    def render() -> HttpResponse:
        blog = whole_blog(PUBLIC, head)

        def share() -> Share:
            return replace(
                share_of_blog(blog, canonical_path(request)), title=f"{title}｜{blog.full_headline}"
            )

        context = {"title": title, "before": before, "share": share} | context_of(blog, before)
        return blog_page(request, template, blog, context)

    return answer(request, head.etag, render)
