"""The sender's steps one after the other, without the network: what would be sent is handed to the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from liveblog.partners import messages, places
from liveblog.partners.messages import Message
from liveblog.partners.posting import Answer

TAKEN = Answer(1, 204)


def send_all(answering: Callable[[Message], Answer] = lambda message: TAKEN) -> list[dict[str, Any]]:
    """Send what is due until nothing is; the bodies that were taken, in order."""
    taken = []
    while True:
        places.open_places()
        claims = places.claim(timezone.now(), 64, {})
        if not claims:
            return taken
        for claim in claims:
            message = messages.after(claim.webhook, claim.blog_id, claim.number)
            assert message is not None, claim
            answer = answering(message)
            now = timezone.now()
            places.finish(claim, message, answer, now, now)
            if answer.is_success:
                taken.append(json.loads(message.body))


def told(bodies: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """Slug, number and kind of each."""
    return [
        (body["data"]["blog"]["slug"], body["data"]["change"]["number"], body["data"]["change"]["kind"])
        for body in bodies
    ]
