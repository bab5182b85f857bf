"""The erase command."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from liveblog.models import Update
from tests.factories import make_blog, make_update

pytestmark = pytest.mark.django_db


def test_erase_removes_the_text_and_leaves_a_tombstone(client, capsys):
    update = make_update(make_blog(slug="storm"), "秘密", body="<p>秘密</p>")
    call_command("erase", str(update.pk), "--reason", "法庭命令")
    assert capsys.readouterr().out == f"Update {update.pk} of storm is erased.\n"
    assert "秘密" not in client.get("/live/storm/").content.decode()
    assert client.get(f"/live/storm/{update.pk}/").status_code == 410
    assert Update.objects.get(pk=update.pk).number == 3


@pytest.mark.parametrize("arguments", [("999999", "--reason", "x"), ("{update}", "--reason", " ")])
def test_invalid_erase_exits_with_code_2_and_changes_nothing(arguments):
    update = make_update(make_blog(), "留下")
    with pytest.raises(CommandError) as excinfo:
        call_command("erase", *(argument.format(update=update.pk) for argument in arguments))
    assert excinfo.value.returncode == 2
    assert Update.objects.get(pk=update.pk).heading == "留下"
