"""What no honest tool sends: refused as a problem, never a failure of the server."""

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
    "said",
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
def test_text_that_no_database_keeps_is_refused(tool, said, odd):
    response = tool.post(json.dumps({"status": "published", "heading": "一"} | said(odd)))
    assert response.status_code in (400, 422)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not Update.objects.exists()


@pytest.mark.parametrize("odd", [LONE, "\0"])
def test_such_text_is_refused_in_notes_and_reasons(tool, odd):
    update = tool.post({"status": "published", "heading": "一"}).json()["id"]
    assert tool.patch(update, json.dumps({"note": f"更{odd}正"})).status_code == 400
    assert tool.withdraw(update, json.dumps({"reason": f"更{odd}正"})).status_code == 400
    assert Update.objects.get().is_published


def test_what_has_not_happened_is_not_published(tool, drafter):
    """It would stand above all that happens until then."""
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


def test_a_draft_that_was_erased_is_not_brought_back(tool, drafter):
    update = drafter.post({"status": "draft", "heading": "原告的名字"}).json()["id"]
    publishing.erase_update(Update.objects.get(pk=update), by=SYSTEM, reason="法庭命令")
    assert drafter.patch(update, {"heading": "原告的名字"}).status_code == 422
    assert tool.patch(update, {"status": "published", "heading": "原告的名字"}).status_code == 422
    assert Update.objects.get().heading == ""


@pytest.mark.parametrize("body", ["一" + " " * 190_000 + "二", "一<br>" * 40_000, "<ul><li>" * 20_000])
def test_text_that_would_keep_the_cleaner_busy_is_answered_in_a_moment(tool, body):
    response = tool.post({"status": "draft", "body": body})
    assert response.status_code in (201, 422)
