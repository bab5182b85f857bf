"""Caching, conditions, compression and cookies."""

from __future__ import annotations

import gzip

import pytest

from liveblog import publishing
from liveblog.publishing import SYSTEM
from newsroom import release
from tests.factories import make_blog, make_update

pytestmark = pytest.mark.django_db

EVERYWHERE = [
    "/api/v1/",
    "/api/v1/blogs/",
    "/api/v1/blogs/summit/",
    "/api/v1/blogs/summit/updates/",
    "/api/v1/blogs/summit/changes/?after=0",
    "/api/v1/updates/",
    "/api/v1/related-stories/",
    "/api/v1/topics/",
    "/api/v1/schema/",
]


@pytest.mark.parametrize("address", EVERYWHERE)
def test_an_answer_is_public_compressed_without_cookies_and_304_to_who_has_it(client, address):
    make_update(make_blog(slug="summit"), body=f"<p>{'長' * 300}</p>")

    response = client.get(address, headers={"accept-encoding": "gzip"})
    again = client.get(address, headers={"if-none-match": response.headers["ETag"]})
    head = client.head(address)

    assert response.status_code == 200
    assert (
        response.headers["Cache-Control"]
        == "public, max-age=0, s-maxage=2, stale-while-revalidate=0, stale-if-error=60"
    )
    # The schema alone comes in two formats at one address, JSON and YAML.
    negotiated = "Accept, " if address == "/api/v1/schema/" else ""
    assert response.headers["Vary"] == f"{negotiated}Authorization, Accept-Encoding"
    assert response.headers["ETag"].startswith('W/"')
    assert not response.cookies
    if response.headers.get("Content-Encoding") == "gzip":
        assert gzip.decompress(response.content) == client.get(address).content
    else:
        assert len(response.content) < 200
    assert (again.status_code, again.content) == (304, b"")
    kept = ("ETag", "Cache-Control", "Vary")
    assert [again.headers[name] for name in kept] == [response.headers[name] for name in kept]
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", response.headers["ETag"])


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/plain, */*"])
def test_json_is_the_same_for_every_client_and_the_browsable_page_is_never_stored(client, accept):
    make_update(make_blog(slug="summit"))
    headers = {} if accept is None else {"accept": accept}
    response = client.get("/api/v1/updates/", headers=headers)
    page = client.get("/api/v1/updates/", headers={"accept": "text/html"})
    chosen = client.get("/api/v1/updates/?format=api", headers={"accept": "text/html"})
    assert (response.headers["Content-Type"], response.headers["Vary"]) == (
        "application/json",
        "Authorization, Accept-Encoding",
    )
    assert (page.headers["Cache-Control"], page.headers["Vary"]) == (
        "private, no-store",
        "Accept, Authorization, Accept-Encoding",
    )
    # At its own address it is public.
    assert chosen.headers["Content-Type"] == "text/html; charset=utf-8"
    assert (chosen.headers["Cache-Control"], chosen.headers["Vary"]) == (
        response.headers["Cache-Control"],
        "Authorization, Accept-Encoding",
    )


def test_what_one_blog_answers_is_known_by_its_number(client):
    blog = make_blog(slug="summit")
    update = make_update(blog)
    paths = (
        f"/api/v1/updates/{update.pk}/",
        "/api/v1/blogs/summit/",
        "/api/v1/blogs/summit/changes/?after=0",
    )

    before = [client.get(path).headers["ETag"] for path in paths]
    publishing.pin_update(update, by=SYSTEM)
    after = [client.get(path, headers={"if-none-match": before[0]}) for path in paths]

    assert before == [f'W/"2-zh-hant-g0-{release.digest()}"'] * 3
    assert [response.status_code for response in after] == [200] * 3
    assert [response.headers["ETag"] for response in after] == [f'W/"3-zh-hant-g0-{release.digest()}"'] * 3


@pytest.mark.parametrize("path", ["/api/v1/blogs/summit/updates/", "/api/v1/updates/", "/api/v1/blogs/"])
def test_a_list_changes_its_etag_with_what_it_says(client, path):
    update = make_update(make_blog(slug="summit"))
    etag = client.get(path).headers["ETag"]

    publishing.mark_key_event(update, by=SYSTEM)

    assert client.get(path, headers={"if-none-match": etag}).status_code == 200


def test_a_withdrawal_is_not_hidden_by_a_304(client):
    update = make_update(make_blog(slug="summit"))
    path = f"/api/v1/updates/{update.pk}/"
    etag = client.get(path).headers["ETag"]

    publishing.withdraw_update(update, by=SYSTEM, reason="錯")

    assert client.get(path, headers={"if-none-match": etag}).status_code == 410


def test_problems_are_english_and_content_is_the_blogs_own(client, settings):
    settings.LANGUAGE_CODE = "zh-hant"
    make_blog(slug="summit", headline="峰會")

    refused = client.post("/api/v1/blogs/", headers={"accept-language": "zh-hk"})

    assert refused.json()["detail"] == 'Method "POST" not allowed.'
    assert client.get("/api/v1/blogs/summit/").json()["headline"] == "峰會"
