"""Lookups of the live blog or update at an address.

Each lookup is a single query that also checks permissions, so a hidden row takes as long as a missing one and
timing cannot tell them apart. It reads only the row itself and the glossary's revision, which the ETag
consists of, and so answers conditional requests; `whole_blog` then reads everything that a page prints.
"""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from liveblog import editions, visibility
from liveblog.models import Glossary, LiveBlog, Update
from liveblog.visibility import PUBLIC, Viewer


class Withdrawn(Exception):
    """The live blog or the update was withdrawn, and the viewer may know that it existed: 410."""

    def __init__(self, blog: LiveBlog, update: Update | None = None) -> None:
        super().__init__(blog.slug)
        self.blog = blog
        self.update = update


class UpdateMissing(Http404):
    """The live blog, which is public, has no such update."""

    def __init__(self, blog: LiveBlog) -> None:
        super().__init__(blog.slug)
        self.blog = blog


class AtPlainAddress(Exception):
    """The requested edition is the script that the blog is written in; its address has no prefix."""


def find_blog(
    viewer: Viewer,
    slug: str,
    edition: str | None = None,
    *,
    is_edition_required: bool = True,
    is_complete: bool = False,
) -> LiveBlog:
    """Return the row of the live blog at `slug`, read in `edition`.

    Raises Http404 if `viewer` may not know of it or it has no such edition, AtPlainAddress if `edition` is
    the script that it is written in, and Withdrawn if it was withdrawn. Unless `is_edition_required`, a live
    blog without the edition is returned as it was written. With `is_complete`, everything that a page prints
    is read at once, after the row itself: `whole_blog` then has nothing left to read.
    """
    rows = visibility.known(viewer)
    if is_complete:
        rows = rows.complete()
    blog = get_object_or_404(rows.with_glossary() if edition else rows, slug=slug)
    if is_edition_required:
        _require_edition(blog, edition)
    return _read_head(blog, edition)


def find_update_at(slug: str, pk: int, edition: str | None) -> Update:
    """Return the row of a public update or a tombstone, with its live blog read in `edition`.

    Raises UpdateMissing if there is none, and what `find_blog` raises for its live blog.
    """
    rows = Update.objects.visible().filter(blog__in=visibility.known(PUBLIC), blog__slug=slug)
    if edition:
        rows = rows.annotate(glossary_revision=Glossary.objects.revision_column())
    update = rows.select_related("blog").filter(pk=pk).first()
    if update is None:
        raise UpdateMissing(find_blog(PUBLIC, slug, edition))
    update.blog.glossary_revision = getattr(update, "glossary_revision", None)
    _require_edition(update.blog, edition)
    _read_head(update.blog, edition)
    return update


def _require_edition(blog: LiveBlog, edition: str | None) -> None:
    if edition and blog.language == edition:
        raise AtPlainAddress
    if edition and not editions.has_edition(blog, edition):
        raise Http404


def _read_head(blog: LiveBlog, edition: str | None) -> LiveBlog:
    editions.read_head(blog, edition)
    if blog.status == LiveBlog.Status.WITHDRAWN:
        raise Withdrawn(blog)
    return blog


def find_update(viewer: Viewer, pk: int) -> Update:
    """Return the row of a published update with its live blog.

    Raises Http404 if `viewer` may not know of it, and Withdrawn if it or its live blog was withdrawn.
    """
    rows = Update.objects.visible().filter(blog__in=visibility.known(viewer))
    update = rows.select_related("blog").filter(pk=pk).first()
    if update is None:
        raise Http404
    if update.is_withdrawn or update.blog.status == LiveBlog.Status.WITHDRAWN:
        raise Withdrawn(update.blog, update)
    return update


def whole_blog(viewer: Viewer, head: LiveBlog) -> LiveBlog:
    """Read everything that a page prints of the live blog `head`, in the same edition.

    The live blog may have changed in the meantime, so the result may be newer than `head`, never older.
    Raises Http404 if it has been hidden since.
    """
    if head.is_complete:
        return editions.read_complete(head)
    blog = visibility.readable(viewer).complete().filter(pk=head.pk).first()
    if blog is None:
        raise Http404
    return editions.read_blog(blog, head.edition.language if head.edition else None)
