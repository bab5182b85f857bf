"""Partners and API keys in the admin: a key is shown once, rotated and revoked; its digest is stored."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.models import ApiKey, Partner, Scope
from newsroom.access.models import StaffSession as Session
from tests.admin.browsing import errors, open_form, page_of
from tests.factories import make_blog, make_key, make_partner, make_person, signed_in

pytestmark = pytest.mark.django_db

ADD = "/admin/liveblog/apikey/add/"
KEYS = "/admin/liveblog/apikey/"


@pytest.fixture
def partner() -> Partner:
    return make_partner(name="通訊社")


def key_on_page(response) -> str:
    """Return the key on the page, and check that the page may not be cached."""
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    return re.search(r'value="(nrk_[^"]+)"', response.content.decode())[1]


def works(key: str) -> bool:
    return Client().get("/api/v1/topics/", headers={"authorization": f"Bearer {key}"}).status_code == 200


def test_key_is_shown_once_after_creation(admin, editor, partner):
    form = open_form(admin, ADD) | {"partner": partner.pk, "label": "網站", "scopes": ["write:draft", "read"]}

    secret = key_on_page(admin.post(ADD, form))

    key = ApiKey.objects.get()
    assert (key.partner, key.label, key.scopes, key.created_by) == (
        partner,
        "網站",
        ["read", "write:draft"],
        editor,
    )
    assert works(secret)
    assert secret.startswith(key.prefix)
    for path in (
        page_of(key),
        KEYS,
        page_of(key, "rotate"),
        "/admin/",
        reverse("admin:liveblog_apikey_history", args=[key.pk]),
    ):
        assert secret not in admin.get(path).content.decode()


def test_database_contains_only_the_digest_of_a_key(admin, partner):
    form = open_form(admin, ADD) | {"partner": partner.pk, "label": "網站", "scopes": ["read"]}

    _start, _prefix, secret = key_on_page(admin.post(ADD, form)).split("_", 2)

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            assert secret not in str(cursor.fetchall()), table
    assert all(secret not in str(session.get_decoded()) for session in Session.objects.all())
    assert all(secret not in entry.change_message + entry.object_repr for entry in LogEntry.objects.all())


def test_changed_scopes_leave_the_key_valid(admin, partner):
    secret = make_key(Scope.READ, partner=partner)
    key = ApiKey.objects.get()

    form = open_form(admin, page_of(key)) | {"label": "應用程式", "scopes": ["read", "read:embargoed"]}
    assert admin.post(page_of(key), form).status_code == 302

    key.refresh_from_db()
    assert (key.label, key.scopes) == ("應用程式", ["read", "read:embargoed"])
    assert works(secret)


def test_rotated_key_works_until_the_end_of_the_overlap(admin, partner):
    old_secret = make_key(Scope.READ, partner=partner)
    old = ApiKey.objects.get()

    new_secret = key_on_page(admin.post(page_of(old, "rotate"), {"overlap": "24"}))

    old.refresh_from_db()
    new = ApiKey.objects.exclude(pk=old.pk).get()
    assert (new.partner, new.label, new.scopes) == (old.partner, old.label, old.scopes)
    assert timedelta(hours=23) < old.expires_at - timezone.now() < timedelta(hours=25)
    assert works(old_secret)
    assert works(new_secret)
    ApiKey.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert not works(old_secret)


def test_rotation_without_overlap_ends_the_old_key_at_once(admin, partner):
    old_secret = make_key(Scope.READ, partner=partner)
    old = ApiKey.objects.get()

    new_secret = key_on_page(admin.post(page_of(old, "rotate"), {"overlap": "0"}))

    assert (works(old_secret), works(new_secret)) == (False, True)


def test_rotation_never_extends_the_expiry_of_a_key(admin, partner):
    soon = timezone.now() + timedelta(minutes=5)
    make_key(Scope.READ, partner=partner, expires_at=soon)
    old = ApiKey.objects.get()

    admin.post(page_of(old, "rotate"), {"overlap": "168"})

    assert {key.expires_at for key in ApiKey.objects.all()} == {soon}


def test_revocation_is_confirmed_first_and_prevents_rotation(admin, partner):
    secret = make_key(Scope.READ, partner=partner)
    key = ApiKey.objects.get()
    assert admin.get(page_of(key, "revoke")).status_code == 200
    assert works(secret)

    assert admin.post(page_of(key, "revoke")).status_code == 302

    assert not works(secret)
    response = admin.post(page_of(key, "rotate"), {"overlap": "24"})
    assert "This key no longer works. Make a new one." in response.content.decode()
    assert ApiKey.objects.count() == 1


def test_keys_of_an_inactive_partner_stop_working(admin, partner):
    secret = make_key(Scope.READ, partner=partner)
    path = page_of(partner)
    form = open_form(admin, path)
    del form["is_active"]

    assert admin.post(path, form).status_code == 302

    assert not works(secret)


def test_granted_live_blogs_are_saved_and_counted_in_the_list(admin, partner):
    blog = make_blog()
    make_key(Scope.READ, partner=partner)
    publishing.revoke_key(ApiKey.objects.get(), by=publishing.SYSTEM)
    make_key(Scope.READ, Scope.WRITE_DRAFT, partner=partner)
    path = page_of(partner)

    assert admin.post(path, open_form(admin, path) | {"granted_blogs": [blog.pk]}).status_code == 302

    (row,) = admin.get("/admin/liveblog/partner/?q=通訊社").context["cl"].result_list
    assert (row.usable_count, row.grant_count) == (1, 1)
    assert list(partner.granted_blogs.all()) == [blog]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("state=usable", 1),
        ("state=expired", 1),
        ("state=revoked", 1),
        ("scope=write:draft", 1),
        ("scope=read", 3),
        ("scope=never", 3),
        ("q=通訊社", 3),
        ("q=never", 0),
    ],
)
def test_keys_are_filtered_by_state_scope_and_partner(admin, partner, query, count):
    make_key(Scope.READ, Scope.WRITE_DRAFT, partner=partner)
    for _ in range(2):
        make_key(Scope.READ, partner=partner)
    expired, revoked = ApiKey.objects.order_by("pk")[1:]
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    publishing.revoke_key(revoked, by=publishing.SYSTEM)

    assert len(admin.get(f"{KEYS}?{query}").context["cl"].result_list) == count


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"scopes": []}, {"scopes": ["This field is required."]}),
        (
            {"scopes": ["everything"]},
            {"scopes": ["Select a valid choice. everything is not one of the available choices."]},
        ),
        ({"label": ""}, {"label": ["This field is required."]}),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "12:00"}, {"expires_at": ["This time has passed."]}),
    ],
)
def test_invalid_key_is_refused_on_its_fields(admin, partner, fields, expected):
    form = open_form(admin, ADD) | {"partner": partner.pk, "label": "網站", "scopes": ["read"]} | fields

    assert errors(admin.post(ADD, form)) == expected
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("origins", ["https://example.com/path", "example.com", "javascript:alert(1)"])
def test_invalid_embed_origin_is_refused(admin, partner, origins):
    path = page_of(partner)

    refusals = errors(admin.post(path, open_form(admin, path) | {"embed_origins": origins}))

    assert list(refusals) == ["embed_origins"]


def test_only_syndication_managers_may_manage_keys(partner):
    make_key(Scope.READ, partner=partner)
    key = ApiKey.objects.get()
    statuses = {}
    for role in ("Syndication manager", "Editor", "Chief editor"):
        client = signed_in(make_person(role))
        paths = [
            ADD,
            KEYS,
            page_of(key),
            page_of(key, "rotate"),
            page_of(key, "revoke"),
            "/admin/liveblog/partner/",
        ]
        statuses[role] = {client.get(path).status_code for path in paths}
        statuses[role] |= {client.post(page_of(key, "rotate"), {}).status_code}
    assert statuses == {"Syndication manager": {200}, "Editor": {403}, "Chief editor": {403}}
    assert ApiKey.objects.count() == 1


def test_get_and_forged_requests_neither_revoke_nor_rotate(admin, partner, editor):
    make_key(Scope.READ, partner=partner)
    key = ApiKey.objects.get()
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(editor)

    assert forged.post(page_of(key, "revoke")).status_code == 403
    assert forged.post(page_of(key, "rotate"), {"overlap": "0"}).status_code == 403
    assert admin.get(page_of(key, "rotate")).status_code == 200
    assert ApiKey.objects.get().is_usable


def test_key_is_created_rotated_and_revoked_in_a_browser(open_as_editor, server):
    partner = make_partner()
    make_blog(headline="通車首日")
    page = open_as_editor()

    page.goto(f"/admin/liveblog/partner/{partner.pk}/change/")
    page.locator("#id_granted_blogs_from").select_option(label="通車首日")
    page.locator("#id_granted_blogs_add").click()
    page.locator("[name=_continue]").click()
    page.locator(".field-keys_link").get_by_role("link", name="Add").click()
    page.get_by_label("Label:").fill("網站")
    page.get_by_label("Read what is public").check()
    page.locator("[name=_save]").click()
    first = page.get_by_label("Key:").input_value()
    page.get_by_role("link", name="I have copied the key").click()
    page.get_by_role("link", name=first[:12]).click()
    page.get_by_role("link", name="Rotate").click()
    page.get_by_label("One hour").check()
    page.get_by_role("button", name="Make the new key").click()
    second = page.get_by_label("Key:").input_value()
    assert works(first)
    assert works(second)
    page.get_by_role("link", name="I have copied the key").click()
    page.get_by_role("link", name=second[:12]).click()
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke").click()
    page.locator(".messagelist .success").wait_for()

    assert works(first)
    assert not works(second)
    assert [blog.headline for blog in partner.granted_blogs.all()] == ["通車首日"]
