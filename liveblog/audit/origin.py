"""The origin of an action: its door, and the request if there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth.models import User
from django.http import HttpRequest

from liveblog.models import ApiKey, AuditEntry, LiveBlog
from newsroom.http import client_address

Door = AuditEntry.Door
# A list action may be refused for many rows of one request; this many are enough to show what was tried.
_MOST_REFUSALS: Final = 20


@dataclass(frozen=True)
class Refusal:
    """A verb's refusal of an actor without the permission."""

    by: object
    permission: str
    blog: LiveBlog | None
    update_id: int | None


@dataclass
class Origin:
    """The door that the current work came through, its request, that request's API key, and its refusals."""

    door: Door
    request: HttpRequest | None = None
    key: ApiKey | None = None
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def address(self) -> str | None:
        if self.request is None:
            return None
        address = client_address.of_request(self.request)
        return None if address == client_address.UNKNOWN else str(address)

    @property
    def actor(self) -> User | ApiKey | None:
        """Return the key or the signed-in person of the request, or None."""
        user: Any = getattr(self.request, "user", None)
        return self.key or (user if user is not None and user.is_authenticated else None)


# Without a request or a schedule, code is run by a command or in a shell.
_COMMAND: Final = Origin(Door.COMMAND)
_current: ContextVar[Origin | None] = ContextVar("audit_origin", default=None)


def current() -> Origin:
    return _current.get() or _COMMAND


@contextmanager
def through(door: Door, request: HttpRequest | None = None) -> Iterator[Origin]:
    """Record everything inside the context as done through `door`, in `request`."""
    origin = Origin(door, request)
    token = _current.set(origin)
    try:
        yield origin
    finally:
        _current.reset(token)


def door_of(path: str) -> Door | None:
    """Return the door of a request by its path, or None for readers' pages."""
    if path.startswith("/api/"):
        return Door.API
    if not path.startswith("/admin/"):
        return None
    return Door.DESK if path.startswith("/admin/liveblog/liveblog/") and "/desk/" in path else Door.ADMIN


def acting_as(key: ApiKey) -> None:
    """Note which API key the current request carries."""
    if origin := _current.get():
        origin.key = key


def note_refusal(by: object, permission: str, blog: LiveBlog | None, update_id: int | None) -> None:
    """Note that the current request was refused, to be recorded once its transaction has been rolled back."""
    origin = _current.get()
    if origin is not None and len(origin.refusals) < _MOST_REFUSALS:
        origin.refusals.append(Refusal(by, permission, blog, update_id))
