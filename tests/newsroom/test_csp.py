"""Content Security Policies: pages allow exactly their own scripts, other responses allow nothing."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.factories import make_blog, make_image, make_person, make_update

SITE = "http://127.0.0.1:8000"
INERT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
# The built script is served in production only; in tests the script of the page imports the other modules.
READERS = (
    *("page", "embeds", "follow", "open_page", "open_update", "clock", "fresh", "morph", "place"),
    *("shared_connection", "lib/ago", "lib/align", "lib/backoff", "lib/connection", "lib/timeline"),
)


def directives(response: HttpResponse) -> dict[str, list[str]]:
    parts = (part.split() for part in response.headers["Content-Security-Policy"].split("; "))
    return {name: sources for name, *sources in parts}


def scripts(response: HttpResponse) -> list[str]:
    """Return the allowed script sources for the site's own host, with static files by name."""
    sources = directives(response)["script-src"]
    return [
        source.removeprefix(f"{SITE}/static/") for source in sources if not source.startswith("testserver/")
    ]


@pytest.mark.django_db
def test_reader_pages_allow_only_their_own_scripts(client):
    blog = make_blog(slug="storm")
    update = make_update(blog)
    expected = {f"js/{name}.{'mjs' if name.startswith('lib/') else 'js'}" for name in READERS}
    for path in ("/", "/live/storm/", f"/live/storm/{update.pk}/", "/search/?q=颱風", "/live/none/"):
        page = client.get(path)
        assert set(scripts(page)) == expected, path
        assert directives(page)["base-uri"] == directives(page)["object-src"] == ["'none'"]
    assert set(scripts(client.get("/embed/storm/"))) == expected | {"js/embedded.js"}


@pytest.mark.django_db
def test_no_page_allows_every_local_script(client):
    blog = make_blog(slug="storm")
    update = make_update(blog)
    client.force_login(make_person("Chief editor"))
    desk = f"/admin/liveblog/liveblog/{blog.pk}/desk/"
    pages = [
        *("/", "/live/storm/", "/embed/storm/", "/search/", "/live/none/", "/api/v1/", "/api/v1/docs/"),
        *("/admin/", "/admin/password_change/", "/admin/liveblog/update/", "/admin/liveblog/update/add/"),
        *(f"/admin/liveblog/update/{update.pk}/change/", f"/admin/liveblog/update/{update.pk}/history/"),
        *(desk, f"{desk}paste/", f"{desk}updates/{update.pk}/history/"),
    ]
    for path in pages:
        sources = scripts(client.get(path, headers={"accept": "text/html"}))
        assert not {"'self'", "'unsafe-inline'", "'unsafe-eval'", "'strict-dynamic'"} & set(sources), path
        assert [source for source in sources if "nonce" in source] == [], path
        desks = [source for source in sources if "js/desk/" in source]
        assert bool(desks) is (path in (desk, f"{desk}paste/")), path


@pytest.mark.django_db
def test_page_without_scripts_allows_no_script(client):
    assert directives(client.get("/api/v1/", headers={"accept": "text/html"}))["script-src"] == ["'none'"]


@pytest.mark.django_db
def test_docs_page_allows_only_swagger_ui(client):
    sources = scripts(client.get("/api/v1/docs/"))
    assert f"{SITE}/api/v1/docs/" in sources
    assert all("swagger-ui" in source for source in sources if source != f"{SITE}/api/v1/docs/")


@pytest.mark.django_db
def test_responses_other_than_pages_have_an_inert_policy(client, django_capture_on_commit_callbacks):
    blog = make_blog(slug="storm")
    image = make_image()
    with django_capture_on_commit_callbacks(execute=True):
        make_update(blog, images=(image,))
    for path in (
        *("/live/storm/feed.atom", "/feed.rss", "/feed.json", "/sitemap.xml", "/robots.txt"),
        *("/api/v1/blogs/", "/api/v1/schema/", "/api/v1/docs/?script=", "/oembed", "/admin/labels.js"),
        image.rendition_url(320, "webp"),
    ):
        response = client.get(path)
        parts = response.headers["Content-Security-Policy"].split("; ")
        assert sorted(parts) == sorted(INERT.split("; ")), path


@pytest.mark.django_db
def test_not_modified_response_has_no_policy(client):
    make_update(make_blog(slug="storm"))
    first = client.get("/live/storm/")
    again = client.get("/live/storm/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, "Content-Security-Policy" in again.headers) == (304, False)


@pytest.mark.django_db
def test_forged_host_is_not_in_shared_policies(client, settings):
    make_blog(slug="storm")
    settings.DEMO = False
    settings.ALLOWED_HOSTS = ["127.0.0.1", "mirror.example", ".wild.example"]
    policies = {
        client.get("/live/storm/", headers={"host": host}).headers["Content-Security-Policy"]
        for host in ("127.0.0.1:8000", "mirror.example", "mirror.example:666", "a.wild.example")
    }
    assert len(policies) == 1
    assert "mirror.example:8000/static/js/page.js" in policies.pop()
    # Pages of the admin are not shared, so their policy may contain the requested host.
    login = client.get("/admin/login/", headers={"host": "mirror.example:666"})
    assert "mirror.example:666/static/admin/js/theme.js" in directives(login)["script-src"]


@pytest.mark.django_db
def test_csrf_cookie_is_http_only_and_forms_contain_the_token():
    client = Client()
    login = client.get("/admin/login/")
    assert client.cookies["csrftoken"]["httponly"]
    assert re.search(r'name="csrfmiddlewaretoken" value="\w+"', login.content.decode())


def test_static_files_have_an_inert_policy(server, page):
    for path in ("/static/icon.svg", "/static/js/desk/desk.js", "/static/css/reader.css"):
        policy = page.request.get(f"{server.url}{path}").headers["content-security-policy"]
        assert policy == "default-src 'none'; sandbox"
