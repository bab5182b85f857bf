"""Actors and their permissions: people by role and team, partners by API key, and the system."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from liveblog import audit, visibility
from liveblog.models import ApiKey, LiveBlog, Partner, Update


class System:
    """The actor of commands and scheduled work, with all permissions."""


SYSTEM: Final = System()
Actor = User | System | ApiKey


def require(by: Actor, permission: str, blog: LiveBlog | None = None, update: Update | None = None) -> None:
    """Raise PermissionDenied unless `by` has `permission` (of this app) and may work on `blog`.

    A partner's key may change only updates that the partner created. The audit log records the refusal.
    """
    if reason := _lacks(by, permission, blog, update):
        audit.note_refusal(by, permission, blog, update.pk if update else None)
        raise PermissionDenied(reason)


def _lacks(by: Actor, permission: str, blog: LiveBlog | None, update: Update | None) -> str:
    """Return why `by` may not do this, or an empty string."""
    if isinstance(by, System):
        return ""
    if isinstance(by, ApiKey):
        if not by.may(permission, blog):
            return _("This key does not allow that, or not in this live blog.")
        if update is not None and not is_own_if_partner(by, update):
            return _("This key can change only updates that its partner created.")
        return ""
    if not by.has_perm(f"liveblog.{permission}"):
        return _("Your account may not do this. It needs the permission “%(permission)s”.") % {
            "permission": permission
        }
    if blog is not None and not visibility.can_read(by, blog):
        return _("You are not in the team of this live blog.")
    return ""


def is_own_if_partner(by: Actor, update: Update) -> bool:
    """Return False if `by` is a partner's key and somebody else created the update."""
    return not isinstance(by, ApiKey) or update.created_by_partner_id == by.partner_id


def filter_permissions(by: Actor, permissions: Iterable[str], blog: LiveBlog | None) -> frozenset[str]:
    """Return those of `permissions` that `by` has in `blog`, looking up the team once.

    With `blog` None, no team is checked, and a partner's key has no permissions.
    """
    if isinstance(by, System):
        return frozenset(permissions)
    if isinstance(by, ApiKey):
        return frozenset(name for name in permissions if by.may(name, blog))
    if blog is not None and not visibility.can_read(by, blog):
        return frozenset()
    return frozenset(name for name in permissions if by.has_perm(f"liveblog.{name}"))


def person(by: Actor) -> User | None:
    return by if isinstance(by, User) else None


def partner(by: Actor) -> Partner | None:
    return by.partner if isinstance(by, ApiKey) else None


def permission_to_write(by: Actor, update: Update | None) -> str:
    """Return the permission needed to save: changing somebody else's update takes a separate one."""
    author, author_partner = person(by), partner(by)
    authors = (author.pk if author else None, author_partner.pk if author_partner else None)
    is_own = update is None or (update.created_by_id, update.created_by_partner_id) == authors
    return "add_update" if is_own else "change_update"
