"""Authentication by partners' keys, permissions by their scopes, and rate limits.

A key is sent as `Authorization: Bearer nrk_…` (RFC 6750). Requests without a key get public content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from liveblog import audit, visibility
from liveblog.models import ApiKey, Partner
from liveblog.models.blog import LiveBlogQuerySet
from liveblog.visibility import PUBLIC, Public
from newsroom.http import client_address, rate_limits

REALM: Final = 'Bearer realm="Newsroom API"'


class KeyAuthentication(BaseAuthentication):
    """Authentication by key: sets `request.auth` to the key and `request.user` to its partner, or to None."""

    def authenticate(self, request: Request) -> tuple[Partner, ApiKey] | None:
        words = get_authorization_header(request).decode("latin-1").split()
        if not words:
            return None
        if len(words) != 2 or words[0].lower() != "bearer":
            raise AuthenticationFailed("Send a key as `Authorization: Bearer nrk_…`, or leave it out.")
        key = ApiKey.objects.by_secret(words[1])
        if key is None:
            raise AuthenticationFailed("This key is unknown, has expired or was revoked.")
        audit.acting_as(key)
        key.note_use(timezone.now())
        return key.partner, key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge; it only mentions an invalid key if one was sent (RFC 6750, section 3.1)."""
        return f'{REALM}, error="invalid_token"' if get_authorization_header(request) else REALM


class ScopesAllow(BasePermission):
    """Reading needs no key, but a key needs a reading scope; writing needs a key. Verbs check the rest."""

    message = "This key may not read: it has neither the scope read nor read:embargoed."

    def has_permission(self, request: Request, view: APIView) -> bool:
        key = request.auth
        if request.method not in SAFE_METHODS:
            # Do not require a key for methods that the view lacks, so that the response is 405.
            return key is not None or not hasattr(view, str(request.method).lower())
        return not isinstance(key, ApiKey) or key.may_read


class PerAddressOrKey(BaseThrottle):
    """Limit per minute, by key if there is one, else by the client network that the trusted proxy names."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = request.auth
        if key is None:
            network = client_address.network_of(client_address.of_request(request))
            self._seconds = rate_limits.seconds_to_wait(f"api:{network}", settings.API_REQUESTS_PER_MINUTE)
        else:
            limit = settings.API_KEY_REQUESTS_PER_MINUTE
            self._seconds = rate_limits.seconds_to_wait(f"api:key:{key.pk}", limit)
        return not self._seconds

    def wait(self) -> int:
        return self._seconds


def viewer_of(request: Request) -> Public | ApiKey:
    return request.auth if isinstance(request.auth, ApiKey) else PUBLIC


def key_of(request: Request) -> ApiKey:
    """Return the key of a request that writes; `ScopesAllow` refuses it without one."""
    assert isinstance(request.auth, ApiKey)
    return request.auth


def has_key(scope: Mapping[str, Any]) -> bool:
    """Return whether an ASGI request carries a usable key."""
    words = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1").split()
    return len(words) == 2 and words[0].lower() == "bearer" and ApiKey.objects.by_secret(words[1]) is not None


def open_blogs(request: Request) -> LiveBlogQuerySet:
    """Return the live blogs that the requester may read."""
    return visibility.readable(viewer_of(request))
