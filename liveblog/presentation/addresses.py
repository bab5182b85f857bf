"""Lookups of the live blog or update at an address.

Each lookup is a single query that also checks permissions, so a hidden row takes as long as a missing one and
timing cannot tell them apart. It reads only the row itself and the glossary's revision, which the ETag
consists of, and so answers conditional requests; `whole_blog` then reads everything that a page prints.
"""

from __future__ import annotations

from dataclasses import replace

from django.http import Http404
from django.shortcuts import get_object_or_404

from liveblog import visibility
from liveblog.models import Glossary, LiveBlog, Update
from liveblog.presentation.editions import has_edition
from liveblog.presentation.reading import head_in, head_of, whole
from liveblog.presentation.views import BlogView, Head, UpdateHead
from liveblog.visibility import PUBLIC, Viewer


class Withdrawn(Exception):
    """The live blog or the update was withdrawn, and the viewer may know that it existed: 410."""

    def __init__(self, blog: Head, update: UpdateHead | None = None) -> None:
        super().__init__(blog.slug)
        self.blog = blog
        self.update = update


class UpdateMissing(Http404):
    """The live blog, which is public, has no such update."""

    def __init__(self, blog: Head) -> None:
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
) -> Head:
    """Return the live blog at `slug`, in `edition`.

    Raises Http404 if `viewer` may not know of it or it has no such edition, AtPlainAddress if `edition` is
    the script that it is written in, and Withdrawn if it was withdrawn. Unless `is_edition_required`, a live
    blog without the edition is returned as it was written. With `is_complete`, everything that a page prints
    is read together with the row itself, so that `whole_blog` has nothing left to read.
    """
    rows = visibility.known(viewer)
    if is_complete:
        rows = rows.complete()
    blog = get_object_or_404(rows.with_glossary() if edition else rows, slug=slug)
    if is_edition_required:
        _require_edition(blog, edition)
    head = head_in(blog, edition, blog.glossary_revision)
    _require_public(head)
    return replace(head, is_complete=is_complete)


def find_update_at(slug: str, pk: int, edition: str | None) -> UpdateHead:
    """Return a public update or a tombstone, with its live blog in `edition`.

    Raises UpdateMissing if there is none, and what `find_blog` raises for its live blog.
    """
    update = _visible_update(PUBLIC, edition, pk=pk, blog__slug=slug)
    if update is None:
        raise UpdateMissing(find_blog(PUBLIC, slug, edition))
    _require_edition(update.blog, edition)
    head = _update_head(update, edition)
    _require_public(head.blog)
    return head


def _require_edition(blog: LiveBlog, edition: str | None) -> None:
    if edition and blog.language == edition:
        raise AtPlainAddress
    if edition and not has_edition(blog, edition):
        raise Http404


def _require_public(blog: Head) -> None:
    if blog.status == LiveBlog.Status.WITHDRAWN:
        raise Withdrawn(blog)


def _visible_update(viewer: Viewer, edition: str | None, **conditions: object) -> Update | None:
    rows = Update.objects.visible().filter(blog__in=visibility.known(viewer), **conditions)
    if edition:
        rows = rows.annotate(glossary_revision=Glossary.objects.revision_column())
    return rows.select_related("blog").first()


def _update_head(row: Update, edition: str | None) -> UpdateHead:
    return UpdateHead(row, head_in(row.blog, edition, getattr(row, "glossary_revision", None)))


def find_update(viewer: Viewer, pk: int, edition: str | None) -> UpdateHead:
    """Return a published update, with its live blog in `edition` if it has that edition.

    Raises Http404 if `viewer` may not know of it, and Withdrawn if it or its live blog was withdrawn.
    """
    update = _visible_update(viewer, edition, pk=pk)
    if update is None:
        raise Http404
    head = _update_head(update, edition)
    if update.is_withdrawn or update.blog.status == LiveBlog.Status.WITHDRAWN:
        raise Withdrawn(head.blog, head)
    return head


def whole_blog(viewer: Viewer, head: Head) -> BlogView:
    """Read everything that a page prints of the live blog `head`, in the same edition.

    The live blog may have changed in the meantime, so the result may be newer than `head`, never older.
    Raises Http404 if it has been hidden since.
    """
    if not head.is_complete:
        row = visibility.readable(viewer).complete().filter(pk=head.pk).first()
        if row is None:
            raise Http404
        head = head_of(row, head.edition)
    return whole([head])[0]
