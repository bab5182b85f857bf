"""Files of pictures after crashes and on a full disk: rows are the truth, and files catch up with them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Image, OwedFiles, Update
from liveblog.publishing import SYSTEM, Content, renditions
from liveblog.wakeups.due import DueLoop
from tests.environment import ROOT
from tests.factories import make_blog, make_image, make_update, picture_file
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

# A process that ends itself after a verb's commit, or after an upload's files have been written.
CHILD = """
import os, signal, sys
import django
django.setup()
from django.db import connection
from liveblog import publishing
from liveblog.models import Image, LiveBlog, Update
from liveblog.publishing import SYSTEM, Content, renditions
from tests.factories import picture_file

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

verb, pk = sys.argv[1:]
if verb == "upload":
    save = renditions._save_privately
    def save_and_die(*arguments):
        save(*arguments)
        die()
    renditions._save_privately = save_and_die
    publishing.prepare_image(picture_file(), by=SYSTEM).__enter__()
renditions.settle = die
if verb == "publish":
    content = Content("號外", images=tuple(Image.objects.all()))
    publishing.publish_update(LiveBlog.objects.get(pk=pk), content, by=SYSTEM)
elif verb == "withdraw":
    publishing.withdraw_update(Update.objects.get(pk=pk), by=SYSTEM, reason="錯")
elif verb == "erase":
    publishing.erase_update(Update.objects.get(pk=pk), by=SYSTEM, reason="法庭命令")
"""


@pytest.fixture
def kill_during(test_database_url: str) -> Callable[..., None]:
    """Return a function that runs a verb in a process, killed by SIGKILL before it touches public files."""

    settings = {"DJANGO_SETTINGS_MODULE": "newsroom.settings", "DATABASE_URL": test_database_url}

    def run(verb: str, pk: int = 0) -> None:
        process = subprocess.run(
            [sys.executable, "-c", CHILD, verb, str(pk)],
            cwd=ROOT,
            env=os.environ | settings,
            capture_output=True,
            text=True,
        )
        assert process.returncode == -signal.SIGKILL, process.stderr

    return run


@contextmanager
def due_loop() -> Iterator[None]:
    loop = DueLoop()
    loop.start()
    try:
        yield
    finally:
        loop.stop()


def files_of(key: str) -> list[str]:
    """Return the names of a picture's files, public ones first."""
    places = [Path(storages["public"].location) / key]
    places += [Path(storages["default"].location) / folder / key for folder in ("originals", "renditions")]
    return [str(path) for place in places for path in sorted(place.rglob("*")) if path.is_file()]


def statuses(image: Image) -> set[int]:
    """Return the statuses of the picture's public addresses."""
    client = Client()
    return {
        client.get(f"/media/{image.rendition_path(*size)}").status_code for size in renditions._sizes(image)
    }


