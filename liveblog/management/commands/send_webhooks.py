"""Delivery of webhooks without a server: `manage.py send_webhooks`."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from liveblog.wakeups.channel import listen
from liveblog.webhooks.sender import Sender


class Command(BaseCommand):
    help = (
        "Send each change to partners' webhooks until ended. The ASGI server does so by itself: "
        "this is for sites on a plain WSGI server, or for a machine of its own."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        # Let SIGTERM from a service manager end the command as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        sender = Sender()
        sender.start()
        try:
            asyncio.run(listen(sender.wake))
        except KeyboardInterrupt:
            self.stdout.write("Ended.")
        finally:
            sender.stop()
