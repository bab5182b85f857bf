"""The OpenAPI description, its docs page and the browsable API."""

from __future__ import annotations

import json
from io import StringIO

import pytest
import yaml
from django.core.management import call_command
from openapi_spec_validator import validate

from liveblog import publishing
from liveblog.models import Partner
from liveblog.publishing import SYSTEM
from liveblog.webhooks import messages
from tests.api.description import breaches_of_webhook, get_description
from tests.factories import make_blog, make_image, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def test_the_description_is_valid_openapi_and_builds_without_warnings(client):
    description = get_description(client)
    call_command("spectacular", "--validate", "--fail-on-warn", "--file=/dev/null", stderr=StringIO())

    validate(description)
    assert description["openapi"] == "3.1.0"
    assert "nullable" not in str(description)


def test_every_operation_documents_its_purpose_and_its_errors(client):
    paths = get_description(client)["paths"]
    operations = {
        f"{method.upper()} {path.removeprefix('/api/v1/')}": operation
        for path, item in paths.items()
        for method, operation in item.items()
    }

    assert list(operations) == [
        "GET ",
        "GET blogs/",
        "GET blogs/{slug}/",
        "GET blogs/{slug}/changes/",
        "GET blogs/{slug}/ninjs/",
        "GET blogs/{slug}/updates/",
        "POST blogs/{slug}/updates/",
        "GET related-stories/",
        "GET search/",
        "GET topics/",
        "GET updates/",
        "GET updates/{id}/",
        "PATCH updates/{id}/",
        "GET updates/{id}/ninjs/",
        "POST updates/{id}/withdrawal/",
    ]
    for name, operation in operations.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert all(parameter["description"] for parameter in operation.get("parameters", [])), name
        refusals = {
            status: response for status, response in operation["responses"].items() if status >= "400"
        }
        assert refusals.keys() >= {"400", "401", "403", "406", "429"}, name
        for response in refusals.values():
            assert response["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
        is_read = name.startswith("GET")
        assert operation["security"] == ([{}, {"key": []}] if is_read else [{"key": []}]), name


def test_the_description_names_server_contact_license_and_tags(client):
    description = get_description(client)
    assert description["servers"] == [{"url": "http://127.0.0.1:8000", "description": "Newsroom"}]
    assert description["info"]["contact"] == {"name": "Newsroom", "url": "http://127.0.0.1:8000"}
    assert description["info"]["license"] == {
        "name": "BSD 3-Clause License",
        "identifier": "BSD-3-Clause",
    }
    tags = {
        tag
        for items in (description["paths"], description["webhooks"])
        for operations in items.values()
        for operation in operations.values()
        for tag in operation["tags"]
    }
    assert tags == {tag["name"] for tag in description["tags"]}


def test_webhook_bodies_match_the_description(client):
    partner = Partner.objects.create(name="Wire", contact="wire@example.com")
    webhook = publishing.add_webhook(partner, by=SYSTEM, url="https://wire.example/hook")
    blog = make_blog(slug="storm")
    update = make_update(blog, images=(make_image(is_sensitive=True),))
    publishing.undo_publication(make_update(blog), by=SYSTEM)
    bodies = [messages.after(webhook, blog.pk, number).body for number in range(blog.changes.count())]
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    bodies.append(messages.after(webhook, blog.pk, blog.changes.count() - 1).body)
    publishing.withdraw_blog(blog, by=SYSTEM)
    bodies.append(messages.after(webhook, blog.pk, 0).body)

    deviations = [breaches_of_webhook(client, "change", json.loads(body)) for body in bodies]
    assert deviations == [[]] * 6
    assert [json.loads(body)["type"].partition(".")[2] for body in bodies] == [
        "blog_started",
        "published",
        "published",
        "unpublished",
        "withdrawn",
        "blog_withdrawn",
    ]
    assert breaches_of_webhook(client, "test", json.loads(messages.test_event().body)) == []
    assert breaches_of_webhook(client, "test", json.loads(bodies[0]))


def test_the_description_is_served_as_json_and_yaml(client):
    as_json = client.get("/api/v1/schema/")
    as_yaml = client.get("/api/v1/schema/", headers={"accept": "application/yaml"})

    assert as_json.headers["Content-Type"] == "application/json"
    assert yaml.safe_load(as_yaml.content) == as_json.json()


def test_browsable_pages_have_no_cookies_scripts_or_forms(client):
    make_update(make_blog(slug="summit", headline="<b>峰會</b>"))
    client.cookies.clear()

    for path in ("/api/v1/", "/api/v1/blogs/", "/api/v1/blogs/summit/", "/api/v1/updates/?page_size=1"):
        response = client.get(path, headers={"accept": "text/html"})
        page = response.content.decode()
        assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert not response.cookies
        assert [sign for sign in ("<script", "<form", "<style", " style=", "<b>峰會") if sign in page] == []


def test_the_docs_page_sets_no_cookie(client):
    page = client.get("/api/v1/docs/")
    script = client.get("/api/v1/docs/?script=")

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (script.status_code, script.headers["Content-Type"]) == (200, "application/javascript")
    assert not page.cookies
    assert not script.cookies


def test_browsable_api_and_docs_work_under_the_strict_csp(server, page):
    blog = make_blog(slug="summit")
    for _ in range(2):
        make_update(blog)

    page.goto(f"{server.url}/api/v1/updates/?page_size=1")
    page.get_by_text('"heading": "消息"').wait_for()
    page.get_by_role("link", name="Next page").click()
    page.get_by_text('"next": null').wait_for()
    page.get_by_role("link", name="Docs").click()
    page.get_by_text("Follow a live blog").click()
    page.get_by_text("The last number that you have.").wait_for()

    assert page.context.cookies() == []
