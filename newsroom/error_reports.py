"""Reports of errors to a Sentry server, if SENTRY_DSN is set, without personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from newsroom import __version__
from newsroom.http import request_ids
from newsroom.logs import redact

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

try:
    import sentry_sdk
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration
except ImportError:
    _is_installed = False
else:
    _is_installed = True

# Anything else that integrations attach is left out, including what later versions may add.
_KEPT: Final = (
    *("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "sdk", "transaction"),
    *("exception", "threads", "logentry", "message", "type", "modules", "tags", "fingerprint"),
)


def start() -> None:
    """Start reporting errors. Raise ImproperlyConfigured if sentry-sdk is not installed."""
    if not settings.SENTRY_DSN:
        return
    if not _is_installed:
        raise ImproperlyConfigured("SENTRY_DSN needs the package sentry-sdk: see docs/monitoring.md.")
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=__version__,
        # Use only these two, because integrations that are enabled automatically attach arbitrary data.
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(middleware_spans=False, signals_spans=False),
            LoggingIntegration(level=None),
        ],
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=None,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="newsroom",
        before_send=clean,
    )


def clean(event: Event, hint: Hint) -> Event | None:
    """Return the event with nothing in it that could name a person or hold a secret.

    A message keeps its template, whose arguments may be anything.
    """
    fields: dict[str, Any] = {name: event[name] for name in _KEPT if name in event}
    if isinstance(entry := fields.get("logentry"), dict):
        fields["logentry"] = {"message": redact(str(entry.get("message", "")))}
    for exception in (fields.get("exception") or {}).get("values", []):
        exception["value"] = redact(str(exception.get("value") or ""))
    if request_id := request_ids.current.get():
        fields["tags"] = {**dict(fields.get("tags") or {}), "request_id": request_id}
    if method := (event.get("request") or {}).get("method"):
        fields["tags"] = {**dict(fields.get("tags") or {}), "method": str(method)}
    return fields  # type: ignore[return-value]
