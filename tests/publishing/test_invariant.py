"""The central invariant of live pages: a stale page plus the changes after its number is a fresh page.

It holds for all updates that sort at or above the last update of the stale page, for any sequence of verbs,
in both scripts.
"""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from liveblog import publishing
from liveblog.models import Byline, LiveBlog
from liveblog.publishing import SYSTEM, BlogDetails, Content
from liveblog.reader import pages
from tests.factories import NOON, make_blog, make_update
from tests.interleaving import MINUTES, WHICH, WORDS, Interleaving
from tests.page_content import PageContent, catch_up, read_page

PAGE_SIZE = 3
EDITIONS = st.sampled_from(["", "/zh-hans"])


def read_all(blog: LiveBlog, client: Client, edition: str) -> dict[str, str]:
    """Return every update that a reader reaches by paging, newest first."""
    updates: dict[str, str] = {}
    before = ""
    while True:
        page = read_page(blog, client, edition, before)
        updates |= page.updates
        if len(page.updates) < PAGE_SIZE:
            return updates
        before = f"?before={int(list(page.updates)[-1].split('-')[1], 16)}"


class LiveCoverage(Interleaving):
    """State machine of verbs on one blog, with pages that are opened at any time and stay open."""

    @initialize()
    def open_blog(self) -> None:
        self.client = Client()
        self.byline, _created = Byline.objects.get_or_create(name="記者")
        self.blog = make_blog()
        self.updates = [make_update(self.blog, bylines=(self.byline,))]
        self.stale: list[PageContent] = []

    @rule(edition=EDITIONS)
    def open_page(self, edition: str) -> None:
        self.stale.append(read_page(self.blog, self.client, edition))

    @rule(heading=WORDS, minute=MINUTES)
    def publish(self, heading: str, minute: int) -> None:
        self.updates.append(publishing.publish_update(self.blog, self.content(heading, minute), by=SYSTEM))

    @rule(which=WHICH)
    def withdraw(self, which: int) -> None:
        self.attempt(publishing.withdraw_update, self.chosen(which), reason="測試")

    @rule(which=WHICH)
    def restore(self, which: int) -> None:
        self.attempt(publishing.restore_update, self.chosen(which))

    @rule(which=WHICH)
    def undo(self, which: int) -> None:
        self.attempt(publishing.undo_publication, self.chosen(which))

    @rule(which=WHICH, heading=WORDS, minute=MINUTES)
    def publish_draft(self, which: int, heading: str, minute: int) -> None:
        content, update = self.content(heading, minute), self.chosen(which)
        self.attempt(publishing.publish_update, self.blog, content, update=update)

    @rule(which=WHICH, verb=st.sampled_from(["pin_update", "unpin_update"]))
    def pin(self, which: int, verb: str) -> None:
        self.attempt(getattr(publishing, verb), self.chosen(which))

    @rule(which=WHICH, verb=st.sampled_from(["mark_key_event", "unmark_key_event"]))
    def mark(self, which: int, verb: str) -> None:
        self.attempt(getattr(publishing, verb), self.chosen(which))

    @rule(which=WHICH)
    def erase(self, which: int) -> None:
        self.attempt(publishing.erase_update, self.chosen(which), reason="法庭命令")

    @rule(verb=st.sampled_from(["start_coverage", "end_coverage"]))
    def run_coverage(self, verb: str) -> None:
        self.attempt(getattr(publishing, verb), self.blog)

    @rule(headline=st.sampled_from(["標題一", "標題後"]))
    def edit_headline(self, headline: str) -> None:
        self.blog.refresh_from_db()
        details = BlogDetails.of(self.blog)
        self.attempt(publishing.edit_blog, self.blog, BlogDetails(**{**vars(details), "headline": headline}))

    @invariant()
    def stale_pages_catch_up(self) -> None:
        if not self.stale:
            return
        editions = {page.edition for page in self.stale}
        pages = {edition: read_page(self.blog, self.client, edition) for edition in editions}
        all_updates = {edition: read_all(self.blog, self.client, edition) for edition in editions}
        for page in self.stale:
            fresh, everything = pages[page.edition], all_updates[page.edition]
            last = min(page.updates, default="")
            caught_up = catch_up(self.blog, page, self.client)
            assert caught_up.number == fresh.number
            assert caught_up.head == fresh.head
            assert caught_up.regions == fresh.regions
            assert {order: html for order, html in caught_up.updates.items() if order >= last} == {
                order: html for order, html in everything.items() if order >= last
            }


@pytest.mark.django_db
def test_a_stale_page_plus_the_changes_equals_a_fresh_page(monkeypatch):
    monkeypatch.setattr(pages, "PAGE_SIZE", PAGE_SIZE)
    run_state_machine_as_test(
        LiveCoverage,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


@pytest.mark.django_db
def test_page_that_missed_edit_and_withdrawal_of_the_pinned_update_drops_it(client):
    blog = make_blog()
    update = publishing.pin_update(make_update(blog), by=SYSTEM)
    stale = read_page(blog, client, "")
    publishing.edit_update(update, Content("更新", "<p>二</p>", NOON), by=SYSTEM)
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    assert catch_up(blog, stale, client).regions["pinned"] == ""
