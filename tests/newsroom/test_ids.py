"""IDs of public rows: ascending, not countable, safe in JavaScript and unique."""

from __future__ import annotations

import time

import pytest

from liveblog import publishing
from liveblog.models import RelatedStory, Topic, Update
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import ids
from tests.factories import make_blog, make_update


def test_ids_ascend_within_a_millisecond_and_when_the_clock_is_set_back(monkeypatch):
    new_ids = [ids.new_id() for _each in range(5_000)]
    now = time.time_ns()
    monkeypatch.setattr(ids.time, "time_ns", lambda: now - 60_000_000_000)
    new_ids += [ids.new_id() for _each in range(100)]
    assert new_ids == sorted(set(new_ids))


def test_ids_are_safe_integers_in_javascript_until_2095(monkeypatch):
    monkeypatch.setattr(ids.time, "time_ns", lambda: 3_944_678_400 * 1_000_000_000)
    assert ids._Ids().make() < 2**53


def test_ids_do_not_reveal_how_many_there_are(monkeypatch):
    """Check that processes in the same millisecond differ randomly, not by the number of earlier IDs."""
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_800_000_000 * 1_000_000_000)
    low = {ids._Ids().make() % (1 << ids.RANDOM_BITS) for _each in range(200)}
    assert len(low) > 150


@pytest.mark.django_db
def test_new_rows_get_ascending_ids_when_they_are_saved():
    assert Update().pk is None
    blog = make_blog()
    updates = [make_update(blog, happened_at=None) for _each in range(3)]
    assert [update.pk for update in updates] == sorted(update.pk for update in updates)
    assert all(2**40 < update.pk < 2**53 for update in updates)
    assert [update.order for update in updates] == sorted(update.order for update in updates)


@pytest.mark.django_db
def test_duplicate_id_is_replaced_and_no_row_is_lost(monkeypatch):
    first = Topic.objects.create(slug="rail", name="鐵路")
    candidates = iter([first.pk, first.pk, 2**50 + 7])
    monkeypatch.setattr(ids, "new_id", lambda: next(candidates))
    second = Topic.objects.create(slug="sea", name="海運")
    assert second.pk == 2**50 + 7
    assert list(Topic.objects.order_by("slug").values_list("pk", "slug")) == [
        (first.pk, "rail"),
        (second.pk, "sea"),
    ]


@pytest.mark.django_db
def test_bulk_create_replaces_duplicate_ids(monkeypatch):
    blog = make_blog()
    draft = publishing.draft_update(blog, Content("稿", stories=(Story("一"),)), by=SYSTEM)
    existing_pk = RelatedStory.objects.get().pk
    numbers = iter([2**50, existing_pk, 2**50 + 1, 2**50 + 2])
    monkeypatch.setattr(ids, "new_id", lambda: next(numbers))
    RelatedStory.objects.bulk_create(RelatedStory(update=draft, title=title) for title in ("二", "三"))
    assert set(RelatedStory.objects.values_list("title", flat=True)) == {"一", "二", "三"}
