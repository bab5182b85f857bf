"""Verbs on readers' responses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from liveblog import publishing
from liveblog.models import Change, ReaderResponse
from liveblog.publishing import SYSTEM, BlogDetails
from tests.factories import make_blog, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def response() -> ReaderResponse:
    return publishing.submit_response(
        make_blog(has_responses=True), name=" 陳 大文 ", text="  支持！\r\n加油 "
    )


def kinds(response: ReaderResponse) -> list[str]:
    return list(Change.objects.filter(blog=response.blog).after(1).values_list("kind", flat=True))


def test_response_gets_its_number_on_approval(response):
    assert (response.name, response.text, response.status, kinds(response)) == (
        "陳 大文",
        "支持！\n加油",
        "pending",
        [],
    )
    editor = make_user("moderate_readerresponse")
    approved = publishing.approve_response(response, by=editor)
    assert (approved.status, approved.moderated_by, kinds(response)) == (
        "approved",
        editor,
        ["response_approved"],
    )


def test_withdrawn_response_can_be_approved_again_and_rejection_leaves_no_change(response):
    publishing.reject_response(response, by=SYSTEM)
    assert kinds(response) == []
    publishing.approve_response(response, by=SYSTEM)
    publishing.withdraw_response(response, by=SYSTEM)
    publishing.approve_response(response, by=SYSTEM)
    assert kinds(response) == ["response_approved", "response_withdrawn", "response_approved"]


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
    closed = publishing.edit_blog(
        response.blog, replace(BlogDetails.of(response.blog), has_responses=False), by=SYSTEM
    )
    with pytest.raises(ValidationError):
        publishing.approve_response(response, by=SYSTEM)
    publishing.edit_blog(closed, replace(BlogDetails.of(closed), has_responses=True), by=SYSTEM)
    withdrawn = publishing.withdraw_blog(response.blog, by=SYSTEM)
    with pytest.raises(ValidationError):
        publishing.approve_response(response, by=SYSTEM)
    publishing.restore_blog(withdrawn, by=SYSTEM)
    publishing.approve_response(response, by=SYSTEM)
    assert kinds(response)[-1] == "response_approved"
