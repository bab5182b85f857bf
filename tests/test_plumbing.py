"""Test infrastructure: the throwaway PostgreSQL server, and the rule that CI skips no test."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.environment import ROOT
from tests.postgres import find_binaries, throwaway_server


@pytest.mark.parametrize("binaries", [find_binaries()[0], find_binaries()[-1]], ids=["first", "wheel"])
def test_throwaway_server_starts_from_any_binaries_and_leaves_no_files(binaries):
    with throwaway_server(binaries) as url, psycopg.connect(url) as connection:
        place = Path(connection.info.host)
        assert place.is_dir()
        assert connection.execute("SELECT current_setting('server_encoding')").fetchone() == ("UTF8",)
    assert not place.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_skipped_test_fails_only_in_ci(tmp_path, ci, status):
    (tmp_path / "test_one.py").write_text(
        "import pytest\n\ndef test_one():\n    pytest.skip('no such thing here')\n"
    )
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", "."]
    run = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, env=os.environ | {"CI": ci}, capture_output=True, text=True
    )
    assert run.returncode == status, run.stdout + run.stderr
    assert ("CI skips nothing" in run.stdout) == bool(ci)
    assert "1 skipped" in run.stdout
