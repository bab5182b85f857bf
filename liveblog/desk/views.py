"""The desk's page, and the views that its composer posts to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

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

from liveblog import audience, publishing, visibility
from liveblog.desk import composer, coverage, queues, rows, safeguards
from liveblog.desk.access import desk_view, said_by, token_in, wants_json
from liveblog.desk.composer import Composer, ComposerForm
from liveblog.desk.differences import Effort, differences_between
from liveblog.models import Byline, Image, LiveBlog, Proposal, Update, WorkingCopy
from liveblog.publishing import WRITES, Action, AlreadyUsed, Content, Stale, Upload, fingerprint
from liveblog.visibility import PUBLIC
from newsroom import csp, hongkong
from newsroom.http.parameters import whole_number
from newsroom.rich_text import allow_editor
from newsroom.sign_in import user_of

# Bylines suggested while a name is typed; any other can be typed in full.
MOST_BYLINES: Final = 2_000
# The preview is a frame from this site, and pictures are shown from a blob: URL before they are uploaded.
_POLICY: Final = {"frame-src": [SELF], "img-src": ["blob:"]}


@csp_update(_POLICY)
@desk_view
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Show the desk, or save the composer's form, which is posted to the same address.

    One verb saves the form. If it refuses, the text comes back with the reasons.
    """
    if request.method == "POST":
        return _save(request, blog)
    return _page(request, blog, _composer_for(request, blog))


