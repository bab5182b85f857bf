"""The loop of due work: what is scheduled goes live while a server runs, and when it comes back."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.request import urlopen

import pytest
from django.db import connection
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Update
from liveblog.publishing import SYSTEM, Content
from liveblog.wakeups.due import DueLoop
from tests.factories import NOON, make_blog
from tests.waiting import wait_for


def schedule(publish_at: datetime) -> Update:
    content = Content(heading="預定的消息", body="<p>內文。</p>", happened_at=NOON)
    later = timezone.now() + timedelta(hours=1)
    update = publishing.schedule_update(make_blog(), content, later, by=SYSTEM)
    # The verb refuses what has passed already, as it should.
    Update.objects.filter(pk=update.pk).update(publish_at=publish_at)
    return update


def is_published(update: Update) -> bool:
    update.refresh_from_db()
    return update.status == Update.Status.PUBLISHED


@pytest.fixture
def loop(transactional_db) -> Iterator[DueLoop]:
    loop = DueLoop()
    yield loop
    loop.stop()


def test_a_scheduled_update_reaches_readers_of_a_running_server(server):
    due_at = timezone.now() + timedelta(seconds=10)
    update = schedule(due_at)
    page = f"{server.url}{update.blog.get_absolute_url()}"
    with urlopen(page) as before:
        assert "預定的消息" not in before.read().decode()

    wait_for(lambda: is_published(update))

    with urlopen(page) as after:
        assert "預定的消息" in after.read().decode()
    assert update.first_published_at >= due_at


def test_what_fell_due_while_no_server_ran_goes_live_at_start(start_server):
    update = schedule(timezone.now() - timedelta(hours=3))
    start_server()
    wait_for(lambda: is_published(update))


def test_two_servers_publish_what_fell_due_once(start_server):
    start_server()
    start_server()
    update = schedule(timezone.now() + timedelta(seconds=1))
    wait_for(lambda: is_published(update))
    update.blog.refresh_from_db()
    numbers = sorted(update.blog.changes.values_list("number", flat=True))
    assert numbers == list(range(1, update.blog.number + 1))
    assert update.revisions.count() == 1


def test_an_outage_of_the_database_is_logged_and_survived(loop, caplog):
    update = schedule(timezone.now() - timedelta(seconds=1))
    table = connection.ops.quote_name(Update._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
    try:
        with caplog.at_level(logging.ERROR):
            loop.start()
            wait_for(lambda: "could not be published" in caplog.text)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE away RENAME TO {table}")
    wait_for(lambda: is_published(update))


def test_stopping_waits_for_no_tick(loop):
    loop.start()
    loop.stop(patience=20)
    assert not loop.is_running
