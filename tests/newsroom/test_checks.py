"""`manage.py check --deploy`, which names private files that other accounts of the machine can read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a newsroom with production settings whose directory does not exist yet."""
    env_file = tmp_path / "env"
    env_file.write_text(f"SECRET_KEY={'x' * 30}{'y' * 30}\nSITE_URL=https://news.example\n")
    env_file.chmod(0o600)
    tmp_path.chmod(0o755)
    variables = os.environ | {
        "DJANGO_SETTINGS_MODULE": "newsroom.settings",
        "DATA_DIR": str(tmp_path / "var"),
        "ENV_FILE": str(env_file),
        "DEMO": "false",
    }
    del variables["DATABASE_URL"]
    return variables


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a command with umask 022, the default of most systems, and return its output."""
    command = [sys.executable, "manage.py", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, umask=0o022)
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def exposure_warning(environment: dict[str, str]) -> str:
    """Return the line of the check, or an empty string."""
    lines = manage(environment, "check", "--deploy").splitlines()
    return next((line for line in lines if "newsroom.W001" in line), "")


@pytest.fixture
def data_dir(environment: dict[str, str]) -> Path:
    """Return the directory of a new newsroom, with a private original and a public rendition added."""
    manage(environment, "check")
    data_dir = Path(environment["DATA_DIR"])
    for name in ("private/originals/key", "media/key"):
        (data_dir / name).mkdir(parents=True, mode=0o755)
    for name in ("private/originals/key/picture.jpg", "media/key/320.jpg"):
        (data_dir / name).write_bytes(b"")
    return data_dir


def test_files_of_a_new_newsroom_are_closed_to_others(environment, data_dir):
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert (data_dir / "newsroom.sqlite3").stat().st_mode & 0o777 == 0o600
    assert exposure_warning(environment) == ""


def test_every_private_file_that_others_can_read_is_named(environment, data_dir):
    data_dir.chmod(0o755)
    (data_dir / "newsroom.sqlite3").chmod(0o644)
    (data_dir / "newsroom.sqlite3-wal").write_bytes(b"")
    Path(environment["ENV_FILE"]).chmod(0o644)
    line = exposure_warning(environment)
    for path in (
        environment["ENV_FILE"],
        data_dir,
        data_dir / "newsroom.sqlite3",
        data_dir / "newsroom.sqlite3-wal",
        data_dir / "private/originals/key/picture.jpg",
    ):
        assert f"{path}," in line or f"{path}." in line, path
    assert "media" not in line
    assert "static" not in line
    data_dir.chmod(0o700)
    Path(environment["ENV_FILE"]).chmod(0o600)
    assert exposure_warning(environment) == ""


def test_proxy_may_traverse_the_directory_to_public_files(environment, data_dir):
    """Allow traversal of the directory, as long as everything private in it has closed permissions."""
    data_dir.chmod(0o711)
    line = exposure_warning(environment)
    assert "picture.jpg" in line
    assert f"{data_dir}," not in line
    (data_dir / "private").chmod(0o700)
    assert exposure_warning(environment) == ""


def test_long_list_of_files_is_cut_and_the_rest_counted(environment, data_dir):
    data_dir.chmod(0o755)
    for number in range(30):
        (data_dir / f"private/{number}.jpg").write_bytes(b"")
    assert "more." in exposure_warning(environment)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_database_outside_of_the_directory_is_checked(environment, data_dir, tmp_path, mode):
    elsewhere = tmp_path / "elsewhere.sqlite3"
    elsewhere.write_bytes(b"")
    elsewhere.chmod(mode)
    assert f"{elsewhere}." in exposure_warning(environment | {"DATABASE_URL": f"sqlite:///{elsewhere}"})
