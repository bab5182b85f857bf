"""Malformed forms, files, headers and cookies never cause a server error.

Forms, cookies and JSON are tried on PostgreSQL only, which refuses every value that SQLite does, and more.
"""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from liveblog.models.partner import Scope
from newsroom.http import parameters
from tests.factories import make_key
from tests.security.addresses import (
    admin_models,
    assert_no_failure,
)

pytestmark = [
    pytest.mark.django_db,
    # Django's admin parses dates in a list's query string as naive datetimes.
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime:RuntimeWarning"),
]

# Decoded, for forms, headers and cookies.
TEXTS = [
    "\0",
    "a\0b",
    "",
    "-1",
    "1e3",
    "１",
    "9" * 30,
    "9" * 5000,
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "x" * 70_000,
    "\ufffe",
]
# One of each kind, for the many fields that are read by the same code as others.
WORST = ["\0", "1e3", "9" * 5000, "\ufffe"]


LIST_FIELDS = (
    *("action", "_selected_action", "select_across", "index"),
    *("form-TOTAL_FORMS", "form-0-id", "_save"),
)
COMPOSER = (
    *("token", "update", "seen", "heading", "body", "happened_day", "happened_clock", "byline", "source"),
    *("verification", "edition_wording", "embed", "publish_day", "publish_clock", "note", "picture"),
    *("picture_alt", "story_title", "story_url", "story_blog", "story_after", "pinned"),
)
# The fields that each form of the desk reads, by its path under the desk.
DESK_FORMS = {
    "": COMPOSER,
    "autosave/": COMPOSER,
    "state/": ("token", "update", "after", "queue"),
    "discard/": ("token",),
    "preview/": (*COMPOSER, "edition"),
    "paste/": ("text", "copy", "confirm", "note"),
    "pictures/": ("alt", "credit", "focal_column", "note"),
    "updates/{update}/withdraw/": ("seen", "note", "reason"),
    "updates/{update}/revert/": ("seen", "revision"),
}


@pytest.mark.postgres
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:12]))
def test_malformed_desk_forms_cause_no_server_error(root, newsroom, text):
    desk = reverse("desk:desk", args=[newsroom.blog.pk])
    usual = {
        "heading": "字",
        "after": "1",
        "story_title": "一",
        "publish_day": "2030-01-01",
        "publish_clock": "10:00",
        "happened_clock": "10:00",
    }
    serial = 0
    for form, fields in DESK_FORMS.items():
        if form in ("autosave/", "preview/") and text not in WORST:
            continue
        path = desk + form.format(update=newsroom.update.pk)
        for name in fields:
            is_read_by_both = path == desk and name.endswith(("_day", "_clock"))
            for action in ("publish", "schedule") if is_read_by_both else ("publish",):
                serial += 1
                payload = {"token": f"t{serial}", "action": action} | usual | {name: text}
                assert_no_failure(root.post(path, payload), (path, name, text[:20], action))


@pytest.mark.postgres
@pytest.mark.parametrize("model", admin_models())
def test_malformed_admin_forms_cause_no_server_error(root, newsroom, model):
    listed, new = reverse(f"admin:{model}_changelist"), reverse(f"admin:{model}_add")
    for name in LIST_FIELDS:
        for text in WORST:
            payload = {"action": "publish", "_selected_action": "1", "confirm": "yes"} | {name: text}
            assert_no_failure(root.post(listed, payload), (listed, name, text[:20]))
    for text in TEXTS:
        form = root.get(new)
        if form.status_code != 200:
            continue
        filled = dict.fromkeys(form.context["adminform"].form.fields, text)
        dates = {f"{name}_{part}": text for name in filled for part in ("0", "1")}
        inlines = {"relatedstory_set-TOTAL_FORMS": text, "relatedstory_set-INITIAL_FORMS": "0"}
        assert_no_failure(root.post(new, filled | dates | inlines), (new, text[:20]))


