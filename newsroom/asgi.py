"""What uvicorn serves: streams on the event loop, Django for the rest; due work and webhooks beside them."""

import asyncio
import os
import warnings

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django_application = get_asgi_application()

# Models can be imported only once Django is set up.
from liveblog.edge.due import DueLoop  # noqa: E402
from liveblog.edge.hub import Hub  # noqa: E402
from liveblog.edge.sse import Streams, is_stream  # noqa: E402
from liveblog.partners.sender import Sender  # noqa: E402

# WhiteNoise hands static files over as plain iterators; a thread reads them, which is just right for files.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

sender = Sender()
hub = Hub(also=sender.wake)
streams = Streams(hub)


async def application(scope, receive, send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif is_stream(scope):
        await streams(scope, receive, send)
    else:
        await django_application(scope, receive, send)


async def _lifespan(receive, send) -> None:
    """https://asgi.readthedocs.io/en/latest/specs/lifespan.html"""
    due = DueLoop()
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            due.start()
            sender.start()
            hub.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await hub.stop()
            await asyncio.gather(asyncio.to_thread(due.stop), asyncio.to_thread(sender.stop))
            await send({"type": "lifespan.shutdown.complete"})
            return
