"""Buttons beside an update and beside a reader's response; each calls one verb."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from liveblog import publishing
from liveblog.desk.access import desk_view, wants_json
from liveblog.models import LiveBlog, ReaderResponse, Revision, Update
from liveblog.publishing import Action, Content
from newsroom.http.parameters import whole_number
from newsroom.sign_in import user_of

_DONE: Final[dict[Action, Promise]] = {
    Action.PUBLISH: gettext_lazy("Published."),
    Action.WITHDRAW: gettext_lazy("Withdrawn. Readers see a tombstone in its place."),
    Action.RESTORE: gettext_lazy("Published again."),
    Action.UNDO: gettext_lazy("Taken back: it is a draft again."),
    Action.CONFIRM: gettext_lazy("Marked as confirmed."),
    Action.PIN: gettext_lazy("Pinned to the top."),
    Action.UNPIN: gettext_lazy("No longer pinned."),
    Action.MARK: gettext_lazy("Marked as a key event."),
    Action.UNMARK: gettext_lazy("No longer a key event."),
    Action.APPROVE: gettext_lazy("Approved."),
    Action.OVERRIDE: gettext_lazy("Approved without a second person. The audit log says why."),
}
_ON_RESPONSES: Final = {
    "approve": (publishing.approve_response, gettext_lazy("Approved: readers see it now.")),
    "reject": (publishing.reject_response, gettext_lazy("Rejected.")),
}


@desk_view
@require_POST
def on_update(request: HttpRequest, blog: LiveBlog, update_pk: int, action: str) -> HttpResponse:
    """Perform the action of a button beside an update. `seen` is the fingerprint of the content shown."""
    if action not in _DONE and action != Action.REVERT:
        raise Http404
    update = get_object_or_404(Update, blog=blog, pk=update_pk)
    update.blog = blog
    if action == Action.REVERT:
        return _answer(request, blog, _revert(request, blog, update))
    seen, note = request.POST.get("seen", ""), request.POST.get("reason", "")
    publishing.perform(Action(action), blog, by=user_of(request), update=update, note=note, seen=seen)
    return _answer(request, blog, str(_DONE[Action(action)]))


def _revert(request: HttpRequest, blog: LiveBlog, update: Update) -> str:
    """Restore the content of an earlier revision, as a new revision."""
    revision = get_object_or_404(Revision, update=update, pk=whole_number(request.POST.get("revision")) or 0)
    content, missing = Content.from_json(revision.content)
    note = request.POST.get("note", "")
    actions = publishing.actions_for(user_of(request), blog, update)
    verb = Action.PROPOSE if Action.PROPOSE in actions else Action.REVERT
    publishing.perform(verb, blog, by=user_of(request), update=update, content=content, note=note)
    if verb == Action.PROPOSE:
        return _("Proposed: readers see the earlier text once a second person has approved it.")
    if missing:
        return _("Reverted to the earlier text, without what no longer exists: %(names)s.") % {
            "names": _(", ").join(missing)
        }
    return _("Reverted to the earlier text.")


@desk_view
@require_POST
def on_response(request: HttpRequest, blog: LiveBlog, response_pk: int, action: str) -> HttpResponse:
    if action not in _ON_RESPONSES:
        raise Http404
    verb, message = _ON_RESPONSES[action]
    verb(get_object_or_404(ReaderResponse, blog=blog, pk=response_pk), by=user_of(request))
    return _answer(request, blog, str(message))


def _answer(request: HttpRequest, blog: LiveBlog, message: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"message": message})
    messages.success(request, message)
    return redirect("desk:desk", blog.pk)
