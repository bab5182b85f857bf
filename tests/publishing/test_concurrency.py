"""Concurrent editors: numbers have no gaps or repeats, polls miss nothing, and a hold always applies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client

from liveblog import publishing
from liveblog.models import Change, Image, LiveBlog, Update
from liveblog.publishing import SYSTEM, Content
from tests.factories import NOON, make_blog, make_image, make_person, make_update
from tests.waiting import wait_for

THREADS, CHANGES_EACH = 8, 50


class RolledBackError(Exception):
    """Error that a writer raises to roll its transaction back."""


def write_changes(blog: LiveBlog, writer: int) -> None:
    """Make five changes per turn, after a publication that is rolled back once it has its number."""
    try:
        for turn in range(CHANGES_EACH // 5):
            happened_at = NOON + timedelta(seconds=THREADS * turn + writer)
            try:
                with transaction.atomic():
                    publishing.publish_update(blog, Content(heading="回滾"), by=SYSTEM)
                    raise RolledBackError
            except RolledBackError:
                pass
            update = publishing.publish_update(
                blog, Content(heading=f"{writer}-{turn}", happened_at=happened_at), by=SYSTEM
            )
            publishing.mark_key_event(update, by=SYSTEM)
            edited = Content(heading=f"{writer}-{turn} 改", happened_at=happened_at, is_key_event=True)
            publishing.edit_update(update, edited, by=SYSTEM)
            publishing.withdraw_update(update, by=SYSTEM, reason="測試")
            publishing.restore_update(update, by=SYSTEM)
    finally:
        connection.close()


def follow(blog: LiveBlog, number: int, is_over: Event) -> tuple[list[int], dict[int, tuple]]:
    """Poll like a page until the writers are done and all changes are read; return numbers and replica."""
    replica: dict[int, tuple] = {}
    numbers = [number]
    client = Client()
    try:
        while True:
            is_last_poll = is_over.is_set()
            response = client.get(f"/live/{blog.slug}/changes.json", {"after": numbers[-1]}).json()
            for update in response.get("updates", []):
                replica[update["id"]] = (update["number"], update["status"], update.get("heading"))
            if response["number"] > numbers[-1]:
                numbers.append(response["number"])
            elif is_last_poll:
                return numbers, replica
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_leave_no_gap_and_a_polling_reader_misses_nothing():
    blog = make_blog()
    make_update(blog)
    is_over = Event()
    with ThreadPoolExecutor(THREADS + 1) as threads:
        reader = threads.submit(follow, blog, 2, is_over)
        writers = [threads.submit(write_changes, blog, writer) for writer in range(THREADS)]
        try:
            for writer in writers:
                writer.result()
        finally:
            is_over.set()
        numbers, replica = reader.result()
    total = 2 + THREADS * CHANGES_EACH
    assert list(Change.objects.filter(blog=blog).after(0).values_list("number", flat=True)) == [
        *range(1, total + 1)
    ]
    blog.refresh_from_db()
    assert (blog.number, numbers[-1]) == (total, total)
    assert numbers == sorted(set(numbers))
    followed = Update.objects.filter(blog=blog).after(2)
    assert replica == {update.pk: (update.number, update.status, update.heading) for update in followed}
    assert len(replica) == THREADS * CHANGES_EACH // 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_hold_placed_while_a_picture_is_saved_applies():
    chief, image = make_person("Chief editor"), make_image()
    blog = make_blog()
    make_update(blog, images=(image,))

    def edit() -> None:
        try:
            publishing.edit_image(image, by=SYSTEM, alt="別的描述")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            publishing.set_hold(blog, by=chief, is_on_hold=True, reason="訴訟")
            editing = threads.submit(edit)
            wait_for(is_waiting_for_a_lock)
        with pytest.raises(ValidationError):
            editing.result()
    assert Image.objects.get().alt != "別的描述"


def is_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0
