"""Backups: every public page is the same after a restore, on the same or the other kind of database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.postgres import NoPostgreSQL, throwaway_server

pytestmark = pytest.mark.any_database

# Static files have not been collected, so their addresses are plain.
SET_UP = """
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
settings.STORAGES["staticfiles"] = {"BACKEND": "newsroom.static_files.PlainStaticFiles"}
"""
MIGRATE = """
call_command("migrate", verbosity=0)
call_command("createcachetable")
"""
FILL = """
from datetime import timedelta
from django.contrib.auth.models import User
from liveblog import publishing
from liveblog.models import ReaderResponse, Topic
from liveblog.publishing import SYSTEM, Content
from tests.factories import NOON, make_blog, make_image, make_key, make_update
User.objects.create_user("editor", password="correct horse battery")
blog = make_blog(slug="storm", headline="颱風", has_responses=True)
for number in range(23):
    make_update(blog, f"第{number}則", body="<p>颱風逼近</p>", happened_at=NOON + timedelta(minutes=number))
shown, hidden = make_image(alt="渡輪"), make_image(alt="不再")
picture = make_update(blog, "有圖", images=(shown,), is_key_event=True)
publishing.withdraw_update(make_update(blog, "錯", images=(hidden,)), by=SYSTEM, reason="錯")
publishing.correct_update(picture, Content.of(picture), by=SYSTEM, note="更正")
publishing.pin_update(picture, by=SYSTEM)
response = publishing.submit_response(blog, name="讀者", text="回應")
publishing.approve_response(response, by=SYSTEM)
publishing.draft_update(blog, Content("草稿"), by=SYSTEM)
make_key("read")
publishing.advance_numbers(by=SYSTEM)
"""
PAGES = """
import json, re, sys
from django.test import Client
from liveblog.models import ApiKey, Change, Image, LiveBlog, Revision, Update
client, pages, number = Client(), {}, LiveBlog.objects.get().number
def read(path):
    response = client.get(path, headers={"Host": "127.0.0.1"})
    body = b"".join(response) if response.streaming else response.content
    text = body.decode("latin-1" if path.startswith("/media/") else "utf-8").replace(str(number), "N")
    pages[path] = [response.status_code, text]
paths = ["/", "/search/?q=颱風", "/sitemap.xml", "/feed.atom", "/feed.rss", "/feed.json", "/api/v1/blogs/"]
for prefix in ("", "/zh-hans"):
    blog = f"{prefix}/live/storm"
    paths += [f"{blog}/", f"{blog}/changes.json?after=0", f"{blog}/feed.atom", f"{blog}/feed.rss"]
    paths += [f"{blog}/feed.json", *(f"{blog}/{pk}/" for pk in Update.objects.values_list("pk", flat=True))]
paths += ["/embed/storm/", "/api/v1/blogs/storm/", "/api/v1/blogs/storm/updates/"]
for image in Image.objects.all():
    paths += [f"/media/{image.rendition_path(width, 'jpg')}" for width in image.widths]
for path in paths:
    read(path)
