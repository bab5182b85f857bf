"""Verbs on readers' responses."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from liveblog import publishing
from liveblog.models import ReaderResponse
from liveblog.publishing import SYSTEM
from tests.change_log import kinds
from tests.factories import edit_blog, make_blog, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def response() -> ReaderResponse:
    return publishing.submit_response(
        make_blog(has_responses=True), name=" 陳 大文 ", text="  支持！\r\n加油 "
    )


def test_response_gets_its_number_on_approval(response):
    assert (response.name, response.text, response.status, kinds(response.blog, after=1)) == (
        "陳 大文",
        "支持！\n加油",
        "pending",
        [],
    )
    editor = make_user("moderate_readerresponse")
    approved = publishing.approve_response(response, by=editor)
    assert (approved.status, approved.moderated_by, kinds(response.blog, after=1)) == (
        "approved",
        editor,
        ["response_approved"],
    )


def test_withdrawn_response_can_be_approved_again_and_rejection_leaves_no_change(response):
    publishing.reject_response(response, by=SYSTEM)
    assert kinds(response.blog, after=1) == []
    publishing.approve_response(response, by=SYSTEM)
    publishing.withdraw_response(response, by=SYSTEM)
    publishing.approve_response(response, by=SYSTEM)
    assert kinds(response.blog, after=1) == ["response_approved", "response_withdrawn", "response_approved"]


@pytest.mark.parametrize(
    ("texts", "fields"),
    [
        ({"name": " ", "text": "x"}, ["name"]),
        ({"name": "長" * 81, "text": "長" * 501}, ["name", "text"]),
        ({"name": "x", "text": " \n "}, ["text"]),
    ],
)
def test_invalid_response_is_refused_on_its_fields(texts, fields):
    with pytest.raises(ValidationError) as refusal:
        publishing.submit_response(make_blog(has_responses=True), **texts)
    assert sorted(refusal.value.error_dict) == fields
    assert ReaderResponse.objects.count() == 0


def test_verbs_refuse_without_permission_and_in_the_wrong_state(response):
    for verb in (publishing.approve_response, publishing.reject_response, publishing.withdraw_response):
        with pytest.raises(PermissionDenied):
            verb(response, by=make_user("publish_update"))
    with pytest.raises(ValidationError):
        publishing.withdraw_response(response, by=SYSTEM)
    publishing.approve_response(response, by=SYSTEM)
    for verb in (publishing.approve_response, publishing.reject_response):
        with pytest.raises(ValidationError):
            verb(response, by=SYSTEM)
    with pytest.raises(ValidationError):
        publishing.submit_response(make_blog(), name="x", text="x")


def test_a_response_that_readers_would_not_see_is_not_approved(response):
    closed = edit_blog(response.blog, has_responses=False)
    with pytest.raises(ValidationError):
        publishing.approve_response(response, by=SYSTEM)
    edit_blog(closed, has_responses=True)
    withdrawn = publishing.withdraw_blog(response.blog, by=SYSTEM)
    with pytest.raises(ValidationError):
        publishing.approve_response(response, by=SYSTEM)
    publishing.restore_blog(withdrawn, by=SYSTEM)
    publishing.approve_response(response, by=SYSTEM)
    assert kinds(response.blog, after=1)[-1] == "response_approved"
