"""What uvicorn serves: Django, with the loop of due work running beside it for as long as the server does."""

import asyncio
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django_application = get_asgi_application()

from liveblog.edge.due import DueLoop  # noqa: E402  (models can be imported only once Django is set up)


async def application(scope, receive, send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    else:
        await django_application(scope, receive, send)


async def _lifespan(receive, send) -> None:
    """https://asgi.readthedocs.io/en/latest/specs/lifespan.html"""
    due = DueLoop()
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            due.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await asyncio.to_thread(due.stop)
            await send({"type": "lifespan.shutdown.complete"})
            return
