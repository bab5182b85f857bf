"""`manage.py ready`: the report, in each language, and its exit status."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import trustme
from django.core.management import call_command
from django.utils import timezone, translation

from liveblog import publishing
from liveblog.models import Update
from liveblog.monitoring import readiness
from liveblog.monitoring.readiness import State
from liveblog.publishing import Content
from tests.factories import make_blog, make_person
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def ready(*arguments: str) -> tuple[int, str]:
    """Return the exit status and the report."""
    output = StringIO()
    try:
        call_command("ready", *arguments, stdout=output)
    except SystemExit as exit_:
        return exit_.code, output.getvalue()
    return 0, output.getvalue()


@contextmanager
def tls_server(monkeypatch, tmp_path, expires_at: datetime) -> Iterator[str]:
    """Yield the host and port of a TLS server whose certificate this process trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_after=expires_at).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _address = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(1)
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"localhost:{listener.getsockname()[1]}"
        thread.join(10)


def is_ready(url: str) -> bool:
    """Return whether the server is ready; one that has just started does not yet listen for changes."""
    try:
        with urlopen(url):
            return True
    except HTTPError:
        return False


def test_a_site_in_order_exits_with_status_0(server, settings):
    settings.SITE_URL, settings.DEMO, settings.SITE_NAME = server.url, False, "Example News"
    now = timezone.now().isoformat()
    record = settings.DATA_DIR / "backup.json"
    record.write_text(json.dumps({"made_at": now, "verified_at": now}))
    wait_for(lambda: is_ready(f"{server.url}/readyz"))
    try:
        status, page = ready("--language", "en")
    finally:
        record.unlink()
    assert status == 0, page
    assert page.startswith("Example News · ")
    assert f" ✓ Site: It answers at {server.url}." in page
    assert " ✓ Backup: The last one is 0 hours old." in page
    assert " ✓ People: Everybody has a second factor." in page
    assert " ✓ Signals: Changes reach the servers (" in page
    assert "✗" not in page


def test_problems_are_marked_and_the_exit_status_is_1(settings):
    settings.SITE_URL = "http://127.0.0.1:9"
    settings.SECOND_FACTOR_ROLES = ["*"]
    by = make_person("Chief editor")
    publishing.schedule_update(make_blog(), Content("風球"), timezone.now() + timedelta(hours=1), by=by)
    Update.objects.update(publish_at=timezone.now() - timedelta(hours=1))
    status, page = ready("--language", "en")
    assert status == 1
    assert " ✗ Settings: DEMO is on." in page
    assert " ✗ Site: The site does not answer at http://127.0.0.1:9: " in page
    assert " ✗ Backup: No backup is recorded." in page
    assert " ✗ Scheduled work: 1 things are late. Is a server running?" in page
    assert f" ✗ People: Without a second factor: {by.username}." in page
    assert page.rstrip().endswith("Not ready: put right what is marked ✗.")


@pytest.mark.parametrize(("days", "state"), [(60, State.GOOD), (10, State.MEND), (-1, State.MEND)])
def test_the_certificate_is_checked_as_browsers_check_it(monkeypatch, tmp_path, days, state):
    expires_at = datetime.now(UTC) + timedelta(days=days, hours=1)
    with tls_server(monkeypatch, tmp_path, expires_at) as host, translation.override("en"):
        line = readiness.certificate_line(host)
    assert line.state == state
    assert (f"{days} days" in line.text) == (days > 0)


def test_an_unreachable_host_and_a_wrong_port_are_problems():
    assert readiness.certificate_line("127.0.0.1:9").state == State.MEND
    assert readiness.certificate_line("localhost:port").state == State.MEND


@pytest.mark.parametrize(
    "written", ["", "[]", "{", '{"made_at": "yesterday"}', '{"made_at": "2026-11-28T03:15:00"}']
)
def test_an_unreadable_record_counts_as_no_backup(settings, tmp_path, written):
    settings.DATA_DIR = tmp_path
    (tmp_path / "backup.json").write_text(written)
    backup, restore = readiness.backup_lines()
    assert (backup.state, restore.state) == (State.MEND, State.LOOK)