@pytest.mark.postgres
def test_malformed_coverage_dates_cause_no_server_error(root, newsroom):
    changed = reverse("admin:liveblog_liveblog_change", args=[newsroom.blog.pk])
    clock = {"coverage_start_at_1": "00:00", "coverage_end_at_1": "23:59", "embargo_until_at_1": "00:00"}
    for text in TEXTS:
        days = {f"{name}_0": text for name in ("coverage_start_at", "coverage_end_at", "embargo_until_at")}
        payload = {
            "headline": "標題",
            "language": "zh-hant",
            "action": "save",
            "relatedstory_set-TOTAL_FORMS": "0",
            "related_stories-TOTAL_FORMS": "0",
            "related_stories-INITIAL_FORMS": "0",
            "relatedstory_set-INITIAL_FORMS": "0",
        }
        assert_no_failure(root.post(changed, payload | clock | days), (changed, text[:20]))


def test_malformed_reader_forms_cause_no_server_error(anybody, newsroom):
    for name in ("name", "text", "website", "opened"):
        for text in TEXTS:
            payload = {"name": "讀者", "text": "字"} | {name: text}
            assert_no_failure(anybody.post("/live/storm/respond/", payload), (name, text[:20]))


@pytest.mark.parametrize(
    "charset", ["utf-7", "unicode_escape", "raw_unicode_escape", "utf-16", "latin-1", "x"]
)
def test_charset_in_the_content_type_does_not_change_decoding(root, anybody, newsroom, charset):
    """Ignore a charset in the header: UTF-7 and escapes can encode NUL and surrogates in plain ASCII."""
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    for spelt in ("+2AA-", "+AAA-", "%5Cud800", "%5Cu0000"):
        plain = anybody.get(f"/search/?q={spelt}")
        assert anybody.get(f"/search/?q={spelt}", CONTENT_TYPE=kind).content == plain.content
        assert_no_failure(root.get(f"/admin/liveblog/update/?q={spelt}", CONTENT_TYPE=kind), spelt)
        assert anybody.generic("POST", "/live/storm/respond/", f"name={spelt}", kind).status_code == 400
        boundary = f'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n{spelt}\r\n--x--\r\n'
        multipart = f"multipart/form-data; boundary=x; charset={charset}"
        assert anybody.generic("POST", "/live/storm/respond/", boundary, multipart).status_code == 400


def test_file_names_and_parts_of_forms_are_bounded(root, newsroom):
    desk = reverse("desk:desk", args=[newsroom.blog.pk])
    for name in (
        "\0.jpg",
        "../../x.jpg",
        "a" * 5000,
        "\r\nx",
        "字\ufffe",
        "",
        "\ud83d".encode("utf-8", "replace").decode(),
    ):
        file = SimpleUploadedFile(name or "x", b"no picture")
        file._name = name
        assert_no_failure(root.post(f"{desk}pictures/", {"file": file, "alt": "一"}), name)
        assert_no_failure(root.post(f"{desk}paste/", {"file": file}), name)


ODD = [
    "\0",
    "\xff\xfe",
    "字".encode().decode("latin-1"),
    "x" * 5000,
    "",
    ",",
    ";",
    '"',
    'W/"',
    "9" * 400,
    "bytes=-",
    "q=;",
    "*/*;q=x",
    "=?",
]


HEADERS = [
    "if-none-match",
    "if-match",
    "if-modified-since",
    "if-unmodified-since",
    "range",
    "accept",
    "accept-language",
    "accept-encoding",
    "authorization",
    "idempotency-key",
    "last-event-id",
    "origin",
    "referer",
    "cookie",
    "content-length",
    "sec-fetch-site",
    "x-csrftoken",
    "access-control-request-method",
]


@pytest.mark.any_database
@pytest.mark.parametrize("name", HEADERS)
def test_malformed_headers_cause_no_server_error(newsroom, name):
    key = make_key(Scope.READ, Scope.WRITE_PUBLISH, blogs=[newsroom.blog])
    paths = [
        "/",
        "/live/storm/",
        "/live/storm/changes.json?after=0",
        "/sitemap.xml",
        "/api/v1/",
        "/api/v1/updates/",
        "/live/storm/feed.json",
        "/admin/login/",
        "/static/icon.svg",
        "/live/storm/respond/",
    ]
    client = Client(raise_request_exception=False)
    # The live page and a post to the API meet every value, the others the worst of them.
    for value in [
        *ODD,
        f"Bearer {ODD[0]}",
        f"Bearer {ODD[1]}",
        "Bearer",
        "Basic x",
        f"bytes={'9' * 400}-",
    ]:
        for path in paths:
            if name != "content-length" and (path == "/live/storm/" or value in ODD[:3]):
                assert_no_failure(client.get(path, headers={name: value}), (path, name, value[:20]))
        headers = {"authorization": f"Bearer {key}", "idempotency-key": "a"} | {name: value}
        response = client.post(
            "/api/v1/blogs/storm/updates/",
            {"status": "x"},
            content_type="application/json",
            headers=headers,
        )
        assert_no_failure(response, (name, value[:20]))


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "django_language", "x"])
def test_malformed_cookies_cause_no_server_error(name):
    """Include quoted cookies, which can encode any byte: `"\\000"` is NUL."""
    client = Client(raise_request_exception=False)
    for value in (
        r'"\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
        r'"\377\376aaaaaaaaaaa"',
        "a" * 9000,
        "字字字".encode().decode("latin-1"),
        "%00" * 8,
        '"',
        "",
    ):
        for path in ("/admin/", "/admin/login/", "/", "/api/v1/"):
            assert_no_failure(client.get(path, headers={"cookie": f"{name}={value}"}), (path, value[:20]))


