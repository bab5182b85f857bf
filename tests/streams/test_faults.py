"""Fault injection: killed servers, lost database connections and stalled readers lose no changes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from urllib.request import urlopen

import pytest
from django.db import connection
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, Change, LiveBlog, Update
from liveblog.publishing import SYSTEM, Content
from tests.factories import NOON, edit_blog, edit_update, embargo, make_blog, make_update
from tests.page_content import parse_page
from tests.streams.readers import Reader, following
from tests.streams.streaming import PATIENCE
from tests.waiting import wait_for

STREAMS, POLLS, CHANGES = 200, 50, 500
# Seconds; generous, because two servers, a database and 250 readers may have to share one core.
LONG_PATIENCE = 120
PAGE = 20
BODY = "<p>" + "颱風逼近，市民撤離。" * 12 + "</p>"
# A few of these exceed what a connection buffers for a stalled reader.
LONG = BODY * 300


class Desk:
    """A newsroom at work that cycles through the verbs that add to the log."""

    def __init__(self, blog: LiveBlog) -> None:
        self.blog = blog
        self.byline = Byline.objects.create(name="記者")
        self.verbs = itertools.cycle([
            self.publish, self.correct, self.publish, self.edit, self.pin, self.publish, self.mark,
            self.withdraw, self.publish, self.restore, self.edit_headline, self.unpin, self.respond,
            self.publish_backdated, self.unmark, self.edit_byline, self.schedule, self.erase,
            self.publish_and_undo,
        ])  # fmt: skip
        self.serial = itertools.count(1)

    def work(self, numbers: int) -> None:
        """Call verbs until the log has grown by at least `numbers` changes."""
        self.blog.refresh_from_db()
        until = self.blog.number + numbers
        while self.blog.number < until:
            next(self.verbs)()
            self.blog.refresh_from_db()

    def content(self, minutes: int) -> Content:
        serial = next(self.serial)
        happened_at = NOON + timedelta(minutes=minutes)
        return Content(f"第{serial}則", BODY, happened_at, bylines=(self.byline,), source=f"來源{serial}")

    def some(self, status: Update.Status = Update.Status.PUBLISHED, back: int = 3) -> Update:
        rows = Update.objects.filter(blog=self.blog, status=status, is_erased=False).newest_first()
        return list(rows[: back + 1])[-1]

    def publish(self) -> None:
        publishing.publish_update(self.blog, self.content(next(self.serial)), by=SYSTEM)

    def publish_and_undo(self) -> None:
        update = publishing.publish_update(self.blog, self.content(next(self.serial)), by=SYSTEM)
        publishing.undo_publication(update, by=SYSTEM)

    def publish_backdated(self) -> None:
        publishing.publish_update(self.blog, self.content(next(self.serial) - 9), by=SYSTEM)

    def schedule(self) -> None:
        """Schedule an update; the servers' own loops publish it."""
        publishing.schedule_update(
            self.blog, self.content(next(self.serial)), timezone.now() + timedelta(seconds=1), by=SYSTEM
        )

    def correct(self) -> None:
        update = self.some()
        content = Content.of(update)
        publishing.correct_update(update, content, by=SYSTEM, note=f"更正{next(self.serial)}")

    def edit(self) -> None:
        update = self.some(back=5)
        minutes = (update.happened_at - NOON) // timedelta(minutes=1)
        publishing.edit_update(update, self.content(minutes + 1), by=SYSTEM)

    def rewrite_first(self, body: str) -> None:
        update = Update.objects.filter(blog=self.blog).published().newest_first().last()
        edit_update(update, body=body)

    def pin(self) -> None:
        publishing.pin_update(self.some(back=1), by=SYSTEM)

    def unpin(self) -> None:
        self.blog.refresh_from_db()
        if self.blog.pinned_update:
            publishing.unpin_update(self.blog.pinned_update, by=SYSTEM)

    def mark(self) -> None:
        publishing.mark_key_event(self.some(back=2), by=SYSTEM)

    def unmark(self) -> None:
        for update in Update.objects.filter(blog=self.blog).key_events()[3:]:
            publishing.unmark_key_event(update, by=SYSTEM)

    def withdraw(self) -> None:
        publishing.withdraw_update(self.some(back=4), by=SYSTEM, reason="測試")

    def restore(self) -> None:
        publishing.restore_update(self.some(Update.Status.WITHDRAWN, back=0), by=SYSTEM)

    def erase(self) -> None:
        publishing.erase_update(self.some(back=6), by=SYSTEM, reason="法庭命令")

    def edit_headline(self) -> None:
        edit_blog(self.blog, headline=f"標題{next(self.serial)}")

    def edit_byline(self) -> None:
        self.byline = publishing.edit_byline(self.byline, by=SYSTEM, name="記者", role=f"{next(self.serial)}")

    def respond(self) -> None:
        response = publishing.submit_response(self.blog, name="讀者", text=f"回應{next(self.serial)}")
        publishing.approve_response(response, by=SYSTEM)
        if response.pk % 3 == 0:
            publishing.withdraw_response(response, by=SYSTEM)

    def end_and_resume(self) -> None:
        publishing.end_coverage(self.blog, by=SYSTEM)
        publishing.start_coverage(self.blog, by=SYSTEM)

    def embargo_and_lift(self) -> None:
        embargo(self.blog)
        publishing.lift_embargo(self.blog, by=SYSTEM)


