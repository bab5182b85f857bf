"""What whoever asks may know of: 404 for what is hidden from them, 410 for what was withdrawn."""

from __future__ import annotations

from django.http import Http404
from rest_framework.request import Request

from liveblog import editions
from liveblog.api.problems import Gone
from liveblog.models import LiveBlog, Update


def find_blog(
    request: Request, slug: str, edition: str | None = None, *, may_be_withdrawn: bool = False
) -> LiveBlog:
    """A blog's row alone. Raises Gone for a withdrawn one, Http404 for what they may not know of."""
    blog = LiveBlog.objects.filter(slug=slug).first()
    if blog is None:
        raise Http404
    check_readable(request, blog, may_be_withdrawn=may_be_withdrawn)
    return editions.read_head(blog, edition)


def find_update(request: Request, pk: int, *, may_be_withdrawn: bool = False) -> Update:
    """An update's row, with its blog's. Raises as `find_blog`, for the update and for its blog."""
    update = Update.objects.visible().select_related("blog").filter(pk=pk).first()
    if update is None:
        raise Http404
    check_readable(request, update.blog, may_be_withdrawn=may_be_withdrawn)
    if update.is_withdrawn and not may_be_withdrawn:
        raise Gone("This update was withdrawn.")
    return update


def check_readable(request: Request, blog: LiveBlog, *, may_be_withdrawn: bool = False) -> None:
    key = request.auth
    is_held = blog.embargo_until_at is not None and not (key and key.sees_embargoed(blog))
    if is_held or blog.status == LiveBlog.Status.DRAFT:
        raise Http404
    if blog.status == LiveBlog.Status.WITHDRAWN and not may_be_withdrawn:
        raise Gone("This live blog was withdrawn.")
