"""The demo newsroom of `make run`, run as a process with a data directory of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from tests.environment import ROOT
from tests.waiting import find_free_port, wait_for

READY = "Ctrl-C ends the server."


def demo_environment(place: Path) -> dict[str, str]:
    """Return the environment of a demo that keeps everything in `place`, with SQLite and a free port."""
    variables = os.environ | {
        "DJANGO_SETTINGS_MODULE": "newsroom.settings",
        "DATA_DIR": str(place / "var"),
        "ENV_FILE": str(place / "env"),
        "PORT": str(find_free_port()),
    }
    del variables["DATABASE_URL"]
    return variables


class Demo:
    """A running `manage.py serve` process that has printed its start message."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port = int(environment["PORT"])
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                umask=0o022,
                preexec_fn=_heed_interrupts,
            )
        wait_for(lambda: READY in self.output or self.process.poll() is not None, seconds=240)
        assert READY in self.output, self.output

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def url(self) -> str:
        return self._printed(r"Readers +(\S+)/\n")

    @property
    def desk(self) -> str:
        return self._printed(r"Desk +(\S+)\n")

    @property
    def password(self) -> str:
        return self._printed(r"name: editor +password: (\S+)\n")

    @property
    def key(self) -> str:
        return self._printed(r"key: (\S+)\n")

    def _printed(self, pattern: str) -> str:
        match = re.search(pattern, self.output)
        assert match, self.output
        return match[1]

    def sign_in(self) -> OpenerDirector:
        """Sign in as the demo's editor with the printed password; return the client with its session."""
        client = build_opener(HTTPCookieProcessor(CookieJar()))
        fields = {"username": "editor", "password": self.password}
        address, _text = submit(client, f"{self.url}/admin/login/?next=/admin/", fields)
        assert address == f"{self.url}/admin/"
        return client

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=15)


def _heed_interrupts() -> None:
    """Restore the handling of Ctrl-C, which background jobs of a shell and their children ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def submit(client: OpenerDirector, address: str, fields: dict[str, str]) -> tuple[str, str]:
    """Open a page with a form, submit the form, and return the address and text of the resulting page."""
    with client.open(address) as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    assert token, address
    form = {"csrfmiddlewaretoken": token[1]} | fields
    with client.open(address, urlencode(form).encode()) as response:
        return response.url, response.read().decode()


@contextmanager
def running_demo(place: Path, **settings: str) -> Iterator[Demo]:
    """Run the demo; keyword arguments are further environment variables."""
    demo = Demo(demo_environment(place) | settings, place / "log")
    try:
        yield demo
    finally:
        demo.process.kill()
        demo.process.wait()
