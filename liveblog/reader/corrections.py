"""All corrections of a live blog, on pages of their own, to which the head of the live page links."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy

from liveblog.models import Change, Revision
from liveblog.presentation import reading
from liveblog.presentation.views import BlogView, Head
from liveblog.reader.caching import public
from liveblog.reader.lists import PAGE_SIZE, answer_with_list
from newsroom.http import parameters


@public
def corrections(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """Show a live blog's latest corrections, or those before number `?before=<number>` of its log."""
    return answer_with_list(
        request,
        slug,
        edition,
        template="reader/corrections.html",
        title=gettext_lazy("Corrections"),
        start_in=_number_in_query,
        context_of=_context_of,
    )


def _number_in_query(request: HttpRequest, head: Head) -> int | None:
    """Return the number of the correction after which the page begins; None for the first page.

    Raise Http404 if the live blog has no such correction, or none at all.
    """
    changes = Change.objects.filter(blog=head.pk)
    number = parameters.number(request.GET, "before")
    if number is not None:
        return get_object_or_404(changes, kind=Change.Kind.CORRECTED, number=number).number
    if not changes.corrections().exists():
        raise Http404
    return None


def _context_of(blog: BlogView, before: int | None) -> dict[str, Any]:
    changes = Change.objects.filter(blog=blog.pk).corrections()
    if before is not None:
        changes = changes.filter(number__lt=before)
    positions = list(changes.values_list("update", "number")[: PAGE_SIZE + 1])
    page = positions[:PAGE_SIZE]
    rows = Revision.objects.filter(
        kind=Revision.Kind.CORRECTION,
        update__in={update for update, _number in page},
        number__in=[number for _update, number in page],
    )
    rows = rows.select_related("update").defer("content").order_by("-number")
    entries = reading.corrections(blog, rows)
    return {"corrections": entries, "older": entries[-1] if len(positions) > PAGE_SIZE else None}
