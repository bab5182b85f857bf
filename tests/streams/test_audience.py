"""Audience numbers: current readers and the reach of each update, summed over processes that come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.request import urlopen

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from liveblog import publishing
from liveblog.audience import SLOTS, Delivered, Tally, keep_reach, reach_of, readers_connected
from liveblog.models import LiveBlog, Reach
from liveblog.publishing import SYSTEM, Content
from tests.factories import NOON, make_blog, make_update
from tests.streams.streaming import PATIENCE, Stream, open_stream
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def clear_audience(db: None) -> None:
    """Clear the cache, because its table outlives a test and ids are reused."""
    cache.clear()


@pytest.fixture
def open_streams() -> Iterator[Callable[..., list[Stream]]]:
    with ExitStack() as stack:

        def open_streams(site: str, blog: LiveBlog, count: int) -> list[Stream]:
            streams = [open_stream(site, blog.slug, after=blog.number) for _turn in range(count)]
            for stream in streams:
                stack.callback(stream.close)
            return streams

        yield open_streams


def reach(blog: LiveBlog) -> dict[str, int]:
    headings = dict(blog.updates.values_list("pk", "heading"))
    return {headings[pk]: pages for pk, pages in reach_of(blog, blog.updates.all()).items()}


def test_two_servers_add_up_current_readers_and_reach(start_server, open_streams):
    first, second = start_server(), start_server()
    blog, quiet = make_blog(), make_blog()
    on_first = open_streams(first.url, blog, 3)
    on_second = open_streams(second.url, blog, 1) + open_streams(f"{second.url}/zh-hans", blog, 1)
    wait_for(lambda: readers_connected(blog.pk) == 5)
    assert readers_connected(quiet.pk) == 0

    update = make_update(blog, "甲")
    make_update(quiet, "無人跟進")
    for stream in on_first + on_second:
        assert stream.next().id == 2
    wait_for(lambda: reach(blog) == {"甲": 5})
    # Polls are not counted, and an edit does not add to the reach.
    with urlopen(f"{first.url}/live/{blog.slug}/changes.json?after=1", timeout=PATIENCE) as polled:
        assert polled.status == 200
    publishing.edit_update(update, Content("乙", happened_at=NOON), by=SYSTEM)
    on_first.pop().close()
    make_update(blog, "丙")
    for stream in on_first + on_second:
        assert stream.until(4)
    wait_for(lambda: reach(blog) == {"乙": 5, "丙": 4})
    wait_for(lambda: readers_connected(blog.pk) == 4)
    assert reach(quiet) == {}

    # A terminated server removes its count; that of a killed server expires.
    second.process.terminate()
    wait_for(lambda: readers_connected(blog.pk) == 2)
    first.process.kill()
    wait_for(lambda: readers_connected(blog.pk) == 0)


def test_updates_replayed_on_resume_count_as_reached(server):
    blog = make_blog()
    make_update(blog, "甲")
    make_update(blog, "乙")
    stream = open_stream(server.url, blog.slug, after=2)
    assert [event.id for event in stream.until(3)] == [3]
    wait_for(lambda: reach(blog) == {"乙": 1})
    # An update published just before the coverage ends is counted too.
    with publishing.log.locked(blog):
        make_update(blog, "丙")
        publishing.end_coverage(blog, by=SYSTEM)
    assert stream.until(5)
    stream.close()
    wait_for(lambda: reach(blog) == {"乙": 1, "丙": 1})


def test_unchanged_counts_are_not_written():
    tally = Tally()
    with CaptureQueriesContext(connection) as queries:
        tally.say({})
        tally.say({7: 0})
    assert len(queries) == 0
    tally.say({7: 2, 8: 1})
    with CaptureQueriesContext(connection) as queries:
        tally.say({8: 1, 7: 2, 9: 0})
    assert len(queries) == 0
    assert (readers_connected(7), readers_connected(8), readers_connected(9)) == (2, 1, 0)
    tally.say({})
    assert cache.get_many(SLOTS) == {}


def test_each_process_has_its_own_slot_and_finds_another_if_it_is_lost():
    first, second, third = Tally(), Tally(), Tally()
    first.say({7: 1})
    second.say({7: 10})
    assert readers_connected(7) == 11
    # The entry of the first process expires, and another process takes its slot.
    cache.delete(SLOTS[0])
    third.say({7: 100})
    assert readers_connected(7) == 110
    first.say({7: 2})
    assert readers_connected(7) == 112
    assert len(cache.get_many(SLOTS)) == 3


def test_processes_beyond_the_slots_are_logged_and_not_counted(caplog):
    for slot in SLOTS:
        cache.set(slot, ("another", {7: 1}))
    Tally().say({7: 5})
    assert readers_connected(7) == len(SLOTS)
    assert "readers of this one are not counted" in caplog.text


def test_reach_counts_only_the_last_publication():
    blog, other = make_blog(), make_blog()
    update = make_update(blog, "甲")
    make_update(other, "別的")
    keep_reach({Delivered(blog.pk, 1, 2): 3})
    keep_reach({Delivered(blog.pk, 1, 2): 2, Delivered(blog.pk, 2, 3): 9, Delivered(blog.pk, 0, 1): 9})
    assert reach(blog) == {"甲": 5}
    publishing.undo_publication(update, by=SYSTEM)
    publishing.publish_update(blog, Content("甲", happened_at=NOON), by=SYSTEM, update=update)
    make_update(blog, "乙")
    keep_reach({Delivered(blog.pk, 3, 5): 4, Delivered(blog.pk, 4, 5): 1})
    assert reach(blog) == {"甲": 4, "乙": 5}
    assert reach(other) == {}
    assert Reach.objects.count() == 3
