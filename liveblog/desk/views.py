"""The desk's page, and what its composer sends."""

from __future__ import annotations

from typing import Any, Final

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from liveblog import audience, publishing
from liveblog.desk import composer, queues, rows
from liveblog.desk.access import desk_view, said_by, token_in, wants_json
from liveblog.desk.composer import Composer, ComposerForm
from liveblog.models import Byline, LiveBlog, Update, WorkingCopy
from liveblog.publishing import AlreadyUsed, Content, Stale, fingerprint
from newsroom import csp, hongkong
from newsroom.numbers import whole_number
from newsroom.rich_text import allow_editor

ACTIONS: Final = ("publish", "draft", "submit", "schedule", "edit", "correct")
# The preview is a frame of ours, and a picture is shown before it is uploaded.
_POLICY: Final = {"frame-src": [SELF], "img-src": ["blob:"]}


@csp_update(_POLICY)
@desk_view
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """The page. POST is the composer's form: saved by one verb, whose refusal comes back with the text."""
    if request.method == "POST":
        return _save(request, blog)
    return _page(request, blog, _composer_for(request, blog))


@desk_view
@require_POST
def discard(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Throw away what was typed and not saved."""
    WorkingCopy.objects.filter(by=request.user, blog=blog, token=token_in(request.POST.get("token"))).delete()
    if wants_json(request):
        return JsonResponse({"token": composer.new_token()})
    messages.info(request, _("What you had typed was thrown away."))
    return redirect("desk:desk", blog.pk)


def _composer_for(request: HttpRequest, blog: LiveBlog) -> Composer:
    """What was left unsaved first: of the update that is asked for, or of a new one."""
    unsaved = queues.unsaved(blog, request.user)
    if token := token_in(request.GET.get("copy")):
        found = unsaved.filter(token=token).first()
        if found:
            return composer.restored(found.fields, found.update, found.saved_at)
    update = _asked_for(request, blog)
    found = unsaved.filter(update=update).first() if "new" not in request.GET else None
    if found:
        return composer.restored(found.fields, update, found.saved_at)
    return composer.opened(update) if update else composer.blank()


def _asked_for(request: HttpRequest, blog: LiveBlog) -> Update | None:
    pk = whole_number(request.GET.get("update"))
    update = Update.objects.filter(blog=blog, pk=pk).select_related("byline").first() if pk else None
    if update is None:
        return None
    update.blog = blog
    if not rows.may_open(rows.May.of(request.user), request.user, update):
        if update.is_withdrawn:
            messages.warning(request, _("This update was withdrawn. Restore it before you change it."))
            return None
        raise PermissionDenied(
            _("You may write your own drafts. This update is somebody else's, or is public.")
        )
    return update


def _page(request: HttpRequest, blog: LiveBlog, shown: Composer, status: int = 200) -> HttpResponse:
    before = _before(request, blog)
    updates, has_older = rows.timeline(blog, before)
    context = {
        **admin.site.each_context(request),
        "title": blog.full_headline,
        "blog": blog,
        "composer": shown,
        "may": rows.May.of(request.user),
        "rows": rows.with_reach(blog, updates),
        "older": updates[-1] if has_older else None,
        "before": before,
        "counts": queues.counts(blog),
        "queues": queues.QUEUES,
        **queues.shown(blog, request.GET.get("queue", "")),
        "unsaved": [copy for copy in queues.unsaved(blog, request.user) if copy.token != shown.token],
        "bylines": Byline.objects.values_list("name", flat=True),
        "readers": audience.readers_connected(blog.pk),
        "undo": _undoable(request, blog),
        "media": shown.form.media,
        "can_change_blog": request.user.has_perm("liveblog.change_liveblog") or rows.May.of(request.user).run,
    }
    csp.allow_script(request, reverse("labels"))
    response = render(request, "desk/desk.html", context, status=status)
    allow_editor(response, shown.form.media)
    return response


def _before(request: HttpRequest, blog: LiveBlog) -> Update | None:
    pk = whole_number(request.GET.get("before"))
    return Update.objects.filter(blog=blog).visible().filter(pk=pk).first() if pk else None


def _undoable(request: HttpRequest, blog: LiveBlog) -> Update | None:
    """The update that was just published by a form, for the offer to take it back."""
    pk = whole_number(request.GET.get("undo"))
    recent = timezone.now() - publishing.UNDO_WITHIN
    published = Update.objects.filter(blog=blog, first_published_at__gte=recent).published()
    return published.filter(pk=pk).first() if pk else None


def _save(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    form = ComposerForm(request.POST, request.FILES)
    update = _saved(request, blog)
    action = request.POST.get("action", "")
    try:
        if action not in ACTIONS:
            raise ValidationError(_("Choose what to do with it: publish, save, send or schedule."))
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())
        saved, is_new = publishing.once(
            request.user,
            form.cleaned_data["token"],
            composer.digest_of(request, blog),
            lambda: _carry_out(request, blog, action, form, update),
        )
    except Stale:
        return _conflict(request, blog, update)
    except AlreadyUsed:
        return _saved_before(request, blog, update)
    except ValidationError as refusal:
        return _refused(request, blog, update, refusal)
    return _done(request, blog, action, saved, is_new)


def _saved(request: HttpRequest, blog: LiveBlog) -> Update | None:
    """The update that the composer has open. Raises ValidationError when it is not this blog's."""
    if not request.POST.get("update"):
        return None
    found = Update.objects.filter(blog=blog, pk=whole_number(request.POST["update"]) or 0).first()
    if found is None or found.is_erased:
        raise ValidationError(_("There is no such update in this live blog."))
    found.blog = blog
    return found


def _carry_out(
    request: HttpRequest, blog: LiveBlog, action: str, form: ComposerForm, update: Update | None
) -> Update:
    """One verb, with the picture and the pin that came with it; what was typed is no longer kept apart."""
    by, said = request.user, form.cleaned_data
    with transaction.atomic():
        content = composer.with_picture(
            composer.content_of(form, request.POST, update), _uploaded(request, form)
        )
        saved = _by_verb(action, blog, content, form, by, update)
        if saved.is_published and said["is_pinned"] != saved.is_pinned:
            saved = (publishing.pin_update if said["is_pinned"] else publishing.unpin_update)(saved, by=by)
        WorkingCopy.objects.filter(by=by, token=said["token"]).delete()
    return saved


def _by_verb(
    action: str, blog: LiveBlog, content: Content, form: ComposerForm, by: Any, update: Update | None
) -> Update:
    said = form.cleaned_data
    seen = said["seen"] if update else ""
    if action == "publish":
        publishing.refuse_future(content.happened_at)
        return publishing.publish_update(blog, content, by=by, update=update, seen=seen)
    if action == "schedule":
        at = composer.publish_at_of(form)
        return publishing.schedule_update(blog, content, at, by=by, update=update, seen=seen)
    if action == "draft":
        return publishing.draft_update(blog, content, by=by, update=update, seen=seen)
    if action == "submit":
        update = update or publishing.draft_update(blog, content, by=by)
        return publishing.submit_update(update, by=by, content=content, seen=seen)
    if update is None:
        raise ValidationError(_("Only what is published can be corrected."))
    note = said["note"].strip()
    if action == "correct" and not note:
        raise ValidationError({"note": _("Say what is corrected. Readers see this.")})
    if action == "edit" and note:
        raise ValidationError(
            {"note": _("A minor edit has no note. Save it as a correction, or empty the note.")}
        )
    if content.happened_at != update.happened_at:
        publishing.refuse_future(content.happened_at)
    return publishing.correct_update(update, content, by=by, note=note, seen=seen)


def _uploaded(request: HttpRequest, form: ComposerForm) -> Any:
    """The picture that was chosen in the form itself, as it is without JavaScript."""
    said = form.cleaned_data
    if not said["picture_file"]:
        return None
    return publishing.add_image(
        said["picture_file"],
        by=request.user,
        alt=said["picture_alt"],
        credit=said["picture_credit"],
        caption=said["picture_caption"],
    )


def _done(request: HttpRequest, blog: LiveBlog, action: str, saved: Update, is_new: bool) -> HttpResponse:
    said = _said(action, blog, saved)
    undo = action == "publish" and saved.is_published
    if wants_json(request):
        return JsonResponse(
            {
                "said": said,
                "update": saved.pk,
                "is_new": is_new,
                "token": composer.new_token(),
                "seen": fingerprint(Content.of(saved)),
                "undo": reverse("desk:update", args=[blog.pk, saved.pk, "undo"]) if undo else None,
            }
        )
    messages.success(request, said)
    address = reverse("desk:desk", args=[blog.pk])
    return redirect(f"{address}?undo={saved.pk}" if undo else address)


def _said(action: str, blog: LiveBlog, saved: Update) -> str:
    if action == "publish":
        if blog.is_public:
            return _("Live: “%(title)s”") % {"title": saved.title}
        return _("Published: “%(title)s”. Readers see it once the live blog is public.") % {
            "title": saved.title
        }
    if action == "schedule":
        at = hongkong.to_hong_kong(saved.publish_at)
        day = hongkong.day_label(at.date(), get_language())
        return _("Scheduled for %(time)s: “%(title)s”") % {"time": f"{day} {at:%H:%M}", "title": saved.title}
    done = {
        "draft": _("Saved as a draft: “%(title)s”"),
        "submit": _("Sent to the editors: “%(title)s”"),
        "edit": _("Saved as a minor edit: “%(title)s”"),
        "correct": _("Corrected: “%(title)s”"),
    }
    return done[action] % {"title": saved.title or _("without heading")}


def _refused(
    request: HttpRequest, blog: LiveBlog, update: Update | None, refusal: ValidationError
) -> HttpResponse:
    errors = said_by(refusal)
    if wants_json(request):
        return JsonResponse({"errors": errors}, status=422)
    shown = composer.restored(composer.fields_of(request.POST), update)
    shown.errors = errors
    return _page(request, blog, shown, status=422)


def _saved_before(request: HttpRequest, blog: LiveBlog, update: Update | None) -> HttpResponse:
    """The answer to an earlier submission was lost, and the text was changed since: it is another one now."""
    said = _(
        "This was saved already, as it was before you changed it: look at the timeline. "
        "What you have here is kept; to change what is saved, open it and copy this in."
    )
    token = composer.new_token()
    if wants_json(request):
        return JsonResponse({"errors": {"": [said]}, "token": token}, status=422)
    fields = composer.fields_of(request.POST) | {"token": [token]}
    shown = composer.restored(fields, update)
    shown.errors = {"": [said]}
    return _page(request, blog, shown, status=422)


def _conflict(request: HttpRequest, blog: LiveBlog, update: Update) -> HttpResponse:
    """Both texts, and the choice between them. Neither is lost: the sender's is kept as a working copy."""
    update.refresh_from_db()
    theirs = Content.of(update)
    typed = composer.fields_of(request.POST)
    mine = composer.restored(typed, update)
    queues.keep_unsaved(blog, request.user, request.POST["token"][:64], update, typed)
    latest = update.revisions.select_related("by").first()
    context = {
        **admin.site.each_context(request),
        "title": _("Saved by somebody else meanwhile"),
        "blog": blog,
        "update": update,
        "theirs": theirs,
        "mine": mine,
        "seen": fingerprint(theirs),
        "who": latest.by if latest and latest.by else None,
        "action": request.POST.get("action", ""),
        "sent": [
            (name, value)
            for name, values in typed.items()
            if name not in ("seen", "token")
            for value in values
        ],
        "token": composer.new_token(),
        "before": request.POST.get("token", ""),
    }
    if wants_json(request):
        html = render_to_string("desk/_conflict.html", context, request)
        return JsonResponse({"conflict": html, "seen": context["seen"]}, status=409)
    return render(request, "desk/conflict.html", context, status=409)
