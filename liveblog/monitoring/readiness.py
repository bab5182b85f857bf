"""The report that a chief editor reads before an election night: `manage.py ready`."""

from __future__ import annotations

import asyncio
import ctypes
import json
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog.models import LiveBlog, Update, Webhook, WebhookCursor
from liveblog.monitoring import backup_record, health
from liveblog.wakeups.channel import listen
from newsroom.access import factors

TIMEOUT_SECONDS: Final = 10.0
CERTIFICATE_DAYS: Final = 14
BACKUP_HOURS: Final = 36
VERIFIED_DAYS: Final = 30
WEBHOOK_CHANGES: Final = 100
GIGABYTE: Final = 1024**3
# adjtimex(2): the clock is not synchronized.
_TIME_ERROR: Final = 5


class State(Enum):
    GOOD = "good"
    LOOK = "look"
    MEND = "mend"


@dataclass(frozen=True)
class Line:
    """One line of the report."""

    state: State
    subject: str
    text: str


def page(host: str = "") -> Iterator[Line]:
    """Yield the lines in reading order. `host` is the host of the certificate; by default, SITE_URL's."""
    yield settings_line()
    yield from server_lines()
    if host or settings.SITE_URL.startswith("https:"):
        yield certificate_line(host or urlsplit(settings.SITE_URL).netloc)
    yield disk_line()
    yield clock_line()
    yield from backup_lines()
    try:
        for check in (migration_line, listener_line, due_line, webhook_line, second_factor_line):
            yield check()
    except DatabaseError:
        yield Line(State.MEND, _("Database"), _("It does not answer."))


def settings_line() -> Line:
    wrong = [name for name in ("DEBUG", "DEMO") if getattr(settings, name)]
    if wrong:
        text = _("%(names)s is on. Turn it off: it is for trying out only.") % {"names": ", ".join(wrong)}
        return Line(State.MEND, _("Settings"), text)
    return Line(State.GOOD, _("Settings"), _("Production."))


def server_lines() -> Iterator[Line]:
    """Check `/readyz` at the address under which readers reach the site."""
    try:
        with urlopen(f"{settings.SITE_URL}/readyz", timeout=TIMEOUT_SECONDS) as response:
            answer = json.loads(response.read(10_000))
    except HTTPError as error:
        answer = _json_of(error)
    except (OSError, ValueError) as error:
        text = _("The site does not answer at %(url)s: %(error)s")
        yield Line(State.MEND, _("Site"), text % {"url": settings.SITE_URL, "error": error})
        return
    failures = answer.get("failed", []) if isinstance(answer, dict) else ["?"]
    if failures:
        yield Line(State.MEND, _("Site"), _("It is not ready: %(names)s.") % {"names": ", ".join(failures)})
    else:
        yield Line(State.GOOD, _("Site"), _("It answers at %(url)s.") % {"url": settings.SITE_URL})


def _json_of(error: HTTPError) -> Any:
    try:
        return json.loads(error.read(10_000))
    except ValueError:
        return {"failed": [f"HTTP {error.code}"]}


