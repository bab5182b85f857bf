"""Live state of an open desk: the private poll beside the readers' stream, autosave and presence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from liveblog import audience, publishing
from liveblog.desk import composer, queues, rows
from liveblog.desk.access import desk_view, token_in
from liveblog.models import LiveBlog, Presence, Submission, Update, WorkingCopy
from newsroom.http.parameters import whole_number
from newsroom.sign_in import user_of

# A page that is further behind is told to reload.
TOO_FAR_BEHIND: Final = 200
# The limit per person; a browser has one presence for each desk that it has open.
MOST_PRESENCES: Final = 20
_OLD: Final = timedelta(minutes=5)
_OUT_OF_DATE: Final = _("This desk is out of date. Copy your text and reload the page.")


@desk_view
@require_POST
def state(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Return what changed after number `after` in the blog's log, as desk rows, and the rest of the desk.

    `number` is the blog's number as read first, so a response may contain later changes but never lacks
    earlier ones. The request also records the user's presence and the update that they have open.
    """
    after = whole_number(request.POST.get("after"), digits=9)
    if after is None:
        raise ValidationError(_OUT_OF_DATE)
    _note_presence(request, blog)
    behind = blog.number - after
    counts = queues.counts(blog)
    answer: dict[str, Any] = {
        "number": blog.number,
        "status": blog.status,
        "counts": counts,
        "to_do": queues.to_do(counts),
        "readers": audience.readers_connected(blog.pk),
        "people": _people(request, blog),
        "queue": _queue(request, blog),
        "rows": [],
        "gone": [],
    }
    if behind < 0 or behind > TOO_FAR_BEHIND:
        return JsonResponse(answer | {"reload": True})
    if behind:
        answer |= _changed(request, blog, after)
    return JsonResponse(answer)


@desk_view
@require_POST
def autosave(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Keep the composer's text as a working copy. Nothing saved or public changes."""
    token = token_in(request.POST.get("token"))
    if not token:
        raise ValidationError(_OUT_OF_DATE)
    fields = composer.fields_of(request.POST)
    submissions = Submission.objects.filter(actor=publishing.actor(user_of(request)), token=token)
    if submissions.exists():
        # The text has been submitted meanwhile, so there is nothing left to keep.
        return JsonResponse({"saved": True})
    update = _open_update(request, blog)
    if update is not None and update.is_erased:
        raise ValidationError(_("There is no such update in this live blog."))
    if update is None and composer.is_untouched(fields):
        WorkingCopy.objects.filter(by=user_of(request), token=token).delete()
    else:
        queues.keep_unsaved(blog, user_of(request), token, update, fields)
        # The text may have been submitted while this copy was stored. A submission deletes the working copy
        # again after its commit, so one of the two always sees the other.
        if submissions.exists():
            WorkingCopy.objects.filter(by=user_of(request), token=token).delete()
    return JsonResponse({"saved": True})


def _changed(request: HttpRequest, blog: LiveBlog, after: int) -> dict[str, Any]:
    updates = Update.objects.filter(blog=blog).changed_within(after, blog.number)
    if pinned := whole_number(request.POST.get("pinned")):
        # An update whose pin was replaced by another has no change of its own.
        updates |= Update.objects.filter(blog=blog, pk=pinned)
    changed = list(updates.complete().select_related("created_by"))
    visible_rows, gone = [], []
    for update in changed:
        update.blog = blog
    for row in rows.rows_of(user_of(request), blog, changed):
        if not row.update.is_visible:
            gone.append(row.update.pk)
            continue
        html = render_to_string("desk/_row.html", {"blog": blog, "row": row}, request)
        visible_rows.append({"id": row.update.pk, "order": row.update.order, "html": html})
    return {"rows": visible_rows, "gone": gone}


def _queue(request: HttpRequest, blog: LiveBlog) -> dict[str, str]:
    queue = queues.context_of(blog, user_of(request), request.POST.get("queue", ""))
    if queue["queue"] is None:
        return {"name": "", "html": ""}
    context = queue | {"blog": blog, "may": rows.May.of(user_of(request), blog)}
    return {"name": queue["queue"].name, "html": render_to_string("desk/_queue.html", context, request)}


def _note_presence(request: HttpRequest, blog: LiveBlog) -> None:
    token = token_in(request.POST.get("token"))
    if not token:
        return
    now = timezone.now()
    _presence, is_new = Presence.objects.update_or_create(
        by=user_of(request),
        token=token,
        defaults={
            "blog": blog,
            "update": _open_update(request, blog),
            "is_writing": request.POST.get("is_writing") == "yes",
            "at": now,
        },
    )
    Presence.objects.filter(blog=blog, at__lt=now - _OLD).delete()
    if is_new:
        own = Presence.objects.filter(by=user_of(request)).order_by("-at", "-pk")
        Presence.objects.filter(pk__in=list(own.values_list("pk", flat=True)[MOST_PRESENCES:])).delete()


def _people(request: HttpRequest, blog: LiveBlog) -> list[dict[str, Any]]:
    """Return who else is at this desk now, and which update each has open."""
    presences = (
        Presence.objects.filter(blog=blog)
        .now(timezone.now())
        .exclude(by=user_of(request))
        .select_related("by")
    )
    people: dict[tuple[int, int | None], dict[str, Any]] = {}
    for presence in presences:
        who = presence.by.get_full_name() or presence.by.get_username()
        key = (presence.by_id, presence.update_id)
        is_writing = presence.is_writing or people.get(key, {}).get("is_writing", False)
        people[key] = {"who": who, "update": presence.update_id, "is_writing": is_writing}
    return list(people.values())


def _open_update(request: HttpRequest, blog: LiveBlog) -> Update | None:
    pk = whole_number(request.POST.get("update"))
    return Update.objects.filter(blog=blog, pk=pk).first() if pk else None
