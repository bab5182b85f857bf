"""Verbs on readers' responses. Showing or withdrawing one takes the blog's next number."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit, visibility
from liveblog.models import Change, LiveBlog, ReaderResponse
from liveblog.publishing.limits import MOST
from liveblog.publishing.log import append, locked
from liveblog.publishing.permissions import Actor, person, require
from liveblog.publishing.rules import refuse_withdrawn_blog
from liveblog.visibility import PUBLIC
from newsroom.text import html

LONGEST_NAME, LONGEST_TEXT = 80, 500


def submit_response(blog: LiveBlog, *, name: str, text: str) -> ReaderResponse:
    """Store a response for moderation. Raises ValidationError if it is not acceptable."""
    name, text = html.one_line(name), html.stripped(text.replace("\r\n", "\n"))
    refusals = {}
    if not 1 <= len(name) <= LONGEST_NAME:
        refusals["name"] = _("Give a name of at most %(limit)s characters.") % {"limit": LONGEST_NAME}
    if not 1 <= len(text) <= LONGEST_TEXT:
        refusals["text"] = _("Write between 1 and %(limit)s characters.") % {"limit": LONGEST_TEXT}
    if refusals:
        raise ValidationError(refusals)
    if not (blog.has_responses and visibility.can_read(PUBLIC, blog)):
        raise ValidationError(_("Responses to this coverage are closed."))
    if blog.responses.pending().count() >= MOST["pending"]:
        raise ValidationError(_("Too many responses are awaiting moderation. Try again later."))
    return ReaderResponse.objects.create(blog=blog, name=name, text=text)


def approve_response(response: ReaderResponse, *, by: Actor) -> ReaderResponse:
    """Publish a pending, rejected or withdrawn response at the end of its page."""
    with locked(response.blog) as blog:
        response = _moderated(response, by)
        refuse_withdrawn_blog(blog)
        if not blog.has_responses:
            # Readers would not see it.
            raise ValidationError(_("Responses to this coverage are closed."))
        if response.status == ReaderResponse.Status.APPROVED:
            raise ValidationError(_("This response is already published."))
        response.status = ReaderResponse.Status.APPROVED
        response.approved_at = timezone.now()
        response.save()
        details = {"response": response.pk}
        append(blog, Change.Kind.RESPONSE_APPROVED, response.approved_at, by=by, details=details)
        return response


def reject_response(response: ReaderResponse, *, by: Actor) -> ReaderResponse:
    """Reject a pending response. It takes no number, because readers never saw it."""
    with locked(response.blog) as blog:
        response = _moderated(response, by)
        if response.status != ReaderResponse.Status.PENDING:
            raise ValidationError(_("Only a response awaiting moderation can be rejected."))
        response.status = ReaderResponse.Status.REJECTED
        response.save()
        audit.record("response_rejected", by=by, blog=blog, subject=response)
        return response


def withdraw_response(response: ReaderResponse, *, by: Actor) -> ReaderResponse:
    """Withdraw a published response. It leaves no tombstone."""
    with locked(response.blog) as blog:
        response = _moderated(response, by)
        if response.status != ReaderResponse.Status.APPROVED:
            raise ValidationError(_("Only a published response can be withdrawn."))
        response.status = ReaderResponse.Status.WITHDRAWN
        response.save()
        details = {"response": response.pk}
        append(blog, Change.Kind.RESPONSE_WITHDRAWN, timezone.now(), by=by, details=details)
        return response


def _moderated(response: ReaderResponse, by: Actor) -> ReaderResponse:
    require(by, "moderate_readerresponse", response.blog)
    response = ReaderResponse.objects.get(pk=response.pk)
    response.moderated_by = person(by)
    return response
