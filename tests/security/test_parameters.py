"""Malformed addresses, including values that only one database rejects, never cause a server error.

SQLite meets every hostile value where it is known to matter. All other addresses and values are tried on
PostgreSQL only, which refuses every value that SQLite does, and more.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from liveblog.models.partner import Scope
from tests.factories import make_key
from tests.security.addresses import (
    admin_models,
    all_addresses,
    assert_no_failure,
    public_addresses,
)

pytestmark = [
    pytest.mark.django_db,
    # Django's admin parses dates in a list's query string as naive datetimes.
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime:RuntimeWarning"),
]

# Percent-encoded, for URLs.
REFUSED_BYTES = ["%00", "a%00b", "1%00", "storm%00", "%FF", "%ED%A0%80", "%C0%80", "%F5%80%80%80", "%E5%AD"]
HOSTILE = [
    *REFUSED_BYTES,
    "",
    "-1",
    "0",
    "1e3",
    "1.5",
    "%2B1",
    "%201",
    "0x10",
    "1_000",
    quote("１２"),
    quote("٣"),
    "99999999999999999",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999",
    "9" * 5000,
    "2147483648",
    "NaN",
    "Infinity",
    "None",
    "0001-01-01",
    "0000-00-00",
    "9999-12-31",
    "10000-01-01",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00%2B14:00",
    "%27%22%3B--",
    "(",
    "%5C",
    "%25",
    "[]",
    "a" * 3000,
    quote("字" * 200),
    "%EF%BF%BE",
    "%F4%8F%BF%BF",
    "%E2%80%AE",
    "_00",
]
# One value of each kind, for tests that combine many URLs with many names.
CORE = [
    "%00",
    "%FF",
    "",
    "-1",
    "1e3",
    quote("１２"),
    "9223372036854775808",
    "9" * 400,
    "0001-01-01",
    "9999-12-31",
    "(",
]
PUBLIC_NAMES = [
    "after",
    "before",
    "in",
    "q",
    "text",
    "url",
    "format",
    "maxwidth",
    "maxheight",
    "p",
    "sent",
    "x",
]
API_NAMES = [
    "after",
    "before",
    "blog",
    "blog_status",
    "cursor",
    "day",
    "edition",
    "fields",
    "format",
    "is_key_event",
    "language",
    "page_size",
    "q",
    "script",
    "status",
    "topic",
    "updated_since",
]
# URLs that read query parameters, with the parameter names.
KNOWN = {
    "/": ["before", "text"],
    "/live/storm/": ["before", "text"],
    "/live/storm/corrections/": ["before"],
    "/live/storm/changes.json": ["after"],
    "/topics/weather/": ["before"],
    "/search/": ["q", "in", "before"],
    "/oembed": ["url", "format", "maxwidth", "maxheight"],
    "/sitemap-live.xml": ["p"],
    "/api/v1/blogs/storm/changes/": ["after"],
    "/api/v1/blogs/storm/ninjs/": ["before"],
    "/api/v1/updates/": [
        "blog",
        "cursor",
        "day",
        "fields",
        "language",
        "page_size",
        "topic",
        "updated_since",
    ],
    "/api/v1/search/": ["q"],
}
DESK_NAMES = ["before", "copy", "new", "q", "queue", "undo", "update"]
ADMIN_NAMES = [
    "q",
    "p",
    "o",
    "e",
    "all",
    "blog",
    "blog__id__exact",
    "id__in",
    "id",
    "pk__in",
    "_changelist_filters",
    "_to_field",
    "_popup",
    "at__year",
    "at__month",
    "created_at__year",
    "created_at__gte",
    "happened_at__date",
    "coverage_start_at__year",
    "heading__regex",
    "headline__iregex",
    "number__gt",
    "partner__id__exact",
    "topics__id__exact",
    "by__id__exact",
    "status",
    "is_delivered__exact",
    "webhook__id__exact",
    "leads",
    "fares",
]


# A few values for parameters that most URLs ignore.
SPARSE = ["%00", "%FF", "9223372036854775808"]
GENERAL_NAMES = ["q", "p", "o", "blog", "id__in", "_changelist_filters", "_to_field"]


def ask(client: Client, path: str, name: str, values: Iterable[str] = HOSTILE) -> None:
    for value in values:
        query = f"{name}={value}"
        response = client.get(f"{path}?{query}")
        assert_no_failure(response, f"{path}?{query}")
        if value in REFUSED_BYTES:
            # Pages that read no parameters may redirect.
            assert response.status_code in (301, 302, 400, 404, 405), f"{path}?{query}"


@pytest.mark.postgres
@pytest.mark.parametrize("name", sorted({*API_NAMES, *PUBLIC_NAMES}))
def test_public_urls_refuse_malformed_parameters(anybody, newsroom, name):
    """Send NUL, which only PostgreSQL refuses, in every parameter, even where none is read today."""
    for path in public_addresses(newsroom):
        if name in (API_NAMES if path.startswith("/api/") else PUBLIC_NAMES):
            ask(anybody, path, name, SPARSE[:1])


@pytest.mark.parametrize("path", KNOWN)
def test_public_urls_refuse_every_hostile_value_of_known_parameters(anybody, newsroom, path):
    for name in KNOWN[path]:
        ask(anybody, path, name)


@pytest.mark.postgres
def test_keyed_api_reads_refuse_malformed_parameters(newsroom):
    key = make_key(Scope.READ, blogs=[newsroom.blog])
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {key}"})
    for path in ("/api/v1/updates/", "/api/v1/blogs/storm/updates/", "/api/v1/search/"):
        for name in API_NAMES:
            ask(client, path, name, CORE)


@pytest.mark.postgres
def test_desk_refuses_malformed_parameters(root, newsroom):
    desk = reverse("desk:desk", args=[newsroom.blog.pk])
    for path in all_addresses(newsroom):
        if path.startswith(desk):
            for name in DESK_NAMES:
                ask(root, path, name, CORE if path == desk else SPARSE)


@pytest.mark.postgres
@pytest.mark.parametrize("model", admin_models())
def test_admin_lists_refuse_malformed_parameters(root, newsroom, model):
    path = reverse(f"admin:{model}_changelist")
    app, name = model.split("_", 1)
    fields = {field.name for field in apps.get_model(app, name)._meta.get_fields()}
    for name in ADMIN_NAMES:
        if name.split("__")[0] in fields:
            ask(root, path, name, CORE)
        elif name in GENERAL_NAMES:
            ask(root, path, name, SPARSE)
    for name in ("blog", "_to_field", "_popup", "_changelist_filters", "id", "status", "update"):
        ask(root, reverse(f"admin:{model}_add"), name, CORE if name in fields else SPARSE)


@pytest.mark.postgres
def test_other_admin_pages_refuse_malformed_parameters(root, newsroom):
    for name in ("term", "page", "app_label", "model_name", "field_name"):
        for value in HOSTILE:
            fields = {"app_label": "liveblog", "model_name": "update", "field_name": "byline", "term": "x"}
            query = "&".join(f"{key}={value if key == name else usual}" for key, usual in fields.items())
            assert_no_failure(root.get(f"/admin/autocomplete/?{query}&{name}={value}"), query)
    for path in ("/admin/", "/admin/login/", "/admin/labels.js", "/admin/password_change/"):
        ask(root, path, "next")


@pytest.mark.parametrize("model", admin_models())
def test_autocomplete_answers_or_refuses_every_relation(root, newsroom, model):
    app, name = model.split("_", 1)
    for field in apps.get_model(app, name)._meta.get_fields():
        query = f"app_label={app}&model_name={name}&field_name={field.name}&term=x"
        response = root.get(f"/admin/autocomplete/?{query}")
        assert response.status_code in ((403,) if field.auto_created else (200, 403, 404)), query


def test_admin_update_list_refuses_every_hostile_value(root, newsroom):
    for name in ("q", "p", "o", "blog", "id__in", "happened_at__year", "heading__regex"):
        ask(root, reverse("admin:liveblog_update_changelist"), name)


@pytest.mark.postgres
@pytest.mark.parametrize("model", admin_models())
def test_admin_object_pages_refuse_malformed_ids(root, newsroom, model):
    app, name = model.split("_", 1)
    # All three pages find the object by the same code. PostgreSQL refuses every value that SQLite does.
    for page, values in (("change", HOSTILE), ("history", SPARSE), ("delete", SPARSE)):
        for value in values:
            path = f"/admin/{app}/{name}/{value or '%20'}/{page}/"
            assert_no_failure(root.get(path), path)


@pytest.mark.postgres
def test_malformed_path_segments_cause_no_server_error(root, newsroom):
    for value in HOSTILE:
        for path in (
            f"/live/{value}/",
            f"/live/storm/{value}/",
            f"/live/{value}/changes.json?after=0",
            f"/embed/{value}/",
            f"/live/{value}/feed.atom",
            f"/topics/{value}/",
            f"/topics/{value}/feed.rss",
            f"/media/{value}/320.webp",
            f"/media/abc/{value}.webp",
            f"/media/abc/320.{value}",
            f"/sitemap-{value}.xml",
            f"/{value}/",
            f"/{value}",
            f"/api/v1/blogs/{value}/",
            f"/api/v1/updates/{value}/",
            f"/api/v1/{value}/",
            f"/zh-hans/live/{value}/",
            f"/admin/liveblog/liveblog/{value}/desk/",
            f"/admin/{value}/",
            f"/admin/r/{value}/{value}/",
            f"/admin/liveblog/liveblog/{newsroom.blog.pk}/desk/updates/{value}/history/",
            f"/static/{value}",
        ):
            assert_no_failure(root.get(path), path)