rows = {model.__name__: model.objects.count() for model in (ApiKey, Image, Revision, Update)}
print(json.dumps({"pages": pages, "rows": rows, "number": number}))
"""


@dataclass
class Site:
    """A newsroom with a data directory and a database of its own."""

    place: Path
    database_url: str = ""

    def run(self, *command: str) -> str:
        """Run a command and return its output. Raise CalledProcessError if it fails."""
        self.place.mkdir(exist_ok=True)
        url = self.database_url or f"sqlite:///{self.place / 'newsroom.sqlite3'}"
        environment = {"DEMO": "true", "DATA_DIR": str(self.place), "DATABASE_URL": url}
        environment |= {"DJANGO_SETTINGS_MODULE": "newsroom.settings", "SITE_URL": "http://127.0.0.1"}
        run = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
        )
        if run.returncode:
            error = subprocess.CalledProcessError(run.returncode, command, run.stdout, run.stderr)
            error.add_note(run.stderr)
            raise error
        return run.stdout

    def manage(self, *arguments: str) -> str:
        return self.run("manage.py", *arguments)

    def script(self, text: str) -> str:
        return self.run("-c", SET_UP + text)

    def state_after(self, text: str) -> dict:
        """Run `text`, which must print nothing; return the public pages, row counts and number after it."""
        return json.loads(self.script(text + PAGES))

    def state_after_restore(self, backup: Path, *options: str) -> dict:
        """Restore a backup and return the resulting state."""
        arguments = ", ".join(map(repr, ["restore", str(backup), *options]))
        return self.state_after(f"from io import StringIO\ncall_command({arguments}, stdout=StringIO())\n")


@dataclass(frozen=True)
class BackedUp:
    """A newsroom with its state and a backup of it."""

    site: Site
    state: dict
    backup: Path


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    site = Site(tmp_path_factory.mktemp("site"))
    state = site.state_after(MIGRATE + FILL)
    return BackedUp(site, state, Path(site.manage("backup", str(tmp_path_factory.mktemp("backups"))).strip()))


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    try:
        with throwaway_server() as url:
            yield url
    except NoPostgreSQL as error:
        pytest.skip(str(error))


def files_in(directory: Path) -> dict[str, Path]:
    return {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.is_file()}


def test_every_public_page_is_the_same_after_a_restore_across_databases(backed_up, tmp_path, postgresql_url):
    before = backed_up.state
    statuses = {path: status for path, (status, _text) in before["pages"].items()}
    # Withdrawn updates return 410, their pictures and drafts 404.
    assert list(statuses.values()).count(200) > 50, statuses

    on_postgresql = Site(tmp_path / "postgresql", postgresql_url)
    restored = on_postgresql.state_after_restore(backed_up.backup.parent)
    assert restored["pages"] == before["pages"]
    assert restored["rows"] == before["rows"]
    assert restored["number"] >= before["number"] + 1_000_000

    on_postgresql.manage("backup", str(tmp_path / "second"))
    on_sqlite = Site(tmp_path / "sqlite")
    again = on_sqlite.state_after_restore(tmp_path / "second")
    assert again["pages"] == before["pages"]
    assert again["number"] >= restored["number"] + 1_000_000
    # The ids of new rows continue after the restored ones.
    for newsroom in (on_postgresql, on_sqlite):
        newsroom.script(
            "from tests.factories import make_blog, make_update\nmake_update(make_blog(slug='new'))"
        )


def test_restore_replaces_a_newsroom_only_with_the_replace_option(backed_up, tmp_path):
    other = Site(tmp_path / "other")
    other.script(MIGRATE + FILL)
    public = set(files_in(other.place / "media"))

    with pytest.raises(subprocess.CalledProcessError) as refusal:
        other.manage("restore", str(backed_up.backup))
    assert "not empty" in refusal.value.stderr
    assert set(files_in(other.place / "media")) == public

    assert other.state_after_restore(backed_up.backup, "--replace")["pages"] == backed_up.state["pages"]
    for folder in ("media", "private"):
        assert files_in(other.place / folder).keys() == files_in(backed_up.site.place / folder).keys()
    assert public.isdisjoint(files_in(other.place / "media"))


def test_second_backup_links_the_pictures_of_the_first(backed_up):
    second = Path(backed_up.site.manage("backup", str(backed_up.backup.parent)).strip())

    assert files_in(backed_up.backup / "files").keys() == files_in(second / "files").keys() != set()
    for name, path in files_in(second / "files").items():
        assert path.samefile(backed_up.backup / "files" / name)
    assert f"{second} is complete" in backed_up.site.manage("backup", "--verify", str(second.parent))


@pytest.mark.parametrize("damage", ["rows.jsonl.gz", "manifest.json", "files"])
def test_damaged_backups_are_reported_and_never_restored(backed_up, tmp_path, damage):
    backup = tmp_path / "copy"
    shutil.copytree(backed_up.backup, backup)
    path = next(iter(files_in(backup / "files").values())) if damage == "files" else backup / damage
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1", b"2", 1) if damage == "manifest.json" else content[:-1])

    for command in (["backup", "--verify"], ["restore", "--replace"]):
        with pytest.raises(subprocess.CalledProcessError) as refusal:
            backed_up.site.manage(*command, str(backup))
        assert path.name in refusal.value.stderr


def test_newsroom_without_pictures_is_backed_up_and_restored(tmp_path):
    empty = Site(tmp_path / "empty")
    fill = "from tests.factories import make_blog, make_update\nmake_update(make_blog(slug='storm'))\n"
    before = empty.state_after(MIGRATE + fill)
    empty.manage("backup", str(tmp_path / "backups"))

    restored = Site(tmp_path / "other").state_after_restore(tmp_path / "backups")

    assert restored["rows"] == before["rows"]
    assert restored["pages"].keys() == before["pages"].keys()


def test_directory_without_a_backup_is_refused(backed_up, tmp_path):
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        backed_up.site.manage("restore", str(tmp_path))
    assert "There is no backup" in refusal.value.stderr
