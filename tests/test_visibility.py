"""Visibility: query and check must agree for every state of a live blog and every viewer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from liveblog import publishing, visibility
from liveblog.models import ApiKey, LiveBlog, Partner, Scope, Webhook
from liveblog.publishing import SYSTEM
from liveblog.visibility import PUBLIC, Viewer
from tests.factories import make_blog, make_image, make_key, make_person, make_update, make_user

pytestmark = pytest.mark.django_db

STATES = ["draft", "live", "ended", "withdrawn"]
TEAMS = ["no team", "in the team", "another team"]


class House:
    """Live blogs in every state (status × embargo × team × grant), and every kind of viewer."""

    def __init__(self) -> None:
        self.member, self.colleague = make_person("Editor"), make_person("Editor")
        self.granted = Partner.objects.create(name="Granted", contact="desk@granted.example")
        self.other = Partner.objects.create(name="Other", contact="desk@other.example")
        self.blogs = {}
        for status, is_embargoed, team, is_granted in product(STATES, [False, True], TEAMS, [False, True]):
            blog = self._blog(status, is_embargoed=is_embargoed)
            if team != "no team":
                blog.team.set([self.member if team == "in the team" else self.colleague])
            if is_granted:
                self.granted.granted_blogs.add(blog)
            self.blogs[status, is_embargoed, team, is_granted] = blog

    def _blog(self, status: str, *, is_embargoed: bool) -> LiveBlog:
        blog = make_blog(is_live=status != "draft")
        if status == "ended":
            publishing.end_coverage(blog, by=SYSTEM)
        elif status == "withdrawn":
            publishing.withdraw_blog(blog, by=SYSTEM)
        until = timezone.now() + timedelta(hours=1) if is_embargoed else None
        LiveBlog.objects.filter(pk=blog.pk).update(embargo_until_at=until)
        return LiveBlog.objects.get(pk=blog.pk)

    def viewers(self) -> Iterator[tuple[str, Viewer]]:
        yield "the public", PUBLIC
        yield "nobody", AnonymousUser()
        yield "an account without staff status", make_user(is_staff=False)
        yield "a member", self.member
        yield "a colleague", self.colleague
        yield "staff without a role", make_user()
        yield "a chief editor", make_person("Chief editor")
        yield "a superuser", make_person(is_superuser=True)
        for scope in Scope:
            for partner in (self.granted, self.other):
                yield f"{scope} of {partner}", ApiKey.objects.by_secret(make_key(scope, partner=partner))
        some = [blog for place, blog in enumerate(self.blogs.values()) if place % 3 == 0]
        for partner, blogs in product((self.granted, self.other), ((), some)):
            yield f"{partner}", partner
            webhook = publishing.add_webhook(
                partner, by=SYSTEM, url="https://partner.example/hook", blogs=blogs
            )
            yield f"a webhook of {partner}", Webhook.objects.get(pk=webhook.pk)


def test_the_query_and_the_check_agree_for_every_state_and_viewer():
    house = House()
    for name, viewer in house.viewers():
        readable = set(visibility.readable(viewer).values_list("pk", flat=True))
        known = set(visibility.known(viewer).values_list("pk", flat=True))
        for state, blog in house.blogs.items():
            assert visibility.can_read(viewer, blog) == (blog.pk in readable), (name, state)
            assert visibility.can_know(viewer, blog) == (blog.pk in known), (name, state)
        assert readable <= known, name


def test_each_viewer_reads_the_expected_blogs():
    house = House()
    expected = {
        "the public": lambda status, is_embargoed, team, is_granted: not is_embargoed,
        "nobody": lambda status, is_embargoed, team, is_granted: not is_embargoed,
        "an account without staff status": lambda status, is_embargoed, team, is_granted: not is_embargoed,
        "read of Granted": lambda status, is_embargoed, team, is_granted: not is_embargoed,
        "read:embargoed of Granted": lambda status, is_embargoed, team, is_granted: (
            not is_embargoed or is_granted
        ),
        "read:embargoed of Other": lambda status, is_embargoed, team, is_granted: not is_embargoed,
        "Granted": lambda status, is_embargoed, team, is_granted: not is_embargoed or is_granted,
        "Other": lambda status, is_embargoed, team, is_granted: not is_embargoed,
    }
    staff = {
        "a member": {"no team", "in the team"},
        "a colleague": {"no team", "another team"},
        "staff without a role": {"no team"},
        "a chief editor": set(TEAMS),
        "a superuser": set(TEAMS),
    }
    seen = set()
    for name, viewer in house.viewers():
        readable = set(visibility.readable(viewer).values_list("pk", flat=True))
        for state, blog in house.blogs.items():
            if name in expected:
                may = state[0] in ("live", "ended") and expected[name](*state)
            elif name in staff:
                may = state[2] in staff[name]
            else:
                continue
            assert (blog.pk in readable) == may, (name, state)
            seen.add(name)
    assert seen == expected.keys() | staff.keys()


def test_rows_are_as_visible_as_their_live_blog():
    member, outsider = make_person("Editor"), make_person("Editor")
    blog = make_blog(has_responses=True, hero_image=make_image())
    blog.team.set([member])
    update = make_update(blog, images=(make_image(),), stories=(publishing.Story("相關"),))
    draft = publishing.draft_update(blog, publishing.Content("稿", images=(make_image(),)), by=SYSTEM)
    response = publishing.submit_response(blog, name="讀者", text="好")
    secret = make_image()
    type(secret).objects.filter(pk=secret.pk).update(uploaded_for=blog)
    hidden = [draft.images.get(), secret]
    for row in (blog, update, draft, response, update.related_stories.get(), update.revisions.get(), *hidden):
        assert visibility.can_read_row(member, row), row
        assert not visibility.can_read_row(outsider, row), row
    # Pictures on public pages are visible to everybody, so all staff may use them.
    for image in (blog.hero_image, update.images.get()):
        assert visibility.can_read_row(outsider, image)
    assert set(visibility.readable_updates(PUBLIC)) == {update}
    assert not visibility.readable_responses(PUBLIC).exists()
    publishing.approve_response(response, by=SYSTEM)
    assert visibility.readable_responses(PUBLIC).get() == response
