"""Short histories of verbs on one live blog, in which a process dies at every point of the last verb.

Nearly all crash-consistency bugs show in histories of three operations or fewer (Mohan et al., "Finding
Crash-Consistency Bugs with Bounded Black-Box Crash Testing", OSDI 2018). A fork runs the verb and ends itself
by `os._exit` before a statement, or before or after a COMMIT, so that no handler of ours runs.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.models import (
    AuditEntry,
    Byline,
    Change,
    Image,
    LiveBlog,
    OwedFiles,
    Partner,
    ReaderResponse,
    Revision,
    SearchEntry,
    Update,
    Webhook,
    WebhookCursor,
)
from liveblog.publishing import SYSTEM, BlogDetails, Content
from tests.factories import make_blog, make_image, make_update
from tests.page_content import PageContent, catch_up, read_page
from tests.webhooks.pump import send_all
from tests.webhooks.replica import Replica

DIED, DONE, REFUSED, BROKE = 81, 82, 83, 84

Verb = Callable[[LiveBlog], object]


def one(blog: LiveBlog, **conditions: object) -> Update:
    """Return the newest update that fits. Raise ValidationError if there is none, as a verb would."""
    update = Update.objects.filter(blog=blog, is_erased=False, **conditions).order_by("pk").last()
    if update is None:
        raise ValidationError("There is no such update.")
    return update


def on(status: str, verb: Callable[..., object], **arguments: object) -> Verb:
    return lambda blog: verb(one(blog, status=status), by=SYSTEM, **arguments)


def with_details(**changes: object) -> Verb:
    return lambda blog: publishing.edit_blog(blog, replace(BlogDetails.of(blog), **changes), by=SYSTEM)


def respond(verb: Callable[..., object]) -> Verb:
    return lambda blog: verb(ReaderResponse.objects.get(blog=blog), by=SYSTEM)


VERBS: dict[str, Verb] = {
    "draft": lambda blog: publishing.draft_update(blog, Content("稿"), by=SYSTEM),
    "publish": lambda blog: publishing.publish_update(blog, Content("新", "<p>內文</p>"), by=SYSTEM),
    "publish with a picture": lambda blog: publishing.publish_update(
        blog, Content("圖", images=(Image.objects.latest("pk"),)), by=SYSTEM
    ),
    "publish a draft": lambda blog: publishing.publish_update(
        blog, lambda saved: saved, by=SYSTEM, update=one(blog, status="draft")
    ),
    "submit": lambda blog: publishing.submit_update(blog, by=SYSTEM, update=one(blog, status="draft")),
    "schedule": lambda blog: publishing.schedule_update(
        blog, Content("預約"), timezone.now() + timedelta(hours=1), by=SYSTEM
    ),
    "fall due": lambda blog: publishing.publish_due(by=SYSTEM, at=timezone.now() + timedelta(hours=2)),
    "edit": on("published", publishing.edit_update, content=Content("修訂")),
    "correct": on("published", publishing.correct_update, content=Content("更正"), note="更正"),
    "withdraw": on("published", publishing.withdraw_update, reason="錯"),
    "restore": on("withdrawn", publishing.restore_update),
    "undo": on("published", publishing.undo_publication),
    "erase": on("published", publishing.erase_update, reason="法庭命令"),
    "pin": on("published", publishing.pin_update),
    "unpin": on("published", publishing.unpin_update),
    "mark": on("published", publishing.mark_key_event),
    "unmark": on("published", publishing.unmark_key_event),
    "edit the head": with_details(headline="新標題"),
    "embargo": lambda blog: with_details(embargo_until_at=timezone.now() + timedelta(hours=3))(blog),
    "lift the embargo": lambda blog: publishing.lift_embargo(blog, by=SYSTEM),
    "end": lambda blog: publishing.end_coverage(blog, by=SYSTEM),
    "resume": lambda blog: publishing.start_coverage(blog, by=SYSTEM),
    "withdraw the blog": lambda blog: publishing.withdraw_blog(blog, by=SYSTEM),
    "restore the blog": lambda blog: publishing.restore_blog(blog, by=SYSTEM),
    "approve a response": respond(publishing.approve_response),
    "edit a byline": lambda blog: publishing.edit_byline(
        blog.bylines.get(), by=SYSTEM, name=blog.bylines.get().name, role=f"駐京{blog.number}"
    ),
    "edit a caption": lambda blog: publishing.edit_image(
        Image.objects.latest("pk"), by=SYSTEM, alt=f"圖{blog.number}"
    ),
}
CORE = ["publish with a picture", "correct", "withdraw", "restore", "erase", "edit the head"]


@dataclass
class Figures:
    """Counts of histories, refusals, deaths, and the states that the deaths left behind."""

    histories: int = 0
    refused: int = 0
    deaths: int = 0
    before: int = 0
    after: int = 0

    def __str__(self) -> str:
        return (
            f"{self.histories} histories ({self.refused} more ended in a refusal), {self.deaths} deaths: "
            f"{self.before} left the state before, {self.after} the state after, 0 anything between"
        )


@dataclass
class Partners:
    """The copies of an open page, of an API client and of a webhook's receiver."""

    blog: LiveBlog
    client: Client = field(default_factory=Client)
    page: PageContent | None = None
    number: int = 0
    updates: dict[int, dict[str, Any]] = field(default_factory=dict)
    receiver: Replica = field(default_factory=Replica)

    def follow(self) -> None:
        """Bring the copies up to date, each by its own protocol."""
        for body in send_all():
            self.receiver.apply(body)
        if self.client.get(f"/live/{self.blog.slug}/").status_code != 200:
            # An open page says that its live blog is gone, and reloads once the blog is back.
            self.page, self.number, self.updates = None, 0, {}
            return
        self.page = catch_up(self.blog, self.page or read_page(self.blog, self.client, ""), self.client)
        self.number = self._read(self.number, self.updates)

    def _read(self, number: int, updates: dict[int, dict[str, Any]]) -> int:
        has_more = True
        while has_more:
            response = self.client.get(f"/api/v1/blogs/{self.blog.slug}/changes/?after={number}").json()
            number, has_more = response["number"], response["has_more"]
            for update in response["updates"]:
                updates[update["id"]] = update
                if update["status"] == "unpublished":
                    del updates[update["id"]]
        return number

    def check(self) -> None:
        """Assert that each copy equals what a new client gets."""
        if self.page is None:
            assert self.blog.slug not in self.receiver.blogs
            return
        fresh = read_page(self.blog, self.client, "")
        assert self.page == fresh
        updates: dict[int, dict[str, Any]] = {}
        assert self._read(0, updates) == self.number == fresh.number
        assert _without_pins(self.updates) == _without_pins(updates)
        assert self.receiver.blogs[self.blog.slug]["number"] == fresh.number
        assert self.receiver.orders(self.blog.slug) == list(fresh.updates)


