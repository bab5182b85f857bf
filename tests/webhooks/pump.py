"""The sender's steps one after the other, without the network: what would be sent is handed to the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from liveblog.webhooks import cursors, messages
from liveblog.webhooks.delivery import Answer
from liveblog.webhooks.messages import Message

TAKEN = Answer(1, 204)


def send_all(answering: Callable[[Message], Answer] = lambda message: TAKEN) -> list[dict[str, Any]]:
    """Send what is due until nothing is; the bodies that were taken, in order."""
    taken = []
    while True:
        cursors.open_places()
        claims = cursors.claim(timezone.now(), 64, {})
        if not claims:
            return taken
        for claim in claims:
            message = messages.after(claim.webhook, claim.blog_id, claim.number)
            assert message is not None, claim
            answer = answering(message)
            now = timezone.now()
            cursors.finish(claim, message, answer, now, now)
            if answer.is_success:
                taken.append(json.loads(message.body))


def told(bodies: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """Slug, number and kind of each."""
    return [
        (body["data"]["blog"]["slug"], body["data"]["change"]["number"], body["data"]["change"]["kind"])
        for body in bodies
    ]
