"""Write operations for partners: each request carries out one publishing verb exactly once.

Each write has an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), so that a client whose
response was lost can retry and get the same update. A partner can change only its own updates.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from django.core import exceptions
from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from liveblog import publishing, visibility
from liveblog.api import serializers
from liveblog.api.entry import ChangeEntry, Entry, UpdateEntry, WithdrawalEntry
from liveblog.api.finding import find_blog
from liveblog.api.keys import key_of
from liveblog.api.problems import Conflict, Gone, PreconditionFailed, Unprocessable
from liveblog.models import LiveBlog, Update
from liveblog.presentation import reading
from liveblog.publishing import Action, Content, perform
from newsroom.site import absolute, path_of

IDEMPOTENCY_KEY: Final = r"^[!-~]{1,255}$"
# API names of the fields that the publishing verbs call something else.
_NAMES: Final = {"stories": "related_stories", "note": "reason"}


def add_update(request: Request, slug: str) -> Response:
    """Create an update in a live blog, as a draft for its editors or published immediately."""
    blog = find_blog(request, slug).row
    _require_some_action(request, blog)
    entry = _valid(UpdateEntry, request)
    is_draft = entry.validated_data["status"] == Update.Status.DRAFT
    action = Action.DRAFT if is_draft else Action.PUBLISH
    content = Content(**entry.content())
    return _carry_out(request, lambda: perform(action, blog, by=key_of(request), content=content), 201)


def change_update(request: Request, pk: int) -> Response:
    """Change one of the partner's own updates: a draft, which it may publish, or a published one."""
    update = _find_own(request, pk)
    _require_some_action(request, update.blog, update)
    entry = _valid(ChangeEntry, request)
    note, changes = entry.validated_data.get("note", ""), entry.content()
    if "status" in entry.validated_data and not update.is_published:
        action = Action.PUBLISH
    elif update.is_published:
        action = Action.CORRECT if note else Action.EDIT
    else:
        action = Action.DRAFT

    def change(saved: Content) -> Content:
        return replace(saved, **changes)

    return _carry_out(
        request,
        lambda: perform(action, update.blog, by=key_of(request), update=update, content=change, note=note),
    )


def withdraw_update(request: Request, pk: int) -> Response:
    """Withdraw one of the partner's own published updates."""
    update = _find_own(request, pk)
    _require_some_action(request, update.blog, update)
    reason = _valid(WithdrawalEntry, request).validated_data["reason"]
    return _carry_out(
        request, lambda: perform(Action.WITHDRAW, update.blog, by=key_of(request), update=update, note=reason)
    )


def _find_own(request: Request, pk: int) -> Update:
    """Return an update that the key's partner made.

    Raise Http404 if the key cannot see it, Gone if its live blog is withdrawn, and PermissionDenied if
    somebody else made it.
    """
    updates = Update.objects.filter(blog__in=visibility.known(key_of(request))).select_related("blog")
    is_own = Q(created_by_partner=key_of(request).partner_id)
    update = updates.filter(is_own | Q(pk__in=Update.objects.visible())).filter(pk=pk).first()
    if update is None:
        raise Http404
    if update.blog.status == LiveBlog.Status.WITHDRAWN:
        raise Gone("This live blog was withdrawn.")
    if update.created_by_partner_id != key_of(request).partner_id:
        raise PermissionDenied("This key can change only updates that its partner created.")
    return update


def _require_some_action(request: Request, blog: LiveBlog, update: Update | None = None) -> None:
    """Raise PermissionDenied for a key that may do nothing here, before parsing its JSON.

    The verb checks the permission for the particular action.
    """
    if update is not None and not update.is_published:
        update = None
    if not publishing.actions_for(key_of(request), blog, update):
        raise PermissionDenied("This key does not allow that, or not in this live blog.")


def _valid(entry: type[Entry], request: Request) -> Any:
    serializer = entry(data=request.data, context={"request": request})
    serializer.is_valid(raise_exception=True)
    return serializer


def _carry_out(request: Request, act: Callable[[], Update], first_status: int = 200) -> Response:
    """Call `act` once per idempotency key; a repeated request gets the update in its current state."""
    _refuse_unmet_condition(request)
    token = request.headers.get("Idempotency-Key", "")
    if not re.fullmatch(IDEMPOTENCY_KEY, token):
        raise ValidationError(
            {
                "Idempotency-Key": [
                    "Send one: up to 255 characters of ASCII without spaces, new for each write."
                ]
            }
        )
    try:
        update, is_new = publishing.once(key_of(request), token, _digest(request), act)
    except publishing.AlreadyUsed as refusal:
        raise Unprocessable({"Idempotency-Key": refusal.messages}) from refusal
    except publishing.WrongState as refusal:
        raise _wrong_state(refusal, request) from refusal
    except exceptions.ValidationError as refusal:
        raise Unprocessable(_reasons(refusal)) from refusal
    except exceptions.PermissionDenied as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    row = Update.objects.complete().get(pk=update.pk)
    (view,) = reading.mixed_updates([row], None)
    answer = serializers.WrittenSerializer(view).data
    if is_new and first_status == 201:
        place = absolute(reverse("api:update", args=[row.pk]))
        return Response(answer, status=201, headers={"Location": place})
    return Response(answer)


def _refuse_unmet_condition(request: Request) -> None:
    """Raise PreconditionFailed for conditions that cannot hold (RFC 9110, section 13).

    The target exists, so `If-None-Match: *` fails, and its ETags are weak, which If-Match never matches.
    Ignoring a condition could overwrite what the client meant to protect.
    """
    must_match, must_not_match = (
        request.headers.get(name, "").strip() for name in ("If-Match", "If-None-Match")
    )
    if must_match not in ("", "*") or must_not_match == "*":
        raise PreconditionFailed(
            "Writes take no conditions on ETags. A change keeps the members that it does not name."
        )


def _wrong_state(refusal: publishing.WrongState, request: Request) -> APIException:
    """Return 410 for a change to a withdrawn update, 409 for anything else that its state does not allow."""
    if refusal.update.is_withdrawn and request.method == "PATCH":
        return Gone("This update was withdrawn.")
    return Conflict(" ".join(refusal.messages))


def _digest(request: Request) -> str:
    """Return a hash that identifies the request, whatever the whitespace and key order of its JSON."""
    payload = [request.method, path_of(request), request.data]
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _reasons(refusal: exceptions.ValidationError) -> dict[str, list[str]] | list[str]:
    if not hasattr(refusal, "error_dict"):
        return refusal.messages
    return {_NAMES.get(name, name): reasons for name, reasons in refusal.message_dict.items()}
