"""Lookup of rows by API address: 404 for rows that are hidden from the requester, 410 for withdrawn ones."""

from __future__ import annotations

from rest_framework.request import Request

from liveblog.api.keys import viewer_of
from liveblog.api.problems import Gone
from liveblog.models import LiveBlog, Update
from liveblog.presentation import addresses, reading
from liveblog.presentation.addresses import Withdrawn
from liveblog.presentation.views import Head, UpdateHead, UpdateView


def find_blog(
    request: Request, slug: str, edition: str | None = None, *, may_be_withdrawn: bool = False
) -> Head:
    """Return a live blog without its text, in `edition` if it has that edition.

    Raise Http404 if it is hidden, and Gone if it is withdrawn, unless `may_be_withdrawn`.
    """
    try:
        return addresses.find_blog(viewer_of(request), slug, edition, is_edition_required=False)
    except Withdrawn as withdrawn:
        if not may_be_withdrawn:
            raise _gone(withdrawn) from withdrawn
        return withdrawn.blog


def find_update(
    request: Request, pk: int, edition: str | None, *, may_be_withdrawn: bool = False
) -> UpdateHead:
    """Return an update with its live blog. Raise the same errors as `find_blog`, for either of them."""
    try:
        return addresses.find_update(viewer_of(request), pk, edition)
    except Withdrawn as withdrawn:
        if not may_be_withdrawn or withdrawn.update is None:
            raise _gone(withdrawn) from withdrawn
        return withdrawn.update


def whole_update(head: UpdateHead) -> UpdateView:
    """Read everything that payloads print of an update. The result may be newer than `head`, never older."""
    row = Update.objects.complete().get(pk=head.row.pk)
    (update,) = reading.mixed_updates([row], head.blog.edition)
    return update


def _gone(withdrawn: Withdrawn) -> Gone:
    is_of_blog = withdrawn.blog.status == LiveBlog.Status.WITHDRAWN
    return Gone(f"This {'live blog' if is_of_blog else 'update'} was withdrawn.")
