"""The newsroom as it is served, and it tells when its hub had read a change: from there on it does what a
broker does that was handed the bytes."""

import time

from newsroom.asgi import application

# After newsroom.asgi, which sets Django up.
from liveblog.streams import hub  # isort: skip

__all__ = ["application"]

read_log = hub.read_log


async def read_and_tell(followed: hub.Followed, after: int) -> hub.Reading:
    reading = await read_log(followed, after)
    print(time.monotonic(), flush=True)
    return reading


hub.read_log = read_and_tell
