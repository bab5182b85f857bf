"""What is sent: a change of the log with the present state of what it changed, signed.

The form is Standard Webhooks' (https://www.standardwebhooks.com/): `type`, `timestamp` and `data`, and three
headers. It is written anew for each attempt, so that no attempt says what has been withdrawn since the last.
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

from liveblog import editions, payloads, visibility
from liveblog.models import Change, LiveBlog, Update, Webhook
from newsroom import __version__, hongkong
from newsroom.site import absolute


@dataclass(frozen=True)
class Message:
    """`number` is that of the change; after it the cursor stands at `then`."""

    id: str
    number: int
    then: int
    body: bytes
    # How many updates of the live blog were erased when this was written.
    erased: int = 0

    @property
    def is_gone(self) -> bool:
        """Whether the partner is told to keep nothing of the live blog."""
        return self.number > 0 and self.then == 0


def after(webhook: Webhook, blog_id: int, number: int) -> Message | None:
    """What the partner is told next of a live blog, having been told of all changes up to `number`.

    That it is gone, if the partner may not see it now; None if nothing has happened.
    """
    blog, erased = _read(blog_id)
    if not visibility.can_read(webhook.partner, blog):
        return _gone(blog)
    # A withdrawal of the whole that was taken back is not told: who believed it would drop what it holds.
    changes = Change.objects.filter(blog=blog, number__lte=blog.number).after(number)
    change = changes.exclude(kind=Change.Kind.BLOG_WITHDRAWN).first()
    return _of_change(webhook, blog, change, erased) if change else None


def again(webhook: Webhook, blog_id: int, number: int) -> Message | None:
    """One change once more. None if the partner may not see the live blog now."""
    blog, erased = _read(blog_id)
    if not visibility.can_read(webhook.partner, blog):
        return None
    return _of_change(webhook, blog, Change.objects.get(blog=blog, number=number), erased)


def test_event() -> Message:
    body = {"type": "test", "timestamp": hongkong.isoformat(timezone.now()), "data": {}}
    return Message(f"msg_test_{secrets.token_hex(8)}", 0, 0, _encoded(body))


def headers(message: Message, secrets_of_webhook: Iterable[str], at: datetime) -> dict[str, str]:
    """What goes with the body, signed by each secret that counts at the moment."""
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
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _read(blog_id: int) -> tuple[LiveBlog, int]:
    # Counted first: an update that is erased while this is being written must not count as known.
    erased = Update.objects.filter(blog=blog_id, is_erased=True).count()
    return LiveBlog.objects.complete().get(pk=blog_id), erased


def _of_change(webhook: Webhook, blog: LiveBlog, change: Change, erased: int) -> Message:
    if webhook.edition and editions.has_edition(blog, webhook.edition):
        editions.read_blog(blog, webhook.edition)
    changed = Update.objects.filter(pk=change.update_id).complete()
    update = next(map(payloads.update, editions.read_updates(blog, changed)), None)
    body = _body(payloads.change(change), payloads.blog(blog), update)
    return Message(f"msg_{blog.pk}_{change.number}", change.number, change.number, body, erased)


def _gone(blog: LiveBlog) -> Message:
    """The live blog is withdrawn, or under an embargo that the partner is not let through: keep none of it.

    The cursor then stands at 0: should the partner be shown it again, all of it is told.
    """
    withdrawn = blog.changes.filter(kind=Change.Kind.BLOG_WITHDRAWN).order_by("number").last()
    is_withdrawn = blog.status == LiveBlog.Status.WITHDRAWN and withdrawn is not None
    number = withdrawn.number if is_withdrawn else blog.number
    change = {
        "number": number,
        "kind": Change.Kind.BLOG_WITHDRAWN.value,
        "update": None,
        "at": hongkong.isoformat(withdrawn.at if is_withdrawn else blog.modified_at),
    }
    said = {
        "slug": blog.slug,
        "url": absolute(blog.get_absolute_url()),
        "number": number,
        "status": LiveBlog.Status.WITHDRAWN.value,
    }
    # Under an embargo the number is that of a change which may have been delivered under its own id.
    message_id = f"msg_{blog.pk}_{number}" if is_withdrawn else f"msg_{blog.pk}_{number}_gone"
    return Message(message_id, number, 0, _body(change, said, None))


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
