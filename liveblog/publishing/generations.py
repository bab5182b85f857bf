"""The next generation of every log, after a backup was restored or a lagging standby took over."""

from __future__ import annotations

import secrets
import time
from typing import Final

from liveblog.models import LiveBlog, WebhookCursor
from liveblog.publishing.log import EVERY_BLOG, all_locked, notify, restart
from liveblog.publishing.permissions import Actor
from newsroom.ids import EPOCH

GAP: Final = 1_000_000
# The numbers of two generations that begin in the same second differ with a probability of 999 in 1,000.
_SPREAD: Final = 1_000


def advance_numbers(*, by: Actor, above: int = 0) -> int:
    """Make every log resume at a number that it cannot have reached before; return how many logs there are.

    Changes may have been lost, and readers and partners may know them by numbers that would be reused. From
    now on, lower numbers are refused, so everybody starts again, and webhooks send everything again.

    The database may not know how far a log had got. So a log resumes at least a million above the seconds
    since 2026, which it cannot have reached at up to one change a second. `above` is a number that some log
    is known to have reached.
    """
    with all_locked(LiveBlog.objects.values_list("pk", flat=True)) as blogs:
        for blog in blogs.values():
            seconds = time.time_ns() // 1_000_000_000 - EPOCH // 1_000
            start = max(blog.number, seconds, above) + GAP + secrets.randbelow(_SPREAD) * _SPREAD
            restart(blog, start, by=by)
        WebhookCursor.objects.update(
            must_start_again=True,
            leased_until_at=None,
            attempts=0,
            failing_since_at=None,
            next_attempt_at=None,
        )
        notify(EVERY_BLOG)
    return len(blogs)