def cut_the_database() -> None:
    """Terminate every database connection except the test's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def catch_up(readers: list[Reader], blog: LiveBlog) -> None:
    blog.refresh_from_db()
    wait_for(lambda: all(reader.number >= blog.number for reader in readers), LONG_PATIENCE)


@pytest.mark.postgres
@pytest.mark.alone
def test_readers_get_every_change_once_despite_faults(start_server: Callable):
    blog = make_blog(slug="storm", has_responses=True)
    for i in range(8):
        make_update(blog, f"開首{i}", happened_at=NOON - timedelta(minutes=i))
    desk = Desk(blog)
    # Two servers share one site URL, as behind a load balancer.
    start = partial(start_server, SITE_URL="http://127.0.0.1")
    first, second = start(), start()
    servers = [first.url, second.url]
    readers = [Reader(servers, "/live/storm/", by_stream=i < STREAMS) for i in range(STREAMS + POLLS)]
    stalled = readers[0]
    stalled.buffered = 4_096
    with following(readers, patience=480):
        try:
            wait_for(lambda: all(reader.number >= 0 for reader in readers), LONG_PATIENCE)
            desk.work(60)
            catch_up(readers, blog)
            stalled.is_stalled = True
            for text in (*(LONG, LONG + BODY) * 5, BODY):
                desk.rewrite_first(text)
                catch_up(readers[1:STREAMS], blog)
            # Only the stalled reader was dropped, because its buffers overflowed; then it resumed.
            stalled.is_stalled = False
            catch_up(readers, blog)
            assert [reader for reader in readers if reader.returns] == [stalled]
            stalled.is_stalled = True
            desk.work(60)
            first.process.kill()
            desk.work(60)
            servers[0] = start().url
            desk.work(60)
            cut_the_database()
            desk.work(60)
            desk.end_and_resume()
            desk.work(60)
            publishing.withdraw_blog(blog, by=SYSTEM)
            wait_for(lambda: sum(reader.number < 0 for reader in readers) > STREAMS // 2, LONG_PATIENCE)
            publishing.restore_blog(blog, by=SYSTEM)
            desk.work(60)
            desk.embargo_and_lift()
            cut_the_database()
            desk.work(CHANGES - 420)
            stalled.is_stalled = False
            wait_for(lambda: not Update.objects.filter(blog=blog).scheduled().exists(), LONG_PATIENCE)
        finally:
            blog.refresh_from_db()
            for reader in readers:
                reader.target = blog.number

    with urlopen(f"{servers[0]}/live/storm/", timeout=PATIENCE) as answer:
        page = parse_page(answer.read().decode(), "/live/storm/", "")
    assert page.number == blog.number >= CHANGES
    kinds = set(blog.changes.values_list("kind", flat=True))
    assert kinds == set(Change.Kind.values), set(Change.Kind.values) - kinds
    assert Counter(reader.number for reader in readers) == {page.number: STREAMS + POLLS}
    assert [reader.repeats for reader in readers if reader.repeats] == []
    for reader in readers:
        assert reader.numbers == sorted(set(reader.numbers))
        assert reader.newest(PAGE) == page.updates
        assert reader.regions == page.regions
    # Verify that the faults took effect: about half the streams lost a server, and all lost the blog.
    assert sum(reader.returns for reader in readers) > STREAMS // 4
    assert sum(reader.reloads for reader in readers) > STREAMS // 2
