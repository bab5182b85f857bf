"""All key events of a live blog, on pages of their own: the live page shows the newest only."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from liveblog.models import Update
from liveblog.presentation import reading
from liveblog.presentation.timeline import days
from liveblog.presentation.views import BlogView
from liveblog.reader.caching import public
from liveblog.reader.lists import PAGE_SIZE, answer_with_list
from liveblog.reader.pages import update_named_in_query


@public
def key_events(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """Show a live blog's newest key events, or those older than the update `?before=<id>`."""
    return answer_with_list(
        request,
        slug,
        edition,
        template="reader/key_events.html",
        title=gettext_lazy("Key events"),
        start_in=update_named_in_query,
        context_of=_context_of,
    )


def _context_of(blog: BlogView, before: Update | None) -> dict[str, Any]:
    rows = Update.objects.filter(blog=blog.pk).key_events().newest_first()
    events = reading.titles(blog, (rows.older_than(before) if before else rows)[: PAGE_SIZE + 1])
    has_older = len(events) > PAGE_SIZE
    return {"days": days(blog, events[:PAGE_SIZE]), "older": events[PAGE_SIZE - 1] if has_older else None}
