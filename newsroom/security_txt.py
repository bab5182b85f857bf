"""`/.well-known/security.txt`: contacts for reports of vulnerabilities (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsroom.site import absolute

# RFC 9116, section 2.5.5, recommends less than a year.
VALID_FOR: Final = timedelta(days=180)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    if not settings.SECURITY_CONTACT:
        raise Http404
    # Expires changes only once a day, so that the text can be cached; running the site confirms the contacts.
    expires = datetime.combine(timezone.now().astimezone(UTC).date() + VALID_FOR, time(), UTC)
    fields = [
        ("Contact", settings.SECURITY_CONTACT),
        ("Expires", f"{expires:%Y-%m-%dT%H:%M:%SZ}"),
        ("Preferred-Languages", "zh-Hant, zh-Hans, en"),
        ("Canonical", absolute(reverse("security_txt"))),
    ]
    if settings.SECURITY_POLICY_URL:
        fields.append(("Policy", settings.SECURITY_POLICY_URL))
    text = "".join(f"{name}: {value}\n" for name, value in fields)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
