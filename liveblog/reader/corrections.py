"""All corrections of a live blog, on pages of their own, to which the head of the live page links."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from liveblog.models import Change, Revision
from liveblog.presentation import reading
from liveblog.presentation.addresses import Withdrawn, find_blog, whole_blog
from liveblog.presentation.sharing import Share, share_of_blog
from liveblog.presentation.views import BlogView, Head, ListedCorrection
from liveblog.reader.caching import answer, is_conditional, public
from liveblog.reader.pages import blog_page, gone
from liveblog.reader.scripts import canonical_path
from liveblog.visibility import PUBLIC
from newsroom.http import parameters
from newsroom.http.doors import set_language

PAGE_SIZE: Final = 50


@public
def corrections(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """Show a live blog's latest corrections, or those before number `?before=<number>` of its log."""
    try:
        head = find_blog(PUBLIC, slug, edition, is_complete=not is_conditional(request))
    except Withdrawn as withdrawn:
        return gone(request, withdrawn.blog)
    set_language(request, head.language)
    before = _number_in_query(request, head)

    def render() -> HttpResponse:
        blog = whole_blog(PUBLIC, head)
        rows, has_older = _page_of(blog, before)

        def share() -> Share:
            shared = share_of_blog(blog, canonical_path(request))
            label = _("Corrections")
            return replace(shared, title=f"{label}｜{blog.full_headline}")

        context = {
            "corrections": rows,
            "before": before,
            "older": rows[-1] if has_older else None,
            "share": share,
        }
        return blog_page(request, "reader/corrections.html", blog, context)

    return answer(request, head.etag, render)


def _number_in_query(request: HttpRequest, head: Head) -> int | None:
    """Return the number of the correction after which the page begins, None for the first page.

    Raise Http404 if the live blog has no such correction, or none at all.
    """
    changes = Change.objects.filter(blog=head.pk)
    number = parameters.number(request.GET, "before")
    if number is not None:
        return get_object_or_404(changes, kind=Change.Kind.CORRECTED, number=number).number
    if not changes.corrections().exists():
        raise Http404
    return None


def _page_of(blog: BlogView, before: int | None) -> tuple[list[ListedCorrection], bool]:
    """Return the corrections of a page, and whether there are older ones."""
    changes = Change.objects.filter(blog=blog.pk).corrections()
    if before is not None:
        changes = changes.filter(number__lt=before)
    places = list(changes.values_list("update", "number")[: PAGE_SIZE + 1])
    shown_places = places[:PAGE_SIZE]
    rows = Revision.objects.filter(
        kind=Revision.Kind.CORRECTION,
        update__in={update for update, _number in shown_places},
        number__in=[number for _update, number in shown_places],
    )
    rows = rows.select_related("update").defer("content").order_by("-number")
    return reading.corrections(blog, rows), len(places) > PAGE_SIZE
