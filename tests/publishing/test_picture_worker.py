"""Hostile pictures: the server reads only the header, and one resource-limited worker decodes the rest."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.test import Client
from django.urls import reverse

from liveblog import publishing
from liveblog.models import Image, Update
from liveblog.publishing import SYSTEM
from newsroom import pictures
from newsroom.pictures import Limits
from tests.factories import make_blog, make_person, make_user, picture_file, signed_in
from tests.hostile_pictures import jpeg_with_scans, png_header, png_that_says

pytestmark = pytest.mark.usefixtures("in_english")

FAILED = (
    "This picture could not be processed: it takes too much time or memory, or it is damaged. "
    "Save it again, smaller or as JPEG."
)
TOO_MANY_PIXELS = "The picture has more than 50 million pixels."
BUSY = "Other pictures are being processed. Try again in a minute."


def prepare(content: bytes | None = None, **limits: object) -> pictures.Prepared:
    """Return a worker's result for an upload, without its files, which are deleted on return."""
    file = picture_file() if content is None else BytesIO(content)
    with pictures.prepare(file, Limits(**limits)) as prepared:
        assert prepared.picture.stat().st_size
        return prepared


def refusals(content: bytes | None = None, **limits: object) -> list[str]:
    with pytest.raises(ValidationError) as refusal:
        prepare(content, **limits)
    return refusal.value.messages


