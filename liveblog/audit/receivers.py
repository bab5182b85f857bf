"""Receivers of Django's signals, which record what no verb does.

They record signing in and out, and rows that the admin, a command or a shell saves without a verb, such as
accounts, roles and partners. Django sends the signals in the transaction that saves the row.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth import signals as auth
from django.contrib.auth.models import Group, User
from django.db import models
from django.db.models import signals as rows
from django.http import HttpRequest

from liveblog.audit import chain, origin
from liveblog.audit.chain import ACCOUNTS, HOUSE, PARTNERS, SIGN_INS, record
from liveblog.audit.middleware import may_record
from liveblog.models import AuditEntry, Byline, CopyProfile, LiveBlog, Partner, Topic
from newsroom.access.events import access_changed
from newsroom.sign_in import locked_out

# Models that are saved without a verb, with their chains. Signing in is an entry of its own.
_CHAINS: Final[dict[type[models.Model], str]] = {
    User: ACCOUNTS,
    Group: ACCOUNTS,
    Partner: PARTNERS,
    CopyProfile: HOUSE,
}
# Verbs record additions and changes of these rows, but no verb deletes them.
_DELETED: Final[tuple[type[models.Model], ...]] = (Byline, Topic)
_LINKS: Final = {
    User.groups.through: ("roles", ACCOUNTS),
    User.user_permissions.through: ("permissions", ACCOUNTS),
    Group.permissions.through: ("permissions", ACCOUNTS),
    Partner.granted_blogs.through: ("granted_blogs", PARTNERS),
}
_UNNOTED: Final = {"last_login"}
# A change of these is recorded without values: they are secret, long, or personal data that may be erased.
_WITHOUT_VALUES: Final = {
    *("password", "notation", "embed_origins"),
    *("first_name", "last_name", "email", "contact"),
}


def connect() -> None:
    auth.user_logged_in.connect(_on_sign_in, dispatch_uid="audit")
    auth.user_logged_out.connect(_on_sign_out, dispatch_uid="audit")
    auth.user_login_failed.connect(_on_failure, dispatch_uid="audit")
    locked_out.connect(_on_lock_out, dispatch_uid="audit")
    for model in _CHAINS:
        rows.pre_save.connect(_before_save, sender=model, dispatch_uid=f"audit {model.__name__}")
        rows.post_save.connect(_after_save, sender=model, dispatch_uid=f"audit {model.__name__}")
    for model in (*_CHAINS, *_DELETED):
        rows.pre_delete.connect(_before_delete, sender=model, dispatch_uid=f"audit {model.__name__}")
    for through in _LINKS:
        rows.m2m_changed.connect(_on_links, sender=through, dispatch_uid=f"audit {through.__name__}")
    access_changed.connect(_on_access_changed, dispatch_uid="audit")


# Signing in


def _on_sign_in(sender: object, request: HttpRequest, user: User, **_more: Any) -> None:
    _record_sign_in("signed_in", request, user, user)


def _on_sign_out(sender: object, request: HttpRequest, user: User | None, **_more: Any) -> None:
    if user is not None:
        _record_sign_in("signed_out", request, user, user)


def _on_failure(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_more: Any
) -> None:
    _record_stranger("sign_in_failed", request, str(credentials.get("username") or ""))


def _on_lock_out(sender: object, request: HttpRequest | None, name: str, **_more: Any) -> None:
    _record_stranger("locked_out", request, name)


def _record_stranger(action: str, request: HttpRequest | None, name: str) -> None:
    """Record an attempt to sign in to the account of this name.

    A name without an account is left out: people type passwords into the wrong field, and nothing can be
    removed from the log.
    """
    if request is None or may_record(request):
        account = User.objects.filter(username=name.replace("\0", "")).first()
        _record_sign_in(action, request, None, account)


def _record_sign_in(
    action: str, request: HttpRequest | None, by: User | None, account: User | None, **details: Any
) -> None:
    door = origin.current().door
    if request is not None and origin.current().request is None:
        door = AuditEntry.Door.ADMIN
    record(action, by=by, subject=account, chain=SIGN_INS, door=door, **details)


def _on_access_changed(
    sender: object,
    event: str,
    person: User,
    by: User | None,
    request: HttpRequest | None = None,
    detail: str = "",
    **_more: Any,
) -> None:
    record(str(event), by=by or _actor(), subject=person, chain=ACCOUNTS, detail=detail)


# Rows without verbs


def _actor() -> object:
    """Return the actor: in a request, its person or key, or None without either; otherwise the system."""
    here = origin.current()
    return here.actor if here.request is not None else chain.SYSTEM


def _before_save(sender: type[models.Model], instance: models.Model, raw: bool = False, **_more: Any) -> None:
    """Remember the stored row, so that the receiver after the save can tell what changed.

    Django's two signals share nothing but the instance.
    """
    saved = sender._default_manager.filter(pk=instance.pk).first() if instance.pk and not raw else None
    instance._audited_before = _values(saved) if saved else None  # type: ignore[attr-defined]


def _after_save(
    sender: type[models.Model],
    instance: models.Model,
    created: bool,
    update_fields: frozenset[str] | None = None,
    raw: bool = False,
    **_more: Any,
) -> None:
    name = sender._meta.model_name
    if raw:
        return
    before = getattr(instance, "_audited_before", None)
    if created or before is None:
        record(f"{name}_added", by=_actor(), subject=instance, chain=_CHAINS[sender])
        return
    changes = {
        field: None if field in _WITHOUT_VALUES else [before[field], value]
        for field, value in _values(instance).items()
        if before[field] != value and field not in _UNNOTED and (not update_fields or field in update_fields)
    }
    if changes:
        record(f"{name}_changed", by=_actor(), subject=instance, chain=_CHAINS[sender], changes=changes)


def _values(row: models.Model) -> dict[str, Any]:
    """Return the columns as JSON values."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {
        name: value if value is None or isinstance(value, bool | int | str) else str(value)
        for name, value in values.items()
    }


def _before_delete(sender: type[models.Model], instance: models.Model, **_more: Any) -> None:
    chain_name = _CHAINS.get(sender, HOUSE)
    record(f"{sender._meta.model_name}_deleted", by=_actor(), subject=instance, chain=chain_name)


def _on_links(
    sender: type[models.Model],
    instance: models.Model,
    action: str,
    model: type[models.Model],
    pk_set: set[int] | None,
    **_more: Any,
) -> None:
    """Record added and removed roles, permissions and grants."""
    what, chain_name = _LINKS[sender]
    if action == "pre_clear":
        pk_set = _linked_ids(sender, instance, model)
    if action not in ("post_add", "post_remove", "pre_clear") or not pk_set:
        return
    rows_changed = model._default_manager.filter(pk__in=pk_set).order_by("pk")
    record(
        f"{what}_{'added' if action == 'post_add' else 'removed'}",
        by=_actor(),
        subject=instance,
        chain=chain_name,
        # The name of a live blog may have to stay within its team.
        names=[row.pk if isinstance(row, LiveBlog) else str(row) for row in rows_changed],
    )


def _linked_ids(through: type[models.Model], instance: models.Model, model: type[models.Model]) -> set[int]:
    names = {field.related_model: field.attname for field in through._meta.concrete_fields}
    near, far = names[instance._meta.concrete_model], names[model]
    return set(through._default_manager.filter(**{near: instance.pk}).values_list(far, flat=True))
