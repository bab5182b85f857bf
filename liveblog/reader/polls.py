"""Delta polling: the changes after a log number, for open pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from liveblog.presentation import delta
from liveblog.presentation.addresses import Withdrawn, find_blog, whole_blog
from liveblog.reader.caching import answer, public
from liveblog.visibility import PUBLIC
from newsroom.http.caching import POLL, mark_poll
from newsroom.http.cors import read_anywhere
from newsroom.http.parameters import parameter, whole_number
from newsroom.site import absolute


@read_anywhere
@public
def changes(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """Return the blog's visible state and the latest state of each update changed after `?after=N`.

    `number` is the last number included; `has_more` means that the client should poll again. Respond 409 to a
    number that the log has not reached, and 410 with the page's URL if the number is too far behind or the
    blog was withdrawn.
    """
    # Read the number before any other row, so that the content may be newer than its number but never older.
    try:
        head, is_withdrawn = find_blog(PUBLIC, slug, edition), False
    except Withdrawn as withdrawn:
        head, is_withdrawn = withdrawn.blog, True
    after = whole_number(parameter(request.GET, "after"), digits=9)
    if after is None:
        return _refusal(400, _("Give the last number you know: ?after=N"))
    page = absolute(head.get_absolute_url())
    if is_withdrawn:
        return _refusal(410, _("This live blog was withdrawn."), url=page)
    if after > head.number:
        return _refusal(409, _("The log has not reached this number."), number=head.number)
    if head.row.is_lost(after) or head.row.changes_after(after) > delta.TOO_FAR_BEHIND:
        return _refusal(410, _("This is too far behind. Reload the page."), url=page)

    def render() -> HttpResponse:
        if after == head.number:
            return _json({"number": after, "has_more": False})
        return _json(delta.of_page(delta.after(whole_blog(PUBLIC, head), after)))

    response = answer(request, head.etag, render, POLL)
    mark_poll(response)
    return response


def _refusal(status: int, reason: str, **more: object) -> HttpResponse:
    response = _json({"error": reason} | more, status)
    response.headers["Cache-Control"] = POLL
    mark_poll(response)
    return response


def _json(data: dict[str, Any], status: int = 200) -> HttpResponse:
    return JsonResponse(
        data, status=status, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")}
    )
