"""The process from which test servers are forked.

It has imported what a server imports at its start and at its first requests, and has no connection to the
database. So each fork starts like a new process, without cached rows, answers or positions.

Commands are lines on standard input: `start` with the path of a log, answered with the process id; `status`,
answered with the exit status or, while the fork runs, with an empty line.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import uvicorn
from django import forms
from django.conf import settings
from django.forms.renderers import get_default_renderer
from django.template import TemplateSyntaxError
from django.template.loader import get_template
from django.template.utils import get_app_template_dirs
from django.urls import get_resolver
from django.utils import translation
from django.utils.translation import gettext

import newsroom.asgi
from newsroom.text import chinese

WIDGETS = Path(forms.__file__).parent / "templates"


def main(port: int) -> None:
    _warm_up()
    pid, status = 0, ""
    for line in sys.stdin:
        command, _, log = line.strip().partition(" ")
        if command == "start":
            pid, status = os.fork(), ""
            if pid == 0:
                _serve(port, log)
            print(pid, flush=True)
        else:
            if not status and (ended := os.waitpid(pid, os.WNOHANG))[0]:
                status = str(os.waitstatus_to_exitcode(ended[1]))
            print(status, flush=True)
    if pid and not status:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _warm_up() -> None:
    assert newsroom.asgi.application
    assert get_resolver().url_patterns
    for directory in (*settings.TEMPLATES[0]["DIRS"], *get_app_template_dirs("templates")):
        for path in Path(directory).rglob("*.html"):
            # Some libraries bring templates for other libraries, which are not installed.
            with suppress(TemplateSyntaxError):
                get_template(str(path.relative_to(directory)))
    for widget in WIDGETS.rglob("*.html"):
        get_default_renderer().get_template(str(widget.relative_to(WIDGETS)))
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            str(gettext("Save"))
    for edition in ("zh-hans", "zh-hant"):
        chinese.convert("颱風", edition)
    # Keep the garbage collector from copying the memory that all forks share.
    gc.collect()
    gc.freeze()


def _serve(port: int, log: str) -> None:
    """Serve in a new fork until a signal arrives, with the options of `serving` in tests/conftest.py."""
    with Path(log).open("wb") as output, Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    uvicorn.run(
        "newsroom.asgi:application",
        port=port,
        http="newsroom.http.protocol:BoundedProtocol",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )
    sys.exit()


if __name__ == "__main__":
    main(int(sys.argv[1]))
