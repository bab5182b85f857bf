"""The webhook sender: finds cursors that lag behind their log and sends each its next change, concurrently.

It also pings the WebSub hub and IndexNow.

It has its own thread and event loop, so that readers' streams and receivers do not wait for one another.
Database queries run in a few more threads.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from django.db import connection
from django.utils import timezone

from liveblog.models import Webhook
from liveblog.webhooks import cursors, messages, notices, pings
from liveblog.webhooks.cursors import Claim
from liveblog.webhooks.delivery import Answer, post
from liveblog.webhooks.messages import Message
from liveblog.webhooks.pings import PingClaim, Request
from newsroom import metrics
from newsroom.busy import again_while_busy, is_busy

# Polling interval: a lost wake-up delays a change by at most this long.
LOOK_SECONDS: Final = 1.0
# Intervals between searches for missing cursors: in all live blogs, and in those whose log has advanced.
ALL_SECONDS: Final = 5.0
OPEN_SECONDS: Final = 0.5
LONGEST_WAIT: Final = 30.0
PRUNE_SECONDS: Final = 3_600.0
# Concurrent webhook requests in one process, and the database connections that they share.
MOST_AT_ONCE: Final = 64
DATABASE_THREADS: Final = 4

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


class Sender:
    """A sender, started once per process. Processes share the work; each cursor has one sender at a time."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._patience = 0.0
        self._is_ready = threading.Event()
        # Running tasks with the id of their webhook, or None for pings.
        self._under_way: dict[asyncio.Task, int | None] = {}
        self._database = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="webhooks")
        # Ids of live blogs whose log has advanced and which may lack cursors; None stands for any live blog.
        self._moved: set[int | None] = {None}
        self._opened_at = self._pruned_at = self._pinged_at = float("-inf")

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()
        self._is_ready.wait()

    def wake(self, blog_id: int | None = None) -> None:
        """Report from any thread that a live blog's log has advanced; None stands for any live blog."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hear, blog_id)

    def _hear(self, blog_id: int | None) -> None:
        self._moved.add(blog_id)
        self._woken.set()

    def stop(self, patience: float = 3.0) -> None:
        """Stop the sender. Running deliveries have `patience` seconds and are then left to other senders."""
        self._patience = patience
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._loop.call_soon_threadsafe(self._woken.set)
        self._thread.join(patience + 10)

    def _run(self) -> None:
        with self._database:
            asyncio.run(self._send_until_stopped())

    async def _send_until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        # DNS lookups run in these threads, so that a slow one does not delay the others.
        self._loop.set_default_executor(ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="names"))
        self._is_ready.set()
        failures = 0
        while not self._stopping.is_set():
            self._woken.clear()
            failures = 0 if await self._pass() else failures + 1
            await self._wait(min(LOOK_SECONDS * 2**failures, LONGEST_WAIT))
        await self._finish_tasks()

    async def _wait(self, seconds: float) -> None:
        """Wait until woken, for at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _finish_tasks(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._patience)
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _pass(self) -> bool:
        """Start all deliveries and pings that are due; return False if that failed."""
        try:
            await self._tend()
            webhooks = [webhook for webhook in self._under_way.values() if webhook is not None]
            room = MOST_AT_ONCE - len(webhooks)
            if room > 0:
                for claim in await self._ask(cursors.claim, timezone.now(), room, Counter(webhooks)):
                    self._begin(self._deliver(claim), claim.webhook.pk)
            await self._begin_pings(pings.AT_ONCE - len(self._under_way) + len(webhooks))
        except Exception as error:
            # Neither a database outage nor a bug of ours may stop all webhooks, so catch everything.
            if is_busy(error):
                logger.warning("The database is busy; webhooks wait: %s", error)
            else:
                logger.exception("The deliveries that are due could not be read; trying again")
            return False
        return True

    async def _begin_pings(self, room: int) -> None:
        now = time.monotonic()
        if room > 0 and now - self._pinged_at >= LOOK_SECONDS and pings.is_enabled():
            self._pinged_at = now
            for claim in await self._ask(pings.claim, timezone.now(), room):
                self._begin(self._ping(claim), None)

    def _begin(self, work: Coroutine[Any, Any, None], webhook: int | None) -> None:
        task = asyncio.create_task(work)
        self._under_way[task] = webhook
        task.add_done_callback(self._done)

    async def _tend(self) -> None:
        now = time.monotonic()
        since = now - self._opened_at
        if since >= ALL_SECONDS or (self._moved and since >= OPEN_SECONDS):
            blog_ids, self._moved, self._opened_at = self._moved, set(), now
            await self._ask(
                cursors.open_places, None if None in blog_ids or since >= ALL_SECONDS else blog_ids
            )
        if now - self._pruned_at >= PRUNE_SECONDS:
            self._pruned_at = now
            await self._ask(cursors.prune, timezone.now())

    def _done(self, task: asyncio.Task) -> None:
        self._under_way.pop(task)
        # The same cursor may have more to send, and there is room for another delivery.
        self._woken.set()
        error = None if task.cancelled() else task.exception()
        if is_busy(error):
            logger.warning("The database is busy; a delivery will be retried: %s", error)
        elif error:
            logger.error("A delivery failed; it will be retried", exc_info=error)

    async def _deliver(self, claim: Claim) -> None:
        try:
            message = await self._ask(_message_for, claim)
            if message is None:
                await self._ask(cursors.release, claim)
                return
            sent_at = timezone.now()
            signed_headers = messages.headers(message, claim.webhook.secrets_at(sent_at), sent_at)
            answer = await post(claim.webhook.url, signed_headers, message.body)
        except asyncio.CancelledError:
            await self._ask(cursors.release, claim)
            raise
        await self._ask(_finish, claim, message, answer, sent_at)

    async def _ping(self, claim: PingClaim) -> None:
        try:
            answers = await _post_all(await self._ask(pings.requests_for, claim))
        except asyncio.CancelledError:
            await self._ask(pings.release, claim)
            raise
        await self._ask(_finish_ping, claim, answers)

    async def _ask(self, work: Callable[..., Result], *arguments: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._database, _and_close, work, *arguments)


