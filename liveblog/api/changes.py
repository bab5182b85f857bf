"""Following one live blog: what comes after a number of its log."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from liveblog import editions, payloads
from liveblog.api import serializers
from liveblog.api.answers import PublicView
from liveblog.api.describing import SLUG, described
from liveblog.api.finding import find_blog
from liveblog.api.problems import AheadOfLog, Gone
from liveblog.models import Change, LiveBlog, Update
from newsroom.http.parameters import whole_number

BATCH: Final = 100
MAX_NUMBER: Final = 2**31 - 1


class Changes(PublicView):
    """The changes after number `after` in a live blog's log.

    That is the blog's present state, the latest state of each update that changed, and the log itself. Put
    `updates` in place of what you have, then ask again with `after=number`: at once while `has_more`, else
    whenever you like. It is never too late to ask; `after=0` gives everything. After a 409, or a 410 to a
    number other than 0, drop your copy and start again with `after=0`: a backup was restored.
    """

    query_names = frozenset({"after"})
    has_editions = True
    field_names = serializers.names_of(serializers.ChangesSerializer)
    is_poll = True

    @described(
        "Follow a live blog",
        serializers.ChangesSerializer,
        404,
        409,
        410,
        operation_id="blogs_changes",
        parameters=[
            SLUG,
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER},
                required=True,
                description="The last number that you have.",
            ),
        ],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        after = whole_number(request.query_params.get("after"), digits=10)
        if after is None or after > MAX_NUMBER:
            raise ValidationError({"after": ["Give the last number that you know; 0 gives everything."]})
        # Read the number before any other row, so that the content may be newer than the number, never older.
        blog = find_blog(request, slug, self.edition)
        if after > blog.number:
            raise AheadOfLog(blog.number)
        if blog.is_lost(after):
            raise Gone("A backup was restored. Drop your copy and start again with after=0.")
        return self.is_known(blog) or Response(self.sparse(_following(blog, after, self.edition)))


def _following(head: LiveBlog, after: int, edition: str | None) -> dict[str, Any]:
    last = Change.objects.last_of_batch(head, after, BATCH)
    payload: dict[str, Any] = {"number": last, "has_more": last < head.number}
    if after == last:
        return payload | {"blog": None, "updates": [], "changes": []}
    blog = editions.read_blogs(LiveBlog.objects.complete().filter(pk=head.pk), edition)[0]
    updates = Update.objects.filter(blog=blog).changed_within(after, last).complete()
    changes = Change.objects.filter(blog=blog).after(after).filter(number__lte=last)
    return payload | {
        "blog": payloads.blog(blog),
        "updates": [payloads.update(row) for row in editions.read_updates(blog, updates)],
        "changes": [payloads.change(row) for row in changes],
    }
