"""A synchronous sender without a network: it passes each message to the test instead of posting it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from liveblog.webhooks import cursors, messages
from liveblog.webhooks.delivery import Answer
from liveblog.webhooks.messages import Message

NO_CONTENT = Answer(1, 204)


def send_all(answering: Callable[[Message], Answer] = lambda message: NO_CONTENT) -> list[dict[str, Any]]:
    """Send until nothing is due; return the decoded bodies that were answered with success, in order."""
    bodies_sent = []
    while True:
        cursors.open_places()
        claims = cursors.claim(timezone.now(), 64, {})
        if not claims:
            return bodies_sent
        for claim in claims:
            message = messages.after(claim.webhook, claim.blog_id, claim.number)
            assert message is not None, claim
            answer = answering(message)
            now = timezone.now()
            cursors.finish(claim, message, answer, now, now)
            if answer.is_success:
                bodies_sent.append(json.loads(message.body))


def changes_of(bodies: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """Return the slug, number and kind of each body's change."""
    return [
        (body["data"]["blog"]["slug"], body["data"]["change"]["number"], body["data"]["change"]["kind"])
        for body in bodies
    ]