def _without_pins(updates: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Drop `is_pinned`, which follows from the live blog's `pinned`."""
    return {
        pk: {name: value for name, value in update.items() if name != "is_pinned"}
        for pk, update in updates.items()
    }


def open_newsroom() -> Partners:
    """Return copies of a new live blog with something for every verb, and a webhook that follows it."""
    WebhookCursor.objects.all().delete()
    Webhook.objects.all().delete()
    partner, _is_new = Partner.objects.get_or_create(name="報社", contact="desk@example.com")
    publishing.add_webhook(partner, by=SYSTEM, url="https://example.com/hook")
    byline, image = Byline.objects.create(name=f"記者{Byline.objects.count()}"), make_image()
    blog = make_blog(has_responses=True, bylines=(byline,), hero_image=image)
    make_update(blog, "甲", bylines=(byline,))
    publishing.withdraw_update(make_update(blog, "撤"), by=SYSTEM, reason="錯")
    make_update(blog, "乙", images=(image,))
    publishing.draft_update(blog, Content("稿"), by=SYSTEM)
    publishing.submit_response(blog, name="讀者", text="意見")
    partners = Partners(blog)
    partners.follow()
    partners.check()
    return partners


def state_of(blog: LiveBlog) -> list[Any]:
    """Return everything stored about a live blog, with positions in place of ids and without times."""
    row = LiveBlog.objects.get(pk=blog.pk)
    updates = list(Update.objects.filter(blog=blog).order_by("pk"))
    place = {update.pk: index for index, update in enumerate(updates)}
    return [
        (row.status, row.number, row.headline, row.embargo_until_at is None, place.get(row.pinned_update_id)),
        [
            (update.heading, update.body, update.status, update.number, update.is_key_event, update.is_erased)
            for update in updates
        ],
        [list(update.images.values_list("alt", flat=True)) for update in updates],
        [
            (change.number, change.kind, place.get(change.update_id))
            for change in Change.objects.filter(blog=blog).order_by("number")
        ],
        [
            (place[revision.update_id], revision.number, revision.kind)
            for revision in Revision.objects.filter(update__blog=blog).order_by("update", "number", "pk")
        ],
        list(AuditEntry.objects.filter(blog_id=blog.pk).order_by("pk").values_list("action", flat=True)),
        SearchEntry.objects.filter(blog=blog).count(),
        list(ReaderResponse.objects.filter(blog=blog).values_list("status", flat=True)),
        list(Byline.objects.order_by("-pk").values_list("role", flat=True)[:1]),
        list(Image.objects.order_by("-pk").values_list("alt", flat=True)[:1]),
    ]


def outcome_of(verb: Verb, blog: LiveBlog) -> list[Any] | None:
    """Return the state that the verb leads to, or None if it refuses; everything is rolled back."""
    with transaction.atomic():
        try:
            verb(LiveBlog.objects.get(pk=blog.pk))
            return state_of(blog)
        except ValidationError:
            return None
        finally:
            transaction.set_rollback(True)


def die_in(verb: Verb, blog: LiveBlog, point: int) -> int:
    """Run the verb in a fork that dies at a point; return how it ended."""
    disconnect()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _run_and_die(verb, blog, point)
    _pid, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def disconnect() -> None:
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()


def _run_and_die(verb: Verb, blog: LiveBlog, point: int) -> None:
    steps = 0
    commit = BaseDatabaseWrapper._commit

    def step() -> None:
        nonlocal steps
        if steps == point:
            os._exit(DIED)
        steps += 1

    def execute_or_die(execute: Callable[..., Any], *arguments: Any) -> Any:
        step()
        return execute(*arguments)

    def commit_or_die(wrapper: BaseDatabaseWrapper) -> None:
        step()
        commit(wrapper)
        step()

    try:
        BaseDatabaseWrapper._commit = commit_or_die
        with connection.execute_wrapper(execute_or_die):
            verb(LiveBlog.objects.get(pk=blog.pk))
    except ValidationError:
        os._exit(REFUSED)
    except BaseException:  # noqa: BLE001  A fork must never return into the test.
        traceback.print_exc()
        os._exit(BROKE)
    os._exit(DONE)


def check_history(names: tuple[str, ...], figures: Figures) -> None:
    """Run all verbs of a history, and let the last one die at each of its points."""
    partners = open_newsroom()
    blog = partners.blog
    for name in names[:-1]:
        try:
            VERBS[name](LiveBlog.objects.get(pk=blog.pk))
        except ValidationError:
            figures.refused += 1
            return
    last = VERBS[names[-1]]
    before, after = state_of(blog), outcome_of(last, blog)
    if after is None:
        figures.refused += 1
        return
    figures.histories += 1
    partners.follow()
    state, point, ending = before, 0, DIED
    while ending == DIED and state == before:
        ending = die_in(last, blog, point)
        assert ending in (DIED, DONE), (names, point, ending)
        state = state_of(blog)
        assert state in (before, after), (names, point, state)
        figures.deaths += ending == DIED
        figures.before += ending == DIED and state == before
        figures.after += ending == DIED and state != before
        point += 1
    # After the COMMIT, or once the verb has returned, the change must be there.
    assert state == after, (names, point)
    publishing.settle_due()
    assert not OwedFiles.objects.exists(), names
    partners.follow()
    partners.check()
