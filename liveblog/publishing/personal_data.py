"""Personal data of readers and staff: expiry by age, export, and erasure at a person's request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from liveblog.models import Change, Delivery, LiveBlog, Presence, ReaderResponse, Update, WorkingCopy
from liveblog.publishing.log import append, locked
from liveblog.publishing.permissions import Actor, require

_APPROVED: Final = ReaderResponse.Status.APPROVED


def expire_responses(*, by: Actor, at: datetime | None = None) -> int:
    """Remove personal data from responses over RESPONSES_KEPT_DAYS old at `at` (None: now); return how many.

    Published ones keep their text under a neutral name. The others are deleted. 0 days keeps everything.
    """
    if not settings.RESPONSES_KEPT_DAYS:
        return 0
    before = (at or timezone.now()) - timedelta(days=settings.RESPONSES_KEPT_DAYS)
    old = ReaderResponse.objects.filter(created_at__lt=before)
    unpublished = old.exclude(status=_APPROVED)
    count: int = unpublished.delete()[0]
    published = old.filter(status=_APPROVED).exclude(name__in=_neutral_names())
    for blog in LiveBlog.objects.filter(pk__in=published.values("blog")).order_by("pk"):
        count += _remove_names(blog, published.filter(blog=blog), by)
    return count


def _remove_names(blog: LiveBlog, responses: QuerySet[ReaderResponse], by: Actor) -> int:
    with locked(blog) as blog:
        with translation.override(blog.language):
            count = responses.update(name=_("A reader"))
        if count:
            append(blog, Change.Kind.RESPONSE_APPROVED, timezone.now(), by=by)
        _clear_payloads(blog)
        return count


def _neutral_names() -> set[str]:
    names = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names.add(_("A reader"))
    return names


def export_reader(name: str) -> dict[str, Any]:
    """Return everything stored about the reader who gave `name`. A name proves nothing: check who asks."""
    rows = _responses_of(name).select_related("blog")
    return {
        "name": name,
        "responses": [
            {
                "id": row.pk,
                "live_blog": row.blog.slug,
                "name": row.name,
                "text": row.text,
                "status": row.status,
                "created_at": row.created_at.isoformat(),
                "approved_at": row.approved_at.isoformat() if row.approved_at else None,
            }
            for row in rows
        ],
    }


def erase_reader(name: str, *, by: Actor, ids: Iterable[int] | None = None) -> int:
    """Delete the responses of the reader who gave `name`, or only the ones in `ids`; return how many.

    Published ones disappear from open pages and from partners, too.
    """
    responses = _responses_of(name)
    if ids is not None:
        responses = responses.filter(pk__in=ids)
    blogs = list(LiveBlog.objects.filter(pk__in=responses.values("blog")).order_by("pk"))
    return sum(_erase_responses(blog, responses.filter(blog=blog), by) for blog in blogs)


def _erase_responses(blog: LiveBlog, responses: QuerySet[ReaderResponse], by: Actor) -> int:
    require(by, "moderate_readerresponse", blog)
    with locked(blog) as blog:
        was_visible = responses.filter(status=_APPROVED).exists()
        ids = list(responses.values_list("pk", flat=True))
        _log_entries(ReaderResponse, ids).update(object_repr="", change_message="")
        count: int = responses.delete()[0]
        if was_visible:
            append(blog, Change.Kind.RESPONSE_WITHDRAWN, timezone.now(), by=by)
        _clear_payloads(blog)
        return count


def _clear_payloads(blog: LiveBlog) -> None:
    """Clear the stored payloads of webhooks, each of which may contain responses."""
    Delivery.objects.filter(blog=blog).update(body="", answer="")


def _responses_of(name: str) -> QuerySet[ReaderResponse]:
    return ReaderResponse.objects.filter(name__iexact=" ".join(name.split())).order_by("pk")


def export_user(user: User) -> dict[str, Any]:
    """Return everything stored about an account, except its password and what others wrote."""
    return {
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "joined_at": user.date_joined.isoformat(),
        "last_sign_in_at": user.last_login.isoformat() if user.last_login else None,
        "is_active": user.is_active,
        "roles": list(user.groups.order_by("name").values_list("name", flat=True)),
        "working_copies": list(WorkingCopy.objects.filter(by=user).values("token", "fields")),
        "updates_created": list(
            Update.objects.filter(created_by=user).order_by("pk").values_list("pk", flat=True)
        ),
        "changes": [
            {"live_blog": slug, "number": number, "kind": kind, "at": at.isoformat()}
            for slug, number, kind, at in Change.objects.filter(by=user)
            .order_by("at", "pk")
            .values_list("blog__slug", "number", "kind", "at")
        ],
        "admin_log": [
            {"at": at.isoformat(), "object": name}
            for at, name in LogEntry.objects.filter(user=user)
            .order_by("pk")
            .values_list("action_time", "object_repr")
        ],
    }


def erase_user(user: User, *, by: Actor) -> None:
    """Close an account for good and remove the person's data from it.

    The row stays under a neutral name, because the history of the coverage says which account did what.
    Bylines stay, because they are part of the published coverage.
    """
    require(by, "change_user")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        user.username = f"erased-{user.pk}"
        user.first_name = user.last_name = user.email = ""
        user.last_login = None
        user.is_active = user.is_staff = user.is_superuser = False
        user.set_unusable_password()
        user.save()
        user.groups.clear()
        user.user_permissions.clear()
        WorkingCopy.objects.filter(by=user).delete()
        Presence.objects.filter(by=user).delete()
        _log_entries(User, [user.pk]).update(object_repr=user.username, change_message="")
        _end_sessions(user)


def _log_entries(model: type[User] | type[ReaderResponse], ids: Iterable[int]) -> QuerySet[LogEntry]:
    content_type = ContentType.objects.get_for_model(model)
    return LogEntry.objects.filter(content_type=content_type, object_id__in=list(map(str, ids)))


def _end_sessions(user: User) -> None:
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
