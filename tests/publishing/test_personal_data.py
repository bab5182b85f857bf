"""Personal data: responses expire, and a person's data is exported and erased."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Change, Delivery, LiveBlog, Partner, ReaderResponse, Webhook, WorkingCopy
from liveblog.publishing import SYSTEM
from tests.factories import PASSWORD, make_blog, make_person, make_user

pytestmark = pytest.mark.django_db


def respond(blog: LiveBlog, name: str, *, is_approved: bool = False, days: int = 0) -> ReaderResponse:
    response = publishing.submit_response(blog, name=name, text=f"{name} writes")
    if is_approved:
        response = publishing.approve_response(response, by=SYSTEM)
    ReaderResponse.objects.filter(pk=response.pk).update(created_at=timezone.now() - timedelta(days=days))
    return response


def live_page(blog: LiveBlog) -> str:
    return Client().get(f"/live/{blog.slug}/").content.decode()


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("personal_data", *arguments, stdout=output)
    return output.getvalue()


def test_old_responses_lose_their_names_and_unpublished_ones_are_deleted(settings):
    settings.RESPONSES_KEPT_DAYS = 30
    blog = make_blog(has_responses=True, language="zh-hant")
    for days, age in ((29, "young"), (31, "old")):
        respond(blog, f"{age} pending", days=days)
        respond(blog, f"{age} published", is_approved=True, days=days)
    number = LiveBlog.objects.get(pk=blog.pk).number

    assert publishing.expire_responses(by=SYSTEM) == 2

    names = set(ReaderResponse.objects.values_list("name", flat=True))
    assert {"young pending", "young published"} < names
    assert not any(name.startswith("old") for name in names)
    assert ReaderResponse.objects.filter(text="old published writes", status="approved").exists()
    # Open pages and partners are notified once.
    [change] = Change.objects.filter(blog=blog, number__gt=number)
    assert change.kind == Change.Kind.RESPONSE_APPROVED
    assert publishing.expire_responses(by=SYSTEM) == 0
    assert "old published<" not in live_page(blog)


def test_no_response_expires_without_the_setting(settings):
    settings.RESPONSES_KEPT_DAYS = 0
    respond(make_blog(has_responses=True), "Old", days=10_000)
    assert publishing.expire_responses(by=SYSTEM) == 0
    assert ReaderResponse.objects.get().name == "Old"


def test_a_readers_data_is_exported_and_erased_everywhere():
    blog = make_blog(has_responses=True)
    shown, pending = respond(blog, "Chan Tai Man", is_approved=True), respond(blog, "chan  tai man")
    respond(blog, "Somebody else", is_approved=True)
    partner = Partner.objects.create(name="Wire", contact="a@example.com")
    webhook = Webhook.objects.create(partner=partner, url="https://wire.example/hook", secret="x")
    Delivery.objects.create(
        webhook=webhook, blog=blog, number=1, attempt=1, at=timezone.now(), body="Chan Tai Man writes"
    )

    data = json.loads(run("export", "--reader", "CHAN TAI MAN"))
    assert [row["id"] for row in data["responses"]] == [shown.pk, pending.pk]
    assert data["responses"][0]["text"] == "Chan Tai Man writes"
    assert "Chan Tai Man" in live_page(blog)

    assert run("erase", "--reader", "Chan Tai Man", "--response", str(shown.pk)) == "Erased responses: 1.\n"
    assert run("erase", "--reader", "Chan Tai Man") == "Erased responses: 1.\n"
    assert list(ReaderResponse.objects.values_list("name", flat=True)) == ["Somebody else"]
    assert "Chan Tai Man" not in live_page(blog)
    assert Delivery.objects.get().body == ""
    last = Change.objects.filter(blog=blog).order_by("-number")[0]
    assert last.kind == Change.Kind.RESPONSE_WITHDRAWN


def test_only_moderators_erase_a_reader():
    respond(make_blog(has_responses=True), "Chan Tai Man")
    with pytest.raises(PermissionDenied):
        publishing.erase_reader("Chan Tai Man", by=make_user("publish_update"))
    assert publishing.erase_reader("Chan Tai Man", by=make_user("moderate_readerresponse")) == 1


def test_erasing_a_reader_empties_only_the_log_entries_of_responses():
    response, user = respond(make_blog(has_responses=True), "Chan Tai Man"), make_user()
    for model in (ReaderResponse, LiveBlog):
        LogEntry.objects.create(
            user=user,
            content_type=ContentType.objects.get_for_model(model),
            object_id=response.pk,
            object_repr=f"{model.__name__}: Chan Tai Man",
            action_flag=2,
        )
    publishing.erase_reader("Chan Tai Man", by=SYSTEM)
    names = LogEntry.objects.order_by("pk").values_list("object_repr", flat=True)
    assert list(names) == ["", "LiveBlog: Chan Tai Man"]


def test_an_account_is_exported_and_erased_but_its_work_stays():
    person = make_person("Editor", first_name="Ka Yan", last_name="Wong", email="kayan@example.com")
    blog = make_blog()
    publishing.publish_update(blog, publishing.Content("颱風"), by=person)
    WorkingCopy.objects.create(
        by=person, token="t", blog=blog, fields={"heading": ["草稿"]}, saved_at=timezone.now()
    )
    browser = Client()
    assert browser.login(username=person.username, password=PASSWORD)

    data = json.loads(run("export", "--user", person.username))
    assert (data["email"], data["roles"], data["last_name"]) == ("kayan@example.com", ["Editor"], "Wong")
    assert data["working_copies"] == [{"token": "t", "fields": {"heading": ["草稿"]}}]
    assert [change["kind"] for change in data["changes"]] == ["published"]
    assert "password" not in json.dumps(data)

    run("erase", "--user", person.username)
    erased = User.objects.get(pk=person.pk)
    assert (erased.username, erased.email, erased.get_full_name()) == (f"erased-{person.pk}", "", "")
    assert not erased.is_active
    assert not erased.has_usable_password()
    assert not WorkingCopy.objects.exists()
    assert Change.objects.filter(by=person).exists()
    assert browser.get("/admin/").status_code == 302


def test_an_unknown_account_is_refused():
    with pytest.raises(CommandError, match="There is no account nobody"):
        run("export", "--user", "nobody")
