"""List actions: a verb is run on each row separately, and refusals are reported by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from liveblog import publishing
from liveblog.models import Update
from newsroom.sign_in import user_of


def do_each(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    rows: Iterable[models.Model],
    verb: Callable[..., object],
    done: str,
) -> None:
    """Call `verb(row, by=…)` on each row; `done` describes the rows that succeeded, in a word or two."""
    succeeded = []
    for row in rows:
        try:
            verb(row, by=user_of(request))
        except ValidationError as refusal:
            _refuse(model_admin, request, row, " ".join(refusal.messages))
        except PermissionDenied as refusal:
            # A row of another team's blog must not prevent the action on the other rows.
            _refuse(model_admin, request, row, str(refusal))
        else:
            succeeded.append(row)
    if succeeded:
        names = _(", ").join(f"“{row}”" for row in succeeded)
        LogEntry.objects.log_actions(user_of(request).pk, succeeded, CHANGE, change_message=done)
        message = _("%(done)s: %(names)s") % {"done": done, "names": names}
        model_admin.message_user(request, message, messages.SUCCESS)


def confirm_each(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    verb: Callable[..., object],
    done: str,
    consequence: str,
) -> TemplateResponse | None:
    """Ask for confirmation on a page that names the rows and the effect; then run `do_each`."""
    if "confirm" in request.POST:
        do_each(model_admin, request, rows, verb, done)
        return None
    action = request.POST["action"]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": dict(model_admin.get_action_choices(request))[action],
        "opts": model_admin.opts,
        "action": action,
        "rows": rows,
        "consequence": consequence,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/liveblog/confirm_action.html", context)


def _refuse(model_admin: admin.ModelAdmin, request: HttpRequest, row: models.Model, reason: str) -> None:
    model_admin.message_user(request, f"“{row}”: {reason}", messages.ERROR)


def withdraw_with_reason(
    model_admin: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[Update]
) -> TemplateResponse | None:
    """Ask for the reason on an intermediate page, then withdraw the rows."""
    reason = request.POST.get("reason", "").strip()
    if reason:

        def verb(update: Update, *, by: User) -> None:
            publishing.withdraw_update(update, by=by, reason=reason)

        do_each(model_admin, request, queryset, verb, _("Withdrawn"))
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Withdraw updates"),
        "opts": model_admin.opts,
        "updates": queryset,
        "is_refused": "reason" in request.POST,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/liveblog/update/withdraw.html", context)
