"""Fixtures for webhooks: an HTTPS receiver, a sender in its own thread, and a clock that tests advance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import trustme
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Partner, Webhook
from liveblog.publishing import SYSTEM
from liveblog.webhooks import delivery
from liveblog.webhooks import sender as senders
from liveblog.webhooks.sender import Sender
from tests.factories import make_partner
from tests.webhooks.receiver import Receiver, run_receiver

URL = "https://partner.example/hook"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusted_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def trusts_receiver(settings, monkeypatch: pytest.MonkeyPatch, trusted_file: Path) -> Iterator[None]:
    """Configure the site to accept `localhost` as a webhook host and to trust the receiver's authority."""
    settings.WEBHOOK_TEST_HOSTS = ["localhost"]
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted_file))
    delivery._trusted.cache_clear()
    yield
    delivery._trusted.cache_clear()


@pytest.fixture
def receiver(authority: trustme.CA, trusts_receiver: None) -> Iterator[Receiver]:
    with run_receiver(authority) as receiver:
        yield receiver


class Clock:
    """The real clock plus an offset that tests advance."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self._real = timezone.now

    def now(self) -> datetime:
        return self._real() + self.ahead

    def forward(self, by: timedelta) -> None:
        self.ahead += by

    def forward_to(self, at: datetime) -> None:
        self.ahead = max(self.ahead, at - self._real() + timedelta(milliseconds=1))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


@pytest.fixture
def sender(transactional_db: None, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    """Yield a sender that is not started. Nothing wakes it, so it polls every 0.1 seconds instead."""
    monkeypatch.setattr(senders, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(senders, "OPEN_SECONDS", 0.1)
    sender = Sender()
    yield sender
    if sender.is_running:
        sender.stop(patience=0)
    assert not sender.is_running


@pytest.fixture
def partner(db: None) -> Partner:
    return make_partner(name="Harbour Wire", contact="desk@harbour.example")


@pytest.fixture
def webhook(partner: Partner) -> Webhook:
    return publishing.add_webhook(partner, by=SYSTEM, url=URL)


def make_webhook(partner: Partner, receiver: Receiver, **options: object) -> Webhook:
    return publishing.add_webhook(partner, by=SYSTEM, url=receiver.url, **options)
