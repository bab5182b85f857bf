"""What the buttons beside an update and beside a reader's response do: one verb each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

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
from liveblog.publishing import Content, fingerprint
from newsroom.http.parameters import whole_number


def _withdraw(request: HttpRequest, update: Update) -> str:
    publishing.withdraw_update(update, by=request.user, reason=request.POST.get("reason", ""))
    return _("Withdrawn. Readers see a tombstone in its place.")


def _undo(request: HttpRequest, update: Update) -> str:
    publishing.undo_publication(update, by=request.user)
    return _("Taken back: it is a draft again.")


def _confirm(request: HttpRequest, update: Update) -> str:
    saved = Content.of(update)
    content = replace(saved, verification=Update.Verification.CONFIRMED)
    # What a colleague saves meanwhile is not overwritten by what was read here.
    publishing.correct_update(update, content, by=request.user, seen=fingerprint(saved))
    return _("Marked as confirmed.")


def _restore_revision(request: HttpRequest, update: Update) -> str:
    """What an earlier revision said, as a new one."""
    revision = get_object_or_404(Revision, update=update, pk=whole_number(request.POST.get("revision")) or 0)
    content = Content.from_json(revision.content)
    if update.is_published:
        publishing.correct_update(update, content, by=request.user, note=request.POST.get("note", ""))
    else:
        publishing.draft_update(update.blog, content, by=request.user, update=update)
    return _("The earlier text is back.")


def _by(verb: Callable[..., Any], said: Promise) -> Callable[[HttpRequest, Any], str]:
    """A verb that takes nothing but its row."""

    def act(request: HttpRequest, row: Any) -> str:
        verb(row, by=request.user)
        return str(said)

    return act


_ON_UPDATES: Final = {
    "withdraw": _withdraw,
    "undo": _undo,
    "confirm": _confirm,
    "revert": _restore_revision,
    "publish": _by(publishing.publish_as_saved, gettext_lazy("Published.")),
    "restore": _by(publishing.restore_update, gettext_lazy("Published again.")),
    "pin": _by(publishing.pin_update, gettext_lazy("Pinned to the top.")),
    "unpin": _by(publishing.unpin_update, gettext_lazy("No longer pinned.")),
    "mark": _by(publishing.mark_key_event, gettext_lazy("Marked as a key event.")),
    "unmark": _by(publishing.unmark_key_event, gettext_lazy("No longer a key event.")),
}
_ON_RESPONSES: Final = {
    "approve": _by(publishing.approve_response, gettext_lazy("Approved: readers see it now.")),
    "reject": _by(publishing.reject_response, gettext_lazy("Rejected.")),
}


@desk_view
@require_POST
def on_update(request: HttpRequest, blog: LiveBlog, update_pk: int, verb: str) -> HttpResponse:
    if verb not in _ON_UPDATES:
        raise Http404
    update = get_object_or_404(Update.objects.select_related("byline"), blog=blog, pk=update_pk)
    update.blog = blog
    return _answer(request, blog, _ON_UPDATES[verb](request, update))


@desk_view
@require_POST
def on_response(request: HttpRequest, blog: LiveBlog, response_pk: int, verb: str) -> HttpResponse:
    if verb not in _ON_RESPONSES:
        raise Http404
    response = get_object_or_404(ReaderResponse, blog=blog, pk=response_pk)
    return _answer(request, blog, _ON_RESPONSES[verb](request, response))


def _answer(request: HttpRequest, blog: LiveBlog, said: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"said": said})
    messages.success(request, said)
    return redirect("desk:desk", blog.pk)
