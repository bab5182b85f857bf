"""Feeds during running coverage: tombstones of removed entries, and times that never go back."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, Change, LiveBlog, Topic
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.factories import NOON, edit_blog, edit_update, embargo, make_blog, make_update
from tests.reader.test_feeds import newest
from tests.standards import ATOM, TOMBSTONES, read_atom, read_json_feed, read_xml

real_now = timezone.now
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

FEEDS = ["/live/storm/feed.atom", "/feed.atom", "/topics/w/feed.atom", "/zh-hans/live/storm/feed.atom"]


@pytest.fixture
def blog():
    blog = make_blog(slug="storm", topics=(Topic.objects.create(slug="w", name="天氣"),))
    for heading in ("一", "二"):
        make_update(blog, heading)
    return blog


def id_of(update, path: str = "") -> str:
    prefix = "/zh-hans" if "hans" in path else ""
    return f"tag:127.0.0.1,2026:{prefix}/live/storm/{update.pk}/"


def read(client: Client, path: str) -> tuple[list[str], dict[str, str]]:
    """Return the headings of an Atom feed and the deletion times of its tombstones by ID."""
    root = read_atom(client.get(path).content)
    deleted = {gone.get("ref"): gone.get("when") for gone in root.iter(f"{TOMBSTONES}deleted-entry")}
    return [title.text for title in root.iterfind(f"{ATOM}entry/{ATOM}title")], deleted


@pytest.fixture
def five_minutes_later(monkeypatch):
    """Set the clock five minutes ahead."""
    monkeypatch.setattr(timezone, "now", lambda: real_now() + timedelta(minutes=5))


def withdraw(update):
    publishing.withdraw_update(update, by=SYSTEM, reason="x")


def undo(update):
    publishing.undo_publication(update, by=SYSTEM)


def erase(update):
    publishing.erase_update(update, by=SYSTEM, reason="x")


@pytest.mark.parametrize("path", FEEDS)
@pytest.mark.parametrize("remove", [withdraw, undo, erase])
def test_removed_update_leaves_a_tombstone_in_feeds(client, blog, path, remove):
    update = newest(blog)
    remove(update)
    went_at = hongkong.isoformat(Change.objects.latest("pk").at)
    assert read(client, path) == (["一"], {id_of(update, path): went_at})
    for form in ("rss", "json"):
        assert "二" not in client.get(path.replace("atom", form)).content.decode()


def test_tombstone_keeps_its_time_while_its_draft_is_edited(client, blog):
    update = newest(blog)
    undo(update)
    before = read(client, FEEDS[0])
    publishing.draft_update(blog, Content(heading="未定"), by=SYSTEM, update=update)
    assert read(client, FEEDS[0]) == before
    publishing.publish_update(blog, Content(heading="再發"), by=SYSTEM, update=update)
    assert read(client, FEEDS[0]) == (["再發", "一"], {})


def test_new_drafts_have_no_tombstones(client, blog):
    publishing.draft_update(blog, Content(heading="稿"), by=SYSTEM)
    assert read(client, "/feed.atom") == (["二", "一"], {})


def test_tombstones_do_not_displace_published_entries(client, blog, monkeypatch):
    monkeypatch.setattr("liveblog.reader.feeds.ENTRIES", 2)
    monkeypatch.setattr("liveblog.reader.feeds.TOMBSTONES", 2)
    gone = [make_update(blog) for _ in range(3)]
    for update in gone:
        withdraw(update)
    headings, deleted = read(client, FEEDS[0])
    assert (headings, list(deleted)) == (["二", "一"], [id_of(update) for update in reversed(gone[1:])])


@pytest.mark.parametrize("path", ["/feed.atom", "/topics/w/feed.atom"])
def test_withdrawn_live_blog_leaves_tombstones_in_combined_feeds(client, blog, path):
    updates = list(blog.updates.all())
    publishing.withdraw_blog(blog, by=SYSTEM)
    blog.refresh_from_db()
    assert read(client, path) == (
        [],
        dict.fromkeys(map(id_of, updates), hongkong.isoformat(blog.modified_at)),
    )
    assert read_xml("rss", client.get(path.replace("atom", "rss")).content).find("channel/item") is None
    assert read_json_feed(client.get(path.replace("atom", "json")).content)["items"] == []
    publishing.restore_blog(blog, by=SYSTEM)
    assert read(client, path) == (["二", "一"], {})


def leave_topic(blog):
    edit_blog(blog, topics=())


ON_BLOG = {
    "withdraw": lambda blog: withdraw(newest(blog)),
    "undo": lambda blog: undo(newest(blog)),
    "erase": lambda blog: erase(newest(blog)),
    "withdraw_blog": lambda blog: publishing.withdraw_blog(blog, by=SYSTEM),
    "embargo": embargo,
    "leave_topic": leave_topic,
}


@pytest.mark.parametrize("path", FEEDS)
@pytest.mark.parametrize("verb", ON_BLOG)
def test_modified_times_never_go_back(client, blog, path, verb):
    # An older live blog remains in the feeds when the newest content is removed.
    other = make_blog(topics=(Topic.objects.get(slug="w"),))
    LiveBlog.objects.filter(pk=other.pk).update(modified_at=timezone.now() - timedelta(days=1))
    times = [times_of(client, path)]
    ON_BLOG[verb](blog)
    # The blog's own feed is no longer public either.
    if verb in ("withdraw_blog", "embargo") and "storm" in path:
        assert client.get(path).status_code == (410 if verb == "withdraw_blog" else 404)
        return
    times.append(times_of(client, path))
    make_update(other)
    times.append(times_of(client, path))
    assert times == sorted(times)


def times_of(client: Client, path: str):
    """Return the `updated` text of the feed and its Last-Modified header as a datetime."""
    response = client.get(path)
    updated = read_atom(response.content).findtext(f"{ATOM}updated")
    return updated, parsedate_to_datetime(response.headers["Last-Modified"])


def test_changes_of_an_embargoed_blog_leave_feeds_unchanged(client, blog):
    embargoed = make_blog(embargo_until_at=timezone.now() + timedelta(hours=1))
    before = client.get("/feed.atom")
    withdraw(make_update(embargoed))
    after = client.get("/feed.atom")
    assert (after.content, after.headers["ETag"]) == (before.content, before.headers["ETag"])


NOT_IN_FEEDS = {
    "mark_key_event": lambda blog: publishing.mark_key_event(newest(blog), by=SYSTEM),
    "pin": lambda blog: publishing.pin_update(newest(blog), by=SYSTEM),
    "verification": lambda blog: edit_update(newest(blog), verification="confirmed"),
    "time_of_event": lambda blog: edit_update(newest(blog), happened_at=NOON - timedelta(days=1)),
    "key_event_in_editor": lambda blog: edit_update(newest(blog), is_key_event=True),
    "rename_topic": lambda blog: publishing.edit_topic(blog.topics.get(), by=SYSTEM, name="風暴"),
    "response": lambda blog: approve(blog),
    "summary": lambda blog: edit_blog(blog, summary="<p>已知</p>"),
}
IN_FEEDS = {
    "heading": lambda blog: edit_update(newest(blog), heading="改"),
    "source": lambda blog: edit_update(newest(blog), source="警方"),
    "byline": lambda blog: edit_update(newest(blog), bylines=(Byline.objects.create(name="陳"),)),
    "correction": lambda blog: publishing.correct_update(
        newest(blog), Content.of(newest(blog)), by=SYSTEM, note="更正"
    ),
    "restored": lambda blog: (withdraw(newest(blog)), publishing.restore_update(newest(blog), by=SYSTEM)),
}


def approve(blog):
    edit_blog(blog, has_responses=True)
    response = blog.responses.create(name="讀者", text="謝謝")
    publishing.approve_response(response, by=SYSTEM)


def update_times(client: Client, blog) -> list[str]:
    """Return the update times of the feeds and of their newest entry in each format."""
    atom = read_atom(client.get("/live/storm/feed.atom").content)
    site = read_atom(client.get("/feed.atom").content)
    rss = read_xml("rss", client.get("/live/storm/feed.rss").content)
    item = read_json_feed(client.get("/live/storm/feed.json").content)["items"][0]
    return [
        atom.findtext(f"{ATOM}updated"),
        atom.findtext(f"{ATOM}entry/{ATOM}updated"),
        site.findtext(f"{ATOM}updated"),
        site.findtext(f"{ATOM}entry/{ATOM}updated"),
        rss.findtext("channel/lastBuildDate"),
        rss.findtext(f"channel/item/{ATOM}updated"),
        item["date_modified"],
    ]


@pytest.mark.parametrize("verb", NOT_IN_FEEDS)
def test_changes_that_feeds_do_not_show_keep_their_update_times(client, blog, five_minutes_later, verb):
    before, number = update_times(client, blog), LiveBlog.objects.get().number
    NOT_IN_FEEDS[verb](blog)
    assert update_times(client, blog) == before
    assert LiveBlog.objects.get().number > number


@pytest.mark.parametrize("verb", IN_FEEDS)
def test_changes_that_feeds_show_change_their_update_times(client, blog, five_minutes_later, verb):
    before = update_times(client, blog)
    IN_FEEDS[verb](blog)
    assert all(new != old for new, old in zip(update_times(client, blog), before, strict=True))


@pytest.mark.parametrize("path", FEEDS[:3])
def test_if_modified_since_returns_304_until_a_change(client, blog, path, five_minutes_later):
    first = client.get(path)
    by_date = {"If-Modified-Since": first.headers["Last-Modified"]}
    again = client.get(path, headers=by_date)
    assert (again.status_code, again.headers["Last-Modified"]) == (304, first.headers["Last-Modified"])
    # If-None-Match takes precedence over If-Modified-Since (RFC 9110, section 13.1.3).
    assert client.get(path, headers=by_date | {"If-None-Match": '"other"'}).status_code == 200
    withdraw(newest(blog))
    assert "deleted-entry" in client.get(path, headers=by_date).content.decode()


@pytest.mark.parametrize("path", FEEDS[:3])
def test_withdrawal_in_the_same_second_as_a_publication_returns_200(client, blog, path, monkeypatch):
    first = client.get(path)
    withdraw(newest(blog))
    by_date = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get(path, headers=by_date).status_code == 200
    # This also holds for late requests: both changes are in the second after Last-Modified.
    same_second = parsedate_to_datetime(first.headers["Last-Modified"]) + timedelta(seconds=1.9)
    LiveBlog.objects.update(modified_at=same_second)
    monkeypatch.setattr(timezone, "now", lambda: same_second + timedelta(minutes=5))
    assert client.get(path, headers=by_date).status_code == 200


def test_edition_ignores_if_modified_since_because_the_glossary_has_no_date(client, blog, five_minutes_later):
    first = client.get("/zh-hans/live/storm/feed.atom")
    by_date = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get("/zh-hans/live/storm/feed.atom", headers=by_date).status_code == 200


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_feeds_without_public_content_return_404(client, form):
    make_blog(slug="draft", is_live=False)
    make_blog(slug="embargoed", embargo_until_at=timezone.now() + timedelta(hours=1))
    Topic.objects.create(slug="w", name="天氣")
    for path in ("/", "/topics/w/", "/topics/none/", "/live/draft/", "/live/embargoed/", "/live/none/"):
        assert client.get(f"{path}feed.{form}").status_code == 404