@pytest.fixture
def run_instead(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make workers run the given lines instead of their program; `main` is the original entry point."""

    def replace(lines: str) -> None:
        program = f"import os, signal, sys\nfrom newsroom.picture_worker import main\n{lines}"
        monkeypatch.setattr(pictures, "WORKER", (sys.executable, "-c", program))

    return replace


@pytest.fixture
def worker_count(run_instead, tmp_path: Path) -> Callable[[], int]:
    """Return a function that counts the workers started so far."""
    log = tmp_path / "started"
    log.touch()
    run_instead(f"open({str(log)!r}, 'a').write('.')\nmain(*sys.argv[1:])")
    return lambda: log.stat().st_size


def test_picture_is_decoded_by_one_worker(worker_count):
    assert prepare().width == 400
    assert worker_count() == 1


@pytest.mark.parametrize(
    "content",
    [
        png_header(1, 50_000_000),
        png_header(50_000_000, 1),
        png_that_says(30_000, 30_000),
        jpeg_with_scans(3_000),
    ],
    ids=["69 bytes", "lying strip", "900 million pixels", "3,000 scans"],
)
def test_hostile_picture_is_refused_without_a_worker(content, worker_count):
    assert len(content) < 200_000
    assert refusals(content) != [FAILED]
    assert worker_count() == 0


def test_decoding_beyond_the_memory_limit_is_refused():
    assert refusals(png_that_says(7_000, 7_000), memory=150 * 1024 * 1024) == [FAILED]


def test_decoding_beyond_the_time_limit_is_refused():
    assert refusals(jpeg_with_scans(40, (6_000, 6_000)), processor_seconds=1) == [FAILED]


def test_hanging_worker_is_killed(run_instead, tmp_path):
    run_instead(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nsignal.pause()")
    assert refusals(seconds=2.0) == [FAILED]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    "lines",
    [
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "sys.exit(1)",
        "print('no JSON')",
        "print('[]')",
        "print('{}')",
        "print('[' * 4_000)",
        "print('{\"refusal\": []}')",
        "print('{\"kept\": \"picture.png\", \"width\": ' + '9' * 900 + ', \"height\": 3}')",
        "print('{\"kept\": \"../../secret-key\", \"width\": 4, \"height\": 3}')",
        "print('{\"kept\": \"picture.png\", \"width\": 4, \"height\": 3}')",
        "main(*sys.argv[1:]); os.remove('400.webp'); os.symlink('/etc/hostname', '400.webp')",
        "main(*sys.argv[1:]); os.remove('picture.jpg'); os.symlink('/etc/hostname', 'picture.jpg')",
        "sys.stdout.write('x' * 10_000_000)",
    ],
    ids=[
        "segmentation fault", "killed", "failed", "no JSON", "a list", "nothing", "nesting", "an odd refusal",
        "a size", "a path", "no files", "a rendition that is a link", "a picture that is a link", "megabytes",
    ],
)  # fmt: skip
def test_invalid_worker_output_is_refused(run_instead, lines):
    run_instead(lines)
    assert refusals() in ([FAILED], [TOO_MANY_PIXELS])


def test_worker_environment_contains_no_secrets(run_instead, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:password@host/name")
    run_instead(
        f"open({str(tmp_path / 'known')!r}, 'w').write(repr(sorted(os.environ)))\nmain(*sys.argv[1:])"
    )
    prepare()
    variables = (tmp_path / "known").read_text()
    assert "SECRET_KEY" not in variables
    assert "DATABASE_URL" not in variables


def test_temporary_files_are_deleted(monkeypatch, tmp_path):
    monkeypatch.setattr(pictures.tempfile, "tempdir", str(tmp_path))
    prepared = prepare()
    refusals(png_that_says(7_000, 7_000), memory=150 * 1024 * 1024)
    assert not prepared.picture.exists()
    assert list(tmp_path.iterdir()) == []


def test_concurrent_uploads_are_limited_by_slots(run_instead, tmp_path):
    log = tmp_path / "log"
    run_instead(
        f"log = os.open({str(log)!r}, os.O_CREAT | os.O_WRONLY | os.O_APPEND)\n"
        "os.write(log, b'+')\nmain(*sys.argv[1:])\nos.write(log, b'-')"
    )
    uploads = [threading.Thread(target=prepare) for _number in range(6)]
    for upload in uploads:
        upload.start()
    for upload in uploads:
        upload.join()
    steps = [1 if step == "+" else -1 for step in log.read_text()]
    assert sum(steps) == 0
    assert len(steps) == 12
    assert max(sum(steps[:end]) for end in range(len(steps))) <= pictures.SLOTS


def test_upload_without_a_free_slot_is_refused_as_busy(monkeypatch, worker_count):
    monkeypatch.setattr(pictures, "SECONDS_FOR_SLOT", 0.1)
    with ExitStack() as slots:
        for _number in range(pictures.SLOTS):
            slots.enter_context(pictures._slot())
        assert refusals() == [BUSY]
        assert worker_count() == 0
    prepare()
    assert worker_count() == 1


# Every entry point


@pytest.mark.django_db(transaction=True)
def test_decoding_within_a_transaction_raises(worker_count):
    with pytest.raises(RuntimeError, match="before the transaction"), transaction.atomic():
        publishing.prepare_image(picture_file(), by=SYSTEM).__enter__()
    assert worker_count() == 0


@pytest.mark.django_db
def test_upload_without_permission_starts_no_worker(worker_count):
    with pytest.raises(PermissionDenied):
        publishing.prepare_image(picture_file(), by=make_user()).__enter__()
    assert worker_count() == 0


def upload_in_admin(client: Client, file: SimpleUploadedFile) -> str:
    form = {"file": file, "alt": "圖", "focal_column": "2", "focal_row": "2"}
    return client.post(reverse("admin:liveblog_image_add"), form).content.decode()


def upload_at_desk(client: Client, file: SimpleUploadedFile) -> str:
    address = reverse("desk:pictures", args=[make_blog().pk])
    return client.post(address, {"file": file, "alt": "圖"}).content.decode()


def upload_with_text(client: Client, file: SimpleUploadedFile) -> str:
    """Post the picture as the desk's form does without JavaScript."""
    form = {"action": "publish", "token": "t", "heading": "號外", "picture_file": file, "picture_alt": "圖"}
    return client.post(reverse("desk:desk", args=[make_blog().pk]), form).content.decode()


ENTRY_POINTS = [upload_in_admin, upload_at_desk, upload_with_text]


@pytest.fixture
def editor_client(transactional_db: None) -> Client:
    return signed_in(make_user("*"))


@pytest.mark.parametrize("upload", ENTRY_POINTS)
def test_every_entry_point_decodes_a_picture_before_its_transaction(editor_client, worker_count, upload):
    upload(editor_client, picture_file())
    assert Image.objects.get().width == 400
    assert worker_count() == 1


@pytest.mark.parametrize("upload", ENTRY_POINTS)
def test_every_entry_point_refuses_a_bad_header_with_a_reason(editor_client, worker_count, upload):
    page = upload(editor_client, SimpleUploadedFile("a.png", png_header(1, 50_000_000), "image/png"))
    assert "too high for its width" in page
    assert worker_count() == 0
    assert not Image.objects.exists()
    assert not Update.objects.exists()


@pytest.mark.parametrize("upload", ENTRY_POINTS)
def test_every_entry_point_reports_a_failed_worker(editor_client, run_instead, upload):
    run_instead("os.kill(os.getpid(), signal.SIGKILL)")
    assert "takes too much time or memory" in upload(editor_client, picture_file())
    assert not Image.objects.exists()
    assert not Update.objects.exists()


@pytest.mark.django_db
def test_no_model_or_admin_form_uses_image_fields(rf):
    """Forbid Django's image fields, which open the file with Pillow before it can be checked."""
    request = rf.get("/")
    request.user = User.objects.create_superuser("root")
    for model, model_admin in admin.site._registry.items():
        assert not [field for field in model._meta.get_fields() if isinstance(field, models.ImageField)]
        # Read-only admins have no form.
        writes = model_admin.has_add_permission(request) or model_admin.has_change_permission(request)
        fields = model_admin.get_form(request).base_fields if writes else {}
        assert not [name for name, field in fields.items() if isinstance(field, forms.ImageField)], model


def peak_memory_of(pid: int) -> int:
    """Return the peak resident memory of a process in kilobytes."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])


def test_decoding_does_not_grow_the_server_process(server):
    client = signed_in(make_person("Editor"))
    cookies = f"sessionid={client.cookies['sessionid'].value}"
    address = f"{server.url}/admin/liveblog/image/add/"

    def send(content: bytes) -> str:
        with urlopen(Request(address, headers={"Cookie": cookies, "Accept-Language": "en"})) as page:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())[1]
            csrf = "; ".join(line.split(";")[0] for line in page.headers.get_all("Set-Cookie", []))
        fields = {"csrfmiddlewaretoken": token, "alt": "圖", "focal_column": "2", "focal_row": "2"}
        parts = [
            f'--border\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        head = '--border\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        body = "".join([*parts, head]).encode() + content + b"\r\n--border--\r\n"
        headers = {
            "Content-Type": "multipart/form-data; boundary=border",
            "Cookie": f"{cookies}; {csrf}",
            "Accept-Language": "en",
        }
        try:
            with urlopen(Request(address, body, headers)) as response:
                return response.read().decode()
        except HTTPError as error:
            return error.read().decode()

    send(png_that_says(64, 48))
    assert Image.objects.count() == 1
    before = peak_memory_of(server.process.pid)
    assert "too high for its width" in send(png_header(1, 50_000_000))
    send(png_that_says(8_000, 6_000))
    assert [(image.width, image.height) for image in Image.objects.order_by("pk")] == [
        (64, 48),
        (8_000, 6_000),
    ]
    # Decoding takes 192 MB, and several times as much at its peak.
    assert peak_memory_of(server.process.pid) - before < 40_000
