"""The digest of a release, which is part of each ETag."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from newsroom import release
from tests.environment import ROOT

# The code that renders responses to readers and partners.
PRINTING = [
    *sorted(ROOT.glob("liveblog/reader/*.py")),
    *sorted(ROOT.glob("liveblog/api/*.py")),
    *sorted(ROOT.glob("liveblog/presentation/*.py")),
    *sorted(ROOT.glob("liveblog/templatetags/*.py")),
    *(ROOT / name for name in ("newsroom/csp.py", "newsroom/site.py")),
]
# These settings decide whether a request is refused, not the content of a response.
NOT_PRINTED = {"API_REQUESTS_PER_MINUTE", "API_KEY_REQUESTS_PER_MINUTE"}


def digest() -> str:
    """Return the digest as a process that starts now would compute it."""
    return release.digest.__wrapped__()


@pytest.fixture
def release_dir(tmp_path: Path, settings) -> Path:
    """Return the directory of a release with one template."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/page.html").write_text("<p>Hello</p>")
    (tmp_path / "requirements.txt").write_text("django==5.2.19")
    settings.BASE_DIR = tmp_path
    return tmp_path


def test_digest_ignores_bytecode_and_files_outside_of_the_release(release_dir):
    first = digest()
    (release_dir / "templates/__pycache__").mkdir()
    (release_dir / "templates/__pycache__/page.pyc").write_bytes(b"\0")
    (release_dir / "notes.txt").write_text("not part of the release")
    assert (digest(), len(first)) == (first, 8)


@pytest.mark.parametrize(
    "name", ["templates/page.html", "requirements.txt", "newsroom/site.py", "locale/a.mo"]
)
def test_changed_file_changes_the_digest(release_dir, name):
    before = digest()
    (release_dir / name).parent.mkdir(exist_ok=True)
    (release_dir / name).write_text("changed")
    assert digest() != before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_NAME", "另一家報館"),
        ("SITE_URL", "https://www.news.example"),
        ("SITE_LEGAL_LINKS", {"私隱": "/privacy"}),
        ("ALLOWED_HOSTS", ["news.example"]),
    ],
)
def test_changed_printed_setting_changes_the_digest(release_dir, settings, name, value):
    before = digest()
    setattr(settings, name, value)
    assert digest() != before


def test_build_time_is_that_of_the_newest_file_and_never_in_the_future(release_dir, settings):
    settings.ENV_FILE = release_dir / "settings"
    files = [release_dir / "templates/page.html", release_dir / "requirements.txt"]
    settings.STATIC_ROOT = release_dir
    for file, modified_at in zip(files, (1_000_000, 2_000_000), strict=True):
        os.utime(file, (modified_at, modified_at))
    assert release.built_at.__wrapped__() == 2_000_000
    os.utime(files[0], (2**33, 2**33))
    assert release.built_at.__wrapped__() < time.time()


def test_changed_stylesheet_changes_the_digest(release_dir, monkeypatch):
    storage = SimpleNamespace(hashed_files={"a.css": "a.1.css"})
    monkeypatch.setattr(release, "staticfiles_storage", storage)
    before = digest()
    storage.hashed_files = {"a.css": "a.2.css"}
    assert digest() != before


def test_every_setting_used_in_responses_is_part_of_the_digest():
    settings_read = {
        name for path in PRINTING for name in re.findall(r"\bsettings\.([A-Z][A-Z_]+)", path.read_text())
    }
    assert "SITE_NAME" in settings_read
    unknown = {name for name in settings_read if not name.startswith("SITE_")}
    unknown -= {*release.PRINTED_SETTINGS, *NOT_PRINTED, "NON_FIELD_ERRORS_KEY"}
    assert unknown == set(), "Add them to newsroom.release.PRINTED_SETTINGS."
