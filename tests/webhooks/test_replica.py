"""Property test: a replica built from webhook deliveries always equals the page of the live blog."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from liveblog import publishing, visibility
from liveblog.models import Byline, LiveBlog, Partner, Update, Webhook, WebhookCursor
from liveblog.presentation import payloads, reading
from liveblog.publishing import SYSTEM, BlogDetails
from liveblog.visibility import PUBLIC
from liveblog.webhooks.delivery import Answer
from tests.factories import lose_changes, make_blog, make_update
from tests.interleaving import MINUTES, WHICH, WORDS, Interleaving
from tests.page_content import read_page
from tests.waiting import wait_for
from tests.webhooks.conftest import make_webhook
from tests.webhooks.pump import NO_CONTENT, send_all
from tests.webhooks.replica import Replica


def page_payloads(blog: LiveBlog, edition: str) -> tuple[dict, dict[int, dict]]:
    """Return the payloads of a live blog and of every update on its page, by id.

    An empty `edition` means the script that the live blog is written in.
    """
    view = reading.blog_in(LiveBlog.objects.complete().get(pk=blog.pk), edition or None)
    updates = reading.updates(view, Update.objects.filter(blog=blog).visible().complete())
    return payloads.blog(view), {update.pk: payloads.update(update) for update in updates}


def without_pin_flags(updates: dict[int, dict]) -> dict[int, dict]:
    """Drop `is_pinned` from payloads.

    It follows from the live blog's `pinned`: when another update is pinned, the log has no change for the
    update that loses its pin.
    """
    return {
        pk: {name: value for name, value in update.items() if name != "is_pinned"}
        for pk, update in updates.items()
    }


class Syndication(Interleaving):
    """Random interleavings of verbs, failing receivers and replays from any number."""

    edition = ""

    @initialize(edition=st.sampled_from(["", "zh-hans"]))
    def open_blog(self, edition: str) -> None:
        self.client, self.edition = Client(), edition
        # Use a new byline: changes to one that earlier examples' blogs share would be sent for those too.
        self.byline = Byline.objects.create(name=f"記者{Byline.objects.count()}")
        WebhookCursor.objects.all().delete()
        Webhook.objects.all().delete()
        partner, _created = Partner.objects.get_or_create(name="夥伴", contact="desk@partner.example")
        self.webhook = publishing.add_webhook(
            partner, by=SYSTEM, url="https://partner.example/hook", edition=edition
        )
        self.blog = make_blog()
        self.updates = [make_update(self.blog, bylines=(self.byline,))]
        self.replica = Replica()

    @rule(heading=WORDS, minute=MINUTES)
    def publish(self, heading: str, minute: int) -> None:
        content = self.content(heading, minute)
        if update := self.attempt(publishing.publish_update, self.blog, content):
            self.updates.append(update)

    @rule(which=WHICH, verb=st.sampled_from(["withdraw_update", "erase_update"]))
    def take_down(self, which: int, verb: str) -> None:
        self.attempt(getattr(publishing, verb), self.chosen(which), reason="測試")

    @rule(
        which=WHICH,
        verb=st.sampled_from(
            ["restore_update", "undo_publication", "pin_update", "unpin_update", "mark_key_event"]
        ),
    )
    def change(self, which: int, verb: str) -> None:
        self.attempt(getattr(publishing, verb), self.chosen(which))

    @rule(
        verb=st.sampled_from(
            [
                "start_coverage",
                "end_coverage",
                "withdraw_blog",
                "restore_blog",
                "restore_blog",
                "lift_embargo",
            ]
        )
    )
    def run_coverage(self, verb: str) -> None:
        self.attempt(getattr(publishing, verb), self.blog)

    @rule()
    def embargo(self) -> None:
        self.blog.refresh_from_db()
        details = vars(BlogDetails.of(self.blog)) | {"embargo_until_at": timezone.now() + timedelta(hours=1)}
        self.attempt(publishing.edit_blog, self.blog, BlogDetails(**details))

    @rule()
    def fail_once(self) -> None:
        """Fail every delivery that is due; each is attempted again later."""
        send_all(lambda message: Answer(1, 500))
        WebhookCursor.objects.update(next_attempt_at=None)

    @rule()
    def receive(self) -> None:
        for body in send_all(lambda message: NO_CONTENT):
            self.replica.apply(body)

    @rule(since=WHICH)
    def replay(self, since: int) -> None:
        self.blog.refresh_from_db()
        self.attempt(publishing.replay_since, self.webhook, self.blog, since % (self.blog.number + 1))

    @rule()
    def check_that_replica_equals_page(self) -> None:
        """Compare the replica with the page.

        This is a rule, not an invariant: a replica that is several changes behind is the harder case.
        """
        self.receive()
        self.blog.refresh_from_db()
        slug = self.blog.slug
        if not visibility.can_read(PUBLIC, self.blog):
            assert slug not in self.replica.blogs
            assert slug not in self.replica.updates
            return
        blog, updates = page_payloads(self.blog, self.edition)
        assert self.replica.blogs[slug] == blog
        assert without_pin_flags(self.replica.updates[slug]) == without_pin_flags(updates)
        page = read_page(self.blog, self.client, f"/{self.edition}" if self.edition else "")
        assert self.replica.orders(slug)[: len(page.updates)] == list(page.updates)
        assert self.replica.blogs[slug]["number"] == page.number
        assert self.replica.blogs[slug]["pinned"] == page.head["pinned"]

    def teardown(self) -> None:
        if hasattr(self, "replica"):
            self.check_that_replica_equals_page()


@pytest.mark.django_db
def test_replica_built_from_deliveries_equals_the_page():
    run_state_machine_as_test(
        Syndication,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_receiver_drops_what_a_restored_database_has_lost(sender, receiver, partner):
    webhook, blog = make_webhook(partner, receiver), make_blog(slug="storm")
    for heading in ("留", "失一", "失二"):
        make_update(blog, heading)
    sender.start()
    wait_for(lambda: len(receiver.requests) == 4)
    wait_for(lambda: WebhookCursor.objects.get().number == 4)

    lose_changes(blog, 2)
    publishing.advance_numbers(by=SYSTEM)
    make_update(blog, "新")

    number = LiveBlog.objects.get().number
    wait_for(lambda: WebhookCursor.objects.get(webhook=webhook).number == number)
    replica = Replica()
    for request in receiver.requests:
        replica.apply(request.json)
    assert {update["heading"] for update in replica.updates["storm"].values()} == {"留", "新"}
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert len(set(ids)) == len(ids)
