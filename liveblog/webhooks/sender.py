"""The sender: looks which places lag behind their log, and sends what comes next to each, many at once.

It also pings the WebSub hub and IndexNow.

It has a thread and an event loop of its own, so that neither readers' streams nor receivers wait for one
another; the database is asked in a few more threads.
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
from newsroom.busy import again_while_busy, is_busy

# A lost wake-up costs this much, never a change.
LOOK_SECONDS: Final = 1.0
# All live blogs are gone through for webhooks that have no place in them yet; those that move, at once.
ALL_SECONDS: Final = 5.0
OPEN_SECONDS: Final = 0.5
LONGEST_WAIT: Final = 30.0
PRUNE_SECONDS: Final = 3_600.0
# Requests under way in one process, and connections to the database that they share.
MOST_AT_ONCE: Final = 64
DATABASE_THREADS: Final = 4

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


class Sender:
    """Start it once in a process. Several processes share the work, each place with one of them at a time."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._patience = 0.0
        self._is_ready = threading.Event()
        # Deliveries by their webhook's id, and pings, which have none.
        self._under_way: dict[asyncio.Task, int | None] = {}
        self._database = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="webhooks")
        # Live blogs whose log has moved, that a webhook may have no place in yet; None among them: any may.
        self._moved: set[int | None] = {None}
        self._opened_at = self._pruned_at = self._pinged_at = float("-inf")

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()
        self._is_ready.wait()

    def wake(self, blog_id: int | None = None) -> None:
        """The log of a live blog, or of any, has moved. From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hear, blog_id)

    def _hear(self, blog_id: int | None) -> None:
        self._moved.add(blog_id)
        self._woken.set()

    def stop(self, patience: float = 3.0) -> None:
        """Begin nothing more. What is under way has `patience` seconds, and is then left to other senders."""
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
        # Names are looked up in these threads: one that takes long must not keep others waiting.
        self._loop.set_default_executor(ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="names"))
        self._is_ready.set()
        failures = 0
        while not self._stopping.is_set():
            self._woken.clear()
            failures = 0 if await self._pass() else failures + 1
            await self._wait(min(LOOK_SECONDS * 2**failures, LONGEST_WAIT))
        await self._put_down()

    async def _wait(self, seconds: float) -> None:
        """Until woken, but no longer than that."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _put_down(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._patience)
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _pass(self) -> bool:
        """Begin what can be begun; whether the database could be asked."""
        try:
            await self._tend()
            webhooks = [webhook for webhook in self._under_way.values() if webhook is not None]
            room = MOST_AT_ONCE - len(webhooks)
            if room > 0:
                for claim in await self._ask(cursors.claim, timezone.now(), room, Counter(webhooks)):
                    self._begin(self._deliver(claim), claim.webhook.pk)
            await self._begin_pings(pings.AT_ONCE - len(self._under_way) + len(webhooks))
        except Exception as error:
            # An outage of the database, and a mistake of ours too, must not end all webhooks.
            if is_busy(error):
                logger.warning("The database is busy; webhooks wait: %s", error)
            else:
                logger.exception("What is due to webhooks could not be read; trying again")
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
            moved, self._moved, self._opened_at = self._moved, set(), now
            await self._ask(cursors.open_places, None if None in moved or since >= ALL_SECONDS else moved)
        if now - self._pruned_at >= PRUNE_SECONDS:
            self._pruned_at = now
            await self._ask(cursors.prune, timezone.now())

    def _done(self, task: asyncio.Task) -> None:
        self._under_way.pop(task)
        # The same place may have more to send, and there is room for another.
        self._woken.set()
        error = None if task.cancelled() else task.exception()
        if is_busy(error):
            logger.warning("The database is busy; a delivery is tried again: %s", error)
        elif error:
            logger.error("A delivery broke off; it is tried again", exc_info=error)

    async def _deliver(self, claim: Claim) -> None:
        try:
            message = await self._ask(_message_for, claim)
            if message is None:
                await self._ask(cursors.release, claim)
                return
            sent_at = timezone.now()
            signed = messages.headers(message, claim.webhook.secrets_at(sent_at), sent_at)
            answer = await post(claim.webhook.url, signed, message.body)
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
    """Post some requests at a time; after one that is to be tried again, the others wait for that, too."""
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
    """Give the connection back: a thread that waits for work must not hold one."""
    try:
        return work(*arguments)
    finally:
        connection.close()


def _message_for(claim: Claim) -> Message | None:
    if claim.blog_id is None:
        return messages.test_event()
    if claim.asked_id:
        return messages.again(claim.webhook, claim.blog_id, claim.number)
    return messages.after(claim.webhook, claim.blog_id, claim.number)


def _finish(claim: Claim, message: Message, answer: Answer, sent_at: Any) -> None:
    # The receiver may already have accepted the message: if this write failed, it would be posted again.
    notice = again_while_busy(lambda: cursors.finish(claim, message, answer, sent_at, timezone.now()))
    if notice:
        rows = Webhook.objects.select_related("partner")
        webhook = again_while_busy(lambda: rows.get(pk=claim.webhook.pk))
        notices.send(notice, webhook, answer.reason)