def certificate_line(host: str) -> Line:
    """Check the certificate by connecting as a browser does. `host` may include a port."""
    subject = _("Certificate")
    try:
        address = urlsplit(f"//{host}")
        name, port = address.hostname or "", address.port or 443
        context = ssl.create_default_context()
        with (
            socket.create_connection((name, port), timeout=TIMEOUT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            certificate = secure.getpeercert() or {}
    except (OSError, ValueError) as error:
        text = _("Browsers would refuse %(host)s: %(error)s") % {"host": host, "error": error}
        return Line(State.MEND, subject, text)
    expires_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (expires_at - timezone.now()).days
    text = _("%(host)s: it expires in %(days)s days, on %(date)s.") % {
        "host": host,
        "days": days,
        "date": timezone.localtime(expires_at).date().isoformat(),
    }
    return Line(State.MEND if days < CERTIFICATE_DAYS else State.GOOD, subject, text)


def disk_line() -> Line:
    usage = shutil.disk_usage(settings.DATA_DIR)
    text = _("%(free)s GB of %(total)s GB are free.") % {
        "free": f"{usage.free / GIGABYTE:.1f}",
        "total": f"{usage.total / GIGABYTE:.1f}",
    }
    if not health.has_disk_space():
        return Line(State.MEND, _("Disk"), text)
    return Line(State.LOOK if usage.free < usage.total / 10 else State.GOOD, _("Disk"), text)


def clock_line() -> Line:
    now = timezone.localtime().strftime("%Y-%m-%d %H:%M:%S %Z")
    try:
        is_right = health.has_right_clock()
    except DatabaseError:
        is_right = True
    if not is_right:
        text = _("This machine says %(time)s, and the database disagrees. Set the clocks (NTP).")
        return Line(State.MEND, _("Clock"), text % {"time": now})
    if _is_unsynchronized():
        text = _("It is %(time)s. Nothing keeps this machine's clock synchronised (NTP).")
        return Line(State.LOOK, _("Clock"), text % {"time": now})
    return Line(State.GOOD, _("Clock"), _("It is %(time)s.") % {"time": now})


def _is_unsynchronized() -> bool:
    """Return whether the kernel reports that the clock is not synchronized; False if it cannot tell."""
    try:
        # Longer than the kernel's struct timex; with modes 0 it is only read.
        return bool(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) == _TIME_ERROR)
    except (OSError, AttributeError):
        return False


def backup_lines() -> Iterator[Line]:
    record, now = backup_record.read_record(), timezone.now()
    if record.made_at is None:
        yield Line(State.MEND, _("Backup"), _("No backup is recorded."))
    else:
        hours = round((now - record.made_at) / timedelta(hours=1))
        text = _("The last one is %(hours)s hours old.") % {"hours": hours}
        yield Line(State.MEND if hours > BACKUP_HOURS else State.GOOD, _("Backup"), text)
    if record.verified_at is None:
        text = _("No backup has been checked: run manage.py backup --verify DIR.")
        yield Line(State.LOOK, _("Backup check"), text)
    else:
        days = (now - record.verified_at).days
        text = _("All files of a backup were last checked %(days)s days ago.") % {"days": days}
        yield Line(State.LOOK if days > VERIFIED_DAYS else State.GOOD, _("Backup check"), text)


def migration_line() -> Line:
    if health.has_all_migrations():
        return Line(State.GOOD, _("Database"), _("It answers and is up to date."))
    return Line(State.MEND, _("Database"), _("It is older than the code: run manage.py migrate."))


def listener_line() -> Line:
    """Check, on a separate connection, that the signals arrive that servers rely on."""
    subject, started = _("Signals"), time.monotonic()
    if asyncio.run(_hears()):
        milliseconds = round((time.monotonic() - started) * 1000)
        text = _("Changes reach the servers (%(milliseconds)s ms).") % {"milliseconds": milliseconds}
        return Line(State.GOOD, subject, text)
    text = _("The database does not pass on changes (LISTEN): readers get updates late.")
    return Line(State.MEND, subject, text)


async def _hears() -> bool:
    heard = asyncio.Event()
    listening = asyncio.create_task(listen(lambda _blog_id: None, lambda _until: heard.set()))
    try:
        await asyncio.wait_for(heard.wait(), TIMEOUT_SECONDS)
    except TimeoutError:
        return False
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return True


def due_line() -> Line:
    now = timezone.now()
    late_count = health.count_late(now)
    if late_count:
        text = _("%(count)s things are late. Is a server running?") % {"count": late_count}
        return Line(State.MEND, _("Scheduled work"), text)
    day = now + timedelta(days=1)
    counts = {
        "updates": Update.objects.due(day).count(),
        "embargoes": LiveBlog.objects.with_lapsed_embargo(day).count(),
        "ends": LiveBlog.objects.past_planned_end(day).count(),
    }
    text = _("Within a day: %(updates)s updates, %(embargoes)s ends of embargoes, %(ends)s ends of coverage.")
    return Line(State.GOOD, _("Scheduled work"), text % counts)


def webhook_line() -> Line:
    backlog = WebhookCursor.objects.backlog()
    failing = Webhook.objects.enabled().failing().count()
    disabled = Webhook.objects.filter(disabled_at__isnull=False, partner__is_active=True).count()
    text = _("%(changes)s changes to deliver; %(failing)s webhooks fail, %(disabled)s are switched off.") % {
        "changes": backlog,
        "failing": failing,
        "disabled": disabled,
    }
    needs_look = failing or disabled or backlog > WEBHOOK_CHANGES
    return Line(State.LOOK if needs_look else State.GOOD, _("Partners"), text)


def second_factor_line() -> Line:
    names = factors.without_any().values_list("username", flat=True)
    if not names:
        return Line(State.GOOD, _("People"), _("Everybody has a second factor."))
    text = _("Without a second factor: %(names)s.") % {"names": ", ".join(names)}
    return Line(State.MEND if settings.SECOND_FACTOR_ROLES else State.LOOK, _("People"), text)
