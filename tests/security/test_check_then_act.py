"""Race conditions (check-then-act): no concurrent request invalidates a check before it is acted on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
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
from tests.factories import (
    edit_blog,
    make_blog,
    make_image,
    make_key,
    make_person,
    make_update,
    make_user,
    signed_in,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_cache(transactional_db) -> None:
    """Clear the cache before each test, because its table is not flushed with the others."""
    cache.clear()


def outcomes(times: int, act) -> list[str]:
    """Run `act` in several threads at once and return the sorted outcomes, each `done` or `refused`."""

    def attempt(number: int) -> str:
        try:
            act(number)
        except ValidationError:
            return "refused"
        return "done"

    return sorted(at_once(times, attempt))


# Uniqueness


def test_concurrent_blogs_with_one_slug_create_one_and_refuse_the_others():
    details = BlogDetails(slug="summit", language="zh-hant", headline="標題")

    results = outcomes(6, lambda _number: publishing.create_blog(details, by=SYSTEM))

    assert results == ["done"] + ["refused"] * 5
    assert LiveBlog.objects.count() == 1


def test_concurrent_terms_for_one_wording_create_one_and_refuse_the_others():
    results = outcomes(
        6, lambda _number: publishing.add_term(by=SYSTEM, traditional="軟件", simplified="软件")
    )

    assert results == ["done"] + ["refused"] * 5
    assert GlossaryTerm.objects.count() == 1


def test_concurrent_renames_to_one_byline_name_let_one_succeed():
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
def test_concurrent_admin_adds_create_one_row_and_redisplay_the_other_forms(path, entered, model):
    clients = [signed_in(make_person(is_superuser=True)) for _ in range(4)]

    statuses = at_once(
        4, lambda number: clients[number].post(f"/admin/liveblog/{path}/add/", entered).status_code
    )

    assert sorted(statuses) == [200, 200, 200, 302]
    assert model.objects.count() == 1


def test_concurrent_admin_adds_create_one_account_and_redisplay_the_other_forms():
    clients = [signed_in(make_person(is_superuser=True)) for _ in range(4)]
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


def test_concurrent_approvals_approve_a_response_once_with_one_change_number():
    blog = make_blog(has_responses=True)
    response = publishing.submit_response(blog, name="讀者", text="支持！")

    results = outcomes(6, lambda _number: publishing.approve_response(response, by=SYSTEM))

    assert results == ["done"] + ["refused"] * 5
    assert Change.objects.filter(blog=blog, kind=Change.Kind.RESPONSE_APPROVED).count() == 1


def test_concurrent_approval_and_rejection_leave_a_response_in_one_state():
    blog = make_blog(has_responses=True)
    response = publishing.submit_response(blog, name="讀者", text="支持！")
    verbs = [publishing.approve_response, publishing.reject_response]

    at_once(6, lambda number: outcomes(1, lambda _: verbs[number % 2](response, by=SYSTEM)))

    response = ReaderResponse.objects.get()
    assert (response.status == "approved") == (response.approved_at is not None)


def test_concurrent_withdrawals_withdraw_an_update_once():
    update = make_update(make_blog())

    results = outcomes(6, lambda _number: publishing.withdraw_update(update, by=SYSTEM, reason="錯"))

    assert results == ["done"] + ["refused"] * 5
    assert Change.objects.filter(kind=Change.Kind.WITHDRAWN).count() == 1


def test_concurrent_undo_and_withdrawal_let_only_one_succeed():
    update = make_update(make_blog())
    verbs = [
        lambda: publishing.undo_publication(update, by=SYSTEM),
        lambda: publishing.withdraw_update(update, by=SYSTEM, reason="錯"),
    ]

    results = outcomes(6, lambda number: verbs[number % 2]())

    assert results == ["done"] + ["refused"] * 5


def test_concurrent_pins_leave_one_pinned_update():
    blog = make_blog()
    updates = [make_update(blog) for _ in range(6)]

    at_once(6, lambda number: publishing.pin_update(updates[number], by=SYSTEM))

    assert sum(update.is_pinned for update in Update.objects.select_related("blog")) == 1


def test_concurrent_processes_publish_a_due_update_once():
    blog = make_blog()
    at = timezone.now() + timedelta(hours=1)
    publishing.schedule_update(blog, Content("號外"), at, by=SYSTEM)

    at_once(6, lambda _number: publishing.publish_due(by=SYSTEM, at=at))

    assert Change.objects.filter(blog=blog, kind=Change.Kind.PUBLISHED).count() == 1


def test_concurrent_rotations_rotate_a_key_once():
    make_key(Scope.READ)
    key = ApiKey.objects.get()

    results = outcomes(6, lambda _number: publishing.rotate_key(key, by=SYSTEM, overlap=timedelta(0)))

    assert results == ["done"] + ["refused"] * 5
    assert ApiKey.objects.usable().count() == 1


def test_concurrent_rotations_rotate_a_webhook_secret_once_and_keep_the_one_in_use():
    partner = Partner.objects.create(name="通訊社", contact="desk@example.com")
    webhook = publishing.add_webhook(partner, by=SYSTEM, url="https://example.com/hook")
    in_use = webhook.secret
    opened = [Webhook.objects.get() for _ in range(6)]

    results = outcomes(6, lambda number: publishing.rotate_secret(opened[number], by=SYSTEM))

    assert results == ["done"] + ["refused"] * 5
    assert Webhook.objects.get().previous_secret == in_use


def test_concurrent_polls_of_one_desk_record_one_presence():
    user, blog = make_user("publish_update"), make_blog()
    clients = [signed_in(user) for _ in range(6)]
    path = f"/admin/liveblog/liveblog/{blog.pk}/desk/state/"
    entered = {"after": "1", "token": "t1"}

    statuses = at_once(6, lambda number: clients[number].post(path, entered).status_code)

    assert set(statuses) == {200}
    assert Presence.objects.count() == 1


# Stale reads: rows that were read before the lock was acquired


def test_extended_embargo_is_not_lifted_by_a_stale_loop():
    blog = make_blog(embargo_until_at=timezone.now() + timedelta(hours=1))
    due = timezone.now() + timedelta(hours=2)
    prolonged = timezone.now() + timedelta(days=1)
    edit_blog(blog, embargo_until_at=prolonged)

    # The background loop read the blog before the editor saved.
    publishing.lift_embargo(blog, by=SYSTEM, lapsed_by=due)

    blog.refresh_from_db()
    assert blog.embargo_until_at == prolonged


def test_coverage_with_a_postponed_end_is_not_ended_by_a_stale_loop():
    blog = make_blog(coverage_end_at=timezone.now() + timedelta(hours=1))
    moved = timezone.now() + timedelta(days=1)
    edit_blog(blog, coverage_end_at=moved)

    publishing.end_coverage(blog, by=SYSTEM, planned_by=timezone.now() + timedelta(hours=2))

    blog.refresh_from_db()
    assert blog.is_live


def test_key_form_opened_before_a_rotation_does_not_extend_the_old_key():
    make_key(Scope.READ)
    key = ApiKey.objects.get()
    digest = publishing.key_fingerprint(key)
    publishing.rotate_key(key, by=SYSTEM, overlap=timedelta(hours=1))
    client = signed_in(make_person(is_superuser=True))
    entered = {"label": "test", "scopes": ["read"], "expires_at_0": "", "expires_at_1": "", "seen": digest}

    answer = client.post(f"/admin/liveblog/apikey/{key.pk}/change/", entered)

    assert answer.status_code == 200
    key.refresh_from_db()
    assert key.expires_at is not None


def test_key_form_without_a_concurrent_change_is_saved():
    make_key(Scope.READ)
    key = ApiKey.objects.get()
    client = signed_in(make_person(is_superuser=True))
    path = f"/admin/liveblog/apikey/{key.pk}/change/"
    digest = client.get(path).context["adminform"].form["seen"].value()
    entered = {"label": "anew", "scopes": ["read"], "expires_at_0": "", "expires_at_1": "", "seen": digest}

    assert client.post(path, entered).status_code == 302
    key.refresh_from_db()
    assert key.label == "anew"


def test_picture_withdrawn_while_its_files_are_written_is_removed_from_public_storage(monkeypatch):
    blog, image = make_blog(), make_image()
    update = make_update(blog, images=(image,))
    public = storages["public"]
    paths = [image.rendition_path(*size) for size in renditions._sizes(image)]
    settle = renditions._settle
    withdrawals = [lambda: publishing.withdraw_update(update, by=SYSTEM, reason="錯")]

    def settle_after_another_process_withdrew(*arguments):
        while withdrawals:
            withdrawals.pop()()
        settle(*arguments)

    monkeypatch.setattr(renditions, "_settle", settle_after_another_process_withdrew)

    publishing.owe_all()
    publishing.settle_due()

    assert [path for path in paths if public.exists(path)] == []


def test_picture_published_concurrently_has_one_set_of_files():
    images = [make_image()]
    blogs = [make_blog() for _ in range(4)]

    at_once(4, lambda number: make_update(blogs[number], images=tuple(images)))

    public = storages["public"]
    directory = images[0].rendition_path(*renditions._sizes(images[0])[0]).rpartition("/")[0]
    files = [f"{directory}/{name}" for name in public.listdir(directory)[1]]
    assert sorted(files) == sorted(images[0].rendition_path(*size) for size in renditions._sizes(images[0]))


def test_autosave_during_publication_leaves_no_working_copy(monkeypatch):
    user, blog = make_user("publish_update"), make_blog()
    client = signed_in(user)
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
