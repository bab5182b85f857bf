"""The loop of due work: scheduled updates are published while a server runs, or when it next starts."""

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
    # The verb refuses times in the past, so set the time directly.
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


def test_scheduled_update_appears_on_a_running_server_when_due(server):
    due_at = timezone.now() + timedelta(seconds=10)
    update = schedule(due_at)
    page = f"{server.url}{update.blog.get_absolute_url()}"
    with urlopen(page) as before:
        assert "預定的消息" not in before.read().decode()

    wait_for(lambda: is_published(update))

    with urlopen(page) as after:
        assert "預定的消息" in after.read().decode()
    assert update.first_published_at >= due_at


def test_overdue_update_is_published_when_a_server_starts(start_server):
    update = schedule(timezone.now() - timedelta(hours=3))
    start_server()
    wait_for(lambda: is_published(update))


def test_two_servers_publish_a_due_update_once(start_server):
    start_server()
    start_server()
    update = schedule(timezone.now() + timedelta(seconds=1))
    wait_for(lambda: is_published(update))
    update.blog.refresh_from_db()
    numbers = sorted(update.blog.changes.values_list("number", flat=True))
    assert numbers == list(range(1, update.blog.number + 1))
    assert update.revisions.count() == 1


def test_database_outage_is_logged_and_publication_resumes(loop, caplog):
    update = schedule(timezone.now() - timedelta(seconds=1))
    table = connection.ops.quote_name(Update._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
    try:
        with caplog.at_level(logging.ERROR):
            loop.start()
            wait_for(lambda: "could not be done" in caplog.text)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE away RENAME TO {table}")
    wait_for(lambda: is_published(update))


def test_stop_does_not_wait_for_the_next_tick(loop):
    loop.start()
    loop.stop(patience=20)
    assert not loop.is_running
