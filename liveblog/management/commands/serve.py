"""The trial newsroom of `make run`: one process, with the demo and an editor to sign in as."""

from __future__ import annotations

import errno
import hashlib
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles.finders import get_finders
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection, connections
from django.urls import reverse

from liveblog.management import demo_access
from liveblog.management.commands.load_demo import EDITOR
from liveblog.models import LiveBlog
from newsroom.http.protocol import BoundedProtocol

WRITTEN_BY_US = "# Written by make run. For production see .env.example."

INTRODUCTION = """
  Readers   {site}/
  Desk      {site}{desk}
            name: {name}    password: {password}
  API       {site}/api/v1/
            key: {key}

Password, key and what you write are kept for the next start. Ctrl-C ends the server.
An article of your own: .venv/bin/python manage.py import_article FILE --publish
"""


class Command(BaseCommand):
    help = "Prepare and serve a newsroom to try out on this machine. For production see docs/operating.md."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "This serves a newsroom to try out, with DEMO=true. For production see docs/operating.md."
            )
        try:
            with _listen(settings.HOST, settings.PORT) as listener:
                _check_database()
                _remember_demo()
                _close_files()
                call_command("migrate", verbosity=0, interactive=False)
                call_command("createcachetable", verbosity=0)
                _collect_static()
                call_command("load_demo", stdout=self.stdout)
                introduction = _introduction()
                connections.close_all()
                _serve(listener, lambda: self._introduce(introduction))
        except KeyboardInterrupt:
            # uvicorn raises Ctrl-C again once it has shut down.
            return

    def _introduce(self, introduction: str) -> None:
        self.stdout.write(introduction)
        self.stdout.flush()


class _Server(uvicorn.Server):
    """A server that calls `started` once it accepts requests and ends on Ctrl-C."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._started()


def _listen(host: str, port: int) -> socket.socket:
    """Return the listening socket. Open it before preparing anything, to report a port in use right away."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} of {host} is taken: end what runs there, or make run PORT={port + 1}"
            ) from error
        raise CommandError(f"Cannot listen on {host}, port {port}: {error.strerror}") from error


def _check_database() -> None:
    """Connect once without the pool, which would log several lines and raise a traceback."""
    parameters = connection.get_connection_params()
    if connection.vendor == "postgresql":
        parameters.setdefault("connect_timeout", 5)
    # django-stubs does not know the driver's module.
    driver: Any = connection.Database  # type: ignore[attr-defined]
    try:
        driver.connect(**parameters).close()
    except driver.Error as error:
        reason = str(error).splitlines()[0]
        raise CommandError(f"Cannot reach the database that DATABASE_URL names: {reason}") from error


def _remember_demo() -> None:
    """Write DEMO=true to a new settings file, so that other manage.py commands use this newsroom."""
    if not settings.ENV_FILE.exists():
        settings.ENV_FILE.touch(mode=0o600)
        settings.ENV_FILE.write_text(f"{WRITTEN_BY_US}\nDEMO=true\n")


def _close_files() -> None:
    """Restrict the modes of files that an earlier release left readable by other users of the machine."""
    # Only the owner can change modes, which this account may not be on a mounted volume. `check --deploy`
    # reports the files in that case.
    with suppress(PermissionError):
        settings.DATA_DIR.chmod(0o700)
        if settings.ENV_FILE.read_text().startswith(WRITTEN_BY_US):
            settings.ENV_FILE.chmod(0o600)


def _collect_static() -> None:
    """Collect and compress the static files, which takes seconds, only if one of them has changed."""
    files = [
        (path, storage.size(path), storage.get_modified_time(path).timestamp())
        for finder in get_finders()
        for path, storage in finder.list([])
    ]
    state = hashlib.sha256(repr(files).encode()).hexdigest()
    stamp = settings.STATIC_ROOT / ".collected"
    if not stamp.exists() or stamp.read_text() != state:
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(state)


def _introduction() -> str:
    """Return the addresses of the newsroom and how to sign in; the desk is the newest live blog's."""
    editor = User.objects.get_by_natural_key(EDITOR)
    newest = LiveBlog.objects.live().newest_first().first()
    return INTRODUCTION.format(
        site=settings.SITE_URL,
        desk=reverse("desk:desk", args=[newest.pk]) if newest else reverse("admin:index"),
        name=EDITOR,
        password=demo_access.editor_password(editor) or "(as you changed it)",
        key=demo_access.partner_key(by=editor),
    )


def _serve(listener: socket.socket, started: Callable[[], None]) -> None:
    config = uvicorn.Config(
        "newsroom.asgi:application",
        http=BoundedProtocol,
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )
    _Server(config, started).run(sockets=[listener])
