"""The trial newsroom of `make run`: one process, with the demo and an editor to sign in as."""

from __future__ import annotations

import errno
import hashlib
import socket
from contextlib import suppress
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections
from django.utils.crypto import get_random_string

from newsroom.http.protocol import BoundedProtocol

# Leave out letters and digits that are easily confused when read off a screen.
PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

WRITTEN_BY_US = "# Written by make run. For production see .env.example."

INTRODUCTION = """
  Readers   {site}/
  Desk      {site}/admin/    name: {name}    password: {password}
  API       {site}/api/v1/

The password is new at each start. What you write is kept. Ctrl-C ends the server.
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
                _remember_demo()
                _close_files()
                call_command("migrate", verbosity=0, interactive=False)
                call_command("createcachetable", verbosity=0)
                _collect_static()
                call_command("load_demo", stdout=self.stdout)
                name = "editor"
                introduction = INTRODUCTION.format(
                    site=settings.SITE_URL, name=name, password=_new_password_for(name)
                )
                self.stdout.write(introduction)
                self.stdout.flush()
                connections.close_all()
                _serve(listener)
        except KeyboardInterrupt:
            # uvicorn raises Ctrl-C again once it has shut down.
            return


def _listen(host: str, port: int) -> socket.socket:
    """Return the listening socket. Open it before preparing anything, to report a port in use at once."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} of {host} is taken: end what runs there, or make run PORT={port + 1}"
            ) from error
        raise CommandError(f"Cannot listen on {host}, port {port}: {error.strerror}") from error


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


def _new_password_for(name: str) -> str:
    editor = get_user_model().objects.get_by_natural_key(name)
    password = get_random_string(12, PASSWORD_ALPHABET)
    editor.set_password(password)
    editor.save(update_fields=["password"])
    return password


def _serve(listener: socket.socket) -> None:
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
    uvicorn.Server(config).run(sockets=[listener])
