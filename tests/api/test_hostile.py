"""Hostile input: it must return a problem and never a server error."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Update
from liveblog.publishing import SYSTEM
from tests.api.tool import errors_of

pytestmark = pytest.mark.django_db

LONE = "\ud800"


@pytest.mark.parametrize("odd", [LONE, "\0", f"字{LONE}", "a" * 100_000])
@pytest.mark.parametrize(
    "payload",
    [
        lambda odd: {"bylines": [odd]},
        lambda odd: {"related_stories": [{"title": "一", "live_blog": odd}]},
        lambda odd: {"related_stories": [{"title": odd, "url": odd}]},
        lambda odd: {"related_stories": [{"title": "一", odd: 1}]},
        lambda odd: {"verification": odd},
        lambda odd: {"status": odd},
        lambda odd: {"happened_at": odd},
        lambda odd: {odd: "一"},
        lambda odd: {"source": odd},
        lambda odd: {"heading": odd},
        lambda odd: {"is_key_event": {odd: 1}},
    ],
)
def test_text_that_the_database_cannot_store_is_refused(tool, payload, odd):
    response = tool.post(json.dumps({"status": "published", "heading": "一"} | payload(odd)))
    assert response.status_code in (400, 422)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not Update.objects.exists()


@pytest.mark.parametrize("odd", [LONE, "\0"])
def test_text_that_cannot_be_stored_is_refused_in_notes_and_reasons(tool, odd):
    update = tool.post({"status": "published", "heading": "一"}).json()["id"]
    assert tool.patch(update, json.dumps({"note": f"更{odd}正"})).status_code == 400
    assert tool.withdraw(update, json.dumps({"reason": f"更{odd}正"})).status_code == 400
    assert Update.objects.get().is_published


def test_names_in_a_list_that_is_too_long_are_not_looked_up(tool, django_assert_max_num_queries):
    names = [f"無名{number}" for number in range(2_000)]
    with django_assert_max_num_queries(30):
        response = tool.post({"status": "published", "heading": "一", "bylines": names})
    assert response.status_code == 400
    assert errors_of(response) == {"bylines": ["Ensure this field has no more than 20 elements."]}


def test_future_updates_are_not_published(tool, drafter):
    """A published update with a future time would stay above all later updates until that time."""
    later = (timezone.now() + timedelta(days=1)).isoformat()
    response = tool.post({"status": "published", "heading": "一", "happened_at": later})
    assert (response.status_code, list(errors_of(response))) == (422, ["happened_at"])
    assert not Update.objects.exists()

    draft = drafter.post({"status": "draft", "heading": "一", "happened_at": later})
    assert draft.status_code == 201
    update = draft.json()["id"]
    assert tool.patch(update, {"status": "published"}).status_code == 422
    assert (
        tool.patch(update, {"status": "published", "happened_at": "2026-03-19T12:00:00+08:00"}).status_code
        == 200
    )
    assert tool.patch(update, {"happened_at": later}).status_code == 422
    assert tool.patch(update, {"heading": "二"}).status_code == 200


def test_an_erased_draft_cannot_be_changed_or_published(tool, drafter):
    update = drafter.post({"status": "draft", "heading": "原告的名字"}).json()["id"]
    publishing.erase_update(Update.objects.get(pk=update), by=SYSTEM, reason="法庭命令")
    assert drafter.patch(update, {"heading": "原告的名字"}).status_code == 422
    assert tool.patch(update, {"status": "published", "heading": "原告的名字"}).status_code == 422
    assert Update.objects.get().heading == ""


@pytest.mark.parametrize("body", ["一" + " " * 190_000 + "二", "一<br>" * 40_000, "<ul><li>" * 20_000])
def test_text_that_is_costly_to_sanitize_gets_a_regular_response(tool, body):
    response = tool.post({"status": "draft", "body": body})
    assert response.status_code in (201, 422)
