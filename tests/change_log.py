"""The change log of a live blog, as tests compare it."""

from __future__ import annotations

from liveblog.models import Change, LiveBlog


def kinds(blog: LiveBlog, *, after: int = 0) -> list[str]:
    """Return the kinds of the changes after a number, in order."""
    return list(Change.objects.filter(blog=blog).after(after).values_list("kind", flat=True))
