"""Content Security Policy: what a browser may run, load and frame for each of our answers.

A page may run exactly the scripts that its own templates print, by their full path. `'self'` would trust
every script of ours: markup that got past the sanitizer could then load the desk's scripts into a page that
prints copy, and have them post forms of its own making (a script gadget). Nothing has to be declared, so no
page can forget it: the static files storage records each script that is printed while a page is rendered, and
a page that prints none may run none. Nonces would be weaker here: the rich text editor imports modules by an
address that it reads from the page, and a nonce vouches for whatever such a script imports.

Answers that are not HTML may do nothing at all when they are opened as a page.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import wraps
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

from csp.constants import NONE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from newsroom import static_files

# JSON, feeds, pictures, scripts, style sheets: inert when they are opened by themselves.
INERT: Final = {
    "default-src": [NONE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
    "sandbox": True,
}
_HTML: Final = ("text/html", "application/xhtml+xml")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class PolicyMiddleware(CSPMiddleware):
    """Send the policy of the settings with the scripts that the page prints."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        static_files.record_scripts(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.status_code == 304:
            # Caches renew the headers of what they keep by those of a 304, for which nothing was rendered.
            return response
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponse, report_only: bool = False
    ) -> PolicyParts:
        if report_only:
            return super().get_policy_parts(request, response, report_only)
        if not response.headers.get("Content-Type", "").startswith(_HTML):
            return PolicyParts(config=INERT)
        parts = super().get_policy_parts(request, response)
        scripts = [*_sources(request), *getattr(response, "_inline_scripts", ())]
        if scripts:
            parts.replace = (parts.replace or {}) | {"script-src": scripts}
        return parts


def allow_script(request: HttpRequest, path: str) -> None:
    """Let the page that answers `request` run the script at `path`, which is no static file."""
    static_files.scripts_of(request).append(path)


def allow_inline_script(response: HttpResponse, text: str) -> None:
    """Let the page run one inline script with exactly this text."""
    digest = b64encode(sha256(text.encode()).digest()).decode()
    response._inline_scripts = [*getattr(response, "_inline_scripts", ()), f"'sha256-{digest}'"]


def sandboxed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Take from the page of `view` its origin, scripts, forms and pop-ups, even if it is opened by itself."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        response._csp_replace = {"sandbox": True, "frame-src": [NONE], "form-action": [NONE]}
        return response

    return wrapped


def add_static_headers(headers: Any, _path: str, _url: str) -> None:
    """Make static files inert when they are opened by themselves (WHITENOISE_ADD_HEADERS_FUNCTION)."""
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"


def _sources(request: HttpRequest) -> list[str]:
    paths = list(dict.fromkeys(static_files.scripts_of(request)))
    if request.path.startswith("/admin/") and paths:
        # Printed by the admin's own templates: the words of its scripts.
        paths.append(reverse("admin:jsi18n"))
    return [path if "//" in path else f"{origin}{path}" for origin in _origins(request) for path in paths]


def _origins(request: HttpRequest) -> Iterable[str]:
    """Return the origins at which the page may be read, as the policy writes them.

    Answers that shared caches keep must not depend on the request: a forged Host would switch the scripts of
    all readers off. Those of the admin, and of a demo, are the asker's own.
    """
    site = urlsplit(settings.SITE_URL)
    origins = [f"{site.scheme}://{site.netloc}"]
    if settings.DEMO or request.path.startswith("/admin/"):
        return [*origins, *_asked_host(request, site.netloc)]
    port = site.port if site.port != _DEFAULT_PORTS.get(site.scheme) else None
    hosts = [host for host in settings.ALLOWED_HOSTS if host != site.hostname and _is_plain(host)]
    return [*origins, *(f"{host}:{port}" if port else host for host in dict.fromkeys(hosts))]


def _asked_host(request: HttpRequest, netloc: str) -> list[str]:
    try:
        host = request.get_host()
    except DisallowedHost:
        return []
    return [] if host == netloc else [host]


def _is_plain(host: str) -> bool:
    """Return whether a host of ALLOWED_HOSTS can stand in a policy: no wildcard, no IPv6 address."""
    return not host.startswith((".", "*", "["))
