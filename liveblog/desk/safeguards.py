"""The two-person rule and the legal hold at the desk: setting and lifting them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from liveblog import publishing
from liveblog.desk.access import desk_view
from liveblog.models import LiveBlog, Update
from newsroom.sign_in import user_of

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
}


@desk_view
@require_POST
def on_blog(request: HttpRequest, blog: LiveBlog, action: str) -> HttpResponse:
    """Set or lift the two-person rule or the legal hold of the live blog, with a reason."""
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
