"""What is checked is still so when it is acted upon, whoever acts at the same instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.desk import queues
from liveblog.models import (
    ApiKey,
    Byline,
    Change,
    GlossaryTerm,
    LiveBlog,
    Partner,
    Presence,
    ReaderResponse,
    Scope,
    Submission,
    Topic,
    Update,
    Webhook,
    WorkingCopy,
)
from liveblog.publishing import SYSTEM, BlogDetails, Content, renditions
from tests.at_once import at_once
from tests.factories import make_blog, make_image, make_key, make_update, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_cache(transactional_db) -> None:
    """No test finds what another has counted: the cache's table is not emptied with the others."""
    cache.clear()


def outcomes(times: int, act) -> list[str]:
    """Do the same several times at once; how each ended, `done` or `refused`."""

    def attempt(number: int) -> str:
        try:
            act(number)
        except ValidationError:
            return "refused"
        return "done"

    return sorted(at_once(times, attempt))


# What must be unique


def test_of_several_blogs_at_one_address_one_is_made_and_the_others_are_told():
    details = BlogDetails(slug="summit", language="zh-hant", headline="標題")

    results = outcomes(6, lambda _number: publishing.create_blog(details, by=SYSTEM))

    assert results == ["done"] + ["refused"] * 5
    assert LiveBlog.objects.count() == 1


def test_of_several_terms_for_one_wording_one_is_made_and_the_others_are_told():
    results = outcomes(
        6, lambda _number: publishing.add_term(by=SYSTEM, traditional="軟件", simplified="软件")
    )

    assert results == ["done"] + ["refused"] * 5
    assert GlossaryTerm.objects.count() == 1


def test_of_several_bylines_renamed_to_one_name_one_gets_it():
    bylines = [Byline.objects.create(name=f"記者{number}") for number in range(6)]

    results = outcomes(6, lambda number: publishing.edit_byline(bylines[number], by=SYSTEM, name="陳大文"))

    assert results == ["done"] + ["refused"] * 5


@pytest.mark.parametrize(
    ("path", "entered", "model"),
    [
        ("topic", {"name": "天氣", "slug": "weather"}, Topic),
        ("byline", {"name": "陳大文", "role": ""}, Byline),
        ("glossaryterm", {"traditional": "軟件", "simplified": "软件", "note": ""}, GlossaryTerm),
        ("partner", {"name": "通訊社", "contact": "desk@example.com", "is_active": "on"}, Partner),
    ],
)
def test_the_admin_adds_a_row_once_and_gives_the_others_the_form_back(path, entered, model):
    clients = [Client() for _ in range(4)]
    for client in clients:
        client.force_login(User.objects.create_superuser(f"admin-{id(client)}"))

    statuses = at_once(
        4, lambda number: clients[number].post(f"/admin/liveblog/{path}/add/", entered).status_code
    )

    assert sorted(statuses) == [200, 200, 200, 302]
    assert model.objects.count() == 1


def test_the_admin_adds_an_account_once_and_gives_the_others_the_form_back():
    clients = [Client() for _ in range(4)]
    for client in clients:
        client.force_login(User.objects.create_superuser(f"admin-{id(client)}"))
    entered = {
        "username": "ming",
        "usable_password": "true",
        "password1": "tram ferry lantern",
        "password2": "tram ferry lantern",
    }

    statuses = at_once(4, lambda number: clients[number].post("/admin/auth/user/add/", entered).status_code)

    assert sorted(statuses) == [200, 200, 200, 302]
    assert User.objects.filter(username="ming").count() == 1


# Verbs that act once


def test_a_response_is_approved_once_and_takes_one_number():
    blog = make_blog(has_responses=True)
    response = publishing.submit_response(blog, name="讀者", text="支持！")

    results = outcomes(6, lambda _number: publishing.approve_response(response, by=SYSTEM))

    assert results == ["done"] + ["refused"] * 5
    assert Change.objects.filter(blog=blog, kind=Change.Kind.RESPONSE_APPROVED).count() == 1


