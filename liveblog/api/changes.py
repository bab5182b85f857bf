"""Following one live blog: what comes after a number of its log."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from liveblog.api import serializers
from liveblog.api.answers import PublicView
from liveblog.api.describing import SLUG, described
from liveblog.api.finding import find_blog
from liveblog.api.keys import viewer_of
from liveblog.api.problems import AheadOfLog, Gone
from liveblog.presentation import delta, payloads
from liveblog.presentation.addresses import whole_blog
from liveblog.presentation.delta import Delta
from newsroom.http.parameters import whole_number

MAX_NUMBER: Final = 2**31 - 1
_NOTHING: Final[dict[str, Any]] = {"has_more": False, "blog": None, "updates": [], "changes": []}


class Changes(PublicView):
    """The changes after number `after` in a live blog's log.

    The response has the blog's current state, the latest state of each update that changed, and the log
    itself. Replace your copies with `updates`, then request again with `after=number`: immediately while
    `has_more` is true, otherwise whenever you like. Old numbers never expire; `after=0` returns everything.
    After a 409, or a 410 to a number other than 0, discard your copy and start again with `after=0`: a backup
    was restored.
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
        if blog.row.is_lost(after):
            raise Gone("A backup was restored. Drop your copy and start again with after=0.")
        known = self.is_known(blog)
        if known:
            return known
        if after == blog.number:
            following = {"number": after} | _NOTHING
        else:
            following = _payload_of(delta.after(whole_blog(viewer_of(request), blog), after))
        return Response(self.sparse(following))


def _payload_of(following: Delta) -> dict[str, Any]:
    return {
        "number": following.number,
        "has_more": following.has_more,
        "blog": payloads.blog(following.blog),
        "updates": [payloads.update(update) for update in following.updates],
        "changes": [payloads.change(change) for change in following.changes],
    }
