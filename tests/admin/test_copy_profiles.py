"""Saved profiles of running copy in the admin."""

from __future__ import annotations

import pytest

from liveblog.models import CopyProfile
from tests.admin.browsing import errors, open_form
from tests.factories import make_person, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/liveblog/copyprofile/"


@pytest.fixture
def profile() -> CopyProfile:
    return CopyProfile.objects.create(name="Our agency", signature="12:05", zone="BST", order="newest-first")


def test_chief_editor_renames_and_deletes_a_saved_profile(profile: CopyProfile) -> None:
    client = signed_in(make_person("Chief editor"))
    page = f"{LIST}{profile.pk}/change/"
    assert client.post(page, open_form(client, page) | {"name": "The agency"}).status_code == 302
    assert CopyProfile.objects.values_list("name", "signature", "zone", "order").get() == (
        "The agency",
        "12:05",
        "BST",
        "newest-first",
    )
    assert client.post(f"{LIST}{profile.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not CopyProfile.objects.exists()


def test_list_shows_the_notation_of_each_profile(profile: CopyProfile) -> None:
    assert "newest first, time zone BST" in signed_in(make_person("Chief editor")).get(LIST).content.decode()


def test_duplicate_profile_name_is_refused(profile: CopyProfile) -> None:
    CopyProfile.objects.create(name="The wire")
    client = signed_in(make_person("Chief editor"))
    page = f"{LIST}{profile.pk}/change/"
    assert "name" in errors(client.post(page, open_form(client, page) | {"name": "The wire"}))


@pytest.mark.parametrize("role", ["Reporter", "Editor", "Syndication manager"])
def test_other_roles_can_neither_rename_nor_delete_profiles(profile: CopyProfile, role: str) -> None:
    client = signed_in(make_person(role))
    for path in (LIST, f"{LIST}{profile.pk}/change/", f"{LIST}{profile.pk}/delete/"):
        assert client.post(path, {"name": "x", "post": "yes"}).status_code == 403
    assert CopyProfile.objects.get().name == "Our agency"


def test_profiles_are_added_on_the_desk_only() -> None:
    assert signed_in(make_person("Chief editor")).get(f"{LIST}add/").status_code == 403
