"""Headers that limit what browsers do with a response, in addition to its policy (`newsroom.csp`)."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpResponseBase

from newsroom.http import request_ids

# Features that no page of ours uses. External media may still play, in full screen and picture in picture.
_UNUSED_FEATURES: Final = (
    *("accelerometer", "bluetooth", "browsing-topics", "camera", "display-capture", "geolocation"),
    *("gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb"),
)
PERMISSIONS_POLICY: Final = ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES)
# Partners' pages load feeds, pictures, polls, streams and the embed, as they may by CORS.
_CROSS_ORIGIN: Final = "cross-origin"
_SAME_ORIGIN: Final = "same-origin"
_INERT_POLICY: Final = "default-src 'none'"


def protect(response: HttpResponseBase, *, is_public: bool) -> None:
    """Add the Permissions-Policy of a page, and the Cross-Origin-Resource-Policy of any response."""
    if response.status_code == 304:
        # Caches update stored headers from a 304, which does not reveal whether the response is a page.
        response.headers.pop("X-Content-Type-Options", None)
        return
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    if is_page:
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
    # Django's decorator marks the pages that other sites may frame.
    is_shared = is_public and (not is_page or getattr(response, "xframe_options_exempt", False))
    policy = _CROSS_ORIGIN if is_shared else _SAME_ORIGIN
    response.headers.setdefault("Cross-Origin-Resource-Policy", policy)


def of_stream(scope: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Return the headers of the response to a stream's request, which does not pass the middleware."""
    headers = [
        (b"content-security-policy", _INERT_POLICY.encode()),
        (b"cross-origin-resource-policy", _CROSS_ORIGIN.encode()),
        (b"x-content-type-options", b"nosniff"),
        *request_ids.of_stream(),
    ]
    if settings.SECURE_HSTS_SECONDS and _is_secure(scope):
        headers.append((b"strict-transport-security", _hsts().encode()))
    return headers


def _is_secure(scope: dict[str, Any]) -> bool:
    """Return whether the client's connection is TLS, as Django decides it for other requests."""
    if settings.SECURE_PROXY_SSL_HEADER:
        proxy_schemes = dict(scope["headers"]).get(b"x-forwarded-proto")
        if proxy_schemes is not None:
            return bool(proxy_schemes.split(b",", 1)[0].strip() == b"https")
    return bool(scope["scheme"] == "https")


def _hsts() -> str:
    """Return the value of Strict-Transport-Security that Django's SecurityMiddleware sends."""
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        parts.append("includeSubDomains")
    if settings.SECURE_HSTS_PRELOAD:
        parts.append("preload")
    return "; ".join(parts)
