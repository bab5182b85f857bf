"""Content Security Policy: what a browser may run, load and frame for each response.

A page may run exactly the scripts that its own templates print, by full path. `'self'` would trust every
script of the site: markup that got past the sanitizer could load the desk's scripts into a reader's page and
make them submit forms of its choosing (a script gadget). Nothing has to be declared, so no page can forget
to: the static files storage records each script that is printed while a page is rendered, and a page that
prints none may run none. Nonces would be weaker here, because the rich text editor imports modules from an
address that it reads from the page, and a nonce extends trust to whatever such a script imports.

Responses that are not HTML may do nothing when they are opened as a page.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import wraps
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit
from wsgiref.headers import Headers

from csp.constants import NONE, SELF
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from whitenoise.middleware import WhiteNoiseMiddleware

from newsroom import static_files
from newsroom.text.external_media import FRAME_ORIGINS

# The policy of JSON, feeds, pictures, scripts and style sheets: inert when opened directly.
INERT: Final = {
    "default-src": [NONE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
    "sandbox": True,
}
_HTML: Final = ("text/html", "application/xhtml+xml")
# Attributes of a response: our own, and the one of django-csp's decorators.
_INLINE_SCRIPTS: Final = "_inline_scripts"
_REPLACED: Final = "_csp_replace"
# The name that connects `report-to` with the Reporting-Endpoints header.
_ENDPOINT: Final = "csp"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class PolicyMiddleware(CSPMiddleware):
    """Middleware that sends the policy of pages with the scripts that the page prints."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        static_files.record_scripts(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code == 304:
            # Caches update stored headers from a 304, whose policy would be wrong as no page was rendered.
            return response
        is_page = response.headers.get("Content-Type", "").startswith(_HTML)
        if is_page and settings.CSP_REPORT_URL:
            response.headers["Reporting-Endpoints"] = f'{_ENDPOINT}="{settings.CSP_REPORT_URL}"'
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        if report_only:
            return super().get_policy_parts(request, response, report_only)
        if not response.headers.get("Content-Type", "").startswith(_HTML):
            return PolicyParts(config=INERT)
        parts = super().get_policy_parts(request, response)
        parts.config = _page_policy()
        scripts = [*_sources(request), *_inline_scripts(response)]
        if scripts:
            parts.replace = (parts.replace or {}) | {"script-src": scripts}
        return parts


def allow_script(request: HttpRequest, path: str) -> None:
    """Let the response to `request` run the script at `path`, which is not a static file."""
    static_files.scripts_of(request).append(path)


def allow_inline_script(response: HttpResponse, text: str) -> None:
    """Let the page run one inline script with exactly this text."""
    digest = b64encode(sha256(text.encode()).digest()).decode()
    setattr(response, _INLINE_SCRIPTS, [*_inline_scripts(response), f"'sha256-{digest}'"])


def _inline_scripts(response: HttpResponseBase) -> list[str]:
    sources: list[str] = getattr(response, _INLINE_SCRIPTS, [])
    return sources


def replace(response: HttpResponse, directives: dict[str, Any]) -> None:
    """Replace directives of one response's policy, as django-csp's decorators do for all of a view's."""
    setattr(response, _REPLACED, directives)


def sandboxed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Sandbox the page of `view`: no origin, scripts, forms or pop-ups, even if it is opened directly."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        replace(response, {"sandbox": True, "frame-src": [NONE], "form-action": [NONE]})
        return response

    return wrapped


class InertStaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise, with a policy that makes static files inert when they are opened directly."""

    def add_mime_headers(self, headers: Headers, path: str, url: str) -> None:
        super().add_mime_headers(headers, path, url)
        headers["Content-Security-Policy"] = "default-src 'none'; sandbox"


def _page_policy() -> dict[str, Any]:
    """Return the policy of pages, to which each page adds its scripts by their full paths."""
    logo = urlsplit(settings.SITE_LOGO_URL)
    logo_origin = [f"{logo.scheme}://{logo.netloc}"] if logo.netloc else []
    return {
        "default-src": [NONE],
        "script-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *logo_origin],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [*FRAME_ORIGINS],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        **_reporting(),
    }


def _reporting() -> dict[str, Any]:
    """Return the reporting directives; browsers that support `report-to` ignore `report-uri`."""
    if not settings.CSP_REPORT_URL:
        return {}
    return {"report-uri": [settings.CSP_REPORT_URL], "report-to": [_ENDPOINT]}


def _sources(request: HttpRequest) -> list[str]:
    paths = list(dict.fromkeys(static_files.scripts_of(request)))
    if request.path.startswith("/admin/") and paths:
        # The admin's own templates print this script, which has its translations.
        paths.append(reverse("admin:jsi18n"))
    return [path if "//" in path else f"{origin}{path}" for origin in _origins(request) for path in paths]


def _origins(request: HttpRequest) -> Iterable[str]:
    """Return the origins under which the page may be served, as CSP sources.

    Cacheable responses must not depend on the request's Host: a forged one would disable the scripts of all
    readers. Responses of the admin and of a demo are not shared, so they may name the Host.
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
    """Return whether a host of ALLOWED_HOSTS can be part of a policy: no wildcard, no IPv6 address."""
    return not host.startswith((".", "*", "["))
