"""Delta polling: what follows a number, for pages that are open."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from liveblog import payloads
from liveblog.models import LiveBlog, Update
from liveblog.reader.caching import POLL, answer, etag_of, public
from liveblog.reader.pages import find_blog
from liveblog.reader.timeline import day_heading
from newsroom.site import absolute

BATCH: Final = 100
TOO_FAR_BEHIND: Final = 2_000


@public
def changes(request: HttpRequest, slug: str) -> HttpResponse:
    """The blog's visible state and each update changed after `?after=N`, in its latest state.

    `number` is the last number included; `has_more` says that there are more to ask for. Answers 409 to a
    number that the log has not reached, and 410 with the page's address to one that is too far behind, or when
    the blog was withdrawn.
    """
    # The number is read here, before any other row: an answer may know more than it says, never less.
    blog = find_blog(slug)
    named = request.GET.get("after", "")
    if not (named.isascii() and named.isdigit() and len(named) < 10):
        return _refusal(400, _("Give the last number you know: ?after=N"))
    after = int(named)
    page = absolute(blog.get_absolute_url())
    if blog.status == LiveBlog.Status.WITHDRAWN:
        return _refusal(410, _("This live blog was withdrawn."), url=page)
    if after > blog.number:
        return _refusal(409, _("The log has not reached this number."), number=blog.number)
    if blog.number - after > TOO_FAR_BEHIND:
        return _refusal(410, _("This is too far behind. Load the page again."), url=page)
    response = answer(
        request, etag_of(blog), lambda: JsonResponse(delta(blog, after), json_dumps_params=COMPACT), POLL
    )
    response.is_poll = True
    return response


COMPACT: Final = {"ensure_ascii": False, "separators": (",", ":")}


def delta(blog: LiveBlog, after: int) -> dict[str, Any]:
    """What a replica of the page at number `after` needs to move on."""
    if after == blog.number:
        return {"number": after, "has_more": False}
    last = min(after + BATCH, blog.number)
    # An update changed again after `last` comes with that later number.
    rows = Update.objects.filter(blog=blog).visible().complete().after(after).filter(number__lte=last)
    with translation.override(blog.language):
        return {
            "number": last,
            "has_more": last < blog.number,
            "blog": payloads.blog(blog),
            "updates": [_with_html(blog, update) for update in rows.newest_first()],
        }


def _with_html(blog: LiveBlog, update: Update) -> dict[str, Any]:
    update.blog = blog
    return payloads.update(update) | {
        "day_heading": day_heading(blog, update.happened_on),
        "html": render_to_string("reader/_update.html", {"blog": blog, "update": update}),
    }


def _refusal(status: int, reason: str, **more: object) -> HttpResponse:
    response = JsonResponse({"error": reason} | more, status=status, json_dumps_params=COMPACT)
    response.headers["Cache-Control"] = POLL
    response.is_poll = True
    return response
