"""The two-person rule and the legal hold at the desk: setting and lifting them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from liveblog import publishing
from liveblog.desk.access import desk_view
from liveblog.models import LiveBlog, Update
from liveblog.publishing import BlogDetails, Story
from newsroom import hongkong
from newsroom.sign_in import user_of
from newsroom.text import html

_ON_BLOG: Final[dict[str, tuple[Any, Promise]]] = {
    "guard": (
        lambda blog, by, reason: publishing.set_second_person(blog, by=by, is_needed=True, reason=reason),
        gettext_lazy("From now on everything here needs a second person."),
    ),
    "unguard": (
        lambda blog, by, reason: publishing.set_second_person(blog, by=by, is_needed=False, reason=reason),
        gettext_lazy("Updates here no longer need a second person."),
    ),
    "hold": (
        lambda blog, by, reason: publishing.set_hold(blog, by=by, is_on_hold=True, reason=reason),
        gettext_lazy("The live blog is under a legal hold."),
    ),
    "release": (
        lambda blog, by, reason: publishing.set_hold(blog, by=by, is_on_hold=False, reason=reason),
        gettext_lazy("The legal hold is lifted."),
    ),
    "approve": (
        lambda blog, by, reason: publishing.approve_on_blog(blog, by=by),
        gettext_lazy("Approved and done."),
    ),
    "override": (
        lambda blog, by, reason: publishing.override_on_blog(blog, by=by, reason=reason),
        gettext_lazy("Approved and done."),
    ),
}


def pending_context(user: User, blog: LiveBlog) -> dict[str, Any]:
    """Return what the desk shows of an action on the live blog that waits for a second person."""
    pending = publishing.pending_on_blog(blog)
    if pending is None:
        return {}
    return {
        "pending": pending,
        "pending_changes": _changes(blog, publishing.proposed_details(pending)),
        "may_approve": publishing.can_approve_on_blog(user, pending),
    }


def _changes(blog: LiveBlog, details: BlogDetails | None) -> list[dict[str, Any]]:
    """Return the fields that a proposal changes, with their new values as plain text."""
    if details is None:
        return []
    names = details.changed_from(BlogDetails.of(blog))
    labels = {field.name: getattr(field, "verbose_name", "") for field in LiveBlog._meta.get_fields()}
    labels["stories"] = _("Related stories")
    return [{"label": labels[name], "text": _text_of(getattr(details, name))} for name in names]


def _text_of(value: Any) -> str:
    if isinstance(value, tuple):
        return _(", ").join(map(_text_of, value))
    if isinstance(value, Story):
        return value.title
    if isinstance(value, datetime):
        return f"{hongkong.to_hong_kong(value):%Y-%m-%d %H:%M}"
    return html.plain_text(str(value)) if value not in (None, "") else "–"


@desk_view
@require_POST
def on_blog(request: HttpRequest, blog: LiveBlog, action: str) -> HttpResponse:
    """Set or lift the two-person rule or the legal hold, or approve what waits for a second person."""
    if action not in _ON_BLOG:
        raise Http404
    verb, message = _ON_BLOG[action]
    verb(blog, user_of(request), request.POST.get("reason", ""))
    messages.success(request, str(message))
    return redirect("desk:desk", blog.pk)


@desk_view
@require_POST
def set_flags(request: HttpRequest, blog: LiveBlog, update_pk: int) -> HttpResponse:
    update = get_object_or_404(Update, blog=blog, pk=update_pk)
    flags, reason = request.POST.getlist("flags"), request.POST.get("reason", "")
    publishing.flag_update(update, flags, by=user_of(request), reason=reason)
    messages.success(request, _("The flags are saved."))
    return redirect("desk:history", blog.pk, update.pk)
