"""`manage.py check --deploy`: private files that other accounts of the machine can read are named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A newsroom of production's settings whose directory does not exist yet."""
    env_file = tmp_path / "env"
    env_file.write_text(f"SECRET_KEY={'x' * 30}{'y' * 30}\nSITE_URL=https://news.example\n")
    env_file.chmod(0o600)
    tmp_path.chmod(0o755)
    made = os.environ | {
        "DJANGO_SETTINGS_MODULE": "newsroom.settings",
        "DATA_DIR": str(tmp_path / "var"),
        "ENV_FILE": str(env_file),
        "DEMO": "false",
    }
    del made["DATABASE_URL"]
    return made


def manage(environment: dict[str, str], *arguments: str) -> str:
    """What a command says, run with the umask that most systems have."""
    command = [sys.executable, "manage.py", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, umask=0o022)
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def exposed(environment: dict[str, str]) -> str:
    """The line of the check, or nothing."""
    lines = manage(environment, "check", "--deploy").splitlines()
    return next((line for line in lines if "newsroom.W001" in line), "")


@pytest.fixture
def data(environment: dict[str, str]) -> Path:
    """The directory of a new newsroom, with a picture, a session's files of SQLite and public renditions."""
    manage(environment, "check")
    data = Path(environment["DATA_DIR"])
    for name in ("private/originals/key", "media/key"):
        (data / name).mkdir(parents=True, mode=0o755)
    for name in ("private/originals/key/picture.jpg", "media/key/320.jpg"):
        (data / name).write_bytes(b"")
    return data


def test_a_new_newsroom_is_closed_to_others(environment, data):
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "newsroom.sqlite3").stat().st_mode & 0o777 == 0o600
    assert exposed(environment) == ""


def test_an_old_newsroom_that_others_can_read_is_named_file_by_file(environment, data):
    data.chmod(0o755)
    (data / "newsroom.sqlite3").chmod(0o644)
    (data / "newsroom.sqlite3-wal").write_bytes(b"")
    Path(environment["ENV_FILE"]).chmod(0o644)
    line = exposed(environment)
    for path in (
        environment["ENV_FILE"],
        data,
        data / "newsroom.sqlite3",
        data / "newsroom.sqlite3-wal",
        data / "private/originals/key/picture.jpg",
    ):
        assert f"{path}," in line or f"{path}." in line, path
    assert "media" not in line
    assert "static" not in line
    data.chmod(0o700)
    Path(environment["ENV_FILE"]).chmod(0o600)
    assert exposed(environment) == ""


def test_a_proxy_may_be_let_in_to_what_is_public(environment, data):
    """Passing through is enough for it; whatever else lies there must be closed one by one."""
    data.chmod(0o711)
    line = exposed(environment)
    assert "picture.jpg" in line
    assert f"{data}," not in line
    (data / "private").chmod(0o700)
    assert exposed(environment) == ""


def test_of_many_files_the_first_are_named_and_the_rest_counted(environment, data):
    data.chmod(0o755)
    for number in range(30):
        (data / f"private/{number}.jpg").write_bytes(b"")
    assert "more." in exposed(environment)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_database_elsewhere_is_looked_at_too(environment, data, tmp_path, mode):
    elsewhere = tmp_path / "elsewhere.sqlite3"
    elsewhere.write_bytes(b"")
    elsewhere.chmod(mode)
    assert f"{elsewhere}." in exposed(environment | {"DATABASE_URL": f"sqlite:///{elsewhere}"})
