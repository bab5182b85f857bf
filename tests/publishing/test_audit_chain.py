"""The chain of the audit log: no entry can be changed or deleted unnoticed; `manage.py audit`."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from liveblog.audit import chain
from liveblog.models import (
    AuditEntry,
    AuditHead,
    Change,
)
from newsroom import hongkong
from tests.factories import (
    make_blog,
    make_update,
)

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def test_the_model_refuses_to_change_or_delete_entries():
    make_blog()
    entry = AuditEntry.objects.first()
    for change in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(PermissionDenied):
            change()
    with pytest.raises(PermissionDenied):
        AuditEntry.objects.update(action="x")
    with pytest.raises(PermissionDenied):
        AuditEntry.objects.bulk_create([AuditEntry()])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE liveblog_auditentry SET action = 'x'",
        "DELETE FROM liveblog_auditentry",
        "DELETE FROM liveblog_audithead",
        "UPDATE liveblog_audithead SET hash = 'x'",
    ],
)
def test_postgresql_refuses_changes_of_entries_and_verify_detects_them_on_sqlite(statement):
    make_blog()
    before = list(AuditEntry.objects.values_list("action", "hash"))
    if connection.vendor == "postgresql":
        refused = pytest.raises(DatabaseError, match="append-only")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert list(AuditEntry.objects.values_list("action", "hash")) == before
    else:
        tamper(statement)
        assert chain.verify()[1] != []


def tamper(statement: str, *values: object) -> None:
    """Change the log as the owner of the database could."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = origin")


def test_verify_reports_the_first_changed_entry(capsys):
    blog = make_blog()
    for _number in range(3):
        make_update(blog)
    call_command("audit", "verify")
    changed = AuditEntry.objects.filter(action="published").order_by("pk")[1]
    tamper("UPDATE liveblog_auditentry SET by_name = 'x' WHERE id = %s", changed.pk)
    with pytest.raises(CommandError, match=rf"blog {blog.pk} {changed.position} \(entry {changed.pk}\)"):
        call_command("audit", "verify")
    assert chain.verify()[1][0].entry_id == changed.pk


@pytest.mark.parametrize("which", ["first", "middle", "last"])
def test_verify_detects_a_deleted_entry(which):
    blog = make_blog()
    make_update(blog)
    rows = list(AuditEntry.objects.filter(blog=blog).order_by("position"))
    gone = {"first": rows[0], "middle": rows[1], "last": rows[-1]}[which]
    tamper("DELETE FROM liveblog_auditentry WHERE id = %s", gone.pk)
    (broken,) = chain.verify()[1]
    assert (broken.chain, broken.position) == (gone.chain, gone.position)


def test_verify_detects_a_recomputed_chain_by_heads_stored_elsewhere(tmp_path: Path):
    blog = make_blog()
    make_update(blog)
    heads = tmp_path / "heads"
    with heads.open("w") as file:
        call_command("audit", "heads", stdout=file)
    call_command("audit", "verify", "--heads", str(heads))
    last = AuditEntry.objects.filter(blog=blog).order_by("position").last()
    last.by_name = "somebody else"
    tamper(
        "UPDATE liveblog_auditentry SET by_name = %s, hash = %s WHERE id = %s",
        last.by_name,
        last.computed_hash(),
        last.pk,
    )
    tamper("UPDATE liveblog_audithead SET hash = %s WHERE chain = %s", last.computed_hash(), last.chain)
    call_command("audit", "verify")
    with pytest.raises(CommandError, match="known before"):
        call_command("audit", "verify", "--heads", str(heads))


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "cannot be read"), ("{", "is not what"), ("[1]", "is not what"), ('{"a": 1}', "is not what")],
)
def test_verify_refuses_unusable_heads(tmp_path: Path, text, reason):
    heads = tmp_path / "heads"
    if text is not None:
        heads.write_text(text)
    with pytest.raises(CommandError, match=reason) as refusal:
        call_command("audit", "verify", "--heads", str(heads))
    assert refusal.value.returncode == 2


@pytest.mark.parametrize("name", ["jsonl", "csv"])
def test_export_prints_the_entries_of_the_given_days(name):
    make_update(make_blog())
    today = hongkong.now().date()
    tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)

    def exported(*options: object) -> list[str]:
        output = io.StringIO()
        call_command("audit", "export", "--format", name, *map(str, options), stdout=output)
        return output.getvalue().splitlines()

    header = len(exported("--since", tomorrow))
    assert len(exported("--since", today)) - header == AuditEntry.objects.count()
    assert exported("--until", tomorrow) == exported()
    assert len(exported("--until", yesterday)) == header
    assert header == (name == "csv")


def test_export_refuses_a_malformed_day():
    with pytest.raises(CommandError, match="is not a day: write it as 2026-11-01"):
        call_command("audit", "export", "--since", "1 November")


def test_positions_of_a_blog_follow_its_log():
    blog = make_blog()
    for _number in range(3):
        make_update(blog)
    numbers = [row.details.get("number") for row in AuditEntry.objects.filter(blog=blog).order_by("position")]
    assert [number for number in numbers if number] == list(
        Change.objects.filter(blog=blog).order_by("number").values_list("number", flat=True)
    )
    assert AuditHead.objects.get(chain=f"blog {blog.pk}").position == len(numbers)