def test_a_response_is_approved_or_rejected_and_not_both():
    blog = make_blog(has_responses=True)
    response = publishing.submit_response(blog, name="讀者", text="支持！")
    verbs = [publishing.approve_response, publishing.reject_response]

    at_once(6, lambda number: outcomes(1, lambda _: verbs[number % 2](response, by=SYSTEM)))

    response = ReaderResponse.objects.get()
    assert (response.status == "approved") == (response.approved_at is not None)


def test_an_update_is_withdrawn_once():
    update = make_update(make_blog())

    results = outcomes(6, lambda _number: publishing.withdraw_update(update, by=SYSTEM, reason="錯"))

    assert results == ["done"] + ["refused"] * 5
    assert Change.objects.filter(kind=Change.Kind.WITHDRAWN).count() == 1


def test_an_update_is_undone_or_withdrawn_and_not_both():
    update = make_update(make_blog())
    verbs = [
        lambda: publishing.undo_publication(update, by=SYSTEM),
        lambda: publishing.withdraw_update(update, by=SYSTEM, reason="錯"),
    ]

    results = outcomes(6, lambda number: verbs[number % 2]())

    assert results == ["done"] + ["refused"] * 5


def test_of_several_pins_at_once_one_stays():
    blog = make_blog()
    updates = [make_update(blog) for _ in range(6)]

    at_once(6, lambda number: publishing.pin_update(updates[number], by=SYSTEM))

    assert sum(update.is_pinned for update in Update.objects.select_related("blog")) == 1


def test_what_falls_due_is_published_once_by_several_processes():
    blog = make_blog()
    at = timezone.now() + timedelta(hours=1)
    publishing.schedule_update(blog, Content("號外"), at, by=SYSTEM)

    at_once(6, lambda _number: publishing.publish_due(by=SYSTEM, at=at))

    assert Change.objects.filter(blog=blog, kind=Change.Kind.PUBLISHED).count() == 1


def test_a_key_is_rotated_once():
    make_key(Scope.READ)
    key = ApiKey.objects.get()

    results = outcomes(6, lambda _number: publishing.rotate_key(key, by=SYSTEM, overlap=timedelta(0)))

    assert results == ["done"] + ["refused"] * 5
    assert ApiKey.objects.usable().count() == 1


def test_a_webhooks_secret_is_rotated_once_and_the_one_in_use_goes_on():
    partner = Partner.objects.create(name="通訊社", contact="desk@example.com")
    webhook = publishing.add_webhook(partner, by=SYSTEM, url="https://example.com/hook")
    in_use = webhook.secret
    opened = [Webhook.objects.get() for _ in range(6)]

    results = outcomes(6, lambda number: publishing.rotate_secret(opened[number], by=SYSTEM))

    assert results == ["done"] + ["refused"] * 5
    assert Webhook.objects.get().previous_secret == in_use


def test_several_desks_note_one_presence():
    user, blog = make_user("publish_update"), make_blog()
    clients = [Client() for _ in range(6)]
    for client in clients:
        client.force_login(user)
    path = f"/admin/liveblog/liveblog/{blog.pk}/desk/state/"
    entered = {"after": "1", "token": "t1"}

    statuses = at_once(6, lambda number: clients[number].post(path, entered).status_code)

    assert set(statuses) == {200}
    assert Presence.objects.count() == 1


# What was read before the lock was had


def test_an_embargo_that_an_editor_has_prolonged_is_not_lifted():
    blog = make_blog(embargo_until_at=timezone.now() + timedelta(hours=1))
    due = timezone.now() + timedelta(hours=2)
    prolonged = timezone.now() + timedelta(days=1)
    publishing.edit_blog(blog, replace(BlogDetails.of(blog), embargo_until_at=prolonged), by=SYSTEM)

    # The loop had read the blog before the editor saved.
    publishing.lift_embargo(blog, by=SYSTEM, lapsed_by=due)

    blog.refresh_from_db()
    assert blog.embargo_until_at == prolonged


