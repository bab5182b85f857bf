"""The ASGI application: streams and kept answers, Django for the rest, due work and webhooks in threads."""

import asyncio
import functools
import gc
import logging
import os
import re
import warnings
from collections.abc import Mapping
from typing import IO, Any

import django

from newsroom import metric_files

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
metric_files.share()
django.setup(set_prefix=False)

# E402: these modules import models, which can be imported only once Django is set up.
from django.core.handlers.asgi import ASGIHandler, ASGIRequest  # noqa: E402
from django.http import HttpResponseBase  # noqa: E402

from liveblog.api import entry, keys  # noqa: E402
from liveblog.monitoring import endpoints, health  # noqa: E402
from liveblog.streams.figures import keep_figures  # noqa: E402
from liveblog.streams.hub import Hub  # noqa: E402
from liveblog.streams.kept import KeptAnswers  # noqa: E402
from liveblog.streams.positions import Positions  # noqa: E402
from liveblog.streams.sse import Streams, is_stream  # noqa: E402
from liveblog.wakeups.due import DueLoop  # noqa: E402
from liveblog.webhooks.sender import Sender  # noqa: E402
from newsroom import pictures, release  # noqa: E402
from newsroom.http import (  # noqa: E402
    bodies,
    caching,
    descriptors,
    prompt,
    protocol,
    request_ids,
    security_headers,
    shutdown,
)
from newsroom.http.bodies import Allowance, BodyLimits, Receive, Scope, Send  # noqa: E402

# Ignore the warning about WhiteNoise's synchronous iterators: reading files in a thread is what we want.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

# deploy/nginx.conf and deploy/Caddyfile have the same limits.
MEGABYTE = 1024 * 1024
FORM_BYTES = 5 * MEGABYTE
ALLOWANCES = [
    Allowance(
        # The composer, its preview and the picture form send a picture together with other fields.
        re.compile(r"/admin/liveblog/(?:image/.*|liveblog/\d+/desk/(?:pictures/|preview/)?)"),
        pictures.MAX_BYTES + FORM_BYTES,
        bodies.has_staff_session,
        # An editor whose session has expired gets the text of the update back, so the body must be read.
        of_strangers=MEGABYTE,
    ),
    Allowance(re.compile(r"/admin/.*"), FORM_BYTES, bodies.has_staff_session, of_strangers=MEGABYTE),
    Allowance(re.compile(r"/api/.*"), entry.MAX_BYTES, keys.has_key),
]


class Application(ASGIHandler):
    """Django's handler, with complete headers even on errors before any middleware (a path not in UTF-8)."""

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        created = super().create_request(scope, body_file)
        if created[1] is not None:
            caching.finish(created[1], is_public=True)
            security_headers.protect(created[1], is_public=True)
        return created


logger = logging.getLogger(__name__)
# Compute these before the first request, because files may be replaced while the process runs.
release.digest()
release.built_at()
django_application = Application()
sender = Sender()
positions = Positions()


def _wake(blog_id: int | None) -> None:
    sender.wake(blog_id)
    positions.wake(blog_id)


def _vouch(until: float) -> None:
    health.listener.hear(until)
    positions.vouch(until)


hub = Hub(on_wake=_wake, on_vouch=_vouch)
streams = Streams(hub)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    if is_stream(scope):
        await streams(scope, receive, send)
    else:
        await django_application(scope, receive, send)


_bounded = BodyLimits(_answer, ALLOWANCES)
kept_answers = KeptAnswers(django_application, _bounded, positions)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    else:
        _warn_unless_bounded(scope)
        request_id = request_ids.begin(scope)
        if request_id and not is_stream(scope):
            send = request_ids.answering(send, request_id)
        # Health is answered ahead of everything that could be busy.
        answer = endpoints.answer if endpoints.is_monitored(scope) else kept_answers
        await answer(scope, receive, send)


@functools.cache
def _warn_once() -> None:
    logger.warning(
        "Request heads and slow clients are not limited: run uvicorn with --http %s:%s",
        protocol.__name__,
        protocol.BoundedProtocol.__name__,
    )


def _warn_unless_bounded(scope: Scope) -> None:
    if protocol.EXTENSION not in scope.get("extensions", {}):
        _warn_once()


def _exempt_imports_from_collection() -> None:
    """Let the garbage collector skip all modules and settings, which stay for as long as the process runs.

    Going through them takes a tenth of a second, in which no stream gets an event and no page an answer.
    """
    gc.collect()
    gc.freeze()


async def _lifespan(receive: Receive, send: Send) -> None:
    """Implement the lifespan protocol: https://asgi.readthedocs.io/en/latest/specs/lifespan.html"""
    due = DueLoop()
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            descriptors.raise_limit()
            _exempt_imports_from_collection()
            due.start()
            sender.start()
            health.listener.start()
            hub.start()
            figures = asyncio.create_task(keep_figures(hub, kept_answers), name="figures")
            prompt.answer_first(kept_answers.ready)
            shutdown.on_shutdown(hub.drain)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            figures.cancel()
            await hub.stop()
            positions.close()
            await asyncio.gather(asyncio.to_thread(due.stop), asyncio.to_thread(sender.stop))
            await send({"type": "lifespan.shutdown.complete"})
            return
