"""Chief editors keep people, and nobody comes by more than the four roles that way."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from tests.admin.browsing import errors, opened
from tests.factories import make_person, make_user

pytestmark = pytest.mark.django_db

ADD = "/admin/auth/user/add/"
ROLES = ["Reporter", "Editor", "Chief editor", "Syndication manager"]
NEW_PASSWORD = {"password1": "tram ferry lantern", "password2": "tram ferry lantern"}
# What a forger would send along with any form.
FORGED = {"is_superuser": "on", "is_staff": "on"}


def page_of(person: User) -> str:
    return reverse("admin:auth_user_change", args=[person.pk])


def password_page_of(person: User) -> str:
    return reverse("admin:auth_user_password_change", args=[person.pk])


def logged_in(person: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    return client


def role(name: str) -> Group:
    return Group.objects.get(name=name)


def held(person: User) -> dict[str, object]:
    """All that gives an account its power."""
    person = User.objects.get(pk=person.pk)
    return {
        "roles": sorted(person.groups.values_list("name", flat=True)),
        "permissions": person.user_permissions.count(),
        "is_staff": person.is_staff,
        "is_superuser": person.is_superuser,
        "is_active": person.is_active,
        "password": person.password,
    }


@pytest.fixture
def chief_editor(db: None) -> User:
    return make_person("Chief editor")


@pytest.fixture
def chief(chief_editor: User) -> Client:
    return logged_in(chief_editor)


def test_a_chief_editor_adds_somebody_who_then_signs_in_and_writes(chief):
    form = opened(chief, ADD) | NEW_PASSWORD | {"username": "ming", "first_name": "小明"}
    assert chief.post(ADD, form | {"groups": [role("Reporter").pk]}).status_code == 302
    ming = User.objects.get(username="ming")
    assert held(ming) | {"password": ""} == {
        "roles": ["Reporter"],
        "permissions": 0,
        "is_staff": True,
        "is_superuser": False,
        "is_active": True,
        "password": "",
    }
    client = Client()
    assert client.login(username="ming", password="tram ferry lantern")
    assert client.get("/admin/liveblog/update/add/").status_code == 200
    assert client.get("/admin/auth/user/").status_code == 403


def test_the_four_roles_are_offered_and_no_other_group(chief):
    Group.objects.create(name="Engineers")
    person = make_person("Reporter")
    for path in (ADD, page_of(person)):
        field = chief.get(path).context["adminform"].form.fields["groups"]
        assert [group.name for group in field.queryset] == ROLES
    page = chief.get(page_of(person)).content.decode()
    assert "Editor: publishes, corrects" in page
    assert "is_superuser" not in page
    assert "user_permissions" not in page


def test_a_role_gives_the_way_in_and_losing_the_last_one_takes_it(chief):
    person = make_person(is_staff=False)
    form = opened(chief, page_of(person))
    assert chief.post(page_of(person), form | {"groups": [role("Editor").pk]}).status_code == 302
    assert (held(person)["roles"], held(person)["is_staff"]) == (["Editor"], True)
    assert chief.post(page_of(person), form | {"groups": []}).status_code == 302
    assert (held(person)["roles"], held(person)["is_staff"]) == ([], False)


def test_somebody_else_s_password_is_set_and_an_account_switched_off(chief):
    person = make_person("Editor")
    theirs = logged_in(person)
    assert theirs.get("/admin/").status_code == 200
    sent = NEW_PASSWORD | {"usable_password": "true"}
    assert chief.post(password_page_of(person), sent).status_code == 302
    assert User.objects.get(pk=person.pk).check_password("tram ferry lantern")
    assert theirs.get("/admin/").status_code == 302
    theirs.force_login(User.objects.get(pk=person.pk))
    form = opened(chief, page_of(person))
    del form["is_active"]
    assert chief.post(page_of(person), form).status_code == 302
    assert theirs.get("/admin/").status_code == 302


def test_other_groups_and_permissions_that_somebody_has_are_left_to_them(chief):
    """As long as they give no more than the roles do."""
    readers = Group.objects.create(name="Night desk")
    readers.permissions.add(Permission.objects.get(codename="view_update"))
    person = make_person("Reporter")
    person.groups.add(readers)
    person.user_permissions.add(Permission.objects.get(codename="view_topic"))
    form = opened(chief, page_of(person)) | {"groups": [role("Editor").pk]}
    assert chief.post(page_of(person), form).status_code == 302
    assert held(person)["roles"] == ["Editor", "Night desk"]
    assert held(person)["permissions"] == 1


def test_a_superuser_has_django_s_whole_pages():
    root = logged_in(make_person(is_superuser=True))
    person = make_person("Editor")
    form = opened(root, page_of(person))
    assert root.post(page_of(person), form | {"is_superuser": "on"}).status_code == 302
    assert held(person)["is_superuser"]
    assert root.get("/admin/auth/group/").status_code == 200
    assert root.get(reverse("admin:auth_user_delete", args=[person.pk])).status_code == 200


# Refusals: each way up


def test_forged_fields_make_nobody_a_superuser(chief, chief_editor):
    beyond = {"user_permissions": list(Permission.objects.values_list("pk", flat=True))}
    form = opened(chief, ADD) | NEW_PASSWORD | {"username": "puppet"} | FORGED | beyond
    assert chief.post(ADD, form).status_code == 302
    puppet = User.objects.get(username="puppet")
    # Nor staff: it has no role.
    expected = {"roles": [], "permissions": 0, "is_staff": False, "is_superuser": False, "is_active": True}
    assert held(puppet) | {"password": ""} == expected | {"password": ""}
    for person in (make_person("Reporter"), chief_editor):
        before = held(person)
        assert (
            chief.post(page_of(person), opened(chief, page_of(person)) | FORGED | beyond).status_code == 302
        )
        assert held(person) == before


def test_no_group_but_the_roles_can_be_given(chief):
    engineers = Group.objects.create(name="Engineers")
    person = make_person("Reporter")
    for path, form in (
        (ADD, opened(chief, ADD) | NEW_PASSWORD | {"username": "puppet"}),
        (page_of(person), opened(chief, page_of(person))),
    ):
        refused = chief.post(path, form | {"groups": [engineers.pk]})
        assert list(errors(refused)) == ["groups"]
    assert not engineers.user_set.exists()


def test_chief_editors_do_not_change_what_they_hold_themselves(chief, chief_editor):
    before = held(chief_editor)
    form = opened(chief, page_of(chief_editor))
    assert {"groups", "is_active"}.isdisjoint(form)
    sent = form | FORGED | {"groups": [group.pk for group in Group.objects.all()], "first_name": "小芬"}
    assert chief.post(page_of(chief_editor), sent).status_code == 302
    assert held(chief_editor) == before
    assert User.objects.get(pk=chief_editor.pk).first_name == "小芬"
    # One's own password is changed where the old one is asked for.
    response = chief.post(password_page_of(chief_editor), NEW_PASSWORD | {"usable_password": "true"})
    assert (response.status_code, response.url) == (302, "/admin/password_change/")
    assert held(chief_editor) == before


def powerful_people() -> dict[str, User]:
    """Accounts that hold more than any role gives, or would again when they are switched on."""
    engineers = Group.objects.create(name="Engineers")
    engineers.permissions.add(Permission.objects.get(codename="change_group"))
    people = {
        "superuser": make_person(is_superuser=True),
        "superuser who is switched off": make_person(is_superuser=True, is_active=False),
        "member of another group": make_person("Reporter"),
        "the same switched off": make_person("Reporter", is_active=False),
        "holder of a permission": make_person("Reporter"),
    }
    people["member of another group"].groups.add(engineers)
    people["the same switched off"].groups.add(engineers)
    people["holder of a permission"].user_permissions.add(Permission.objects.get(codename="delete_user"))
    return people


def test_who_holds_more_than_the_roles_give_is_out_of_reach(chief):
    for who, person in powerful_people().items():
        before = held(person)
        page = chief.get(page_of(person))
        assert page.status_code == 200, who
        assert 'name="username"' not in page.content.decode(), who
        assert person.password[:8] not in page.content.decode(), who
        assert "algorithm" not in page.content.decode(), who
        sent = {"username": "mine", "is_active": "on", "groups": [role("Reporter").pk]}
        assert chief.post(page_of(person), sent).status_code == 403, who
        assert chief.get(password_page_of(person)).status_code == 403, who
        sent = NEW_PASSWORD | {"usable_password": "true"}
        assert chief.post(password_page_of(person), sent).status_code == 403, who
        assert held(person) == before, who
        assert User.objects.get(pk=person.pk).username == person.username, who


def test_nobody_is_deleted_and_roles_are_not_redefined(chief):
    person = make_person("Reporter")
    assert chief.post(reverse("admin:auth_user_delete", args=[person.pk]), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"}
    chief.post("/admin/auth/user/", chosen)
    assert User.objects.filter(pk=person.pk).exists()
    chiefs = role("Chief editor")
    every = list(Permission.objects.values_list("pk", flat=True))
    before = chiefs.permissions.count()
    for path in ("/admin/auth/group/", "/admin/auth/group/add/"):
        assert chief.get(path).status_code == 403
    path = reverse("admin:auth_group_change", args=[chiefs.pk])
    assert chief.get(path).status_code == 403
    assert chief.post(path, {"name": "Chief editor", "permissions": every}).status_code == 403
    assert chief.post("/admin/auth/group/add/", {"name": "Mine", "permissions": every}).status_code == 403
    assert (chiefs.permissions.count(), Group.objects.count()) == (before, 4)


@pytest.mark.parametrize("name", ["Reporter", "Editor", "Syndication manager"])
def test_no_other_role_keeps_people(name):
    client, person = logged_in(make_person(name)), make_user()
    for path in ("/admin/auth/user/", ADD, page_of(person), password_page_of(person)):
        assert client.get(path).status_code == 403, path
    form = NEW_PASSWORD | {"username": "puppet", "usable_password": "true"}
    assert client.post(ADD, form).status_code == 403
    assert client.post(password_page_of(person), form).status_code == 403
    assert not User.objects.filter(username="puppet").exists()