@pytest.mark.postgres
def test_unstorable_json_from_partners_causes_no_server_error(newsroom):
    key = make_key(Scope.WRITE_PUBLISH, blogs=[newsroom.blog])
    client = Client(raise_request_exception=False)
    values = [
        "\0",
        "\ud800",
        "a\udfffb",
        2**63,
        2**100,
        -1,
        1e400,
        True,
        None,
        [],
        {},
        ["\0"],
        {"\0": 1},
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "１",
    ]
    fields = [
        "status",
        "heading",
        "body",
        "happened_at",
        "has_clock_time",
        "is_key_event",
        "byline",
        "source",
        "verification",
        "related_stories",
        "note",
        "reason",
        "\0",
        "\ud800",
    ]
    for field in fields:
        for value in values:
            body = json.dumps({"status": "published"} | {field: value})
            for number, path in enumerate(
                ("blogs/storm/updates/", f"updates/{newsroom.update.pk}/withdrawal/")
            ):
                headers = {"authorization": f"Bearer {key}", "idempotency-key": f"{number}{abs(hash(body))}"}
                response = client.post(
                    f"/api/v1/{path}", body, content_type="application/json", headers=headers
                )
                assert_no_failure(response, (path, body))


def test_number_accepts_one_value_of_ascii_digits():
    def number(query: str) -> int | None:
        return parameters.number(QueryDict(query), "n")

    assert (number(""), number("n=0"), number("n=007"), number("m=1")) == (None, 0, 7, None)
    for query in (
        "n=",
        "n=-1",
        "n=+1",
        "n=%201",
        "n=1e3",
        "n=1.0",
        "n=1_0",
        "n=１",
        "n=٣",
        "n=1&n=1",
        f"n={'9' * 19}",
    ):
        with pytest.raises(BadRequest):
            number(query)


def test_slug_accepts_one_ascii_value():
    def slug(query: str) -> str:
        return parameters.slug(QueryDict(query), "s")

    assert (slug(""), slug("s="), slug("s=a-B_9")) == ("", "", "a-B_9")
    for query in ("s=字", "s=a b", "s=a/b", "s=%00", f"s={'a' * 121}", "s=a&s=a", "s=a%0A"):
        with pytest.raises(BadRequest):
            slug(query)


def test_canonical_query_sorts_known_parameters_and_drops_others():
    query = QueryDict("z=1&b=%E5%AD%97&a=1 2&evil=1")
    assert parameters.canonical_query(query, {"b", "a", "missing"}) == "?a=1+2&b=%E5%AD%97"
    assert parameters.canonical_query(query, ()) == ""


def test_bad_parameters_return_400_in_the_format_of_the_endpoint(anybody, root, newsroom):
    page = anybody.get("/search/?in=%00")
    assert (page.status_code, page.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert list(anybody.get("/live/storm/changes.json?after=%00").json()) == ["error"]
    assert list(anybody.get("/oembed?url=%00").json()) == ["error"]
    assert anybody.get("/api/v1/updates/?blog=%00").headers["Content-Type"] == "application/problem+json"
    desk = reverse("desk:stories", args=[newsroom.blog.pk])
    refusal = root.get(f"{desk}?q=%00", headers={"accept": "application/json"})
    assert (refusal.status_code, list(refusal.json())) == (400, ["errors"])
