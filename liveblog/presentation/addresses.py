"""The live blog or update behind an address: its row, or the reason why there is none.

Each look-up is one query that decides by itself who may see the row. So what is hidden costs the same as what
does not exist, and cannot be told from it by time. It reads the row alone: with an ETag made from it most
questions are answered, and only `whole_blog` reads what a page prints.
"""

from __future__ import annotations

from django.http import Http404

from liveblog import editions, visibility
from liveblog.models import LiveBlog, Update
from liveblog.visibility import Viewer


class Withdrawn(Exception):
    """The live blog or the update was withdrawn, and the viewer may know that it existed: 410."""

    def __init__(self, blog: LiveBlog, update: Update | None = None) -> None:
        super().__init__(blog.slug)
        self.blog = blog
        self.update = update


class AtPlainAddress(Exception):
    """What was asked for under a script's prefix is written in that script: its address has no prefix."""


def find_blog(viewer: Viewer, slug: str, edition: str | None = None) -> LiveBlog:
    """Return the row of the live blog at `slug`, read in `edition`.

    Raises Http404 where there is none that `viewer` may know of, or no such edition of it; AtPlainAddress
    for an edition that is its own script; Withdrawn.
    """
    blog = visibility.known(viewer).filter(slug=slug).first()
    if blog is None:
        raise Http404
    if edition and blog.language == edition:
        raise AtPlainAddress
    if edition and not editions.has_edition(blog, edition):
        raise Http404
    editions.read_head(blog, edition)
    if blog.status == LiveBlog.Status.WITHDRAWN:
        raise Withdrawn(blog)
    return blog


def find_update(viewer: Viewer, pk: int) -> Update:
    """Return the row of a published update, with its live blog's.

    Raises Http404 where there is none that `viewer` may know of; Withdrawn if it, or its live blog, was.
    """
    rows = Update.objects.visible().filter(blog__in=visibility.known(viewer))
    update = rows.select_related("blog").filter(pk=pk).first()
    if update is None:
        raise Http404
    if update.is_withdrawn or update.blog.status == LiveBlog.Status.WITHDRAWN:
        raise Withdrawn(update.blog, update)
    return update


def whole_blog(viewer: Viewer, head: LiveBlog) -> LiveBlog:
    """Read all that a page prints of a live blog that was found, in the same edition.

    It may have changed since: then this says more than `head`, never less. Raises Http404 if it is hidden by
    now.
    """
    blog = visibility.readable(viewer).complete().filter(pk=head.pk).first()
    if blog is None:
        raise Http404
    return editions.read_blog(blog, head.edition.language if head.edition else None)
