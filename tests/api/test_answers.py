"""Caching, conditional requests, compression and cookies."""

from __future__ import annotations

import gzip

import pytest

from liveblog import publishing
from liveblog.publishing import SYSTEM
from newsroom import release
from tests.factories import make_blog, make_update

pytestmark = pytest.mark.django_db

PATHS = [
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


@pytest.mark.parametrize("address", PATHS)
def test_responses_are_public_compressed_cookieless_and_revalidate_to_304(client, address):
    make_update(make_blog(slug="summit"), body=f"<p>{'長' * 300}</p>")

    response = client.get(address, headers={"accept-encoding": "gzip"})
    again = client.get(address, headers={"if-none-match": response.headers["ETag"]})
    head = client.head(address)

    assert response.status_code == 200
    assert (
        response.headers["Cache-Control"]
        == "public, max-age=0, s-maxage=2, stale-while-revalidate=0, stale-if-error=60"
    )
    # Only the schema is negotiated: one address serves JSON and YAML.
    negotiated = "Accept, " if address == "/api/v1/schema/" else ""
    assert response.headers["Vary"] == f"{negotiated}Authorization, Accept-Encoding"
    assert response.headers["ETag"].startswith('W/"')
    assert not response.cookies
    if response.headers.get("Content-Encoding") == "gzip":
        assert gzip.decompress(response.content) == client.get(address).content
    else:
        assert len(response.content) < 200
    assert (again.status_code, again.content) == (304, b"")
    validators = ("ETag", "Cache-Control", "Vary")
    assert [again.headers[name] for name in validators] == [response.headers[name] for name in validators]
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", response.headers["ETag"])


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/plain, */*"])
def test_negotiated_browsable_page_is_not_stored_while_json_is_public(client, accept):
    make_update(make_blog(slug="summit"))
    headers = {} if accept is None else {"accept": accept}
    response = client.get("/api/v1/updates/", headers=headers)
    page = client.get("/api/v1/updates/", headers={"accept": "text/html"})
    explicit = client.get("/api/v1/updates/?format=api", headers={"accept": "text/html"})
    assert (response.headers["Content-Type"], response.headers["Vary"]) == (
        "application/json",
        "Authorization, Accept-Encoding",
    )
    assert (page.headers["Cache-Control"], page.headers["Vary"]) == (
        "private, no-store",
        "Accept, Authorization, Accept-Encoding",
    )
    # The page may be cached when the URL itself selects the format.
    assert explicit.headers["Content-Type"] == "text/html; charset=utf-8"
    assert (explicit.headers["Cache-Control"], explicit.headers["Vary"]) == (
        response.headers["Cache-Control"],
        "Authorization, Accept-Encoding",
    )


def test_etags_of_one_blog_carry_its_number(client):
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
def test_a_change_of_an_update_changes_the_etag_of_lists(client, path):
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


def test_problems_are_english_and_content_keeps_the_language_of_the_blog(client, settings):
    settings.LANGUAGE_CODE = "zh-hant"
    make_blog(slug="summit", headline="峰會")

    response = client.post("/api/v1/blogs/", headers={"accept-language": "zh-hk"})

    assert response.json()["detail"] == 'Method "POST" not allowed.'
    assert client.get("/api/v1/blogs/summit/").json()["headline"] == "峰會"
