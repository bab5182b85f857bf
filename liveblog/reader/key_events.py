"""All key events of a live blog, on pages of their own: the live page shows the newest only."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from liveblog.models import Update
from liveblog.presentation import reading
from liveblog.presentation.addresses import Withdrawn, find_blog, whole_blog
from liveblog.presentation.sharing import Share, share_of_blog
from liveblog.presentation.timeline import days
from liveblog.reader.caching import answer, is_conditional, public
from liveblog.reader.pages import blog_page, gone, update_named_in_query
from liveblog.reader.scripts import canonical_path
from liveblog.visibility import PUBLIC
from newsroom.http.doors import set_language

PAGE_SIZE: Final = 50


@public
def key_events(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """Show a live blog's newest key events, or those older than the update `?before=<id>`."""
    try:
        head = find_blog(PUBLIC, slug, edition, is_complete=not is_conditional(request))
    except Withdrawn as withdrawn:
        return gone(request, withdrawn.blog)
    set_language(request, head.language)
    before = update_named_in_query(request, head)

    def render() -> HttpResponse:
        blog = whole_blog(PUBLIC, head)
        rows = Update.objects.filter(blog=blog.pk).key_events().newest_first()
        events = reading.titles(blog, (rows.older_than(before) if before else rows)[: PAGE_SIZE + 1])

        def share() -> Share:
            shared = share_of_blog(blog, canonical_path(request))
            title = _("Key events")
            return replace(shared, title=f"{title}｜{blog.full_headline}")

        context = {
            "days": days(blog, events[:PAGE_SIZE]),
            "before": before,
            "older": events[PAGE_SIZE - 1] if len(events) > PAGE_SIZE else None,
            "share": share,
        }
        return blog_page(request, "reader/key_events.html", blog, context)

    return answer(request, head.etag, render)
