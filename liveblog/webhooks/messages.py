"""Webhook messages: a change of the log, signed, with the current state of what it changed.

The format is Standard Webhooks (https://www.standardwebhooks.com/): `type`, `timestamp` and `data`, and three
headers. Each attempt builds a new message, so that a retry never contains content withdrawn since.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from liveblog import visibility
from liveblog.models import Change, LiveBlog, Update, Webhook
from liveblog.presentation import payloads, reading
from newsroom import __version__, hongkong
from newsroom.site import absolute


@dataclass(frozen=True)
class Message:
    """A message about change `number`. Its delivery moves the cursor to `next_number`."""

    id: str
    number: int
    next_number: int
    body: bytes
    # Number of erased updates in the live blog when this message was built.
    erased: int = 0

    @property
    def is_gone(self) -> bool:
        """Return whether the message tells the partner to delete its copy of the live blog."""
        return self.number > 0 and self.next_number == 0


def after(webhook: Webhook, blog_id: int, number: int) -> Message | None:
    """Return the next message about a live blog for a partner that has all changes up to `number`.

    Return a withdrawal if the partner may not read the live blog now, or None if there is no new change.
    """
    blog, erased = _read(blog_id)
    if not visibility.can_read(webhook.partner, blog):
        return _gone(blog)
    # Skip a withdrawal of the whole live blog that was reversed: the partner would drop its copy.
    changes = Change.objects.filter(blog=blog, number__lte=blog.number).after(number)
    change = changes.exclude(kind=Change.Kind.BLOG_WITHDRAWN).first()
    return _of_change(webhook, blog, change, erased) if change else None


def start_again(blog_id: int) -> Message:
    """Return a withdrawal for a partner that may have changes which were lost when a backup was restored."""
    blog, _erased = _read(blog_id)
    return _gone(blog)


def again(webhook: Webhook, blog_id: int, number: int) -> Message | None:
    """Return a message that repeats one change; None if the partner may not read the live blog now."""
    blog, erased = _read(blog_id)
    if not visibility.can_read(webhook.partner, blog):
        return None
    return _of_change(webhook, blog, Change.objects.get(blog=blog, number=number), erased)


def test_event() -> Message:
    body = {"type": "test", "timestamp": hongkong.isoformat(timezone.now()), "data": {}}
    return Message(f"msg_test_{secrets.token_hex(8)}", 0, 0, _encoded(body))


def headers(message: Message, secrets_of_webhook: Iterable[str], at: datetime) -> dict[str, str]:
    """Return the headers of a message, with a signature by each of the webhook's secrets."""
    timestamp = str(int(at.timestamp()))
    signatures = [sign(secret, message.id, timestamp, message.body) for secret in secrets_of_webhook]
    return {
        "content-type": "application/json",
        "user-agent": f"Newsroom/{__version__}",
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def _read(blog_id: int) -> tuple[LiveBlog, int]:
    # Count before reading, so that an update erased in between does not count as known to this message.
    erased = Update.objects.filter(blog=blog_id, is_erased=True).count()
    return LiveBlog.objects.complete().get(pk=blog_id), erased


def _of_change(webhook: Webhook, row: LiveBlog, change: Change, erased: int) -> Message:
    blog = reading.blog_in(row, webhook.edition or None)
    changed = Update.objects.filter(pk=change.update_id or 0).complete()
    update = next(map(payloads.update, reading.updates(blog, changed)), None)
    body = _body(payloads.change(change), payloads.blog(blog), update)
    return Message(_id_of(row, change.number), change.number, change.number, body, erased)


def _gone(blog: LiveBlog) -> Message:
    """Return a withdrawal of a live blog that is withdrawn, or under an embargo for this partner.

    It moves the cursor to 0, so that everything is sent again if the partner may read the live blog later.
    """
    withdrawn = blog.changes.filter(kind=Change.Kind.BLOG_WITHDRAWN).order_by("number").last()
    if blog.status != LiveBlog.Status.WITHDRAWN:
        withdrawn = None
    number = withdrawn.number if withdrawn else blog.number
    at = withdrawn.at if withdrawn else blog.modified_at
    change = {
        "number": number,
        "kind": Change.Kind.BLOG_WITHDRAWN.value,
        "update": None,
        "at": hongkong.isoformat(at) if at else None,
    }
    blog_payload = {
        "slug": blog.slug,
        "url": absolute(blog.get_absolute_url()),
        "number": number,
        "status": LiveBlog.Status.WITHDRAWN.value,
    }
    # Under an embargo, the change with this number may already have been delivered under the plain id.
    message_id = _id_of(blog, number) if withdrawn else f"{_id_of(blog, number)}_gone"
    return Message(message_id, number, 0, _body(change, blog_payload, None))


def _id_of(blog: LiveBlog, number: int) -> str:
    """Return an id that no other message of any generation of the log has."""
    generation = f"{blog.log_start}_" if blog.log_start else ""
    return f"msg_{blog.pk}_{generation}{number}"


def _body(change: dict[str, Any], blog: dict[str, Any], update: dict[str, Any] | None) -> bytes:
    return _encoded(
        {
            "type": f"liveblog.{change['kind']}",
            "timestamp": change["at"],
            "data": {"change": change, "blog": blog, "update": update},
        }
    )


def _encoded(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