def test_coverage_whose_end_an_editor_has_moved_goes_on():
    blog = make_blog(coverage_end_at=timezone.now() + timedelta(hours=1))
    moved = timezone.now() + timedelta(days=1)
    publishing.edit_blog(blog, replace(BlogDetails.of(blog), coverage_end_at=moved), by=SYSTEM)

    publishing.end_coverage(blog, by=SYSTEM, planned_by=timezone.now() + timedelta(hours=2))

    blog.refresh_from_db()
    assert blog.is_live


def test_a_form_opened_before_a_rotation_does_not_prolong_the_old_key():
    make_key(Scope.READ)
    key = ApiKey.objects.get()
    seen = publishing.key_fingerprint(key)
    publishing.rotate_key(key, by=SYSTEM, overlap=timedelta(hours=1))
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    entered = {"label": "test", "scopes": ["read"], "expires_at_0": "", "expires_at_1": "", "seen": seen}

    answer = client.post(f"/admin/liveblog/apikey/{key.pk}/change/", entered)

    assert answer.status_code == 200
    key.refresh_from_db()
    assert key.expires_at is not None


def test_a_form_of_a_key_saves_what_was_opened():
    make_key(Scope.READ)
    key = ApiKey.objects.get()
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    path = f"/admin/liveblog/apikey/{key.pk}/change/"
    seen = client.get(path).context["adminform"].form["seen"].value()
    entered = {"label": "anew", "scopes": ["read"], "expires_at_0": "", "expires_at_1": "", "seen": seen}

    assert client.post(path, entered).status_code == 302
    key.refresh_from_db()
    assert key.label == "anew"


def test_a_picture_withdrawn_while_its_files_are_written_is_not_left_public(monkeypatch):
    blog, image = make_blog(), make_image()
    update = make_update(blog, images=(image,))
    public = storages["public"]
    paths = [image.rendition_path(*size) for size in renditions._sizes(image)]
    write = renditions._write_public
    withdrawals = [lambda: publishing.withdraw_update(update, by=SYSTEM, reason="錯")]

    def write_after_another_process_withdrew(ids, shown):
        while withdrawals:
            withdrawals.pop()()
        write(ids, shown)

    monkeypatch.setattr(renditions, "_write_public", write_after_another_process_withdrew)

    renditions._settle({image.pk})

    assert [path for path in paths if public.exists(path)] == []


def test_a_picture_that_two_processes_show_at_once_has_its_files_once():
    images = [make_image()]
    blogs = [make_blog() for _ in range(4)]

    at_once(4, lambda number: make_update(blogs[number], images=tuple(images)))

    public = storages["public"]
    directory = images[0].rendition_path(*renditions._sizes(images[0])[0]).rpartition("/")[0]
    files = [f"{directory}/{name}" for name in public.listdir(directory)[1]]
    assert sorted(files) == sorted(images[0].rendition_path(*size) for size in renditions._sizes(images[0]))


def test_an_autosave_that_comes_while_the_text_is_published_leaves_nothing(monkeypatch):
    user, blog = make_user("publish_update"), make_blog()
    client = Client()
    client.force_login(user)
    keep = queues.keep_unsaved

    def keep_after_it_was_published(blog, by, token, update, fields):
        publishing.once(by, token, "digest", lambda: publishing.publish_update(blog, Content("號外"), by=by))
        keep(blog, by, token, update, fields)

    monkeypatch.setattr(queues, "keep_unsaved", keep_after_it_was_published)

    answer = client.post(
        f"/admin/liveblog/liveblog/{blog.pk}/desk/autosave/", {"token": "t1", "heading": "號外"}
    )

    assert answer.json() == {"saved": True}
    assert (Submission.objects.count(), WorkingCopy.objects.count()) == (1, 0)
