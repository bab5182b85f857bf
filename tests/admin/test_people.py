"""Account management by chief editors, who can grant nothing beyond the four roles."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from tests.admin.browsing import errors, open_form, page_of
from tests.factories import make_person, make_user, signed_in

pytestmark = pytest.mark.django_db

ADD = "/admin/auth/user/add/"
ROLES = ["Reporter", "Editor", "Chief editor", "Syndication manager"]
NEW_PASSWORD = {"password1": "tram ferry lantern", "password2": "tram ferry lantern"}
# Fields that a forged form would add to gain privileges.
FORGED = {"is_superuser": "on", "is_staff": "on"}


def role(name: str) -> Group:
    return Group.objects.get(name=name)


def account_state(person: User) -> dict[str, object]:
    """Return the fields that determine what an account may do, and its password hash."""
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
def chief(db: None) -> User:
    return make_person("Chief editor")


@pytest.fixture
def chief_client(chief: User) -> Client:
    return signed_in(chief)


def test_person_added_by_a_chief_editor_can_sign_in_and_write(chief_client):
    form = open_form(chief_client, ADD) | NEW_PASSWORD | {"username": "ming", "first_name": "小明"}
    assert chief_client.post(ADD, form | {"groups": [role("Reporter").pk]}).status_code == 302
    ming = User.objects.get(username="ming")
    assert account_state(ming) | {"password": ""} == {
        "roles": ["Reporter"],
        "permissions": 0,
        "is_staff": True,
        "is_superuser": False,
        "is_active": True,
        "password": "",
    }
    client = Client()
    assert client.login(username="ming", password="tram ferry lantern")
    own = {"old_password": "tram ferry lantern"} | dict.fromkeys(
        ("new_password1", "new_password2"), "harbour lamp kettle"
    )
    assert client.post("/admin/password_change/", own).status_code == 302
    assert client.get("/admin/liveblog/update/add/").status_code == 200
    assert client.get("/admin/auth/user/").status_code == 403


def test_only_the_four_roles_are_offered(chief_client):
    Group.objects.create(name="Engineers")
    person = make_person("Reporter")
    for path in (ADD, page_of(person)):
        field = chief_client.get(path).context["adminform"].form.fields["groups"]
        assert [group.name for group in field.queryset] == ROLES
    page = chief_client.get(page_of(person)).content.decode()
    assert "Editor: publishes, corrects" in page
    assert "is_superuser" not in page
    assert "user_permissions" not in page


def test_first_role_grants_staff_access_and_losing_the_last_revokes_it(chief_client):
    person = make_person(is_staff=False)
    form = open_form(chief_client, page_of(person))
    assert chief_client.post(page_of(person), form | {"groups": [role("Editor").pk]}).status_code == 302
    assert (account_state(person)["roles"], account_state(person)["is_staff"]) == (["Editor"], True)
    assert chief_client.post(page_of(person), form | {"groups": []}).status_code == 302
    assert (account_state(person)["roles"], account_state(person)["is_staff"]) == ([], False)


def test_chief_editor_sets_a_password_and_deactivates_an_account(chief_client):
    person = make_person("Editor")
    their_client = signed_in(person)
    assert their_client.get("/admin/").status_code == 200
    payload = NEW_PASSWORD | {"usable_password": "true"}
    assert chief_client.post(page_of(person, "password_change"), payload).status_code == 302
    assert User.objects.get(pk=person.pk).check_password("tram ferry lantern")
    assert their_client.get("/admin/").status_code == 302
    their_client.force_login(User.objects.get(pk=person.pk))
    form = open_form(chief_client, page_of(person))
    del form["is_active"]
    assert chief_client.post(page_of(person), form).status_code == 302
    assert their_client.get("/admin/").status_code == 302


def test_other_groups_and_permissions_are_kept(chief_client):
    """Groups and permissions stay if they grant no more than the roles do."""
    readers = Group.objects.create(name="Night desk")
    readers.permissions.add(Permission.objects.get(codename="view_update"))
    person = make_person("Reporter")
    person.groups.add(readers)
    person.user_permissions.add(Permission.objects.get(codename="view_topic"))
    form = open_form(chief_client, page_of(person)) | {"groups": [role("Editor").pk]}
    assert chief_client.post(page_of(person), form).status_code == 302
    assert account_state(person)["roles"] == ["Editor", "Night desk"]
    assert account_state(person)["permissions"] == 1


def test_superuser_gets_the_full_pages_of_django():
    root = signed_in(make_person(is_superuser=True))
    person = make_person("Editor")
    form = open_form(root, page_of(person))
    assert root.post(page_of(person), form | {"is_superuser": "on"}).status_code == 302
    assert account_state(person)["is_superuser"]
    assert root.get("/admin/auth/group/").status_code == 200
    assert root.get(reverse("admin:auth_user_delete", args=[person.pk])).status_code == 200


# Privilege escalation is refused


def test_forged_fields_grant_no_privileges(chief_client, chief):
    extra_permissions = {"user_permissions": list(Permission.objects.values_list("pk", flat=True))}
    form = open_form(chief_client, ADD) | NEW_PASSWORD | {"username": "puppet"} | FORGED | extra_permissions
    assert chief_client.post(ADD, form).status_code == 302
    puppet = User.objects.get(username="puppet")
    # The account is not staff either, because it has no role.
    expected = {"roles": [], "permissions": 0, "is_staff": False, "is_superuser": False, "is_active": True}
    assert account_state(puppet) | {"password": ""} == expected | {"password": ""}
    for person in (make_person("Reporter"), chief):
        before = account_state(person)
        assert (
            chief_client.post(
                page_of(person), open_form(chief_client, page_of(person)) | FORGED | extra_permissions
            ).status_code
            == 302
        )
        assert account_state(person) == before


def test_groups_other_than_the_roles_are_refused(chief_client):
    engineers = Group.objects.create(name="Engineers")
    person = make_person("Reporter")
    for path, form in (
        (ADD, open_form(chief_client, ADD) | NEW_PASSWORD | {"username": "puppet"}),
        (page_of(person), open_form(chief_client, page_of(person))),
    ):
        response = chief_client.post(path, form | {"groups": [engineers.pk]})
        assert list(errors(response)) == ["groups"]
    assert not engineers.user_set.exists()


def test_chief_editors_cannot_change_their_own_privileges(chief_client, chief):
    before = account_state(chief)
    form = open_form(chief_client, page_of(chief))
    assert {"groups", "is_active"}.isdisjoint(form)
    payload = form | FORGED | {"groups": [group.pk for group in Group.objects.all()], "first_name": "小芬"}
    assert chief_client.post(page_of(chief), payload).status_code == 302
    assert account_state(chief) == before
    assert User.objects.get(pk=chief.pk).first_name == "小芬"
    # People change their own password on the page that requires the old one.
    payload = NEW_PASSWORD | {"usable_password": "true"}
    response = chief_client.post(page_of(chief, "password_change"), payload)
    assert (response.status_code, response.url) == (302, "/admin/password_change/")
    assert account_state(chief) == before


def powerful_people() -> dict[str, User]:
    """Return accounts with more privileges than the roles grant, now or once they are reactivated."""
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


def test_accounts_with_more_privileges_than_the_roles_cannot_be_changed(chief_client):
    for label, person in powerful_people().items():
        before = account_state(person)
        page = chief_client.get(page_of(person))
        assert page.status_code == 200, label
        assert 'name="username"' not in page.content.decode(), label
        assert person.password[:8] not in page.content.decode(), label
        assert "algorithm" not in page.content.decode(), label
        payload = {"username": "mine", "is_active": "on", "groups": [role("Reporter").pk]}
        assert chief_client.post(page_of(person), payload).status_code == 403, label
        assert chief_client.get(page_of(person, "password_change")).status_code == 403, label
        payload = NEW_PASSWORD | {"usable_password": "true"}
        assert chief_client.post(page_of(person, "password_change"), payload).status_code == 403, label
        assert account_state(person) == before, label
        assert User.objects.get(pk=person.pk).username == person.username, label


def test_people_cannot_be_deleted_and_roles_cannot_be_changed(chief_client):
    person = make_person("Reporter")
    assert chief_client.post(page_of(person, "delete"), {"post": "yes"}).status_code == 403
    payload = {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"}
    chief_client.post("/admin/auth/user/", payload)
    assert User.objects.filter(pk=person.pk).exists()
    chiefs = role("Chief editor")
    all_permissions = list(Permission.objects.values_list("pk", flat=True))
    before = chiefs.permissions.count()
    assert chief_client.get("/admin/auth/group/").status_code == 403
    for path, name in ((page_of(chiefs), "Chief editor"), ("/admin/auth/group/add/", "Mine")):
        assert chief_client.get(path).status_code == 403
        payload = {"name": name, "permissions": all_permissions}
        assert chief_client.post(path, payload).status_code == 403
    assert (chiefs.permissions.count(), Group.objects.count()) == (before, 4)


@pytest.mark.parametrize("name", ["Reporter", "Editor", "Syndication manager"])
def test_other_roles_may_not_manage_people(name):
    client, person = signed_in(make_person(name)), make_user()
    for path in ("/admin/auth/user/", ADD, page_of(person), page_of(person, "password_change")):
        assert client.get(path).status_code == 403, path
    form = NEW_PASSWORD | {"username": "puppet", "usable_password": "true"}
    assert client.post(ADD, form).status_code == 403
    assert client.post(page_of(person, "password_change"), form).status_code == 403
    assert not User.objects.filter(username="puppet").exists()
