"""The audit log: every action leaves an entry in its transaction, and the admin shows and exports them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.audit import chain, export
from liveblog.models import (
    ApiKey,
    AuditEntry,
    Byline,
    Flag,
    GlossaryTerm,
    Partner,
    ReaderResponse,
    Topic,
    Update,
)
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story, renditions
from tests.at_once import at_once
from tests.audit_log import entries, last_id
from tests.factories import (
    PASSWORD,
    make_blog,
    make_image,
    make_key,
    make_person,
    make_update,
    make_user,
    prepared_picture,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def draft(blog, by):
    return publishing.draft_update(blog, Content("標題"), by=by)


def just_published(blog, by):
    return publishing.publish_update(blog, Content("標題"), by=by)


def withdrawn(blog, by):
    return publishing.withdraw_update(make_update(blog), by=SYSTEM, reason="錯")


def response(blog, status=ReaderResponse.Status.PENDING):
    return ReaderResponse.objects.create(blog=blog, name="甲", text="乙", status=status)


def later():
    return timezone.now() + timedelta(hours=1)


ON_BLOGS: dict[str, Callable] = {
    "drafted": draft,
    "submitted": lambda blog, by: publishing.submit_update(blog, Content("標題"), by=by),
    "scheduled": lambda blog, by: publishing.schedule_update(blog, Content("標題"), later(), by=by),
    "published": just_published,
    "edited": lambda blog, by: publishing.edit_update(make_update(blog), Content("改"), by=by),
    "corrected": lambda blog, by: publishing.correct_update(
        make_update(blog), Content("改"), by=by, note="錯字"
    ),
    "withdrawn": lambda blog, by: publishing.withdraw_update(make_update(blog), by=by, reason="錯"),
    "restored": lambda blog, by: publishing.restore_update(withdrawn(blog, by), by=by),
    "unpublished": lambda blog, by: publishing.undo_publication(just_published(blog, SYSTEM), by=by),
    "pinned": lambda blog, by: publishing.pin_update(make_update(blog), by=by),
    "marked_key": lambda blog, by: publishing.mark_key_event(make_update(blog), by=by),
    "erased": lambda blog, by: publishing.erase_update(make_update(blog), by=by, reason="法庭命令"),
    "blog_edited": lambda blog, by: publishing.edit_blog(
        blog, replace(BlogDetails.of(blog), headline="新"), by=by
    ),
    "team_changed": lambda blog, by: publishing.set_team(blog, [by], by=by),
    "blog_ended": lambda blog, by: publishing.end_coverage(blog, by=by),
    "blog_withdrawn": lambda blog, by: publishing.withdraw_blog(blog, by=by),
    "response_approved": lambda blog, by: publishing.approve_response(response(blog), by=by),
    "response_rejected": lambda blog, by: publishing.reject_response(response(blog), by=by),
    "flagged": lambda blog, by: publishing.flag_update(make_update(blog), [Flag.values[0]], by=by),
    "unpinned": lambda blog, by: publishing.unpin_update(
        publishing.pin_update(make_update(blog), by=SYSTEM), by=by
    ),
    "unmarked_key": lambda blog, by: publishing.unmark_key_event(make_update(blog, is_key_event=True), by=by),
    "blog_resumed": lambda blog, by: publishing.start_coverage(
        publishing.end_coverage(blog, by=SYSTEM), by=by
    ),
    "blog_restored": lambda blog, by: publishing.restore_blog(
        publishing.withdraw_blog(blog, by=SYSTEM), by=by
    ),
    "response_withdrawn": lambda blog, by: publishing.withdraw_response(
        publishing.approve_response(response(blog), by=SYSTEM), by=by
    ),
    "second_person_needed": lambda blog, by: publishing.set_second_person(blog, by=by, is_needed=True),
    "hold_placed": lambda blog, by: publishing.set_hold(blog, by=by, is_on_hold=True, reason="訴訟"),
}


@pytest.mark.parametrize("action", ON_BLOGS)
def test_each_verb_on_a_blog_leaves_one_entry_in_the_chain_of_the_blog(action):
    blog, by = make_blog(has_responses=True), make_user("*")
    make_update(blog)
    ON_BLOGS[action](blog, by)
    last = AuditEntry.objects.order_by("pk").last()
    assert (last.action, last.by_id, last.by_name, last.door) == (action, by.pk, by.username, "command")
    assert (last.chain, last.blog_id) == (f"blog {blog.pk}", blog.pk)
    assert AuditEntry.objects.filter(action=action, by_id=by.pk).count() == 1
    assert chain.verify()[1] == []


def test_approval_of_a_response_is_recorded_with_the_response():
    pending = response(make_blog(has_responses=True))
    publishing.approve_response(pending, by=SYSTEM)
    assert AuditEntry.objects.get(action="response_approved").details["response"] == pending.pk


def test_change_of_a_team_is_recorded_with_the_people_who_joined_and_left():
    blog, first, second = make_blog(), make_user(), make_user()
    publishing.set_team(blog, [first], by=SYSTEM)
    publishing.set_team(blog, [second], by=SYSTEM)
    entries = AuditEntry.objects.filter(action="team_changed").order_by("pk")
    assert [(entry.details["added"], entry.details["removed"]) for entry in entries] == [
        ([first.pk], []),
        ([second.pk], [first.pk]),
    ]


def key_of(by):
    make_key("read")
    return ApiKey.objects.get()


def webhook_of(by):
    partner = Partner.objects.create(name="報社", contact="desk@example.com")
    return publishing.add_webhook(partner, by=SYSTEM, url="https://example.com/hook")


def add_image(by):
    with renditions.stored(prepared_picture()) as upload:
        return publishing.add_image(upload, by=by, alt="一幅圖")


IN_HOUSE: dict[str, Callable] = {
    "key_created": lambda by: publishing.create_key(
        Partner.objects.create(name="報社", contact="a@example.com"), by=by, label="l", scopes=["read"]
    ),
    "key_changed": lambda by: publishing.edit_key(
        key_of(by), by=by, label="m", scopes=["read"], expires_at=None
    ),
    "key_rotated": lambda by: publishing.rotate_key(key_of(by), by=by, overlap=timedelta(0)),
    "key_revoked": lambda by: publishing.revoke_key(key_of(by), by=by),
    "webhook_added": lambda by: publishing.add_webhook(
        Partner.objects.create(name="報社", contact="a@example.com"), by=by, url="https://example.com/"
    ),
    "webhook_changed": lambda by: publishing.edit_webhook(
        webhook_of(by), by=by, url="https://example.com/other"
    ),
    "webhook_secret_rotated": lambda by: publishing.rotate_secret(webhook_of(by), by=by),
    "webhook_disabled": lambda by: publishing.disable_webhook(webhook_of(by), by=by),
    "webhook_enabled": lambda by: publishing.enable_webhook(
        publishing.disable_webhook(webhook_of(by), by=SYSTEM), by=by
    ),
    "webhook_replayed": lambda by: publishing.replay_since(webhook_of(by), make_blog(), 0, by=by),
    "webhook_sent_by_hand": lambda by: publishing.send_test(webhook_of(by), by=by),
    "glossaryterm_added": lambda by: publishing.add_term(by=by, traditional="的士", simplified="出租车"),
    "glossaryterm_changed": lambda by: publishing.edit_term(
        GlossaryTerm.objects.create(traditional="甲", simplified="乙"),
        by=by,
        traditional="甲",
        simplified="丙",
    ),
    "glossaryterm_deleted": lambda by: publishing.remove_term(
        GlossaryTerm.objects.create(traditional="甲", simplified="乙"), by=by
    ),
    "byline_changed": lambda by: publishing.edit_byline(Byline.objects.create(name="甲"), by=by, name="乙"),
    "byline_added": lambda by: publishing.add_byline(by=by, name="甲"),
    "topic_added": lambda by: publishing.add_topic(by=by, name="鐵路", slug="rail"),
    "topic_changed": lambda by: publishing.edit_topic(
        Topic.objects.create(name="鐵路", slug="rail"), by=by, name="交通"
    ),
    "relatedstory_changed": lambda by: publishing.edit_story(
        make_update(make_blog(), stories=[Story("一則")]).related_stories.get(), by=by, title="另一則"
    ),
    "blog_created": lambda by: publishing.create_blog(
        BlogDetails(slug="new", language="zh-hant", headline="標題"), by=by
    ),
    "image_added": add_image,
    "image_changed": lambda by: publishing.edit_image(make_image(), by=by, alt="別的"),
}


@pytest.mark.parametrize("action", IN_HOUSE)
def test_each_verb_on_partners_and_material_leaves_one_entry_without_a_secret(action):
    by = make_user("*")
    result = IN_HOUSE[action](by)
    last = AuditEntry.objects.order_by("pk").last()
    assert (last.action, last.by_id, last.by_name) == (action, by.pk, by.username)
    secrets = [part for part in (result if isinstance(result, tuple) else ()) if isinstance(part, str)]
    secrets += [result.secret] if hasattr(result, "secret") else []
    assert not any(secret in json.dumps(last.content()) for secret in secrets)
    assert chain.verify()[1] == []


def test_rotation_of_a_key_is_recorded_with_the_new_key():
    key, _secret = publishing.rotate_key(key_of(SYSTEM), by=SYSTEM, overlap=timedelta(0))
    entry = AuditEntry.objects.get(action="key_rotated")
    assert entry.details["replacement"] == str(key)
    assert entry.subject_id != str(key.pk)


def test_a_refused_or_rolled_back_verb_leaves_no_entry_of_success():
    blog, by = make_blog(), make_user("add_update")
    before = last_id()
    with pytest.raises(PermissionDenied):
        publishing.publish_update(blog, Content("標題"), by=by)
    with pytest.raises(ValidationError):
        publishing.publish_update(blog, Content(""), by=SYSTEM)
    with transaction.atomic():
        publishing.publish_update(blog, Content("標題"), by=SYSTEM)
        transaction.set_rollback(True)
    assert entries(after=before) == []
    assert chain.verify()[1] == []


def test_saving_without_a_change_leaves_no_entry():
    update = make_update(make_blog())
    before = last_id()
    publishing.edit_update(update, lambda saved: saved, by=SYSTEM)
    publishing.unmark_key_event(update, by=SYSTEM)
    assert entries(after=before) == []


def test_erased_words_are_not_in_the_log():
    blog = make_blog()
    update = publishing.publish_update(blog, Content("秘密標題", "<p>秘密內文</p>"), by=SYSTEM)
    publishing.correct_update(update, Content("另一秘密"), by=SYSTEM, note="秘密更正")
    publishing.erase_update(update, by=SYSTEM, reason="法庭命令")
    log = json.dumps([entry.content() for entry in AuditEntry.objects.all()], ensure_ascii=False)
    assert "秘密" not in log
    assert "法庭命令" in log


def test_a_scheduled_update_is_recorded_as_published_by_the_schedule():
    update = publishing.schedule_update(make_blog(), Content("標題"), later(), by=SYSTEM)
    Update.objects.filter(pk=update.pk).update(publish_at=timezone.now())
    before = last_id()
    publishing.publish_due(by=SYSTEM)
    assert entries(after=before) == [("published", "system", "", "schedule", "update")]


# Doors and refusals


def test_entries_name_the_door_and_the_address_of_a_request():
    blog, by = make_blog(), make_person("Editor")
    client = signed_in(by, {"x-forwarded-for": "203.0.113.9"})
    before = last_id()
    payload = {"token": "t1", "action": "publish", "heading": "標題"}
    client.post(reverse("desk:desk", args=[blog.pk]), payload)
    update = Update.objects.get()
    client.post(reverse("admin:liveblog_update_changelist"), {"action": "pin", "_selected_action": update.pk})
    assert entries(after=before) == [
        ("published", "person", by.username, "desk", "update"),
        ("pinned", "person", by.username, "admin", "update"),
    ]
    assert {entry.address for entry in AuditEntry.objects.filter(pk__gt=before)} == {"203.0.113.9"}


def test_publication_by_a_key_and_refusal_of_a_key_are_recorded():
    blog = make_blog()
    publish, read = make_key("write:publish", blogs=[blog]), make_key("read", blogs=[blog])
    before = last_id()
    for number, key in enumerate((publish, read)):
        client = Client(headers={"authorization": f"Bearer {key}", "idempotency-key": f"k{number}"})
        payload = json.dumps({"heading": "標題", "status": "published"})
        client.post(f"/api/v1/blogs/{blog.slug}/updates/", payload, content_type="application/json")
    names = [f"{key.partner} {key}" for key in ApiKey.objects.select_related("partner").order_by("pk")]
    assert entries(after=before) == [
        ("published", "key", names[0], "api", "update"),
        ("refused", "key", names[1], "api", ""),
    ]


def test_refusals_of_a_list_action_and_of_a_page_are_recorded():
    blog, by = make_blog(), make_person("Reporter")
    update = make_update(blog)
    client = signed_in(by)
    before = last_id()
    pin = reverse("desk:update", args=[blog.pk, update.pk, "pin"])
    assert client.post(pin, headers={"accept": "application/json"}).status_code == 403
    assert client.get(reverse("admin:auth_user_changelist")).status_code == 403
    assert entries(after=before) == [
        ("refused", "person", by.username, "desk", ""),
        ("refused", "person", by.username, "admin", ""),
    ]
    details = list(AuditEntry.objects.filter(pk__gt=before).order_by("pk").values_list("details", flat=True))
    assert details[0]["permission"] == "publish_update"
    assert details[0]["update_id"] == update.pk
    assert details[1]["request"] == "GET /admin/auth/user/"


def test_sign_ins_failures_lockouts_and_sign_outs_are_recorded():
    person = make_person("Editor")
    before, client, path = last_id(), Client(), reverse("admin:login")
    for password in ("wrong", PASSWORD):
        client.post(path, {"username": person.username, "password": password})
    client.post(reverse("admin:logout"))
    for _attempt in range(6):
        client.post(path, {"username": "my password", "password": "x"})
    log = entries(after=before)
    assert log[:3] == [
        ("sign_in_failed", "nobody", "", "admin", "user"),
        ("signed_in", "person", person.username, "admin", "user"),
        ("signed_out", "person", person.username, "admin", "user"),
    ]
    assert [entry[0] for entry in log[3:]] == ["sign_in_failed"] * 5 + ["locked_out"]
    assert "my password" not in json.dumps([entry.content() for entry in AuditEntry.objects.all()])


def test_changes_of_people_and_roles_are_recorded_without_passwords():
    chief = make_person("Chief editor")
    client = signed_in(chief)
    before = last_id()
    payload = {"username": "new", "usable_password": "true", "password1": "violet otter ran 9"}
    payload |= {"password2": "violet otter ran 9", "groups": Group.objects.get(name="Editor").pk}
    assert client.post(reverse("admin:auth_user_add"), payload).status_code == 302
    person = User.objects.get(username="new")
    person.is_active = False
    person.save()
    person.set_password("another otter ran 9")
    person.save()
    log = entries(after=before)
    assert ("user_added", "person", chief.username, "admin", "user") in log
    assert ("roles_added", "person", chief.username, "admin", "user") in log
    last, deactivated = AuditEntry.objects.order_by("-pk")[:2]
    assert (last.by_kind, last.details) == ("system", {"changes": {"password": None}})
    assert deactivated.details == {"changes": {"is_active": [True, False]}}
    assert "otter" not in json.dumps([entry.content() for entry in AuditEntry.objects.all()])


# Reading and exporting


def test_only_people_with_the_permission_read_the_log_and_nobody_changes_it():
    make_blog()
    entry = AuditEntry.objects.first()
    pages = [
        reverse("admin:liveblog_auditentry_changelist"),
        reverse("admin:liveblog_auditentry_change", args=[entry.pk]),
        reverse("admin:liveblog_auditentry_export", args=["csv"]),
    ]
    for role, status in [("Chief editor", 200), ("Editor", 403), ("Syndication manager", 403)]:
        client = signed_in(make_person(role))
        assert [client.get(page).status_code for page in pages] == [status] * 3, role
    client = signed_in(make_user("*"))
    assert client.post(pages[1], {"action": "x"}).status_code == 403
    assert client.get(reverse("admin:liveblog_auditentry_add")).status_code == 403


def test_the_list_is_searched_and_filtered_and_so_is_its_export():
    blog, by = make_blog(), make_user("*", is_staff=True)
    publishing.pin_update(make_update(blog), by=by)
    client = signed_in(by)
    path = reverse("admin:liveblog_auditentry_changelist")
    for query in (f"q={by.username}&action=pinned", f"blog={blog.pk}&action=pinned"):
        page = client.get(f"{path}?{query}")
        assert [row.action for row in page.context["cl"].result_list] == ["pinned"]
        lines = client.get(f"{path}export/jsonl/?{query}").getvalue().decode().splitlines()
        assert [json.loads(line)["action"] for line in lines] == ["pinned"]
    assert AuditEntry.objects.filter(action="audit_exported", by_id=by.pk).count() == 2


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_no_cell_of_the_csv_is_a_formula(name):
    chain.record("byline_added", by=SYSTEM, subject=Byline(pk=1, name=name))
    text = "".join(export.comma_separated(AuditEntry.objects.all()))
    (row,) = [row for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))) if row["subject_name"]]
    assert row["subject_name"] == f"'{name}"


def test_an_exported_line_has_everything_that_its_hash_covers():
    make_blog()
    line = json.loads(next(export.json_lines(AuditEntry.objects.order_by("pk"))))
    entry = AuditEntry.objects.get(pk=line.pop("id"))
    assert line.pop("hash") == entry.computed_hash()
    assert line == entry.content()


@pytest.mark.django_db(transaction=True)
def test_concurrent_actions_keep_every_chain_whole():
    blogs = [make_blog() for _number in range(2)]
    by = make_user("*")

    def act(number: int) -> None:
        for _turn in range(5):
            update = make_update(blogs[number % 2])
            publishing.pin_update(update, by=by)
            publishing.add_term(by=by, traditional=f"甲{update.pk}", simplified=f"乙{update.pk}")

    at_once(6, act)
    count, breaks = chain.verify()
    assert breaks == []
    assert count == AuditEntry.objects.count()
    assert AuditEntry.objects.filter(action__in=["published", "pinned", "glossaryterm_added"]).count() == 90