async def _post_all(requests: list[Request]) -> list[Answer]:
    """Post the requests in batches; after a temporary failure, leave the remaining batches to the retry."""
    answers: list[Answer] = []
    for start in range(0, len(requests), pings.POSTS_AT_ONCE):
        batch = requests[start : start + pings.POSTS_AT_ONCE]
        answers += await asyncio.gather(
            *(post(request.url, request.headers, request.body) for request in batch)
        )
        if any(map(pings.is_temporary, answers)):
            break
    return answers


def _finish_ping(claim: PingClaim, answers: list[Answer]) -> None:
    again_while_busy(lambda: pings.finish(claim, answers, timezone.now()))


def _and_close(work: Callable[..., Result], *arguments: Any) -> Result:
    """Run `work`, then close the connection: an idle thread must not hold one."""
    try:
        return work(*arguments)
    finally:
        connection.close()


def _message_for(claim: Claim) -> Message | None:
    if claim.blog_id is None:
        return messages.test_event()
    if claim.asked_id:
        return messages.again(claim.webhook, claim.blog_id, claim.number)
    if claim.must_start_again:
        return messages.start_again(claim.blog_id)
    return messages.after(claim.webhook, claim.blog_id, claim.number)


def _finish(claim: Claim, message: Message, answer: Answer, sent_at: Any) -> None:
    metrics.WEBHOOK_DELIVERIES.labels("delivered" if answer.is_success else "failed").inc()
    # The receiver may already have accepted the message; if this write failed, it would be posted again.
    notice = again_while_busy(lambda: cursors.finish(claim, message, answer, sent_at, timezone.now()))
    if notice:
        rows = Webhook.objects.select_related("partner")
        webhook = again_while_busy(lambda: rows.get(pk=claim.webhook.pk))
        notices.send(notice, webhook, answer.reason)
