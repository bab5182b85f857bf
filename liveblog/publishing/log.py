"""The log's one writer: locks, numbers, wake-ups, and who may do what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils.translation import gettext as _

from liveblog import visibility
from liveblog.models import ApiKey, Change, LiveBlog, Partner, Revision, Update
from liveblog.publishing.content import Content

CHANNEL: Final = "liveblog"


class System:
    """Who acts when no person does: commands and the due loop. May do everything."""


SYSTEM: Final = System()
Actor = AbstractBaseUser | System | ApiKey


def require(by: Actor, permission: str, blog: LiveBlog | None = None, update: Update | None = None) -> None:
    """Raise PermissionDenied unless `by` holds `permission` of this app, and may work on `blog`.

    A partner's key may change only the `update`s that the partner made.
    """
    if isinstance(by, System):
        return
    if isinstance(by, ApiKey):
        if not by.may(permission, blog):
            raise PermissionDenied(_("This key does not allow that, or not in this live blog."))
        if update is not None and not is_own_if_partner(by, update):
            raise PermissionDenied(_("Only updates that this key's partner made can be changed with it."))
        return
    if not by.has_perm(f"liveblog.{permission}"):
        raise PermissionDenied(
            _("Your account may not do this (it needs the permission “%(permission)s”).")
            % {"permission": permission}
        )
    if blog is not None and not visibility.can_read(by, blog):
        raise PermissionDenied(_("You are not in the team of this live blog."))


def is_own_if_partner(by: Actor, update: Update) -> bool:
    """Return False for a partner's key and an update that another made."""
    return not isinstance(by, ApiKey) or update.created_by_partner_id == by.partner_id


def held(by: Actor, permissions: Iterable[str], blog: LiveBlog | None) -> frozenset[str]:
    """Return those of `permissions` that `by` holds in `blog` (None: in some), looking the team up once."""
    if isinstance(by, System):
        return frozenset(permissions)
    if isinstance(by, ApiKey):
        return frozenset(name for name in permissions if by.may(name, blog))
    if blog is not None and not visibility.can_read(by, blog):
        return frozenset()
    return frozenset(name for name in permissions if by.has_perm(f"liveblog.{name}"))


def person(by: Actor) -> AbstractBaseUser | None:
    return by if isinstance(by, AbstractBaseUser) else None


def partner(by: Actor) -> Partner | None:
    return by.partner if isinstance(by, ApiKey) else None


@contextmanager
def locked(blog: LiveBlog) -> Iterator[LiveBlog]:
    """The blog read again under its row's lock, in a transaction."""
    with transaction.atomic():
        yield LiveBlog.objects.select_for_update(of=("self",)).get(pk=blog.pk)


@contextmanager
def all_locked(ids: Iterable[int]) -> Iterator[dict[int, LiveBlog]]:
    """Several blogs under their locks, taken in id order so that two such verbs never wait for each other."""
    with transaction.atomic():
        rows = LiveBlog.objects.filter(pk__in=set(ids)).order_by("pk").select_for_update(of=("self",))
        yield {blog.pk: blog for blog in rows}


def append(
    blog: LiveBlog, kind: Change.Kind, at: datetime, update: Update | None = None, *, by: Actor
) -> Change:
    """Take the locked blog's next number for a change made by `by`, and wake whoever follows the log."""
    blog.number += 1
    # Machines' clocks differ by a little, and what feeds say of time must never go back.
    at = max(at, blog.modified_at or at)
    blog.modified_at = at
    blog.save(update_fields=["number", "modified_at", "pinned_update"])
    if update is not None and (update.number, update.modified_at) != (blog.number, at):
        update.number = blog.number
        update.modified_at = at
        update.save(update_fields=["number", "modified_at"])
    change = Change.objects.create(
        blog=blog,
        number=blog.number,
        kind=kind,
        update=update,
        at=at,
        by=person(by),
        by_partner=partner(by),
    )
    _wake(blog)
    return change


def keep_revision(
    update: Update, kind: Revision.Kind, change: Change, by: Actor, content: Content, note: str = ""
) -> Revision:
    """Keep the state that `change` brought an update into; `content` is what it says now."""
    return Revision.objects.create(
        update=update,
        number=change.number,
        kind=kind,
        note=note,
        content=replace(content, happened_at=update.happened_at).as_json(),
        at=change.at,
        by=person(by),
        by_partner=partner(by),
    )


def _wake(blog: LiveBlog) -> None:
    """On PostgreSQL listeners hear of it with the commit; SQLite's watch the file."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(blog.pk)])
