"""Writing: what a partner's tool sends becomes one publishing verb, carried out once.

Each write carries an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), so that a tool whose
answer was lost sends the same again, and gets the same update. A partner changes its own updates alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from django.core import exceptions
from django.http import Http404
from django.urls import reverse
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from liveblog import publishing
from liveblog.api import serializers
from liveblog.api.entry import ChangeEntry, Entry, UpdateEntry, WithdrawalEntry
from liveblog.api.finding import check_readable, find_blog
from liveblog.api.problems import Conflict, Gone, Unprocessable
from liveblog.models import LiveBlog, Update
from liveblog.publishing import Content
from newsroom.site import absolute, path_of

IDEMPOTENCY_KEY: Final = r"^[!-~]{1,255}$"
# The verbs' names of what is called otherwise here.
_NAMES: Final = {"stories": "related_stories", "note": "reason"}


def add_update(request: Request, slug: str) -> Response:
    """Write a new update in a live blog, for its editors or for its readers."""
    blog = find_blog(request, slug)
    _require(request, "add_update", blog)
    entry = _valid(UpdateEntry, request)
    content, is_draft = Content(**entry.content()), entry.validated_data["status"] == Update.Status.DRAFT
    if not is_draft:
        _require(request, "publish_update", blog)

    def add() -> Update:
        if is_draft:
            return publishing.draft_update(blog, content, by=request.auth)
        publishing.refuse_future(content.happened_at)
        return publishing.publish_update(blog, content, by=request.auth)

    return _carry_out(request, add, first_status=201)


def change_update(request: Request, pk: int) -> Response:
    """Change what one of the partner's updates says: a draft, which it may publish, or a published one."""
    update = _find_own(request, pk)
    _require(request, "publish_update" if update.is_published else "add_update", update.blog)
    entry = _valid(ChangeEntry, request)
    said = entry.validated_data
    if "status" in said:
        _require(request, "publish_update", update.blog)

    def change() -> Update:
        # Under the blog's lock: what an editor changes meanwhile is not overwritten by what was here before.
        blog = LiveBlog.objects.select_for_update(of=("self",)).get(pk=update.blog_id)
        fresh = Update.objects.select_related("blog", "byline").get(pk=pk)
        content = replace(Content.of(fresh), **entry.content())
        if "status" in said or (fresh.is_published and "happened_at" in said):
            publishing.refuse_future(content.happened_at)
        if fresh.is_published:
            return publishing.correct_update(fresh, content, by=request.auth, note=said.get("note", ""))
        if fresh.is_withdrawn:
            raise Gone("This update was withdrawn.")
        if fresh.status != Update.Status.DRAFT:
            raise Conflict("The newsroom's editors are at work on this update.")
        if "note" in said:
            raise Conflict("Readers have not seen this update: there is nothing to correct.")
        verb = publishing.publish_update if "status" in said else publishing.draft_update
        return verb(blog, content, by=request.auth, update=fresh)

    return _carry_out(request, change)


def withdraw_update(request: Request, pk: int) -> Response:
    """Take one of the partner's published updates back."""
    update = _find_own(request, pk)
    _require(request, "withdraw_update", update.blog)
    reason = _valid(WithdrawalEntry, request).validated_data["reason"]

    def withdraw() -> Update:
        if not Update.objects.published().filter(pk=pk).exists():
            raise Conflict("This update is not published.")
        return publishing.withdraw_update(update, by=request.auth, reason=reason)

    return _carry_out(request, withdraw)


def _find_own(request: Request, pk: int) -> Update:
    """An update that the key's partner made. Raises as `find_blog`, PermissionDenied for those of others."""
    update = Update.objects.select_related("blog").filter(pk=pk).first()
    if update is None:
        raise Http404
    check_readable(request, update.blog)
    if update.created_by_partner_id != request.auth.partner_id:
        if not update.is_visible:
            raise Http404
        raise PermissionDenied("Only updates that this key's partner made can be changed with it.")
    return update


def _require(request: Request, permission: str, blog: LiveBlog) -> None:
    try:
        publishing.require(request.auth, permission, blog)
    except exceptions.PermissionDenied as refusal:
        raise PermissionDenied(str(refusal)) from refusal


def _valid(entry: type[Entry], request: Request) -> Any:
    filled = entry(data=request.data, context={"request": request})
    filled.is_valid(raise_exception=True)
    return filled


def _carry_out(request: Request, act: Callable[[], Update], first_status: int = 200) -> Response:
    """Act once; the same again answers with the update as it stands now."""
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
        update, is_new = publishing.once(request.auth, token, _digest(request), act)
    except publishing.AlreadyUsed as refusal:
        raise Unprocessable({"Idempotency-Key": refusal.messages}) from refusal
    except exceptions.ValidationError as refusal:
        raise Unprocessable(_reasons(refusal)) from refusal
    except exceptions.PermissionDenied as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    row = Update.objects.complete().get(pk=update.pk)
    answer = serializers.WrittenSerializer(row).data
    if is_new and first_status == 201:
        place = absolute(reverse("api:update", args=[row.pk]))
        return Response(answer, status=201, headers={"Location": place})
    return Response(answer)


def _digest(request: Request) -> str:
    """Tells one request from another, however its JSON was spaced."""
    asked = [request.method, path_of(request), request.data]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _reasons(refusal: exceptions.ValidationError) -> dict[str, list[str]] | list[str]:
    if not hasattr(refusal, "error_dict"):
        return refusal.messages
    return {_NAMES.get(name, name): reasons for name, reasons in refusal.message_dict.items()}