@desk_view
@require_POST
def discard(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Delete the working copy of a text that was typed but not saved."""
    WorkingCopy.objects.filter(
        by=user_of(request), blog=blog, token=token_in(request.POST.get("token"))
    ).delete()
    if wants_json(request):
        return JsonResponse({"token": composer.new_token()})
    messages.info(request, _("Your text was discarded."))
    return redirect("desk:desk", blog.pk)


def _composer_for(request: HttpRequest, blog: LiveBlog) -> Composer:
    """Return the composer to show: unsaved text if there is any, else the requested update or a blank."""
    working_copies = queues.unsaved(blog, user_of(request))
    if token := token_in(request.GET.get("copy")):
        copy = working_copies.filter(token=token).first()
        if copy:
            return composer.restored(copy.fields, copy.update, user_of(request), copy.saved_at)
    update = _asked_for(request, blog)
    copy = working_copies.filter(update=update).first() if "new" not in request.GET else None
    if copy:
        return composer.restored(copy.fields, update, user_of(request), copy.saved_at)
    return composer.opened(update, user_of(request)) if update else composer.blank()


def _asked_for(request: HttpRequest, blog: LiveBlog) -> Update | None:
    pk = whole_number(request.GET.get("update"))
    update = Update.objects.filter(blog=blog, pk=pk).first() if pk else None
    if update is None:
        return None
    update.blog = blog
    if (WRITES | {Action.PROPOSE}).isdisjoint(publishing.actions_for(user_of(request), blog, update)):
        if update.is_withdrawn:
            messages.warning(request, _("This update was withdrawn. Restore it before you change it."))
            return None
        raise PermissionDenied(
            _("You can change only your own drafts. This update is somebody else's, or is already public.")
        )
    return update


def _page(request: HttpRequest, blog: LiveBlog, composer_state: Composer, status: int = 200) -> HttpResponse:
    may = rows.May.of(user_of(request), blog)
    before = _before(request, blog)
    updates, has_older = rows.timeline(blog, before)
    counts = queues.counts(blog)
    context = {
        **admin.site.each_context(request),
        "title": blog.full_headline,
        "blog": blog,
        "composer": composer_state,
        "may": may,
        "rows": rows.rows_of(user_of(request), blog, updates),
        "older": updates[-1] if has_older else None,
        "before": before,
        "counts": counts,
        "queues": queues.QUEUES,
        "to_do": queues.to_do(counts),
        **queues.context_of(blog, user_of(request), request.GET.get("queue", "")),
        "unsaved": [
            copy for copy in queues.unsaved(blog, user_of(request)) if copy.token != composer_state.token
        ],
        "bylines": Byline.objects.values_list("name", flat=True)[:MOST_BYLINES],
        "readers": audience.readers_connected(blog.pk),
        "undo": _undoable(request, blog),
        "media": composer_state.form.media,
        "coverage": coverage.buttons(user_of(request), blog),
        **safeguards.pending_context(user_of(request), blog),
        "can_change_blog": request.user.has_perm("liveblog.change_liveblog") or may.run,
    }
    csp.allow_script(request, reverse("labels"))
    response = render(request, "desk/desk.html", context, status=status)
    allow_editor(response, composer_state.form.media)
    return response


def _before(request: HttpRequest, blog: LiveBlog) -> Update | None:
    pk = whole_number(request.GET.get("before"))
    return Update.objects.filter(blog=blog).visible().filter(pk=pk).first() if pk else None


def _undoable(request: HttpRequest, blog: LiveBlog) -> Update | None:
    """Return the update that a form has just published, so that the page can offer to undo it."""
    pk = whole_number(request.GET.get("undo"))
    recent = timezone.now() - publishing.UNDO_WITHIN
    updates = Update.objects.filter(blog=blog, first_published_at__gte=recent).published()
    return updates.filter(pk=pk).first() if pk else None


def _save(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    form = ComposerForm(request.POST, request.FILES)
    update = _saved(request, blog)
    action_name = request.POST.get("action", "")
    try:
        if action_name not in WRITES:
            raise ValidationError(_("Choose what to do with it: publish, save, send or schedule."))
        action = _fitting(Action(action_name), request, blog, update)
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())
        with _prepared_picture(request, form) as prepared:
            saved, is_new = publishing.once(
                user_of(request),
                form.cleaned_data["token"],
                composer.digest_of(request, blog),
                lambda: _carry_out(request, blog, action, form, update, prepared),
            )
    except Stale:
        # Only a change to a saved update can be stale.
        assert update is not None
        return _conflict(request, blog, update, form)
    except AlreadyUsed:
        return _saved_before(request, blog, update)
    except ValidationError as refusal:
        return _refused(request, blog, update, refusal)
    return _done(request, blog, action, saved, is_new)


def _fitting(action: Action, request: HttpRequest, blog: LiveBlog, update: Update | None) -> Action:
    """Return PROPOSE for a change of a published update that needs a second person."""
    if update is None or action not in (Action.EDIT, Action.CORRECT):
        return action
    if action == Action.CORRECT and not request.POST.get("note", "").strip():
        return action
    actions = publishing.actions_for(user_of(request), blog, update)
    return Action.PROPOSE if Action.PROPOSE in actions else action


def _saved(request: HttpRequest, blog: LiveBlog) -> Update | None:
    """Return the saved update that the composer has open, if any.

    Raise ValidationError if this live blog has no such update.
    """
    if not request.POST.get("update"):
        return None
    update = Update.objects.filter(blog=blog, pk=whole_number(request.POST["update"]) or 0).first()
    if update is None or update.is_erased:
        raise ValidationError(_("There is no such update in this live blog."))
    update.blog = blog
    return update


def _carry_out(
    request: HttpRequest,
    blog: LiveBlog,
    action: Action,
    form: ComposerForm,
    update: Update | None,
    prepared: Upload | None,
) -> Update:
    """Perform one action with what was typed, and delete its working copy."""
    content = composer.with_picture(
        composer.content_of(form, request, update), _uploaded(request, blog, form, prepared)
    )
    saved = publishing.perform(
        action,
        blog,
        by=user_of(request),
        update=update,
        content=content,
        note=form.cleaned_data["note"],
        publish_at=composer.publish_at_of(form),
        is_pinned=composer.pin_of(form),
        seen=form.cleaned_data["seen"] if update else "",
    )
    working_copies = WorkingCopy.objects.filter(by=user_of(request), token=form.cleaned_data["token"])
    working_copies.delete()
    # A concurrent autosave may have stored the working copy again.
    transaction.on_commit(working_copies.delete, robust=True)
    return saved


@contextmanager
def _prepared_picture(request: HttpRequest, form: ComposerForm) -> Iterator[Upload | None]:
    """Yield the picture that was posted with the form, as happens without JavaScript.

    It is decoded here, before any lock is taken.
    """
    if not form.cleaned_data["picture_file"]:
        yield None
        return
    with publishing.prepare_image(form.cleaned_data["picture_file"], by=user_of(request)) as prepared:
        yield prepared


def _uploaded(
    request: HttpRequest, blog: LiveBlog, form: ComposerForm, prepared: Upload | None
) -> Image | None:
    if prepared is None:
        return None
    cleaned = form.cleaned_data
    return publishing.add_image(
        prepared,
        by=user_of(request),
        alt=cleaned["picture_alt"],
        credit=cleaned["picture_credit"],
        caption=cleaned["picture_caption"],
        uploaded_for=blog,
    )


def _done(request: HttpRequest, blog: LiveBlog, action: Action, saved: Update, is_new: bool) -> HttpResponse:
    message = _message_for(action, blog, saved)
    undo = action == Action.PUBLISH and saved.is_published
    if wants_json(request):
        if _closes_update(request, action) and not undo:
            # The script reloads the desk, which then shows the message.
            messages.success(request, message)
        return JsonResponse(
            {
                "message": message,
                "update": saved.pk,
                "is_new": is_new,
                "token": composer.new_token(),
                "seen": fingerprint(Content.of(saved)),
                "undo": reverse("desk:update", args=[blog.pk, saved.pk, "undo"]) if undo else None,
            }
        )
    messages.success(request, message)
    address = reverse("desk:desk", args=[blog.pk])
    return redirect(f"{address}?undo={saved.pk}" if undo else address)


def _closes_update(request: HttpRequest, action: Action) -> bool:
    """Return whether this action makes the composer leave a saved update that it had open."""
    return bool(request.POST.get("update")) and action != Action.DRAFT


def _message_for(action: Action, blog: LiveBlog, saved: Update) -> str:
    if action == Action.PUBLISH:
        if visibility.can_read(PUBLIC, blog):
            return _("Live: “%(title)s”") % {"title": saved.title}
        return _("Published: “%(title)s”. Readers see it once the live blog is public.") % {
            "title": saved.title
        }
    if action == Action.SCHEDULE and saved.publish_at:
        at = hongkong.to_hong_kong(saved.publish_at)
        day = hongkong.day_label(at.date(), get_language())
        return _("Scheduled for %(time)s: “%(title)s”") % {"time": f"{day} {at:%H:%M}", "title": saved.title}
    if action == Action.PROPOSE and not Proposal.objects.filter(update=saved).exists():
        # Only the pin has changed.
        action = Action.EDIT
    wordings = {
        Action.DRAFT: _("Saved as a draft: “%(title)s”"),
        Action.SUBMIT: _("Sent to the editors: “%(title)s”"),
        Action.EDIT: _("Saved as a minor edit: “%(title)s”"),
        Action.CORRECT: _("Corrected: “%(title)s”"),
        Action.PROPOSE: _("Proposed: “%(title)s” changes once a second person has approved it"),
    }
    return wordings[action] % {"title": saved.title or _("without heading")}


def _refused(
    request: HttpRequest, blog: LiveBlog, update: Update | None, refusal: ValidationError
) -> HttpResponse:
    errors = said_by(refusal)
    if wants_json(request):
        return JsonResponse({"errors": errors}, status=422)
    composer_state = composer.restored(composer.fields_of(request.POST), update, user_of(request))
    composer_state.errors = errors
    return _page(request, blog, composer_state, status=422)


def _saved_before(request: HttpRequest, blog: LiveBlog, update: Update | None) -> HttpResponse:
    """Refuse a token that was already used, and return the text with a new one.

    This happens when the response to a submission was lost and the text was changed before sending it again.
    """
    message = _(
        "This was already saved, without your latest changes: check the timeline. "
        "Your text is kept here; to change the saved update, open it and paste this in."
    )
    token = composer.new_token()
    if wants_json(request):
        return JsonResponse({"errors": {"": [message]}, "token": token}, status=422)
    fields = composer.fields_of(request.POST) | {"token": [token]}
    composer_state = composer.restored(fields, update, user_of(request))
    composer_state.errors = {"": [message]}
    return _page(request, blog, composer_state, status=422)


def _conflict(request: HttpRequest, blog: LiveBlog, update: Update, form: ComposerForm) -> HttpResponse:
    """Show both texts, so that the sender can choose between them.

    Neither is lost: the sender's text is kept as a working copy.
    """
    update.refresh_from_db()
    theirs = Content.of(update)
    typed = composer.content_of(form, request, update)
    fields = composer.fields_of(request.POST)
    # Beyond the limit on working copies, only this response has the text.
    with suppress(ValidationError):
        queues.keep_unsaved(blog, user_of(request), request.POST["token"][:64], update, fields)
    latest = update.revisions.select_related("by").first()
    context = {
        **admin.site.each_context(request),
        "title": _("Saved by somebody else in the meantime"),
        "blog": blog,
        "update": update,
        "differences": differences_between(theirs.untagged().as_json(), typed.untagged().as_json(), Effort()),
        "seen": fingerprint(theirs),
        "who": latest.by if latest and latest.by else None,
        "action": request.POST.get("action", ""),
        "sent": [
            (name, value)
            for name, values in fields.items()
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
