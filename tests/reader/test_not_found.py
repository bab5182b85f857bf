"""Error pages in the language of the requested URL."""

from __future__ import annotations

import pytest
from django.test import Client

from liveblog import publishing
from liveblog.publishing import SYSTEM
from tests.factories import make_blog, make_user

pytestmark = pytest.mark.django_db

TRADITIONAL = ("zh-Hant-HK", "找不到此頁", "/")
SIMPLIFIED = ("zh-Hans", "找不到此页", "/zh-hans/")
ENGLISH = ("en", "This page does not exist", "/")


@pytest.fixture(autouse=True)
def blogs() -> None:
    make_blog(slug="storm")
    make_blog(slug="summit", language="en")


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/nothing/", TRADITIONAL),
        ("/zh-hans/nothing/", SIMPLIFIED),
        ("/live/never-was/", TRADITIONAL),
        ("/zh-hans/live/never-was/", SIMPLIFIED),
        ("/live/storm/999999/", TRADITIONAL),
        ("/zh-hans/live/storm/999999/", SIMPLIFIED),
        ("/zh-hans/live/storm/respond/", SIMPLIFIED),
        ("/zh-hans/live/summit/", SIMPLIFIED),
        ("/live/summit/999999/", ENGLISH),
        ("/live/summit/?before=999999", ENGLISH),
        ("/live/summit/respond/", ENGLISH),
        ("/search/?q=a&in=summit&before=999999", ENGLISH),
    ],
)
def test_not_found_pages_are_in_the_language_of_the_url(path, page):
    language, heading, front = page
    response = Client().get(path, headers={"accept-language": "fr"})
    text = response.content.decode()
    assert response.status_code == 404
    assert f'<html lang="{language}">' in text
    assert f"<h1>{heading}</h1>" in text
    assert f'<a class="button" href="{front}">' in text


def test_error_pages_of_malformed_requests_are_in_the_language_of_the_url():
    pages = [Client().get(path).content.decode() for path in ("/zh-hans/?before=%00", "/?before=%00")]
    assert '<html lang="zh-Hans">' in pages[0]
    assert '<html lang="zh-Hant-HK">' in pages[1]


def test_english_blog_does_not_change_the_language_of_the_next_response():
    client = Client()
    assert '<html lang="en">' in client.get("/live/summit/999999/").content.decode()
    assert '<html lang="zh-Hant-HK">' in client.get("/nothing/").content.decode()


def test_missing_and_withdrawn_pages_offer_a_search_and_the_admin_leads_to_the_newsroom(client):
    publishing.withdraw_blog(make_blog(slug="gone"), by=SYSTEM)
    for path, status in (("/nothing/", 404), ("/live/gone/", 410)):
        response = client.get(path)
        assert response.status_code == status
        assert 'action="/search/"' in response.content.decode()
    client.force_login(make_user())
    page = client.get("/admin/liveblog/nothing/").content.decode()
    assert 'href="/admin/"' in page
    assert 'action="/search/"' not in page


def test_dead_end_pages_offer_running_coverage(client):
    withdrawn = make_blog(slug="withdrawn")
    publishing.withdraw_blog(withdrawn, by=SYSTEM)
    for path, status, expected in (
        ("/nothing/", 404, "/live/storm/"),
        ("/zh-hans/nothing/", 404, "/zh-hans/live/storm/"),
        ("/live/withdrawn/", 410, "/live/storm/"),
    ):
        response = client.get(path)
        assert response.status_code == status
        assert f'<a href="{expected}"' in response.content.decode()
