"""Related rows that are joined into their owner's query: the same rows as from separate queries."""

from __future__ import annotations

import pytest
from django.db.models import Model

from liveblog.models import LiveBlog, Update
from tests.factories import make_blog, make_rich_blog, make_update

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known_database(db):
    """Let Django find out beforehand whether SQLite supports JSON, which takes extra queries once."""
    list(Update.objects.complete())


def values_of(rows: list[Model]) -> list[dict[str, object]]:
    """Return the columns of rows that have been read, without deferred ones."""
    return [{name: value for name, value in vars(row).items() if not name.startswith("_")} for row in rows]


def related_rows(update: Update) -> list[Model]:
    placed = [*update.update_bylines.all(), *update.update_images.all()]
    stories = list(update.related_stories.all())
    return [
        *placed,
        *(row.byline if hasattr(row, "byline") else row.image for row in placed),
        *stories,
        *(story.live_blog for story in stories if story.live_blog),
    ]


def test_related_rows_of_updates_are_those_of_separate_queries(django_assert_num_queries):
    blog = make_rich_blog("storm", 12)
    make_update(blog, "沒有其他")
    separate = {row.pk: row for row in Update.objects.filter(blog=blog)}
    with django_assert_num_queries(1):
        rows = list(blog.updates.complete())
        joined = {row.pk: related_rows(row) for row in rows}
        assert all(part.update is row for row in rows for part in row.update_bylines.all())
    assert len(rows) == 13
    for pk, parts in joined.items():
        assert values_of(parts) == values_of(related_rows(separate[pk]))
    for row in rows:
        corrections = list(separate[row.pk].revisions.filter(kind="correction").defer("content"))
        assert values_of(row.corrections) == values_of(corrections)


def test_related_rows_of_a_live_blog_are_those_of_separate_queries(django_assert_num_queries):
    make_rich_blog("storm", 60)
    separate = LiveBlog.objects.get(slug="storm")
    with django_assert_num_queries(1):
        blog = LiveBlog.objects.complete().get(slug="storm")
        for relation in ("bylines", "topics", "related_stories"):
            list(getattr(blog, relation).all())
    for relation in ("bylines", "topics", "related_stories"):
        expected = values_of(getattr(separate, relation).all())
        assert values_of(getattr(blog, relation).all()) == expected != []
    events = separate.updates.key_events().newest_first().defer("flags")[:11]
    assert values_of(blog.newest_key_events) == values_of(events)
    assert values_of(blog.newest_responses) == values_of(separate.responses.approved())


def test_joined_relations_can_still_be_filtered_and_changed():
    blog = make_rich_blog("storm", 7)
    first, *_others, last = blog.updates.complete().order_by("happened_at")
    assert first.related_stories.filter(title="早前消息").count() == 1
    assert first.related_stories.filter(title="沒有").count() == 0
    # An update without rows of its own does not find those of others.
    second = blog.updates.complete().order_by("happened_at")[1]
    assert (second.related_stories.count(), list(second.related_stories.filter(title="早前消息"))) == (0, [])
    first.related_stories.all().delete()
    assert list(blog.updates.complete().get(pk=first.pk).related_stories.all()) == []
    assert last.related_stories.count() == 1


def test_closed_responses_are_not_read():
    blog = make_rich_blog("storm", 1)
    LiveBlog.objects.filter(pk=blog.pk).update(has_responses=False)
    assert LiveBlog.objects.complete().get(pk=blog.pk).newest_responses == []


def test_joined_rows_are_left_out_where_rows_are_only_counted(django_assert_num_queries):
    make_update(make_blog())
    with django_assert_num_queries(2) as queries:
        assert (Update.objects.complete().count(), Update.objects.complete().exists()) == (1, True)
    assert "JSON" not in "".join(query["sql"] for query in queries.captured_queries)
