"""Concurrent and dying sender processes: every change arrives, and in order."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone

from liveblog.models import WebhookCursor
from liveblog.streams.hub import Hub
from liveblog.webhooks import cursors
from liveblog.webhooks import sender as senders
from tests.environment import ROOT
from tests.factories import make_blog, make_update
from tests.waiting import wait_for
from tests.webhooks import receiver as behaviours
from tests.webhooks.conftest import make_webhook
from tests.webhooks.receiver import Handler

CHANGES = 15


@pytest.fixture
def start(start_server: Callable, trusted_file) -> Callable:
    """Return a function that starts a server that trusts the receiver."""
    return lambda: start_server(WEBHOOK_TEST_HOSTS="localhost", SSL_CERT_FILE=str(trusted_file))


def test_two_servers_deliver_each_change_once_and_in_order(start, receiver, partner, transactional_db):
    fails = iter(number % 7 == 3 for number in range(10_000))

    def answer(handler: Handler) -> None:
        # Fail some requests, with a Retry-After so short that the test does not have to wait.
        if next(fails):
            handler.answer(429, Retry_After="1")
        else:
            behaviours.accept(handler)

    receiver.behave = answer
    make_webhook(partner, receiver)
    blogs = [make_blog() for _each in range(3)]
    first, second = start(), start()
    for _each in range(CHANGES - 1):
        for blog in blogs:
            make_update(blog)
    wait_for(lambda: all(len(receiver.numbers(blog.slug)) >= CHANGES for blog in blogs), 180)
    assert {blog.slug: receiver.numbers(blog.slug) for blog in blogs} == {
        blog.slug: list(range(1, CHANGES + 1)) for blog in blogs
    }
    assert first.process.poll() is second.process.poll() is None


def test_delivery_of_a_killed_server_is_repeated_after_its_lease(start, receiver, partner, sender, clock):
    receiver.behave = behaviours.hang
    make_webhook(partner, receiver)
    server = start()
    blog = make_blog()
    make_update(blog)
    wait_for(lambda: receiver.requests)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(timeout=20)
    assert WebhookCursor.objects.get().leased_until_at > timezone.now()
    receiver.behave = behaviours.accept
    clock.forward(cursors.LEASE)
    sender.start()
    wait_for(lambda: receiver.numbers(blog.slug) == [1, 2])
    assert [request.number for request in receiver.requests] == [1, 1, 2]


def test_terminated_server_releases_its_leases(start, receiver, partner, transactional_db):
    receiver.behave = behaviours.hang
    make_webhook(partner, receiver)
    server = start()
    make_blog()
    wait_for(lambda: receiver.requests)
    server.process.terminate()
    server.process.wait(timeout=20)
    assert WebhookCursor.objects.get().leased_until_at is None


def test_wake_up_triggers_delivery_without_polling(sender, receiver, partner, monkeypatch):
    monkeypatch.setattr(senders, "LOOK_SECONDS", 600.0)
    blog = make_blog()
    make_webhook(partner, receiver)
    sender.start()
    with run_hub(Hub(on_wake=sender.wake)):
        make_update(blog)
        wait_for(lambda: receiver.numbers(blog.slug) == [2])


@contextmanager
def run_hub(hub: Hub) -> Iterator[None]:
    """Run a hub, which listens for changes, in an event loop in its own thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> None:
        hub.start()

    asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(hub.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_send_webhooks_command_delivers_without_a_server(
    production_environment, trusted_file, receiver, partner, transactional_db
):
    blog = make_blog()
    make_webhook(partner, receiver)
    make_update(blog)
    with subprocess.Popen(
        [sys.executable, "manage.py", "send_webhooks"],
        cwd=ROOT,
        env=production_environment | {"WEBHOOK_TEST_HOSTS": "localhost", "SSL_CERT_FILE": str(trusted_file)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_for(lambda: receiver.numbers(blog.slug) == [2])
        finally:
            process.terminate()
            output, _nothing = process.communicate(timeout=20)
    assert (output, process.returncode) == ("Ended.\n", 0)
