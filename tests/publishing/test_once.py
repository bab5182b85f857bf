"""Idempotency of submissions: the same submission sent twice is carried out once."""

from __future__ import annotations

import threading
from contextlib import nullcontext

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from liveblog import publishing
from liveblog.models import Submission, Update
from liveblog.publishing import Content
from tests.factories import make_blog, make_user


def publish_once(blog, user, token="t1", digest="d1"):
    return publishing.once(
        user, token, digest, lambda: publishing.publish_update(blog, Content("號外"), by=user)
    )


@pytest.mark.django_db
def test_repeated_submission_returns_the_same_update():
    blog, user = make_blog(), make_user("publish_update")
    first, is_new = publish_once(blog, user)
    again, is_new_again = publish_once(blog, user)
    assert (is_new, is_new_again, again.pk) == (True, False, first.pk)
    assert Update.objects.count() == 1


@pytest.mark.django_db
def test_two_people_may_use_the_same_token():
    blog = make_blog()
    publish_once(blog, make_user("publish_update"))
    publish_once(blog, make_user("publish_update"))
    assert Update.objects.count() == 2


@pytest.mark.django_db
def test_token_with_another_digest_is_refused():
    blog, user = make_blog(), make_user("publish_update")
    publish_once(blog, user)
    with pytest.raises(publishing.AlreadyUsed):
        publish_once(blog, user, digest="d2")


@pytest.mark.django_db
@pytest.mark.parametrize(("length", "is_accepted"), [(0, False), (1, True), (255, True), (256, False)])
def test_idempotency_key_has_from_1_to_255_characters(length, is_accepted):
    blog, user = make_blog(), make_user("publish_update")
    with nullcontext() if is_accepted else pytest.raises(ValidationError):
        publish_once(blog, user, token="k" * length)
    assert Submission.objects.exists() == is_accepted


@pytest.mark.django_db
def test_refused_submission_does_not_use_up_its_token():
    blog, user = make_blog(), make_user("publish_update")
    publishing.withdraw_blog(blog, by=publishing.SYSTEM)
    with pytest.raises(ValidationError):
        publish_once(blog, user)
    assert not Submission.objects.exists()
    publishing.restore_blog(blog, by=publishing.SYSTEM)
    assert publish_once(blog, user)[1]


@pytest.mark.django_db(transaction=True)
def test_concurrent_submissions_with_one_token_create_one_update():
    blog, user = make_blog(), make_user("publish_update")
    start, responses = threading.Barrier(2), []

    def submit() -> None:
        start.wait()
        try:
            responses.append(publish_once(blog, user))
        finally:
            connection.close()

    threads = [threading.Thread(target=submit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(is_new for _update, is_new in responses) == [False, True]
    assert len({update.pk for update, _is_new in responses}) == Update.objects.count() == 1
