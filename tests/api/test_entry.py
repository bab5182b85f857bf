"""Validation of what partners send: types, sizes and unknown members."""

from __future__ import annotations

import json

import pytest

from liveblog.models import Update
from newsroom import hongkong
from tests.api.description import breaches
from tests.api.tool import errors_of
from tests.factories import make_blog

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("payload", "errors"),
    [
        ({}, {"status": ["This field is required."]}),
        ([], {"body": ["Invalid data. Expected a dictionary, but got list."]}),
        ({"status": "scheduled"}, {"status": ['"scheduled" is not a valid choice.']}),
        (
            {"status": "draft", "headline": "x"},
            {
                "headline": [
                    "There is no such member. Known here: heading, body, happened_at, has_clock_time, "
                    "is_key_event, bylines, source, verification, related_stories, status."
                ]
            },
        ),
        ({"status": "draft", "heading": 5}, {"heading": ["Not a valid string."]}),
        ({"status": "draft", "heading": None}, {"heading": ["This field may not be null."]}),
        ({"status": "draft", "heading": "a\x00b"}, {"heading": ["Null characters are not allowed."]}),
        (
            {"status": "draft", "heading": "長" * 251},
            {"heading": ["Ensure this field has no more than 250 characters."]},
        ),
        ({"status": "draft", "is_key_event": "true"}, {"is_key_event": ["Must be a valid boolean."]}),
        (
            {"status": "draft", "happened_at": "2026-03-19T12:00:00"},
            {"happened_at": ["Give a moment as in RFC 3339, with its offset: 2026-03-19T12:00:00+08:00."]},
        ),
        (
            {"status": "draft", "happened_at": "9999-12-31T23:59:59Z"},
            {"happened_at": ["Give a year from 1900 to 2100."]},
        ),
        (
            {"status": "draft", "related_stories": [{"title": "一"}, {"title": " ", "after_block": -1}]},
            {
                "related_stories.1.title": ["This field may not be blank."],
                "related_stories.1.after_block": ["Ensure this value is greater than or equal to 0."],
            },
        ),
        (
            {"status": "draft", "related_stories": [{"title": "一", "after_block": 10**400}]},
            {"related_stories.0.after_block": ["Ensure this value is less than or equal to 1000."]},
        ),
        (
            {"status": "draft", "related_stories": {}},
            {"related_stories": ['Expected a list of items but got type "dict".']},
        ),
        (
            {"status": "draft", "related_stories": [{"title": "x"}] * 51},
            {"related_stories": ["Ensure this field has no more than 50 elements."]},
        ),
    ],
)
def test_malformed_members_return_400_per_field(client, tool, payload, errors):
    response = tool.post(payload)

    assert (response.status_code, errors_of(response)) == (400, errors)
    assert breaches(client, "blogs/{slug}/updates/", response, "post") == []
    assert not Update.objects.exists()


@pytest.mark.parametrize(
    ("payload", "errors"),
    [
        ({"bylines": ["無名"]}, {"bylines.0": ["There is no byline “無名”. Ask the newsroom to add it."]}),
        (
            {"related_stories": [{"title": "一", "live_blog": "held"}]},
            {"related_stories.0.live_blog": ["There is no live blog “held”."]},
        ),
        (
            {"related_stories": [{"title": "一", "url": "javascript:alert(1)"}]},
            {"related_stories.0.url": ["Enter a valid URL."]},
        ),
        (
            {"related_stories": [{"title": "一", "url": "https://example.com/", "live_blog": "summit"}]},
            {"related_stories.0": ["Give `url` or `live_blog`, not both."]},
        ),
    ],
)
def test_unknown_references_return_422_per_field(client, tool, payload, errors):
    make_blog(slug="held", embargo_until_at=hongkong.at(hongkong.now().date().replace(year=2100)))

    response = tool.post({"status": "published", "heading": "一"} | payload)

    assert (response.status_code, errors_of(response)) == (422, errors)
    assert breaches(client, "blogs/{slug}/updates/", response, "post") == []
    assert not Update.objects.exists()


def test_an_update_without_text_is_not_published(client, tool):
    response = tool.post({"status": "published", "body": "<p> </p>"})

    assert (response.status_code, response.json()["detail"]) == (422, "Write a heading or a text first.")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b'{"status": NaN}', 400),
        (b"[" * 200_000, 400),
        (b'{"heading": ' + b"9" * 10_000 + b"}", 400),
        (b'{"heading": 1e999}', 400),
        (b'"' + b"x" * 2_000_000 + b'"', 413),
    ],
    ids=["broken", "empty", "not UTF-8", "NaN", "deep", "a long number", "a large number", "large"],
)
def test_unreadable_bodies_return_400_or_413(client, tool, body, status):
    response = tool.post(body)

    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")
    assert breaches(client, "blogs/{slug}/updates/", response, "post") == []


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_content_types_other_than_json_return_415(client, tool, content_type):
    response = tool.post("{}", content_type=content_type)

    assert response.status_code == 415
    assert breaches(client, "blogs/{slug}/updates/", response, "post") == []


def test_json_is_read_as_utf_8_whatever_charset_is_declared(tool):
    body = json.dumps({"status": "draft", "heading": "號外"}, ensure_ascii=False)

    assert tool.post(body, content_type="application/json; charset=utf-7").json()["heading"] == "號外"


def test_control_characters_that_xml_forbids_are_removed(client, tool):
    tool.post(
        {"status": "published", "heading": "號\x0b外", "body": "<p>內\x1b文&#7;</p>", "source": "本\x01社"}
    )

    update = Update.objects.get()
    assert (update.heading, update.body, update.source) == ("號外", "<p>內文</p>", "本社")