@contextmanager
def full_disk() -> Iterator[None]:
    """Keep files of this process from growing beyond 200 bytes, as on a disk that has just become full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("verb", ["withdraw", "erase"])
def test_picture_taken_down_by_a_killed_process_is_gone_at_once(verb, kill_during):
    image = make_image()
    update = make_update(make_blog(), images=(image,))
    assert statuses(image) == {200}

    kill_during(verb, update.pk)

    assert statuses(image) == {404}
    with due_loop():
        wait_for(lambda: not OwedFiles.objects.filter(key=image.key).exists())
    assert not (Path(storages["public"].location) / image.key).exists()
    assert bool(files_of(image.key)) == (verb == "withdraw")


def test_picture_published_by_a_killed_process_is_public_at_once(kill_during):
    image, blog = make_image(), make_blog()

    kill_during("publish", blog.pk)

    assert statuses(image) == {200}
    with due_loop():
        wait_for(lambda: not OwedFiles.objects.filter(key=image.key).exists())
    assert statuses(image) == {200}


def test_files_of_a_killed_upload_are_removed(kill_during):
    kill_during("upload")

    [owed] = OwedFiles.objects.all()
    assert files_of(owed.key)
    publishing.settle_due()
    assert files_of(owed.key), "an upload may still be under way"
    OwedFiles.objects.update(due_at=timezone.now())
    with due_loop():
        wait_for(lambda: not OwedFiles.objects.filter(key=owed.key).exists())
    assert files_of(owed.key) == []


def test_files_of_a_refused_upload_are_removed():
    with publishing.prepare_image(picture_file(), by=SYSTEM) as upload:
        with transaction.atomic():
            publishing.add_image(upload, by=SYSTEM, alt="圖")
            transaction.set_rollback(True)
        assert files_of(upload.key)

    assert files_of(upload.key) == []
    assert not OwedFiles.objects.exists()
    assert not Image.objects.exists()


def test_upload_that_took_too_long_is_refused():
    with publishing.prepare_image(picture_file(), by=SYSTEM) as upload:
        OwedFiles.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        with pytest.raises(ValidationError):
            publishing.add_image(upload, by=SYSTEM, alt="圖")
    assert files_of(upload.key) == []


def test_publishing_on_a_full_disk_shows_the_picture_and_copies_it_later(monkeypatch):
    image, publish, started_at = make_image(), renditions._publish, timezone.now()
    # Only the disk of the public files is full: the database must be able to commit.
    with monkeypatch.context() as patches:
        patches.setattr(renditions, "_publish", full_disk()(publish))
        make_update(make_blog(), images=(image,))
    assert statuses(image) == {200}
    assert OwedFiles.objects.get(key=image.key).due_at >= started_at + timedelta(seconds=5)

    OwedFiles.objects.update(due_at=timezone.now())
    publishing.settle_due()
    assert not OwedFiles.objects.exists()
    assert statuses(image) == {200}
    assert list(Path(storages["public"].location).rglob("*.tmp")) == []


def test_full_disk_leaves_neither_truncated_nor_temporary_files(tmp_path):
    storage = type(storages["public"])(location=tmp_path)
    storage.save("a/1.jpg", ContentFile(b"before"))

    with full_disk(), pytest.raises(OSError, match="File too large"):
        storage.save("a/1.jpg", ContentFile(b"after" * 100))

    assert [path.read_bytes() for path in tmp_path.rglob("*.*")] == [b"before"]


def test_truncated_rendition_of_an_earlier_release_is_repaired():
    image = make_image()
    make_update(make_blog(), images=(image,))
    path = Path(storages["public"].location) / image.rendition_path(image.widths[0], "jpg")
    content = path.read_bytes()
    path.write_bytes(content[:100])

    publishing.owe_all()
    publishing.settle_due()

    assert path.read_bytes() == content


def test_files_that_no_row_names_are_removed():
    image = make_image()
    make_update(make_blog(), images=(image,))
    Update.objects.get().images.clear()
    Image.objects.all().delete()

    publishing.prune()
    publishing.settle_due()
    assert files_of(image.key), "an upload may still be under way"
    OwedFiles.objects.update(due_at=timezone.now())
    # Other tests leave files whose rows are gone, which may be processed first.
    publishing.settle_everything()

    assert files_of(image.key) == []


def test_picture_needs_neither_a_caption_nor_a_credit():
    image = make_image()
    assert (image.caption, image.credit) == ("", "")


def test_pruning_removes_no_files_of_pictures_that_have_rows():
    image = make_image()
    make_update(make_blog(), images=(image,))
    publishing.prune()
    # Other tests leave files whose rows are gone.
    assert not OwedFiles.objects.filter(key=image.key).exists()


def test_erased_picture_that_only_a_draft_still_uses_is_hidden():
    image, blog = make_image(), make_blog()
    update = make_update(blog, images=(image,))
    publishing.draft_update(blog, Content("草稿", images=(image,)), by=SYSTEM)

    publishing.erase_update(update, by=SYSTEM, reason="法庭命令")

    assert statuses(image) == {404}
    assert not (Path(storages["public"].location) / image.key).exists()
