"""The demo newsroom that `load_demo` creates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import Max

from liveblog import visibility
from liveblog.articles.load import load
from liveblog.articles.parse import parse
from liveblog.articles.report import Action
from liveblog.articles.saved import write_blog
from liveblog.management.commands import load_demo as load_demo_command
from liveblog.management.commands.load_demo import DEMO, read_stories, up_to_date
from liveblog.models import LiveBlog, RelatedStory, Revision, Update
from liveblog.publishing import SYSTEM, Upload
from liveblog.publishing.renditions import stored
from liveblog.visibility import PUBLIC
from newsroom import hongkong, pictures

pytestmark = pytest.mark.any_database

SLUGS = ["east-shore-line", "east-shore-opening", "harbour-24", "strait-summit"]


@pytest.fixture(scope="session")
def decoded_pictures() -> Iterator[dict[str, pictures.Prepared]]:
    with ExitStack() as contexts:
        decoded = {}
        for path in (DEMO / "pictures").glob("*.jpg"):
            with path.open("rb") as file:
                decoded[path.stem] = contexts.enter_context(pictures.prepare(file))
        yield decoded


@pytest.fixture
def shared_pictures(monkeypatch, decoded_pictures):
    """Share the decoded pictures of the demo among all tests, because decoding takes ten seconds."""

    def store(contexts: ExitStack, _editor: object) -> dict[str, Upload]:
        return {name: contexts.enter_context(stored(picture)) for name, picture in decoded_pictures.items()}

    monkeypatch.setattr(load_demo_command, "_prepare_pictures", store)


def load_demo() -> str:
    output = StringIO()
    call_command("load_demo", stdout=output)
    return output.getvalue()


@pytest.fixture
def demo(db, shared_pictures) -> dict[str, LiveBlog]:
    load_demo()
    return LiveBlog.objects.in_bulk(field_name="slug")


def days_of(blog: LiveBlog) -> set[date]:
    return {update.happened_on for update in blog.updates.visible()}


def test_the_demo_has_running_and_ended_stories_in_three_languages(demo):
    summaries = {
        slug: (blog.status, blog.language, len(days_of(blog)), blog.updates.visible().count())
        for slug, blog in demo.items()
    }
    assert summaries == {
        "east-shore-line": ("live", "zh-hant", 3, 21),
        "east-shore-opening": ("ended", "zh-hant", 1, 7),
        "harbour-24": ("ended", "en", 2, 14),
        "strait-summit": ("live", "zh-hans", 2, 13),
    }
    assert demo["east-shore-opening"].successor == demo["east-shore-line"]


def test_no_visible_time_is_in_the_future(demo):
    now = hongkong.now()
    newest = Update.objects.visible().aggregate(newest=Max("happened_at"))["newest"]
    assert now - timedelta(days=1) < newest <= now
    assert not Update.objects.visible().filter(first_published_at__gt=now).exists()
    assert not LiveBlog.objects.ended().filter(coverage_end_at__gt=now).exists()
    for blog in demo.values():
        oldest = blog.updates.visible().earliest("happened_at")
        assert blog.coverage_start_at <= oldest.happened_at, blog.slug


def test_every_blog_has_a_picture_a_summary_key_events_bylines_and_a_topic(demo):
    for blog in demo.values():
        has = [blog.hero_image, blog.summary, blog.bylines.exists(), blog.topics.exists()]
        assert all(has), blog.slug
        assert 3 <= blog.updates.key_events().count() <= 6, blog.slug
    assert {blog.slug for blog in demo.values() if blog.pinned_update} == {"east-shore-line", "strait-summit"}
    assert visibility.readable_images(PUBLIC).count() == len(list((DEMO / "pictures").glob("*.jpg")))


def test_the_demo_has_a_correction_and_a_withdrawal(demo):
    corrected = demo["east-shore-line"].updates.get(revisions__kind=Revision.Kind.CORRECTION)
    assert "1,900" in corrected.heading
    assert "1,600" not in corrected.heading + corrected.body
    note = corrected.revisions.get(kind=Revision.Kind.CORRECTION).note
    assert note == "疏散乘客總數應為約1,900人，早前誤作約1,600人。"
    withdrawn = demo["east-shore-line"].updates.get(status=Update.Status.WITHDRAWN)
    assert withdrawn.heading == "網上流傳有乘客昏迷"


def test_every_desk_queue_has_work(demo):
    queues = demo["east-shore-line"].updates.exclude(status__in=["published", "withdrawn"])
    assert sorted(queues.values_list("status", flat=True)) == ["draft", "scheduled", "submitted"]
    assert queues.get(status="scheduled").publish_at > hongkong.now() + timedelta(hours=2)


def test_related_stories_link_to_blogs_and_urls_or_are_unresolved(demo):
    stories = RelatedStory.objects
    assert {story.live_blog.slug for story in stories.exclude(live_blog=None)} == {
        "east-shore-line",
        "east-shore-opening",
    }
    addresses = stories.exclude(url="").values_list("url", flat=True)
    assert len(addresses) == 3
    assert all(url.startswith("https://example.com/") for url in addresses)
    unresolved = stories.unresolved().values_list("update__blog__slug", flat=True)
    assert sorted(unresolved) == ["east-shore-line", "harbour-24", "strait-summit"]


def test_the_editor_has_all_permissions_of_the_app_but_is_no_superuser(demo):
    editor = User.objects.get(username="editor")
    assert (editor.is_staff, editor.is_superuser, editor.has_usable_password()) == (True, False, False)
    assert sorted(editor.groups.values_list("name", flat=True)) == ["Chief editor", "Syndication manager"]
    assert not editor.user_permissions.exists()
    for allowed in ("publish_update", "run_coverage", "moderate_readerresponse", "add_partner"):
        assert editor.has_perm(f"liveblog.{allowed}")


def test_the_demo_is_loaded_once(demo):
    before = {slug: blog.number for slug, blog in demo.items()}
    assert load_demo() == "The demo is there already: nothing was changed.\n"
    assert dict(LiveBlog.objects.values_list("slug", "number")) == before
    assert User.objects.count() == 1


def test_exported_demo_copy_is_imported_without_change(demo):
    for slug in ["east-shore-opening", "harbour-24", "strait-summit"]:
        report = load(parse(write_blog(demo[slug]).text), by=SYSTEM, slug=slug)
        assert report.head_changes == ()
        assert {outcome.action for outcome in report.outcomes} == {Action.UNCHANGED}


@pytest.mark.parametrize("slug", SLUGS)
def test_demo_copy_is_parsed_without_doubts(slug):
    article = parse((DEMO / f"{slug}.txt").read_text(encoding="utf-8"))
    assert article.doubts == ()
    assert article.language == {"harbour-24": "en", "strait-summit": "zh-hans"}.get(slug, "zh-hant")


@pytest.mark.parametrize("clock", ["00:00", "06:31", "06:32", "23:59"])
def test_demo_copy_is_moved_by_whole_days_to_the_latest_past_time(clock):
    now = datetime.fromisoformat(f"2027-01-01T{clock}+08:00")
    newest = max(story.newest_at for story in up_to_date(read_stories(), now))
    assert newest == datetime.fromisoformat(
        f"{'2027-01-01' if clock >= '06:32' else '2026-12-31'}T06:32+08:00"
    )
    [moved] = [story for story in up_to_date(read_stories(), now) if story.slug == "east-shore-line"]
    days = sorted({entry.day for entry in moved.article.entries})
    assert days == [newest.date() - timedelta(days=2), newest.date() - timedelta(days=1), newest.date()]


@pytest.mark.django_db
def test_load_demo_refuses_outside_demo_mode(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO"):
        load_demo()
    assert not LiveBlog.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize("story", read_stories(), ids=lambda story: story.slug)
def test_demo_metadata_refers_to_updates_and_stories_of_the_copy(story):
    entries = story.article.entries
    headings = {entry.heading for entry in entries}
    referenced = {
        story.extras[part]["heading"] for part in ("correction", "withdrawal") if part in story.extras
    }
    assert {*story.extras["updates"], *referenced, story.extras.get("pinned", "")} <= headings | {""}
    assert set(story.extras["stories"]) <= {related.title for entry in entries for related in entry.stories}
