"""Session engine: Django's database sessions with an idle and an absolute limit.

Both limits are in the row's `expire_date`, so that all code that loads a session obeys them. The cookie lives
as long as the absolute limit.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from newsroom.access.models import StaffSession

# Key of the session's data: what `newsroom.access.sessions.begin` recorded at sign-in.
SIGN_IN = "sign_in"


class SessionStore(db.SessionStore):
    # When the loaded session was last recorded as seen; None for a new one.
    seen_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[StaffSession]:
        return StaffSession

    def _get_session_from_db(self) -> StaffSession | None:
        row: StaffSession | None = super()._get_session_from_db()  # type: ignore[misc]
        self.seen_at = row.seen_at if row else None
        return row

    def create_model_instance(self, data: dict[str, Any]) -> StaffSession:
        row = super().create_model_instance(data)
        assert isinstance(row, StaffSession)
        sign_in = data.get(SIGN_IN, {})
        row.user_id = data.get(SESSION_KEY)
        row.signed_in_at = datetime.fromtimestamp(sign_in["at"], UTC) if sign_in else None
        row.address, row.device = sign_in.get("address"), sign_in.get("device", "")
        row.seen_at = timezone.now()
        row.expire_date = expiry(row.signed_in_at or row.seen_at, row.seen_at)
        return row


def expiry(signed_in_at: datetime, seen_at: datetime) -> datetime:
    """Return when a session ends by the idle or the absolute limit, whichever is earlier."""
    absolute = signed_in_at + timedelta(hours=settings.SESSION_HOURS)
    return min(absolute, seen_at + timedelta(hours=settings.SESSION_IDLE_HOURS))
